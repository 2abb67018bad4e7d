"""LayerCAM: Grad-CAM with a weight for each place, so that early layers can be asked, too."""

from __future__ import annotations

import numpy as np

from picasso_callbacks.methods._class_activation_map import ClassActivationMap


class LayerCam(ClassActivationMap):
    """A layer's activations, each times the positive part of its own gradient, summed over channels; what is positive.

    Args:
        layer: The layer's name, or its attributes from the model down, `"backbone.conv5"`. `None`: the last one whose
            output is laid out as a picture.

    Reference:
        Jiang et al., "LayerCAM: Exploring Hierarchical Class Activation Maps for Localization", IEEE Transactions on
        Image Processing 2021, section 3.

    Example:

        Picasso("logs", probes, methods=["partial_occlusion", LayerCam("conv2")])
    """

    title = "LayerCAM"

    def maps(self, activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
        weights = np.maximum(gradients, 0)
        return np.maximum(np.einsum("pkhwc,phwc->pkhw", weights, activations), 0)
