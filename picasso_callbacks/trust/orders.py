"""Deletion and insertion: how fast the score falls, and rises, when places are hidden, and shown, in a map's order."""

from __future__ import annotations

import dataclasses

import numpy as np

from picasso_callbacks.model import LiveModel, Scores

CELLS = 8
"""Places are cells of a grid, so many along each side: of single pixels, random ones would destroy most."""

STEPS = 16
"""In so many steps all cells are hidden."""

ORDERS = 4
"""So many random orders stand for chance."""


@dataclasses.dataclass(frozen=True)
class Areas:
    """Areas under two curves, over the share of the probe that is hidden or shown, 0..1.

    Args:
        deletion: float32 `[P, K]`: by how much the score of the target lies below that of the probe, on average, while
            places are hidden in an order.
        insertion: float32 `[P, K]`: by how much it lies above that of the canvas, while they are shown in this order.
        whole: float32 `[P, K]`: the score of the probe minus that of the canvas, which is the most that either is for.
    """

    deletion: np.ndarray
    insertion: np.ndarray
    whole: np.ndarray

    def times(self, other: Areas) -> tuple[float, float] | None:
        """How many times as large as the other's these are, of targets whose score the canvas lowers, all together.

        `None` where those of the other are hardly anything.
        """
        counted = (self.whole > 0) & np.isfinite(self.whole)
        deletion, insertion, by_deletion, by_insertion, whole = (
            float(area[counted].sum())
            for area in (self.deletion, self.insertion, other.deletion, other.insertion, self.whole)
        )
        if min(by_deletion, by_insertion) <= 0.01 * whole:
            return None
        return deletion / by_deletion, insertion / by_insertion


def measure_areas(live: LiveModel, scores: Scores, targets: np.ndarray, maps: np.ndarray) -> Areas:
    """The areas of a map, the places of its largest values first, hidden under grey.

    It takes `2 * (STEPS - 1)` forward passes for each probe and target.

    Args:
        live: The model.
        scores: Its scores of the probes.
        targets: int `[P, K]`.
        maps: Of each target, float32 `[P, K, H, W]`.
    """
    probes, count = targets.shape
    means = _of_cells(maps)
    places = np.argsort(np.argsort(-means, axis=-1, kind="stable"), axis=-1).reshape(probes * count, -1)
    curves = _curves(live, scores, targets, places, np.repeat(np.arange(probes), count))
    own = np.arange(probes * count) % count
    chosen = np.take_along_axis(curves, own[:, None, None, None], axis=-1).reshape(probes, count, 2, STEPS + 1)
    return _areas(chosen)


def random_areas(live: LiveModel, scores: Scores, targets: np.ndarray) -> Areas:
    """The mean areas of `ORDERS` random orders, the same at every epoch; so many times the passes, for all targets."""
    probes = len(targets)
    rng = np.random.default_rng(0)
    places = rng.permuted(np.tile(np.arange(CELLS**2), (ORDERS, 1)), axis=1)
    rows = np.repeat(np.arange(probes), ORDERS)
    curves = _curves(live, scores, targets, np.tile(places, (probes, 1)), rows)
    curves = curves.reshape(probes, ORDERS, 2, STEPS + 1, -1).mean(axis=1)
    return _areas(np.moveaxis(curves, -1, 1))


def _areas(curves: np.ndarray) -> Areas:
    """Areas of scores `[P, K, 2, STEPS + 1]`, while cells are hidden and while they are shown."""
    hiding, showing = curves[..., 0, :], curves[..., 1, :]
    return Areas(_mean(hiding[..., :1] - hiding), _mean(showing - showing[..., :1]), hiding[..., 0] - showing[..., 0])


def _mean(curves: np.ndarray) -> np.ndarray:
    """The mean over 0..1 by the trapezoid rule."""
    return ((curves[..., 1:] + curves[..., :-1]) / 2).mean(axis=-1).astype("float32")


def _curves(live: LiveModel, scores: Scores, targets: np.ndarray, places: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Scores while cells are hidden, and while they are shown: `[Q, 2, STEPS + 1, K]`.

    Args:
        live: The model.
        scores: Its scores of the probes.
        targets: int `[P, K]`.
        places: int `[Q, CELLS ** 2]`: at which place of an order each cell comes.
        rows: int `[Q]`: the probe that each order is for.
    """
    canvases = live.canvases("grey")
    cell_of = _cell_of(live.layout.size)
    steps = np.arange(1, STEPS)
    done = np.round(steps * CELLS**2 / STEPS)

    def hidden(indices: np.ndarray) -> np.ndarray:
        order, showing, step = np.unravel_index(indices, (len(places), 2, len(steps)))
        first = places[order] < done[step, None]
        return np.where(showing[:, None] == 1, ~first, first)[:, cell_of]

    asked = np.arange(len(places) * 2 * len(steps))
    owners = np.repeat(rows, 2 * len(steps))

    def measure(found: Scores, of_probes: np.ndarray) -> np.ndarray:
        return found.log_odds(targets[of_probes])

    between = live.scores_under_masks(live.inputs, canvases, hidden, (owners, owners, asked), measure)
    between = between.reshape(len(places), 2, len(steps), -1)
    ends = np.stack([scores.log_odds(targets), live.scores(canvases).log_odds(targets)], axis=1)[rows]
    return np.concatenate([ends[:, :, None], between, ends[:, ::-1, None]], axis=2)


def _cell_of(size: tuple[int, int]) -> np.ndarray:
    """The number of the cell in which each pixel lies: int `[h, w]`."""
    rows, columns = (np.arange(side) * CELLS // side for side in size)
    return rows[:, None] * CELLS + columns


def _of_cells(maps: np.ndarray) -> np.ndarray:
    """Means of maps `[P, K, H, W]` over cells, `[P, K, CELLS ** 2]`; of a cell without a pixel 0."""
    cells = _cell_of(maps.shape[2:]).ravel()
    inside = (cells[:, None] == np.arange(CELLS**2)).astype("float32")
    return maps.reshape(*maps.shape[:2], -1) @ inside / np.maximum(inside.sum(axis=0), 1)
