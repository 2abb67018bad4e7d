"""Grad-CAM++: Grad-CAM whose weights let a small place count as much as a large one."""

from __future__ import annotations

import numpy as np

from picasso_callbacks.methods._class_activation_map import ClassActivationMap


class GradCamPlusPlus(ClassActivationMap):
    """A layer's channels, weighted by positive gradients, each by its share in what the channel does; what is positive.

    As others do, it takes the score for the exponent of what the paper differentiates, whose derivatives are then
    powers of the gradient, and leaves out the factor `exp(S)`, which all places have in common.

    Args:
        layer: The layer's name, or its attributes from the model down, `"backbone.conv5"`. `None`: the last one whose
            output is laid out as a picture.

    Reference:
        Chattopadhay et al., "Grad-CAM++", WACV 2018, equations 5 and 19; the map is Grad-CAM's equation 2.

    Example:

        Picasso("logs", probes, methods=["partial_occlusion", "grad_cam_plus_plus"])
    """

    title = "Grad-CAM++"
    in_score_units = False

    def maps(self, activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
        held = activations.sum(axis=(1, 2))[:, None, None, None]
        rising = np.maximum(gradients, 0)
        below = 2 + held * rising  # of equation 19, numerator and denominator divided by the gradient's square
        weights = np.divide(rising, below, out=below, where=below != 0).sum(axis=(2, 3))  # equation 5
        return np.maximum(np.einsum("pkc,phwc->pkhw", weights, activations), 0)  # as Grad-CAM's equation 2
