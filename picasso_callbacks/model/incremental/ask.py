"""Asking a model under windows, a few images at a time."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from picasso_callbacks.model.backends import Backend
from picasso_callbacks.model.batches import Batches
from picasso_callbacks.model.incremental.plan import Plan
from picasso_callbacks.model.incremental.run import run_under_windows, run_untouched
from picasso_callbacks.model.windows import Windows

Extract = Callable[[Callable[[], Any], Any], dict[str, Any]]
"""Takes what is wanted out of a run of the model, while tracing: `extract(run, rows)`, where `run()` returns what the
model does, for the images `rows`, int `[B]`."""


class UnderWindows:
    """Computes a model under all windows, as a plan says.

    The untouched images are computed a group at a time, so that memory grows neither with them nor with the windows:
    of each, most layers' activations are kept.

    Args:
        plan: The plan.
        windows: The windows that it was made for.
        limits: The most inputs computed at once, and the most windows: of these as many as take the same work.
        backend: The backend of the model.
        extract: What is wanted of the model.
        batches: In whose rehearsals the groups take part.

    Attributes:
        groups: Splits images into groups for `ask`.
    """

    def __init__(
        self,
        plan: Plan,
        windows: Windows,
        limits: tuple[int, int],
        backend: Backend,
        extract: Extract,
        batches: Batches,
    ):
        self.plan = plan
        inputs, most = limits
        at_once = min(int(inputs / plan.cost_ratio), most)
        self.groups = batches.of(max(min(at_once // len(windows), inputs // 4), 1))
        self._windows = windows
        self._batches = Batches(at_once)
        self._extract = extract
        self._backend = backend
        self._untouched = backend.compile(self._trace_untouched, keep=True)
        self._patches = backend.compile(self._trace_patches)

    def ask(self, images: np.ndarray, canvases: np.ndarray, rows: np.ndarray) -> dict[str, Any]:
        """What `extract` takes of each image under each window, in NumPy: `[G * windows, ...]`, image by image.

        Args:
            images: `[G, ...]`.
            canvases: `[G, ...]`, what hidden pixels become in each image.
            rows: int `[G]`, the images' numbers.
        """
        untouched = self._untouched(images)
        nest: list[Any] = []

        def answer(batch: np.ndarray) -> tuple[np.ndarray, ...]:
            which, window = np.divmod(batch, len(self._windows))
            places = self._windows.places(window)
            found = self._patches(canvases, rows[which].astype("int32"), which.astype("int32"), *places, *untouched)
            nest[:] = [found]
            return tuple(keras.tree.flatten(found))

        answers = self._batches.collect(answer, len(images) * len(self._windows))
        packed: dict[str, Any] = keras.tree.pack_sequence_as(nest[0], list(answers))
        return packed

    def _trace_untouched(self, call: Any, images: Any) -> list[Any]:
        return run_untouched(self.plan, images)

    def _trace_patches(
        self, call: Any, canvases: Any, numbers: Any, images: Any, rows: Any, columns: Any, *untouched: Any
    ) -> dict[str, Any]:
        places = canvases, images, rows, columns
        run = functools.partial(run_under_windows, self.plan, self._backend.gather, list(untouched), *places)
        return self._extract(run, numbers)
