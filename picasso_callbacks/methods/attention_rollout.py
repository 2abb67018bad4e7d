"""Attention rollout: from which parts of the probe a transformer's attention comes, through all of its layers."""

from __future__ import annotations

import functools

import numpy as np

from picasso_callbacks.explanation import Explanation, Scale
from picasso_callbacks.methods.base import Look, Method


class AttentionRollout(Method):
    """The share of each part of the probe in what attention hands on from layer to layer, up to the last one.

    Each layer's attention is the mean over its heads, half of it replaced by what the residual connection hands on as
    it is. What counts in the end is what the class token attends to, which is the first one, or all tokens on average
    if there is none. No class takes part: all targets have one map. Values are shares that sum to at most 1.

    Raises:
        ValueError: When it looks: the model has no attention layers of Keras, or their tokens are no picture.

    Reference:
        Abnar and Zuidema, "Quantifying Attention Flow in Transformers", ACL 2020, equation 1.

    Example:

        Picasso("logs", probes, methods=["partial_occlusion", "attention_rollout"])
    """

    def explain(self, look: Look) -> Explanation:
        live = look.live
        shares = live.inside.attention(_rollout)
        size = live.inside.token_places(shares.shape[1])
        class_token = shares.shape[1] - size[0] * size[1]
        shown = shares[:, 0, 1:] if class_token else shares.mean(axis=1)
        maps = np.repeat(shown.reshape(len(shown), 1, *size), look.targets.shape[1], axis=1)
        return Explanation(
            live.to_display(maps),
            unit="",
            score="attention of all layers",
            title="attention rollout",
            scale=Scale(limit=None, signed=False),
            notes=("The same for every target: it shows what is handed on, not what the class rests on.",),
        )


def _rollout(layers: list[np.ndarray]) -> np.ndarray:
    """Attention `[n, T, T]` of each layer, multiplied from the last down to the first: `[n, T, T]`."""
    itself = np.eye(layers[0].shape[1], dtype="float32")
    return functools.reduce(lambda below, layer: (0.5 * layer + 0.5 * itself) @ below, layers, itself)  # equation 1
