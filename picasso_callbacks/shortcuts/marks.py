"""Marks: small things that the images of a class have somewhere, each at another place, and other images have not.

A logo, a ruler, a photographer's stamp. They are looked for in the probes alone; whether a network cares for them is
found out by exchange, as of every cue.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from picasso_callbacks.shortcuts.cues import Cue, Exchange, Prepare

CELLS = 8
"""Into how many cells a side of a small place is reduced at most, before a mark is looked for."""

PART = 0.75
"""How much of the side of a small place a mark must fill at least."""

TELLING = 15.0
"""By how many times other images must be less like a mark than those of its class. Planted marks were by 50 and more,
patches of honest digits by 4 at most, parts of drawn vehicles by 12."""

LARGEST = 0.25
"""Of each side of the images, how much a mark takes at most. What is larger is an object, or where it stands."""

NOISE = 1e-2
"""What patches differ by anyway, in parts of the images' variance."""

MEMBERS, OTHERS, CANDIDATES, PATCHES = 6, 40, 8, 2000
"""How much is compared: images of a class, images of others, patches of a class to the end, patches of others."""

HARMLESS = (0.04, 0.04, 0.05)
"""As of a place, but of the log-odds hardly any share is harmless: a mark is no part of an object, which is larger."""

RARE = 4
"""How many of the patches of others may be more like a patch that is worth a closer look."""


@dataclasses.dataclass(frozen=True)
class Mark:
    """A mark, and where it is in each of the images, or where they look most like it.

    Args:
        corners: Top left corners, int `[P, 2]`, rows and columns.
        size: (height, width) in pixels.
        column: Of what the images are that have it.
    """

    corners: np.ndarray
    size: tuple[int, int]
    column: int

    def masks(self, size: tuple[int, int]) -> np.ndarray:
        """Its pixels in images of this size, bool `[P, H, W]`."""
        found = np.zeros((len(self.corners), *size), dtype=bool)
        for mask, (row, column) in zip(found, self.corners, strict=True):
            mask[row : row + self.size[0], column : column + self.size[1]] = True
        return found


def mark_names(count: int) -> list[str]:
    """How up to so many marks are called."""
    return [f"mark {n}" for n in range(1, count + 1)]


def mark_cues(marks: Sequence[Mark], size: tuple[int, int]) -> list[Cue]:
    """The cues of such marks in images of this size (height, width): what is there goes where the other's is."""
    found = []
    for name, mark in zip(mark_names(len(marks)), marks, strict=True):
        masks = mark.masks(size)
        cue = Cue(name, "the small mark", _prepare(mark), area=float(masks.mean()), mask=masks)
        found.append(dataclasses.replace(cue, harmless=HARMLESS, column=mark.column))
    return found


def _prepare(mark: Mark) -> Prepare:
    (height, width), corners = mark.size, mark.corners

    def prepare(images: np.ndarray) -> Exchange:
        def exchange(takers: np.ndarray, donors: np.ndarray) -> np.ndarray:
            found = images[takers]
            for image, (row, column), donor in zip(found, corners[takers], donors, strict=True):
                y, x = corners[donor]
                image[row : row + height, column : column + width] = images[donor, y : y + height, x : x + width]
            return found

        return exchange

    return prepare


def find_marks(images: np.ndarray, has: np.ndarray, least: tuple[int, int], count: int) -> list[Mark]:
    """Small things that the images of a class have at places of their own, and others have not.

    A patch of an image of the class is looked for in the others: how unlike it the most alike patch of each is, as a
    mean of squares. It tells the class by how many times the lower quartile of other images is above the median of its
    own. From there it grows as long as it tells the class half as well. Three things are left out: what grows beyond a
    mark, what its images have elsewhere, too (a sky, an object), and what lies at the same place in all of them, which
    other cues exchange.

    Args:
        images: float `[P, H, W, C]`.
        has: bool `[P, C]`: which images are of which class, have which label, or a higher one of their numbers.
        least: (height, width) of a small place; marks are about as large, or larger.
        count: How many marks to return, of a class each; most often there is none.

    Returns:
        The most telling first.
    """
    cell = -(-min(least) // CELLS)
    side = max(int(PART * min(least) / cell), min(3, *least))
    small = _reduced(images, cell)
    if min(small.shape[1:3]) < 2 * side:
        return []
    small /= max(float(small.std()), 1e-12)
    found = []
    for column, of_class in enumerate(has.T):
        own, others = np.flatnonzero(of_class)[:MEMBERS], np.flatnonzero(~of_class)
        if len(own) > 1 and len(others) > 1:
            others = np.random.default_rng(0).permutation(others)[:OTHERS]
            search = _Search(small[np.concatenate([own, others])], len(own))
            telling, box = search.start(side)
            grown = search.grown(telling, box) if telling >= TELLING else None
            if grown is not None:
                found.append((telling, *grown.shape[:2], column, grown))
    best = sorted(found, key=lambda one: one[:3], reverse=True)[:count]
    return [Mark(*_in_pixels(patch, small, cell, images.shape[1:3]), column) for *_, column, patch in best]


Box = tuple[int, int, int, int, int]
"""A patch: of which image, top row, left column, height, width."""


class _Search:
    """Looks for what images of a class have in common, and others have not.

    Args:
        images: float32 `[N, H, W, C]` of variance 1: those of the class, then others.
        own: How many are of the class.
    """

    def __init__(self, images: np.ndarray, own: int):
        self._images, self._own = images, own
        self._kept: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {}

    def start(self, side: int) -> tuple[float, Box]:
        """The square of so many cells a side that tells the class best, and how well."""
        size, step = (side, side), (side + 1) // 2
        patches, _ = self._patches(size)
        apart = patches[:, ::step, ::step]
        flat = apart.reshape(len(apart), -1, patches.shape[-1])
        pool = flat[self._own :].reshape(-1, patches.shape[-1])
        pool = np.random.default_rng(0).permutation(pool)[:PATCHES]
        roughly = []
        for image in range(self._own):
            mine = [patches[one].reshape(-1, pool.shape[1]) for one in range(self._own) if one != image]
            alike = np.median([_unlike(flat[image], one).min(axis=1) for one in mine], axis=0)
            rare = np.partition(_unlike(flat[image], pool), RARE, axis=1)[:, RARE]
            roughly.append(rare / (alike + NOISE))
        best = np.argsort(-np.ravel(roughly), kind="stable")[:CANDIDATES]
        places = np.stack(np.unravel_index(best, (self._own, *apart.shape[1:3])), axis=1).tolist()
        found = max(self._told((image, row * step, column * step, *size)) for image, row, column in places)
        while True:  # the patches lie some cells apart: go to where it is exactly
            image, row, column, *_ = found[1]
            around = [(image, row + y, column + x, *size) for y in (-1, 0, 1) for x in (-1, 0, 1)]
            best_there = max(self._told(box) for box in around if self._fits(box))
            if best_there <= found:
                return found
            found = best_there

    def grown(self, telling: float, box: Box) -> np.ndarray | None:
        """The whole of which this is a part, `[h, w, C]`, or `None` if that is no mark."""
        least = telling / 2
        while True:
            image, row, column, height, width = box
            if height > LARGEST * self._images.shape[1] or width > LARGEST * self._images.shape[2]:
                return None
            wider = [
                (image, row - 1, column, height + 1, width),
                (image, row, column, height + 1, width),
                (image, row, column - 1, height, width + 1),
                (image, row, column, height, width + 1),
            ]
            telling, best = max(self._told(one) for one in wider if self._fits(one))
            if telling < least:
                return self._cut(box) if self._moves(box) else None
            box = best

    def _told(self, box: Box) -> tuple[float, Box]:
        """How well a patch tells the class."""
        nearest = self._unlike(box).min(axis=(1, 2))
        alike = np.median(np.delete(nearest[: self._own], box[0]))
        return float(np.quantile(nearest[self._own :], 0.25) / (alike + NOISE)), box

    def _moves(self, box: Box) -> bool:
        """Whether a patch is at different places in the images of the class, and at no other place of these, too."""
        unlike = self._unlike(box)[: self._own]
        places = _lowest(unlike)
        if not (np.ptp(places, axis=0) >= box[3:]).any():
            return False
        best, next_best = [], []
        for of_image, place in zip(unlike, places, strict=True):
            best.append(of_image[tuple(place)])
            rows, columns = (
                np.abs(np.arange(count) - at) >= side
                for count, at, side in zip(of_image.shape, place, box[3:], strict=True)
            )
            next_best.append(of_image[rows[:, None] | columns].min())
        return bool(np.median(next_best) >= TELLING * (np.median(best) + NOISE))

    def _unlike(self, box: Box) -> np.ndarray:
        """How unlike the patches of all images are, by their corners: `[N, rows, columns]`."""
        patches, squares = self._patches(box[3:])
        patch = patches[box[:3]]
        return np.maximum(squares + patch @ patch - 2 * (patches @ patch), 0) / len(patch)

    def _patches(self, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """All patches by their corners, `[N, rows, columns, D]`, and their sums of squares; of two sizes at a time."""
        if size not in self._kept:
            for former in list(self._kept)[:-1]:
                del self._kept[former]
            patches = _patches(self._images, size)
            self._kept[size] = patches, np.einsum("nyxd,nyxd->nyx", patches, patches)
        return self._kept[size]

    def _fits(self, box: Box) -> bool:
        _, row, column, height, width = box
        return (
            min(row, column) >= 0 and row + height <= self._images.shape[1] and column + width <= self._images.shape[2]
        )

    def _cut(self, box: Box) -> np.ndarray:
        image, row, column, height, width = box
        return self._images[image, row : row + height, column : column + width]


def _patches(images: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """All patches of `[N, H, W, C]` by their corners: `[N, rows, columns, D]`."""
    windows = sliding_window_view(images, size, axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    return windows.reshape(*windows.shape[:3], -1)


def _unlike(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The means of squared differences between patches, `[N, D]` and `[M, D]`: `[N, M]`."""
    squares = some @ (-2 * others.T)
    squares += (some**2).sum(axis=1)[:, None]
    squares += (others**2).sum(axis=1)
    return np.maximum(squares, 0, out=squares) / some.shape[1]


def _lowest(maps: np.ndarray) -> np.ndarray:
    """Where `[N, rows, columns]` are lowest: int `[N, 2]`."""
    return np.stack(np.unravel_index(maps.reshape(len(maps), -1).argmin(axis=1), maps.shape[1:]), axis=1)


def _reduced(images: np.ndarray, cell: int) -> np.ndarray:
    """Means over cells of so many pixels on each side, float32; what is left at the bottom and right is cut off."""
    count, height, width, channels = images.shape
    rows, columns = height // cell, width // cell
    cut = images[:, : rows * cell, : columns * cell].reshape(count, rows, cell, columns, cell, channels)
    return cut.mean(axis=(2, 4), dtype="float64").astype("float32")


def _in_pixels(
    patch: np.ndarray, small: np.ndarray, cell: int, size: tuple[int, int]
) -> tuple[np.ndarray, tuple[int, int]]:
    """Where the images are most like a patch of the reduced ones: corners and size of a `Mark`.

    A mark need not begin where a cell does: if cells are larger than pixels, one more is taken on each side.
    """
    sides = patch.shape[:2]
    maps = [_unlike(patch.reshape(1, -1), _patches(one[None], sides).reshape(-1, patch.size)) for one in small]
    shape = (len(small), small.shape[1] - sides[0] + 1, small.shape[2] - sides[1] + 1)
    corners = _lowest(np.concatenate(maps).reshape(shape))
    more = cell if cell > 1 else 0
    height, width = (min(side * cell + 2 * more, whole) for side, whole in zip(sides, size, strict=True))
    return (corners * cell - more).clip(0, [size[0] - height, size[1] - width]), (height, width)
