"""Saliency map: which pixels would move the score of a class most if they changed a little."""

from __future__ import annotations

import numpy as np

from picasso_callbacks.explanation import Explanation, Scale
from picasso_callbacks.look import Look
from picasso_callbacks.methods.base import Method


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
        gradients = np.abs(live.gradients(look.targets))
        probes, targets = look.targets.shape
        maps = live.layout.to_maps(gradients.reshape(probes * targets, *live.inputs.shape[1:])).max(axis=-1)
        return Explanation(
            live.to_display(maps.reshape(probes, targets, *live.layout.size)),
            unit="per unit of input",
            score=f"gradient of the {live.head.description}",
            title="saliency",
            scale=Scale(limit=None, signed=False),
        )
