"""A model as a flat list of steps: one for each call of a layer, nested models taken apart."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Sequence
from typing import Any

import keras

from picasso_callbacks.model.head import hides_logits

Shape = tuple[int, ...]
"""A tensor's shape without the batch."""


@dataclasses.dataclass(frozen=True)
class Step:
    """One call of a layer or operation. Tensors are numbered through the whole model.

    Args:
        operation: What is called.
        arguments: What it is called with, with symbolic tensors in the places of real ones.
        symbols: The ids of those symbolic tensors.
        inputs: The numbers of the tensors that take their places.
        outputs: The numbers of the tensors that come out.
        input_shapes: The shape of each input, without the batch.
        output_shapes: The shape of each output, likewise.
    """

    operation: Any
    arguments: Any
    symbols: tuple[int, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    input_shapes: tuple[Shape, ...]
    output_shapes: tuple[Shape, ...]

    def run(self, tensors: list[Any], operation: Any = None) -> list[Any]:
        """Calls the operation, or the given one in its place, in inference mode."""
        operation = self.operation if operation is None else operation
        args, kwargs = self.arguments.fill_in(dict(zip(self.symbols, tensors, strict=True)))
        if isinstance(operation, keras.Layer):  # whether or not its `call` takes it: layers inside of it may
            kwargs = {**kwargs, "training": False}
        return keras.tree.flatten(operation(*args, **kwargs))


def last_activations(steps: Sequence[Step]) -> set[int]:
    """The numbers of the tensors that come out of a softmax or sigmoid and go into no other one: the model's heads."""
    last: set[int] = set()
    before: set[int] = set()
    for step in reversed(steps):
        found, leads_on = hides_logits(step.operation), not before.isdisjoint(step.outputs)
        if found and not leads_on:
            last.update(step.outputs)
        if found or leads_on:
            before.update(step.inputs)
    return last


@dataclasses.dataclass(frozen=True)
class Graph:
    """All steps of a model, in an order in which they can run. Tensor 0 is the image.

    Args:
        steps: The steps.
        outputs: The numbers of the model's outputs.
        structure: The nest in which the model returns them.
        input_shape: (H, W, C) of the image.
        input_dtype: The type that the model casts the image to.
    """

    steps: tuple[Step, ...]
    outputs: tuple[int, ...]
    structure: Any
    input_shape: Shape
    input_dtype: str

    def pack(self, values: dict[int, Any]) -> Any:
        """The model's outputs, as it returns them, out of the values of all tensors."""
        outputs = [values[number] for number in self.outputs]
        single = isinstance(self.structure, (list, tuple)) and len(outputs) == 1
        return outputs[0] if single else keras.tree.pack_sequence_as(self.structure, outputs)


def make_graph(model: keras.Model, input_shape: tuple[int, ...]) -> Graph | None:
    """Takes a model apart. `None` if that can't be done: subclassed models, several inputs, unknown sizes.

    Args:
        model: The model.
        input_shape: (H, W, C) of its image input.
    """
    function = _function_of(model)
    if function is None or len(function.inputs) != 1 or len(function.inputs[0].shape) != 4:
        return None
    walk = _Walk()
    outputs = walk.through(function, [walk.new(input_shape)])
    if any(None in shape for shape in walk.shapes):
        return None
    return Graph(tuple(walk.steps), tuple(outputs), function._outputs_struct, input_shape, function.inputs[0].dtype)


def try_graph(model: keras.Model, input_shape: tuple[int, ...]) -> Graph | None:
    """As `make_graph`, but `None` also where a layer can't say what it makes."""
    try:
        return make_graph(model, input_shape)
    except Exception:
        return None


class _Walk:
    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.shapes: list[Shape] = []

    def new(self, shape: Shape) -> int:
        self.shapes.append(shape)
        return len(self.shapes) - 1

    def through(self, function: Any, inputs: list[int]) -> list[int]:
        """Adds the steps of a function that is called on the tensors `inputs`; returns the numbers of its outputs."""
        numbers = dict(zip(map(id, function.inputs), inputs, strict=True))
        for depth in sorted(function._nodes_by_depth, reverse=True):
            for node in function._nodes_by_depth[depth]:
                if node.is_input:
                    continue
                given = [numbers[id(tensor)] for tensor in node.input_tensors]
                inner = _function_of(node.operation)
                if inner is not None and len(inner.inputs) == len(given):
                    made = self.through(inner, given)
                else:
                    made = self._add(node, given)
                numbers.update(zip(map(id, node.outputs), made, strict=True))
        return [numbers[id(tensor)] for tensor in function.outputs]

    def _add(self, node: Any, inputs: list[int]) -> list[int]:
        symbols = tuple(map(id, node.input_tensors))
        shapes = tuple(self.shapes[number] for number in inputs)
        outputs = [self.new(shape) for shape in _output_shapes(node, shapes)]
        step = Step(
            node.operation,
            node.arguments,
            symbols,
            tuple(inputs),
            tuple(outputs),
            shapes,
            tuple(self.shapes[number] for number in outputs),
        )
        self.steps.append(step)
        return outputs


def _function_of(operation: Any) -> Any:
    """The graph of a Sequential or Functional model that is called as Keras calls it; otherwise `None`."""
    if isinstance(operation, keras.Sequential):
        plain, operation = type(operation).call is keras.Sequential.call, operation._functional
    else:
        plain = getattr(inspect.unwrap(type(operation).call), "__module__", "") == "keras.src.models.functional"
    return operation if plain and hasattr(operation, "_nodes_by_depth") else None


def _output_shapes(node: Any, input_shapes: tuple[Shape, ...]) -> list[Shape]:
    """The shapes that come out of a node, where a nested model was built for images of any size."""
    known = [tuple(tensor.shape[1:]) for tensor in node.outputs]
    if not any(None in shape for shape in known):
        return known
    symbols = {
        id(tensor): keras.KerasTensor((None, *shape), tensor.dtype)
        for tensor, shape in zip(node.input_tensors, input_shapes, strict=True)
    }
    args, kwargs = node.arguments.fill_in(symbols)
    return [tuple(one.shape[1:]) for one in keras.tree.flatten(node.operation.compute_output_spec(*args, **kwargs))]
