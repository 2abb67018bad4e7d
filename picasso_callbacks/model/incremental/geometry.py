"""Where a window's change is in each layer: along one axis at a time, for all windows at once, in NumPy."""

from __future__ import annotations

import dataclasses

import numpy as np

from picasso_callbacks.model.incremental.rules import Axis


@dataclasses.dataclass(frozen=True)
class Strip:
    """Along one axis, for each of n windows, `size` places from `starts`, int `[n]`. It may hang over the map."""

    starts: np.ndarray
    size: int

    def places(self) -> np.ndarray:
        """int `[n, size]`."""
        return self.starts[:, None] + np.arange(self.size)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Strip) and self.size == other.size and np.array_equal(self.starts, other.starts)


@dataclasses.dataclass(frozen=True)
class Change:
    """Along one axis of a map, what each of n windows changes, and the strip in which that is kept.

    Args:
        side: The map's length.
        first: int `[n]`, the first place that may differ from the untouched image's.
        end: int `[n]`, the place after the last one.
        strip: Strips of one size that hold `first` to `end`, inside the map.
    """

    side: int
    first: np.ndarray
    end: np.ndarray
    strip: Strip

    def through(self, axis: Axis, side: int) -> Change:
        """The change after a layer that reaches as `axis` says, on a map of length `side`."""
        first = -((axis.extent - 1 - axis.before - self.first) // axis.stride)  # the first output that sees `first`
        end = (self.end - 1 + axis.before) // axis.stride + 1
        change = change_of(side, first, end)
        if axis.extent == axis.stride == 1:  # keeps the very strip, if it stays inside
            moved = Strip(self.strip.starts + axis.before, self.strip.size)
            if moved.starts.min() >= 0 and moved.starts.max() + moved.size <= side:
                return dataclasses.replace(change, strip=moved)
        return change

    def needed(self, axis: Axis) -> Strip:
        """What a layer that reaches as `axis` says takes of its input, to make this strip of its output."""
        return Strip(self.strip.starts * axis.stride - axis.before, (self.strip.size - 1) * axis.stride + axis.extent)


def change_of(side: int, first: np.ndarray, end: np.ndarray) -> Change:
    """The change from `first` to `end`, cut to the map, in strips of the size that the largest one needs."""
    first, end = np.clip(first, 0, side), np.clip(end, 0, side)
    size = max(int((end - first).max()), 1)
    return Change(side, first, end, Strip(np.minimum(first, side - size), size))


def union(changes: list[Change]) -> Change:
    """What any of several branches changes, where they come together."""
    joined = change_of(
        changes[0].side,
        np.min([change.first for change in changes], axis=0),
        np.max([change.end for change in changes], axis=0),
    )
    for change in changes:  # the strip that a branch already has, if it will do
        holds = (change.strip.starts <= joined.first) & (joined.end <= change.strip.starts + change.strip.size)
        if change.strip.size == joined.strip.size and holds.all():
            return dataclasses.replace(joined, strip=change.strip)
    return joined


def whole(change: Change) -> Strip:
    """The strip that is the whole map, for every window."""
    return Strip(np.zeros_like(change.first), change.side)
