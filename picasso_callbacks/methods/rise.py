"""RISE: which pixels were there when the score was high, over random masks."""

from __future__ import annotations

import numpy as np

from picasso_callbacks.explanation import Explanation, Scale
from picasso_callbacks.methods.base import Look, Method
from picasso_callbacks.model import check_canvas
from picasso_callbacks.typing import Canvas, is_integer

_AT_ONCE = 64
"""How many masks are in memory while they are weighed."""


class Rise(Method):
    """Mean log-odds of a target with a pixel shown, minus the mean with it hidden, over random masks.

    The paper's map is the first of these means; what is taken off leaves 0 where a pixel makes no difference. Unlike a
    window, a mask hides many places at once, so that evidence which is there twice counts as well. The masks are the
    same at every epoch, so that only the network moves.

    Args:
        masks: How many. More give less grainy maps; each is a forward pass for each probe.
        cells: A mask is a grid of so many cells along each side, with smooth edges, shifted by a part of a cell.
        shown: With which probability a cell is shown.
        canvas: What takes the place of what is hidden; see `PartialOcclusion`. The paper's is 0.
        seed: Of the masks.

    Raises:
        ValueError: An argument that is none of these.

    Reference:
        Petsiuk, Das and Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC 2018,
        equation 6.

    Example:

        Picasso("logs", probes, methods=["partial_occlusion", Rise(masks=1000)])
    """

    def __init__(self, masks: int = 300, cells: int = 7, shown: float = 0.5, canvas: Canvas = "grey", seed: int = 0):
        if not all(is_integer(one) and one >= 1 for one in (masks, cells)) or not 0 < shown < 1:
            raise ValueError(
                f"Rise: masks, cells, shown are {masks!r}, {cells!r}, {shown!r}; expected two ints >= 1, 0 < shown < 1."
            )
        check_canvas(canvas)
        self.masks, self.cells, self.shown, self.canvas, self.seed = masks, cells, shown, canvas, seed

    def explain(self, look: Look) -> Explanation:
        live, probes = look.live, len(look.targets)
        masks = RandomMasks(live.layout.size, self.masks, self.cells, self.shown, self.seed)
        rows = np.repeat(np.arange(probes), self.masks)
        scores = live.scores_under_masks(
            live.inputs,
            live.canvases(self.canvas),
            lambda indices: 1 - masks.shown(indices),
            rows=(rows, rows, np.tile(np.arange(self.masks), probes)),
            measure=lambda scores, of_probes: scores.log_odds(look.targets[of_probes]),
        ).reshape(probes, self.masks, -1)
        return Explanation(
            live.to_display(_difference(scores, masks)),
            unit=live.unit,
            score=f"log-odds from the {live.head.description}",
            title="RISE",
            scale=Scale(limit=None, signed=True),
        )


class RandomMasks:
    """Grids of cells that are shown or not, drawn with smooth edges at any place.

    Args:
        size: (h, w) of the masks.
        count: How many there are.
        cells: Cells along each side.
        probability: With which a cell is shown.
        seed: Of the grids and their places.
    """

    def __init__(self, size: tuple[int, int], count: int, cells: int, probability: float, seed: int):
        rng = np.random.default_rng(seed)
        self.count = count
        self._grids = (rng.random((count, cells + 2, cells + 2)) < probability).astype("float32")
        self._rows, self._columns = (
            _hats(np.arange(side) * cells / side + shift, cells + 2)
            for side, shift in zip(size, rng.random((2, count, 1)), strict=True)
        )

    def shown(self, indices: np.ndarray) -> np.ndarray:
        """How much of each pixel these masks show, 0..1: float32 `[b, h, w]`."""
        return self._rows[indices] @ self._grids[indices] @ self._columns[indices].transpose(0, 2, 1)


def _hats(places: np.ndarray, count: int) -> np.ndarray:
    """Weights that interpolate between `count` numbers at places `[b, n]` among them: float32 `[b, n, count]`."""
    return np.maximum(1 - np.abs(places[..., None] - np.arange(count)), 0).astype("float32")


def _difference(scores: np.ndarray, masks: RandomMasks) -> np.ndarray:
    """For each pixel the mean of scores `[P, M, K]` where it is shown minus that where it is not: `[P, K, h, w]`."""
    scores = scores - scores.mean(axis=1, keepdims=True)  # which changes nothing but the error of large numbers
    sums: list[np.ndarray] = [np.zeros(1, "float32")] * 4
    for begin in range(0, masks.count, _AT_ONCE):
        indices = np.arange(begin, min(begin + _AT_ONCE, masks.count))
        shown, of_masks = masks.shown(indices), scores[:, indices]
        for_shown = np.einsum("pmk,mhw->pkhw", of_masks, shown, optimize=True)
        for_all = of_masks.sum(axis=1)[..., None, None]
        parts = (for_shown, shown.sum(axis=0), for_all - for_shown, (1 - shown).sum(axis=0))
        sums = [one + part for one, part in zip(sums, parts, strict=True)]
    with_it, shares, without_it, rests = sums
    return with_it / np.maximum(shares, 1e-6) - without_it / np.maximum(rests, 1e-6)  # equation 6, and what is left
