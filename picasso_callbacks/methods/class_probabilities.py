"""Class probabilities: what the model thinks each probe is."""

from __future__ import annotations

from picasso_callbacks.explanation import Explanation, Scale
from picasso_callbacks.methods.base import Look, Method


class ClassProbabilities(Method):
    """The model's probability of each class, `[P, classes]`, 0..1; or its outputs, where they are plain numbers.

    Example:

        Picasso("logs", probes, methods=[ClassProbabilities()])
    """

    def explain(self, look: Look) -> Explanation:
        if look.scores.probabilities is None:
            return Explanation(
                look.scores.ranking,
                unit="",
                score=look.live.head.description,
                title="value",
                scale=Scale(limit=None, signed=True),
            )
        return Explanation(
            look.scores.probabilities,
            unit="",
            score=f"probability from the {look.live.head.description}",
            title="probabilities",
            scale=Scale(1.0, signed=False),
        )
