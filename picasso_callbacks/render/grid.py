"""Grid: where a card's heatmaps go, so that they are as large as the room allows."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

from picasso_callbacks.render.resize import fit_box

GAP = 8
METHOD_GAP = 14
_NARROWEST = 64
"""Narrower maps show nothing: before that, a card grows longer."""


@dataclasses.dataclass(frozen=True)
class Grid:
    """Bands of methods, each with its maps of all targets in rows of so many.

    Args:
        methods: How many methods stand beside each other.
        across: How many of a method's maps do.
        rows: In how many rows a method's maps are.
        cell: The `(height, width)` of a map.
        width: What a method has of the room's width.
    """

    methods: int
    across: int
    rows: int
    cell: tuple[int, int]
    width: int


def arrange(
    heatmaps: int, targets: int, shape: tuple[int, ...], room: tuple[int, int], head: int, label: int, foot: int
) -> Grid:
    """The grid with the widest maps that fits into a room; where none would show anything, one that is too high.

    Args:
        heatmaps, targets: How many there are, at least one of either.
        shape: `(h, w, ...)`, the aspect of the maps.
        room: Its height and width in pixels.
        head, label, foot: The heights of what stands over a band, over each row of maps, and under a band.
    """
    height = room[0]
    while True:
        best = max(_grids(heatmaps, targets, shape, (height, room[1]), head, label, foot), key=lambda one: one.cell[1])
        if best.cell[1] >= _NARROWEST * min(1.0, shape[1] / shape[0]):
            return best
        height = math.ceil(1.1 * height)


def _grids(
    heatmaps: int, targets: int, shape: tuple[int, ...], room: tuple[int, int], head: int, label: int, foot: int
) -> Iterator[Grid]:
    for methods in range(1, heatmaps + 1):
        width = (room[1] - (methods - 1) * METHOD_GAP) // methods
        bands = math.ceil(heatmaps / methods)
        for rows in range(1, targets + 1):
            across = math.ceil(targets / rows)
            high = ((room[0] - (bands - 1) * METHOD_GAP) // bands - head - foot) // rows - label
            wide = (width - (across - 1) * GAP) // across
            yield Grid(methods, across, rows, fit_box(shape, max(high, 1), max(wide, 1)), width)
