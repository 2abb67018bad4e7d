"""Routes: whether a model is computed on patches under some windows - if it can be, if that pays, if it agrees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from picasso_callbacks.model.backends import Backend
from picasso_callbacks.model.batches import Batches, is_out_of_memory
from picasso_callbacks.model.incremental.ask import Extract, UnderWindows
from picasso_callbacks.model.incremental.plan import make_plan
from picasso_callbacks.model.windows import Windows
from picasso_callbacks.plain import logger

TOLERANCE = {"float32": 1e-4, "float64": 1e-4}
"""How far the numbers may be from those of whole forward passes, in nats or in parts of the largest; 0.02 in half
precision."""


class Routes:
    """Finds the route for windows once, and keeps it.

    Args:
        backend: The backend of the model.
        inputs: The probes' inputs, `[P, H, W, C]`.
        limits: As in `UnderWindows`.
        extract: As in `UnderWindows`.
        whole: The same for whole inputs, not while tracing: takes `[N, H, W, C]` and the probes' rows, int `[N]`.
    """

    def __init__(
        self,
        backend: Backend,
        inputs: np.ndarray,
        limits: tuple[int, int],
        extract: Extract,
        whole: Callable[[np.ndarray, np.ndarray], dict[str, Any]],
    ):
        self._backend = backend
        self._inputs = inputs
        self._limits = limits
        self._extract = extract
        self._whole = whole
        self._found: dict[bytes, UnderWindows | None] = {}

    def get(self, windows: Windows, batches: Batches) -> UnderWindows | None:
        """The route for these windows, or `None` if whole forward passes are to be taken.

        Args:
            windows: The windows.
            batches: On a batch of probes, under a window each, both ways are compared when windows first come.
        """
        if windows.key not in self._found:
            self._found[windows.key] = self._make(windows, batches)
        return self._found[windows.key]

    def _make(self, windows: Windows, batches: Batches) -> UnderWindows | None:
        try:
            plan = make_plan(self._backend.model, self._inputs.shape[1:], windows)
            if plan is None:
                return None
            route = UnderWindows(plan, windows, self._limits, self._backend, self._extract, batches)
            off, allowed = self._difference(route, windows, batches)
        except Exception as error:
            if is_out_of_memory(error):
                raise
            logger.info(
                "Picasso: a layer can't be computed on a part of its input, so whole passes are taken: %s", error
            )
            return None
        if off <= allowed:
            return route
        logger.warning(
            "Picasso: computing only what a window changes gives numbers that are off by %.2g, where %.2g is allowed: "
            "some layer does not do what its class says. Whole forward passes are taken. incremental=False says so.",
            off,
            allowed,
        )
        return None

    def _difference(self, route: UnderWindows, windows: Windows, batches: Batches) -> tuple[float, float]:
        """How far both ways are apart, and how far they may be; infinite where only patches give no number."""
        rows = np.arange(batches.size(len(self._inputs)))
        chosen = np.linspace(0, len(windows) - 1, len(rows)).astype(int)
        inputs, hidden = self._inputs[rows], windows.masks(chosen)[..., None]
        canvases = np.roll(inputs[:, ::-1, ::-1], 1, axis=0)  # not plain: layers do other things on plain patches
        whole = self._whole(np.where(hidden, canvases, inputs), rows)
        patches = route.groups.fit(lambda size: route.ask(inputs[:size], canvases[:size], rows[:size]), len(rows))
        group = rows[: len(keras.tree.flatten(patches)[0]) // len(windows)]
        off, allowed = 0.0, 0.0
        for one, other in zip(keras.tree.flatten(whole), keras.tree.flatten(patches), strict=True):
            one, other = one[: len(group)], other[group * len(windows) + chosen[group]]
            finite = np.isfinite(one)
            apart = np.abs(np.subtract(one, other, out=np.zeros_like(one), where=finite))
            apart[np.isnan(apart)] = np.inf  # max() would let NaN pass
            off = max(off, float(apart.max(initial=0)))
            allowed = max(allowed, float(np.abs(one).max(initial=1, where=finite)))
        return off, allowed * TOLERANCE.get(self._backend.model.compute_dtype, 0.02)
