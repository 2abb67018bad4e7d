"""Saliency map: which pixels would move the score of a class most if they changed a little."""

from __future__ import annotations

import functools

import numpy as np

from picasso_callbacks.explanation import Explanation, Scale
from picasso_callbacks.methods.base import Look, Method
from picasso_callbacks.model import Layout


class SaliencyMap(Method):
    """The gradient of a target's score by the pixels: absolute value, then the maximum over channels.

    The score is the class's logit where it is to be had, since the gradient of a probability vanishes just when the
    network is sure. Values are >= 0, in score per unit of the model's input.

    Reference:
        Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks", ICLR workshop 2014.

    Example:

        Picasso("logs", probes, methods=[SaliencyMap()])
    """

    def explain(self, look: Look) -> Explanation:
        live = look.live
        maps = look.of_gradients(lambda gradients: strongest(gradients, live.layout))
        return Explanation(
            live.to_display(maps),
            unit="per unit of input",
            score=f"gradient of the {live.differentiated.description}",
            title="saliency",
            scale=Scale(limit=None, signed=False),
            notes=() if maps.any() else ("0 at every pixel of every probe: small changes do not move the scores.",),
        )


def strongest(gradients: np.ndarray, layout: Layout) -> np.ndarray:
    """The largest of the channels' absolute gradients: `[N, K, ...]` -> `[N, K, h, w]`, an input at a time."""
    channels = (np.moveaxis(np.abs(layout.to_maps(of_targets)), -1, 0) for of_targets in gradients)
    return np.stack([functools.reduce(np.maximum, of_one) for of_one in channels])  # .max(axis=-1) is ten times slower
