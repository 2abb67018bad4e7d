"""Input x gradient: what each pixel adds to the score of a class, if the score were linear."""

from __future__ import annotations

from picasso_callbacks.explanation import Explanation, Scale
from picasso_callbacks.methods.base import Look, Method


class InputXGradient(Method):
    """The gradient of a target's score by the pixels, times the pixels: `x * dS/dx`, summed over channels.

    Of a linear model this is what each pixel adds to the score; of others it is their tangent's. A pixel that is 0 as
    the model takes it is worth 0, whatever it would be worth if it were not: black in 0..1, grey in -1..1.

    Reference:
        Shrikumar, Greenside and Kundaje, "Not Just a Black Box", 2016, section 3 (after Simonyan et al. 2014).

    Example:

        Picasso("logs", probes, methods=["partial_occlusion", "input_x_gradient"])
    """

    def explain(self, look: Look) -> Explanation:
        live = look.live
        return Explanation(
            look.summed_over_channels(live.inputs[:, None] * look.gradients),
            unit=live.unit,
            score=f"input x gradient of the {live.differentiated.description}",
            title="input x gradient",
            scale=Scale(limit=None, signed=True),
        )
