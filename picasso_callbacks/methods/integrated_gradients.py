"""Integrated gradients: what each pixel adds to the score of a class on the way from a canvas to the probe."""

from __future__ import annotations

import numpy as np

from picasso_callbacks.explanation import Explanation, Scale
from picasso_callbacks.methods.base import Look, Method
from picasso_callbacks.model import check_canvas
from picasso_callbacks.typing import Canvas, is_integer


class IntegratedGradients(Method):
    """Gradients along the straight way from a canvas to the probe, averaged, times the way; summed over channels.

    The whole map sums to `S(probe) - S(canvas)`, the completeness axiom, up to an error of the steps that is said in
    the notes. A pixel of the canvas's own colour is worth 0.

    Args:
        steps: At how many places along the way the gradient is taken: forward and backward passes for each probe.
        canvas: Where the way begins; see `PartialOcclusion`.

    Raises:
        ValueError: An argument that is none of these.

    Reference:
        Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", ICML 2017, equations 1 and 3.

    Example:

        Picasso("logs", probes, methods=["partial_occlusion", IntegratedGradients(steps=50, canvas="blur")])
    """

    def __init__(self, steps: int = 20, canvas: Canvas = "grey"):
        if not is_integer(steps) or steps < 1:
            raise ValueError(f"IntegratedGradients: steps is {steps!r}; expected an int >= 1.")
        check_canvas(canvas)
        self.steps, self.canvas = steps, canvas

    def explain(self, look: Look) -> Explanation:
        live, steps = look.live, self.steps
        canvases = live.canvases(self.canvas)
        way = live.inputs - canvases
        rows = np.repeat(np.arange(len(way)), steps)
        part = np.tile((np.arange(steps, dtype="float32") + 0.5) / steps, len(way))  # equation 3, at midpoints

        def inputs_of(indices: np.ndarray) -> np.ndarray:
            at = part[indices].reshape(-1, *[1] * (way.ndim - 1))
            return canvases[rows[indices]] + at * way[rows[indices]]

        attributions = way[:, None] * live.gradients(look.targets[rows], inputs_of, rows, every=steps)  # equation 1
        return Explanation(
            look.summed_over_channels(attributions),
            unit=live.unit,
            score=f"integrated gradients of the {live.differentiated.description}",
            title="integrated gradients",
            scale=Scale(limit=None, signed=True),
            notes=_completeness(look, canvases, attributions.reshape(*look.targets.shape, -1).sum(axis=-1)),
        )


def _completeness(look: Look, canvases: np.ndarray, sums: np.ndarray) -> tuple[str, ...]:
    """How far the sums of the maps, `[P, K]`, are from what they ought to be."""
    live = look.live
    if live.differentiated != live.head:  # by another score than the one that is known of the canvas
        return ()
    of_probes, of_canvases = (
        np.take_along_axis(one.logits, look.targets, axis=1) for one in (look.scores, live.scores(canvases))
    )
    rise = of_probes - of_canvases
    off = np.abs(sums - rise).max()
    return (f"Sums are off by up to {off:.2g} from S(probe) - S(canvas), which goes up to {np.abs(rise).max():.2g}.",)
