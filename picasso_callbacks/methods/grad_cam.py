"""Grad-CAM: where a layer holds what the score of a class rises with."""

from __future__ import annotations

import numpy as np

from picasso_callbacks.methods._class_activation_map import ClassActivationMap


class GradCam(ClassActivationMap):
    """A layer's channels, weighted by the mean gradient of a target's score by each; what is positive.

    Args:
        layer: The layer's name, or its attributes from the model down, `"backbone.conv5"`. `None`: the last one whose
            output is laid out as a picture.

    Reference:
        Selvaraju et al., "Grad-CAM", ICCV 2017, equations 1 and 2.

    Example:

        Picasso("logs", probes, methods=["partial_occlusion", "grad_cam"])
    """

    title = "Grad-CAM"

    def maps(self, activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
        weights = gradients.mean(axis=(2, 3))  # equation 1
        return np.maximum(np.einsum("pkc,phwc->pkhw", weights, activations), 0)  # equation 2
