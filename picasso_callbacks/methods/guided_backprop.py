"""Guided backpropagation: gradients of which rectifiers hand back only what is positive."""

from __future__ import annotations

from picasso_callbacks.explanation import Explanation, Scale
from picasso_callbacks.methods.base import Look, Method


class GuidedBackprop(Method):
    """The gradient of a target's score by the pixels, but each ReLU hands back only what is positive; channels summed.

    It makes crisp pictures, and that is what speaks against it: they are nearly the same whatever the top layers have
    learned (Adebayo et al. 2018) and restore the picture's edges more than they tell of the answer (Nie et al. 2018).

    Raises:
        ValueError: When it looks: no ReLU is found in the model's layers.

    Reference:
        Springenberg et al., "Striving for Simplicity: The All Convolutional Net", ICLR workshop 2015, figure 1c.

    Example:

        Picasso("logs", probes, methods=["partial_occlusion", "guided_backprop"])
    """

    def explain(self, look: Look) -> Explanation:
        live = look.live
        return Explanation(
            look.summed_over_channels(live.gradients(look.targets, guided=True)),
            unit="per unit of input",
            score=f"guided gradient of the {live.differentiated.description}",
            title="guided backpropagation",
            scale=Scale(limit=None, signed=True),
            notes=("Much the same whatever the top layers have learned: it shows edges more than evidence.",),
        )
