"""Plan: which steps of a model are computed on patches, and what each of them takes from where."""

from __future__ import annotations

import dataclasses
import math
from typing import NamedTuple

import keras

from picasso_callbacks.model.incremental.geometry import Change, Strip, change_of, union, whole
from picasso_callbacks.model.incremental.graph import Graph, Step, last_activations, make_graph
from picasso_callbacks.model.incremental.rules import Reach, rule_of
from picasso_callbacks.model.windows import Windows

PAYS = 0.8
"""An incremental route is taken if its counted work is at most this share of the plain one's."""

MOVED = 24.0
"""What it costs to move a number about, in multiply-adds."""

_LIMITS = (0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


class Box(NamedTuple):
    """What is changed of a map, and where it is kept."""

    rows: Change
    columns: Change

    @property
    def strips(self) -> Region:
        return Region(self.rows.strip, self.columns.strip)

    @property
    def whole(self) -> Region:
        return Region(whole(self.rows), whole(self.columns))


class Region(NamedTuple):
    """A part of a map for each window, rows by columns."""

    rows: Strip
    columns: Strip

    @property
    def pixels(self) -> int:
        return self.rows.size * self.columns.size


@dataclasses.dataclass(frozen=True)
class Local:
    """A step that is computed on patches.

    Args:
        reach: How it reaches.
        takes: What it takes of its inputs, the same of each; where that is an input's patch, it needs no gathering.
    """

    reach: Reach
    takes: Region


@dataclasses.dataclass(frozen=True)
class Plan:
    """How a model is computed under windows.

    Args:
        graph: The model.
        steps: Its steps, each with how it is computed on patches, or `None`: as a whole.
        boxes: For each tensor that is kept as a patch, where that is.
        kept: The numbers of the tensors whose values for the untouched images are needed.
        counted_ratio: Multiply-adds of this plan for a window, by those of the model for an image.
        cost_ratio: The same, with the numbers that are moved about.
    """

    graph: Graph
    steps: tuple[tuple[Step, Local | None], ...]
    boxes: dict[int, Box]
    kept: tuple[int, ...]
    counted_ratio: float
    cost_ratio: float


def make_plan(model: keras.Model, input_shape: tuple[int, ...], windows: Windows) -> Plan | None:
    """The plan that costs least; `None` if the model can't be taken apart, or if that would not pay.

    Args:
        model: The model, built.
        input_shape: (H, W, C) of its image input.
        windows: The windows, on an image of H x W.
    """
    graph = make_graph(model, input_shape)
    if graph is None:
        return None
    plans = [_Planner(graph, windows, limit).plan() for limit in _LIMITS]
    best = min(plans, key=lambda plan: plan.cost_ratio)
    return best if best.cost_ratio <= PAYS else None


class _Planner:
    """Walks through a graph, step by step, as long as patches are no more than `limit` of their maps."""

    def __init__(self, graph: Graph, windows: Windows, limit: float):
        self._graph = graph
        self._limit = limit
        self._boxes = {0: Box(*(change_of(*axis) for axis in windows.axes()))}
        self._kept: set[int] = set()
        self._pasted: set[int] = set()
        self._heads = last_activations(graph.steps)  # their logits are read, and have to be whole
        self._work = self._plain_work = 0.0
        self._moved = self._plain_moved = 0.0

    def plan(self) -> Plan:
        steps = tuple((step, self._next(step)) for step in self._graph.steps)
        for number in self._graph.outputs:
            self._paste(number)
        cost, plain = self._work + MOVED * self._moved, self._plain_work + MOVED * self._plain_moved
        return Plan(
            self._graph,
            steps,
            self._boxes,
            tuple(sorted(self._kept)),
            self._work / max(self._plain_work, 1.0),
            cost / max(plain, 1.0),
        )

    def _next(self, step: Step) -> Local | None:
        local = self._local(step)
        share = 1.0
        if local is None:
            for number in step.inputs:
                self._paste(number)
        else:
            box = self._boxes[step.outputs[0]]
            share = box.strips.pixels / math.prod(step.output_shapes[0][:2])
            for number, shape in zip(step.inputs, step.input_shapes, strict=True):
                if self._boxes[number].strips != local.takes:
                    self._kept.add(number)
                    self._moved += shape[-1] * (local.takes.pixels + self._boxes[number].strips.pixels)
        work, moved = _work(step)
        self._plain_work += work
        self._plain_moved += moved
        self._work += work * share
        self._moved += moved * share
        return local

    def _local(self, step: Step) -> Local | None:
        rule = rule_of(step.operation)
        if rule is None or len(step.outputs) != 1 or self._heads.issuperset(step.outputs):
            return None
        if any(number not in self._boxes for number in step.inputs):
            return None
        shapes = (*step.input_shapes, *step.output_shapes)
        reach = rule(step) if all(len(shape) == 3 for shape in shapes) else None
        if reach is None:
            return None
        boxes = [self._boxes[number] for number in step.inputs]
        height, width = step.output_shapes[0][:2]
        rows = union([box.rows for box in boxes]).through(reach.rows, height)
        columns = union([box.columns for box in boxes]).through(reach.columns, width)
        if rows.strip.size * columns.strip.size > self._limit * height * width:
            return None
        self._boxes[step.outputs[0]] = Box(rows, columns)
        return Local(reach, Region(rows.needed(reach.rows), columns.needed(reach.columns)))

    def _paste(self, number: int) -> None:
        if number in self._boxes and number not in self._pasted:
            self._pasted.add(number)
            self._kept.add(number)
            box = self._boxes[number]
            self._moved += self._channels(number) * (box.whole.pixels + box.strips.pixels)

    def _channels(self, number: int) -> int:
        if number == 0:
            return self._graph.input_shape[-1]
        return next(s.output_shapes[0][-1] for s in self._graph.steps if s.outputs[0] == number)


def _work(step: Step) -> tuple[float, float]:
    """Multiply-adds of a step on a whole image, and how many numbers it makes."""
    shape = step.output_shapes[0]
    kernels = [w for w in getattr(step.operation, "weights", ()) if len(w.shape) > 1]
    return math.prod(shape[:-1]) * sum(math.prod(kernel.shape) for kernel in kernels), math.prod(shape)
