"""RISE: hides random halves of each probe, and sees which pixels were there when the score was high."""

from __future__ import annotations

import numpy as np

from picasso_callbacks import Explanation, Look, Method, Scale


class Rise(Method):
    """Mean log-odds with a pixel shown minus mean log-odds with it hidden, over random masks.

    Unlike a sliding window, a mask hides many places at once, so that evidence which is there twice counts as well.
    The masks come from a generator of its own, the same at every epoch: between epochs only the network moves.

    Args:
        masks: How many masks. More give less grainy maps; each costs a forward pass a probe.
        cells: Into how many cells along each side a mask is divided; each cell is hidden with probability 1/2.
        seed: Of the generator.

    Reference:
        Petsiuk, Das and Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC 2018.

    Example:

        Picasso("logs", probes, methods=["partial_occlusion", "rise"])
    """

    def __init__(self, masks: int = 300, cells: int = 6, seed: int = 0):
        if masks < 2 or cells < 1:
            raise ValueError(f"Rise: masks is {masks!r} and cells {cells!r}; expected masks >= 2 and cells >= 1.")
        self.masks, self.cells, self.seed = masks, cells, seed

    def explain(self, look: Look) -> Explanation:
        live, probes = look.live, len(look.targets)
        hidden = self._hidden(*live.layout.size)
        rows = np.repeat(np.arange(probes), self.masks)
        scores = live.scores_under_masks(
            live.inputs,
            live.canvases("grey"),
            lambda indices: hidden[indices],
            rows=(rows, rows, np.tile(np.arange(self.masks), probes)),
            measure=lambda scores, of_probes: scores.log_odds(look.targets[of_probes]),
        )
        scores = scores.reshape(probes, self.masks, -1).transpose(0, 2, 1)
        maps = _mean_where(scores, ~hidden) - _mean_where(scores, hidden)
        return Explanation(
            live.to_display(maps),
            unit=live.unit,
            score=f"log-odds from the {live.head.description}",
            title="RISE",
            scale=Scale(limit=None, signed=True),
        )

    def _hidden(self, height: int, width: int) -> np.ndarray:
        """Random cells, each mask shifted by a random part of a cell: bool `[masks, height, width]`."""
        rng = np.random.default_rng(self.seed)
        cells = rng.random((self.masks, self.cells + 1, self.cells + 1)) < 0.5
        shift_y, shift_x = rng.random((2, self.masks, 1))
        rows = (np.arange(height) * self.cells / height + shift_y).astype(int)
        columns = (np.arange(width) * self.cells / width + shift_x).astype(int)
        return cells[np.arange(self.masks)[:, None, None], rows[:, :, None], columns[:, None, :]]


def _mean_where(scores: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """For each pixel the mean of `scores` `[P, K, M]` over the masks `[M, h, w]` that are true there."""
    counts = np.maximum(masks.sum(axis=0), 1)
    return (np.einsum("pkm,mhw->pkhw", scores, masks.astype("float32"), optimize=True) / counts).astype("float32")
