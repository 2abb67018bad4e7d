"""Hearing what layers return while the model is called, and changing it for as long as a trace takes."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import keras

from picasso_callbacks.model.replaced import replaced

Hear = Callable[[keras.Layer, int, Any], Any]
"""Is told of a layer, how many of its calls came before, and what it returned; returns what stands for that."""


@contextlib.contextmanager
def heard_layers(model: keras.Model, hear: Hear) -> Iterator[None]:
    """Within this, `hear` is told of every call of a layer; not of those that Keras' own layers are made of."""
    calls: Counter[int] = Counter()

    def hearing(layer: keras.Layer) -> Callable[..., Any]:
        call = layer.call

        def run(*args: Any, **kwargs: Any) -> Any:
            output = call(*args, **kwargs)
            calls[id(layer)] += 1
            return hear(layer, calls[id(layer)] - 1, output)

        return run

    with replaced([(layer, "call", hearing(layer)) for layer in _layers(model)]):
        yield


@contextlib.contextmanager
def changed_output(model: keras.Model, layer: keras.Layer, nth: int, change: Any | None) -> Iterator[Callable[[], Any]]:
    """Within this, `change` is added to what the nth call of a layer returns.

    What is yielded returns that afterwards, in float32.
    """
    kept: list[Any] = []

    def hear(speaker: keras.Layer, call: int, output: Any) -> Any:
        if speaker is not layer or call != nth:
            return output
        kept.append(output)
        return output if change is None else output + keras.ops.cast(change, output.dtype)

    with heard_layers(model, hear):
        yield lambda: keras.ops.cast(kept[0], "float32")


def _layers(model: keras.Model) -> list[keras.Layer]:
    found: dict[int, keras.Layer] = {}

    def visit(owner: keras.Layer) -> None:
        for layer in owner._flatten_layers(include_self=False, recursive=False):
            if id(layer) not in found:
                found[id(layer)] = layer
                if isinstance(layer, keras.Model) or not type(layer).__module__.startswith("keras."):
                    visit(layer)

    visit(model)
    return list(found.values())
