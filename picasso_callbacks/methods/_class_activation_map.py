"""What class activation maps have in common: a layer's activations and gradients in, one map for each target out."""

from __future__ import annotations

import abc

import numpy as np

from picasso_callbacks.explanation import Explanation, Scale
from picasso_callbacks.methods.base import Look, Method


class ClassActivationMap(Method):
    """A map made of what a layer holds, and of how a target's score changes with it. A subclass is its formula.

    Attributes:
        title: Of the explanation.
        in_score_units: Whether the numbers are in the unit of the score.
    """

    title: str
    in_score_units = True

    def __init__(self, layer: str | None = None):
        self.layer = layer

    @abc.abstractmethod
    def maps(self, activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
        """Non-negative maps float32 `[P, K, h, w]` of activations `[P, h, w, c]` and gradients `[P, K, h, w, c]`."""

    def explain(self, look: Look) -> Explanation:
        live = look.live
        maps = self.maps(*look.activations_and_gradients(self.layer))
        return Explanation(
            live.to_display(maps),
            unit=live.unit if self.in_score_units else "",
            score=f"gradient of the {live.differentiated.description} by {live.inside.feature_map(self.layer)}",
            title=self.title,
            scale=Scale(limit=None, signed=False),
            notes=() if maps.any() else ("0 everywhere: nothing that this layer holds speaks for the targets.",),
        )
