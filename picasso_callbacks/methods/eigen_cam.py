"""Eigen-CAM: where a layer holds most of what it holds, whatever the class."""

from __future__ import annotations

import numpy as np

from picasso_callbacks.explanation import Explanation, Scale
from picasso_callbacks.methods.base import Look, Method


class EigenCam(Method):
    """A layer's activations along their first principal direction. No class takes part: all targets have one map.

    The direction's sign, which is free, is the one whose map has a positive sum.

    Args:
        layer: The layer's name, or its attributes from the model down, `"backbone.conv5"`. `None`: the last one whose
            output is laid out as a picture.

    Reference:
        Muhammad and Yeasin, "Eigen-CAM: Class Activation Map using Principal Components", IJCNN 2020, section 3.

    Example:

        Picasso("logs", probes, methods=["partial_occlusion", "eigen_cam"])
    """

    def __init__(self, layer: str | None = None):
        self.layer = layer

    def explain(self, look: Look) -> Explanation:
        activations = look.activations(self.layer)
        flat = activations.reshape(len(activations), -1, activations.shape[-1])
        directions = np.linalg.svd(flat, full_matrices=False)[2][:, 0]
        maps = np.einsum("pnc,pc->pn", flat, directions)
        maps = (maps * np.where(maps.sum(axis=1, keepdims=True) < 0, -1, 1)).reshape(activations.shape[:3])
        return Explanation(
            look.live.to_display(np.repeat(maps[:, None], look.targets.shape[1], axis=1)),
            unit="",
            score=f"activations of {look.live.inside.feature_map(self.layer)}",
            title="Eigen-CAM",
            scale=Scale(limit=None, signed=True),
            notes=("The same for every target: it shows what the layer responds to, not what the class rests on.",),
        )
