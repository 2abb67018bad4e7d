"""Running a plan: untouched images once, then patches. Written with `keras.ops`, so that it serves every backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from picasso_callbacks.model.incremental.geometry import Strip
from picasso_callbacks.model.incremental.graph import Step
from picasso_callbacks.model.incremental.plan import Local, Plan, Region

_NOWHERE = 2**29
"""An index beyond every table; two of them still fit into an int32."""

Gather = Callable[[Any, Any], Any]
"""As `Backend.gather`: rows of a table, `[R, ...]` by int32 `[...]`."""


def run_untouched(plan: Plan, images: Any) -> list[Any]:
    """The tensors of `plan.kept` for whole images `[G, H, W, C]`, each `[G, h, w, c]`."""
    values = {0: ops.cast(images, plan.graph.input_dtype)}
    for step, _ in plan.steps:
        if max(plan.kept) in values:
            break
        values.update(zip(step.outputs, step.run([values[number] for number in step.inputs]), strict=True))
    return [values[number] for number in plan.kept]


def run_under_windows(
    plan: Plan, gather: Gather, untouched: list[Any], canvases: Any, images: Any, rows: Any, columns: Any
) -> Any:
    """What the model returns for images of which a window each is hidden.

    Args:
        plan: The plan.
        gather: How rows of a table are gathered.
        untouched: What `run_untouched` made of the images.
        canvases: `[G, H, W, C]`, what hidden pixels become in each image.
        images: int `[B]`, which image.
        rows: int `[B]`, the window's place along the height: one of those that the plan was made for.
        columns: int `[B]`, its place along the width.
    """
    return _Run(plan, gather, untouched, images, rows, columns).outputs(canvases)


class _Run:
    def __init__(self, plan: Plan, gather: Gather, untouched: list[Any], images: Any, rows: Any, columns: Any):
        self._plan = plan
        self._gather_rows = gather
        self._untouched = dict(zip(plan.kept, untouched, strict=True))
        self._images = ops.reshape(images, (-1, 1, 1))
        self._rows, self._columns = rows, columns
        self._values: dict[int, Any] = {}  # a patch where the plan has a box, or else the whole
        self._wholes: dict[int, Any] = {}

    def outputs(self, canvases: Any) -> Any:
        graph = self._plan.graph
        window = self._plan.boxes[0].strips
        self._values[0] = self._gather(ops.cast(canvases, graph.input_dtype), window)
        for step, local in self._plan.steps:
            made = self._whole_step(step) if local is None else self._local_step(step, local)
            self._values.update(zip(step.outputs, made, strict=True))
        return graph.pack({number: self._whole(number) for number in graph.outputs})

    def _whole_step(self, step: Step) -> list[Any]:
        return step.run([self._whole(number) for number in step.inputs])

    def _local_step(self, step: Step, local: Local) -> list[Any]:
        taken = [self._take(number, local.takes, local.reach.fill) for number in step.inputs]
        made = step.run(taken, local.reach.part(step.operation))
        return [made[0] * self._counts(step, local)] if local.reach.averages else made

    def _whole(self, number: int) -> Any:
        if number not in self._plan.boxes:
            return self._values[number]
        if number not in self._wholes:
            self._wholes[number] = self._take(number, self._plan.boxes[number].whole)
        return self._wholes[number]

    def _take(self, number: int, region: Region, fill: float = 0.0) -> Any:
        """A region of a tensor: from its patch where that reaches, else from the untouched image."""
        box = self._plan.boxes[number].strips
        return (
            self._values[number]
            if region == box
            else self._gather(self._untouched[number], region, fill, self._values[number], box)
        )

    def _gather(self, maps: Any, region: Region, fill: float = 0.0, patches: Any = None, box: Region | None = None):
        """Regions `[B, h, w, C]` of maps `[G, H, W, C]` with patches `[B, ., ., C]` on them, in one gathering.

        Pixels are rows of one table: first those of the patches, then those of the maps, then the padding.
        """
        _, height, width, channels = maps.shape
        tables, indices, size = [], [], 0
        if box is not None:
            tables.append(ops.reshape(patches, (-1, channels)))
            places = ops.reshape(ops.arange(patches.shape[0], dtype="int32") * box.pixels, (-1, 1, 1))
            indices.append(self._index(places, region, box, (box.rows.size, box.columns.size)))
            size = patches.shape[0] * box.pixels
        tables.append(ops.reshape(maps, (-1, channels)))
        places = size + self._images * (height * width)
        indices.append(self._index(places, region, None, (height, width)))
        size += maps.shape[0] * height * width
        if _hangs_over(region.rows, height) or _hangs_over(region.columns, width):
            tables.append(ops.full((1, channels), fill, maps.dtype))
            indices.append(np.int32(size))
        index = indices[0]
        for other in indices[1:]:
            index = ops.minimum(index, other)
        table = ops.concatenate(tables, axis=0) if len(tables) > 1 else tables[0]
        return self._gather_rows(table, index)

    def _index(self, places: Any, region: Region, box: Region | None, size: tuple[int, int]) -> Any:
        """Where in the table the pixels of a region are, int `[B, h, w]`; `_NOWHERE` or more if not in this part."""
        rows = _offsets(region.rows, box and box.rows, size[0], step=size[1])
        columns = _offsets(region.columns, box and box.columns, size[1], step=1)
        return places + self._at_rows(rows) + self._at_columns(columns)

    def _at_rows(self, table: np.ndarray) -> Any:
        """Numbers for each place of a window along the height, `[n, h]`, for the windows at hand: `[B, h, 1]`."""
        return self._gather_rows(ops.convert_to_tensor(table[:, :, None]), self._rows)

    def _at_columns(self, table: np.ndarray) -> Any:
        """Likewise along the width, `[n, w]`: `[B, 1, w]`."""
        return self._gather_rows(ops.convert_to_tensor(table[:, None, :]), self._columns)

    def _counts(self, step: Step, local: Local) -> Any:
        """By what an average over padding, too, is too small: `[B, h, w, 1]`."""
        factors = []
        reach, takes = local.reach, local.takes
        for axis, strip, side in zip(
            (reach.rows, reach.columns), (takes.rows, takes.columns), step.input_shapes[0][:2], strict=True
        ):
            inside = (strip.places() >= 0) & (strip.places() < side)
            counts = np.lib.stride_tricks.sliding_window_view(inside, axis.extent, axis=1)[:, :: axis.stride].sum(-1)
            factors.append((axis.extent / counts).astype("float32"))
        factor = self._at_rows(factors[0]) * self._at_columns(factors[1])
        return ops.cast(ops.expand_dims(factor, -1), step.operation.compute_dtype)


def _offsets(strip: Strip, box: Strip | None, side: int, step: int) -> np.ndarray:
    """How far the places of a strip are from where `box` starts, or the map, `step` apart; int32 `[n, size]`."""
    places = strip.places() - (0 if box is None else box.starts[:, None])
    return np.where((places >= 0) & (places < side), places * step, _NOWHERE).astype("int32")


def _hangs_over(strip: Strip, side: int) -> bool:
    return bool((strip.starts < 0).any() or (strip.starts + strip.size > side).any())
