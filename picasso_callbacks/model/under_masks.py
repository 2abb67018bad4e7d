"""Asking a model about images of which a part is hidden."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from picasso_callbacks.model.batches import Batches
from picasso_callbacks.model.canvases import hide, hide_in_memory
from picasso_callbacks.model.head import Scores
from picasso_callbacks.model.incremental import Routes, UnderWindows
from picasso_callbacks.model.layout import Layout
from picasso_callbacks.model.passes import Passes
from picasso_callbacks.model.windows import Windows

Masks = Callable[[np.ndarray], np.ndarray]
"""Gives the masks with these indices, int `[B]` -> `[B, h, w]`, so that they need exist only a batch at a time: bool,
true where a pixel is hidden, or float32, how much of it is, 0..1."""

Measure = Callable[[Scores, np.ndarray], np.ndarray]
"""Keeps of the `Scores` of a batch what is wanted: takes them and the probes' rows, int `[b]`; returns `[b, K]`."""


KEPT = 2**25
"""How many bytes of memory are kept from one question to the next: to get fresh memory takes as long as to fill it."""


class UnderMasks:
    """Scores under masks and windows, a batch at a time. `LiveModel` says what its methods take and return.

    Where the model computes in the memory of the arrays, a batch of images is put together there, which takes little
    more than copying them. Else the images and canvases are taken to the device once, and put together there.

    Args:
        passes: Forward passes of the model.
        inputs: The preprocessed probes, `[P, ...]`.
        layout: How masks lie on inputs.
        batches: Splits what is asked into batches.
        limits: The most inputs and windows computed at once where only what windows change is computed; `None`: never
            compute so.
    """

    def __init__(
        self, passes: Passes, inputs: np.ndarray, layout: Layout, batches: Batches, limits: tuple[int, int] | None
    ):
        self._passes, self._backend = passes, passes.backend
        self._inputs = inputs
        self._layout = layout
        self._batches = batches.of(batches.limit)
        self._routes: Routes | None = None
        if limits:
            self._routes = Routes(self._backend, inputs, limits, passes.extract, passes.of)
        trace = passes.extracted if self._backend.in_memory else self._trace
        self._compiled = self._backend.compile(trace)
        self._memory = inputs[:0]

    def scores(
        self,
        images: np.ndarray,
        canvases: np.ndarray,
        masks: Masks,
        rows: tuple[np.ndarray, np.ndarray, np.ndarray],
        measure: Measure,
    ) -> np.ndarray:
        """See `LiveModel.scores_under_masks`."""
        image_rows, canvas_rows, mask_rows = (np.asarray(part, dtype="int32") for part in rows)
        ask = self._asking(images, canvases)

        def answer(batch: np.ndarray) -> tuple[np.ndarray, ...]:
            hidden = self._layout.input_masks(masks(mask_rows[batch]))
            extracted = ask(image_rows[batch], canvas_rows[batch], hidden)
            return (measure(self._passes.reader.read(extracted), image_rows[batch]),)

        try:
            return self._batches.collect(answer, len(image_rows))[0]
        finally:
            if self._memory.nbytes > KEPT:
                self._memory = self._inputs[:0]

    def under_windows(self, windows: Windows, canvases: np.ndarray, measure: Measure) -> np.ndarray:
        """See `LiveModel.scores_under_windows`."""
        probes, count = len(self._inputs), len(windows)
        route = self.route(windows)
        if route is None:
            rows = np.repeat(np.arange(probes), count)
            found = self.scores(
                self._inputs, canvases, windows.masks, (rows, rows, np.tile(np.arange(count), probes)), measure
            )
            return found.reshape(probes, count, -1)

        def answer(group: np.ndarray) -> tuple[np.ndarray, ...]:
            answers = route.ask(self._inputs[group], canvases[group], group)
            found = measure(self._passes.reader.read(answers), np.repeat(group, count))
            return (found.reshape(len(group), count, -1),)

        return route.groups.collect(answer, probes)[0]

    def route(self, windows: Windows) -> UnderWindows | None:
        """How these windows are computed on patches; `None` if whole forward passes are to be taken."""
        return self._routes.get(windows, self._batches) if self._routes else None

    def _asking(self, images: np.ndarray, canvases: np.ndarray) -> Callable[..., dict[str, Any]]:
        """A function of images' and canvases' rows, int32 `[b]`, and of what is hidden, `[b, ...]`."""
        if not self._backend.in_memory:
            one = canvases.strides[0] == 0  # the same for all probes, and taken there once
            tables = [self._backend.to_device(table) for table in (images, canvases[:1] if one else canvases)]
            return lambda image_rows, canvas_rows, hidden: self._compiled(
                *tables, image_rows, np.zeros_like(canvas_rows) if one else canvas_rows, hidden
            )

        def ask(image_rows: np.ndarray, canvas_rows: np.ndarray, hidden: np.ndarray) -> dict[str, Any]:
            count, kept = len(image_rows), self._memory
            if len(kept) < count or (kept.shape[1:], kept.dtype) != (images.shape[1:], images.dtype):
                kept = self._memory = self._backend.empty((count, *images.shape[1:]), images.dtype)
            composed = hide_in_memory(images, canvases, image_rows, canvas_rows, hidden, kept[:count])
            return self._compiled(composed, image_rows)

        return ask

    def _trace(
        self, call: Any, images: Any, canvases: Any, image_rows: Any, canvas_rows: Any, hidden: Any
    ) -> dict[str, Any]:
        composed = hide(self._backend.gather, images, canvases, image_rows, canvas_rows, hidden)
        return self._passes.extracted(call, composed, image_rows)
