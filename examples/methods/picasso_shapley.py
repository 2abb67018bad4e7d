"""Shapley values: what each cell of a grid adds to the score of a class, on average over who is there before it."""

from __future__ import annotations

import numpy as np

from picasso_callbacks import Explanation, Look, Method, Scale


class Shapley(Method):
    """The mean rise of log-odds when a cell is added to those shown, over random orders in which cells are added.

    The cells' values sum to the log-odds of the probe minus those of the canvas. The orders are drawn by a seed of
    their own and the same at every epoch: between epochs only the network moves.

    Args:
        orders: How many orders. More give less grainy maps; each costs `cells ** 2` forward passes a probe.
        cells: Into how many cells along each side a probe is divided.
        seed: Of the generator.

    Reference:
        Castro, Gómez and Tejada, "Polynomial calculation of the Shapley value based on sampling", 2009.

    Example:

        Picasso("logs", probes, methods=["partial_occlusion", "shapley"])
    """

    def __init__(self, orders: int = 10, cells: int = 4, seed: int = 0):
        if orders < 1 or cells < 1:
            raise ValueError(f"Shapley: orders is {orders!r} and cells {cells!r}; expected both >= 1.")
        self.orders, self.cells, self.seed = orders, cells, seed

    def explain(self, look: Look) -> Explanation:
        live, (probes, targets) = look.live, look.targets.shape
        cell_of, count = self._cells(*live.layout.size), self.cells**2
        places = np.random.default_rng(self.seed).permuted(np.tile(np.arange(count), (self.orders, 1)), axis=1)

        def hidden(indices: np.ndarray) -> np.ndarray:
            """The cells of an order that come at a step or later are hidden yet."""
            order, step = np.divmod(indices, count)
            return np.take_along_axis(places[order] >= step[:, None], cell_of.reshape(1, -1), axis=1).reshape(
                len(indices), *cell_of.shape
            )

        masks = self.orders * count
        rows = np.repeat(np.arange(probes), masks)
        scores = live.scores_under_masks(
            live.inputs,
            live.canvases("grey"),
            hidden,
            rows=(rows, rows, np.tile(np.arange(masks), probes)),
            measure=lambda scores, of_probes: scores.log_odds(look.targets[of_probes]),
        ).reshape(probes, self.orders, count, targets)
        whole = np.broadcast_to(look.scores.log_odds(look.targets)[:, None, None], (probes, self.orders, 1, targets))
        rises = np.diff(np.concatenate([scores, whole], axis=2), axis=2)  # at step i the cell comes whose place is i
        values = np.take_along_axis(rises, places[None, :, :, None], axis=2).mean(axis=1)
        return Explanation(
            live.to_display(values.transpose(0, 2, 1)[:, :, cell_of]),
            unit=live.unit,
            score=f"log-odds from the {live.head.description}",
            title="Shapley values of cells",
            scale=Scale(limit=None, signed=True),
        )

    def _cells(self, height: int, width: int) -> np.ndarray:
        """The number of the cell in which each pixel lies: int `[height, width]`."""
        rows, columns = (np.arange(side) * self.cells // side for side in (height, width))
        return rows[:, None] * self.cells + columns
