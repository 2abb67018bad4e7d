"""Activations: what the strongest channels of a layer make of the probe."""

from __future__ import annotations

import math

import numpy as np

from picasso_callbacks.explanation import Explanation, Scale
from picasso_callbacks.methods.base import Look, Method
from picasso_callbacks.typing import is_integer


class Activations(Method):
    """A layer's channels side by side, those of the largest mean absolute activation first, row by row.

    Each is a small picture of the whole probe. No class takes part: all targets have the same.

    Args:
        layer: The layer's name, or its attributes from the model down, `"backbone.conv5"`. `None`: the last one whose
            output is laid out as a picture.
        channels: How many channels are shown, at most.

    Raises:
        ValueError: `channels` is no number of channels.

    Reference:
        Yosinski et al., "Understanding Neural Networks Through Deep Visualization", ICML workshop 2015, section 2.

    Example:

        Picasso("logs", probes, methods=["partial_occlusion", Activations("conv1", channels=16)])
    """

    def __init__(self, layer: str | None = None, channels: int = 9):
        if not is_integer(channels) or channels < 1:
            raise ValueError(f"Activations: channels is {channels!r}; expected an int >= 1.")
        self.layer, self.channels = layer, channels

    def explain(self, look: Look) -> Explanation:
        activations = look.activations(self.layer)
        height, width = look.live.layout.size
        count = min(self.channels, activations.shape[-1], height * width)
        strength = np.abs(activations).mean(axis=(1, 2))
        chosen = np.argsort(-strength, axis=1, kind="stable")[:, :count]
        shown = np.take_along_axis(activations, chosen[:, None, None], axis=-1)
        sheets = _side_by_side(np.moveaxis(shown, -1, 1), (height, width))
        return Explanation(
            look.live.to_display(np.repeat(sheets[:, None], look.targets.shape[1], axis=1)),
            unit="",
            score=f"activations of {look.live.inside.feature_map(self.layer)}",
            title=f"the {count} strongest channels",
            scale=Scale(limit=None, signed=True),
            attribution=False,
        )


def _side_by_side(maps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Maps `[P, n, h, w]` beside and below each other: `[P, *size]`, each pixel the nearest of its map's."""
    count, *sides = maps.shape[1:]
    columns = min(math.ceil(math.sqrt(count)), size[1])
    cells = -(-count // columns), columns
    at = [np.arange(one) * cell / one for one, cell in zip(size, cells, strict=True)]  # in cells
    (rows, row_in), (columns_of, column_in) = ((one.astype(int), one % 1) for one in at)
    which = rows[:, None] * columns + columns_of
    y, x = (row_in * sides[0]).astype(int)[:, None], (column_in * sides[1]).astype(int)
    return np.where(which < count, maps[:, np.minimum(which, count - 1), y, x], 0)
