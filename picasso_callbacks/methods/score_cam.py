"""Score-CAM: class activation maps without gradients, by what the model says when only a channel's place is shown."""

from __future__ import annotations

import numpy as np

from picasso_callbacks.explanation import Explanation, Scale
from picasso_callbacks.methods.base import Look, Method
from picasso_callbacks.model import check_canvas, resized
from picasso_callbacks.typing import Canvas, is_integer


class ScoreCam(Method):
    """A layer's channels, weighted by the score of the probe as far as each channel shows it; what is positive.

    A channel, stretched to 0..1 and enlarged to the probe, says how much of a pixel is shown; the rest is the canvas.

    Args:
        layer: The layer's name, or its attributes from the model down, `"backbone.conv5"`. `None`: the last one whose
            output is laid out as a picture.
        channels: So many channels at most, those whose activations vary most over the probe. `None`: all. Each is a
            forward pass for each probe.
        canvas: What takes the place of what is not shown; see `PartialOcclusion`. The paper's is 0 in the model's
            own units.

    Raises:
        ValueError: An argument that is none of these.

    Reference:
        Wang et al., "Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks", CVPR workshop
        2020, algorithm 1.

    Example:

        Picasso("logs", probes, methods=["partial_occlusion", ScoreCam(channels=64)])
    """

    def __init__(self, layer: str | None = None, channels: int | None = None, canvas: Canvas = "black"):
        if channels is not None and (not is_integer(channels) or channels < 1):
            raise ValueError(f"ScoreCam: channels is {channels!r}; expected an int >= 1 or None.")
        check_canvas(canvas)
        self.layer, self.channels, self.canvas = layer, channels, canvas

    def explain(self, look: Look) -> Explanation:
        live, probes = look.live, len(look.targets)
        activations = np.moveaxis(look.activations(self.layer), -1, 1)
        activations = _most_varied(activations, self.channels or activations.shape[1])
        count = activations.shape[1]
        shown = _stretched(activations).reshape(-1, *activations.shape[2:])
        down, across = map(_enlarging, shown.shape[1:], live.layout.size)
        rows = np.repeat(np.arange(probes), count)
        scores = live.scores_under_masks(
            live.inputs,
            live.canvases(self.canvas),
            lambda indices: 1 - down @ shown[indices] @ across.T,
            rows=(rows, rows, np.arange(probes * count)),
            measure=lambda scores, of_probes: np.take_along_axis(scores.logits, look.targets[of_probes], axis=1),
        ).reshape(probes, count, -1)
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        maps = np.maximum(np.einsum("pck,pchw->pkhw", weights, activations), 0)
        return Explanation(
            live.to_display(maps),
            unit="",
            score=f"{live.head.description}, under masks by {live.inside.feature_map(self.layer)}",
            title="Score-CAM",
            scale=Scale(limit=None, signed=False),
        )


def _most_varied(maps: np.ndarray, count: int) -> np.ndarray:
    """Of maps `[P, C, h, w]` those `count` of each probe that vary most."""
    if count >= maps.shape[1]:
        return maps
    chosen = np.argsort(-maps.std(axis=(2, 3)), axis=1, kind="stable")[:, :count]
    return np.take_along_axis(maps, chosen[:, :, None, None], axis=1)


def _stretched(maps: np.ndarray) -> np.ndarray:
    """Each map from 0 to 1; 0 if it is all the same."""
    low, high = (of(maps, axis=(2, 3), keepdims=True) for of in (np.min, np.max))
    return np.divide(maps - low, high - low, out=np.zeros_like(maps), where=high > low)


def _enlarging(places: int, size: int) -> np.ndarray:
    """What each of so many places is worth along a longer side, as `resized` has it: float32 `[size, places]`."""
    return resized(np.eye(places)[None], (size, places))[0]
