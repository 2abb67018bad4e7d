"""Drift: since when a network has been looking at the same things."""

from __future__ import annotations

import numpy as np

SAME = 0.9
"""Two looks are the same from this mean correlation of their maps on."""

CELLS = 16
"""Maps are kept as means over at most so many cells a side: as fine as the default occlusion tells apart."""

KEPT = 40
"""The most looks that are remembered, as evenly spread over a long training as may be."""


class Drift:
    """Remembers small maps of earlier looks, and says since which of them the network has been looking at the same.

    Two looks are compared by Pearson's correlation over the cells of a probe's map, averaged over probes. It leaves out
    how large the numbers are: a network that becomes surer of the same evidence does not look elsewhere. And unlike a
    rank correlation it is ruled by the few places that count, not by the order of the many that hardly do.

    At most `KEPT` looks are remembered, so that memory does not grow with the epochs; in a long training the answer is
    as coarse as they are spaced.
    """

    def __init__(self) -> None:
        self._looks: list[tuple[int, np.ndarray]] = []

    def see(self, epoch: int, maps: np.ndarray) -> int | None:
        """Remembers a look. One that goes back in time begins another training: what was seen before is forgotten.

        Args:
            epoch: When it was.
            maps: `[P, H, W]`, of the same probes at every look.

        Returns:
            The earliest epoch such that its maps, and those of all looks since, are like those of this one; `None` if
            not even the look before is, or if there is nothing in these maps.
        """
        cells = _shape(maps)
        if self._looks and epoch <= self._looks[-1][0]:
            self._looks = []
        since = None
        for earlier, others in reversed(self._looks):
            if not _alike(cells, others) >= SAME:
                break
            since = earlier
        self._looks.append((epoch, cells))
        if len(self._looks) > KEPT:
            epochs = np.array([epoch for epoch, _ in self._looks])
            del self._looks[1 + int((epochs[2:] - epochs[:-2]).argmin())]  # the one whose neighbours are closest
        return since


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    """The mean correlation over probes; NaN without any. A map against one that shows nothing counts 0."""
    shown = one.any(axis=1) | other.any(axis=1)
    return float((one[shown] * other[shown]).sum(axis=1).mean()) if shown.any() else float("nan")


def _shape(maps: np.ndarray) -> np.ndarray:
    """Maps reduced to cells, without their mean and size: float32 `[P, cells]` of norm 1; 0 where a map is flat."""
    cells = np.nan_to_num(maps.astype("float64"), posinf=0.0, neginf=0.0)
    largest = np.abs(cells).max(axis=(1, 2))
    for axis in (1, 2):
        side = cells.shape[axis]
        starts = np.arange(min(side, CELLS)) * side // min(side, CELLS)
        widths = np.diff(starts, append=side)
        cells = np.moveaxis(np.moveaxis(np.add.reduceat(cells, starts, axis=axis), axis, -1) / widths, -1, axis)
    cells = cells.reshape(len(maps), -1)
    cells -= cells.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(cells, axis=1)
    flat = norm <= 1e-6 * largest
    return np.where(flat[:, None], 0.0, cells / np.where(flat, 1.0, norm)[:, None]).astype("float32")
