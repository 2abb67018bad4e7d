"""Guided backpropagation: rectifiers that hand back only what is positive, for as long as a trace takes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras

from picasso_callbacks.model.replaced import replaced

_FUNCTIONS = (keras.activations.relu, keras.activations.relu6)
_OPERATIONS = ("Relu", "Relu6")
"""What `keras.ops.relu(...)` becomes in a Functional model."""


def guided_rectifiers(model: keras.Model) -> contextlib.AbstractContextManager[None]:
    """Within this, the gradients of ReLUs in the model's layers are those of guided backpropagation.

    Known are activations of layers, `ReLU` layers without a slope below 0, and `keras.ops.relu` in Functional models.

    Raises:
        ValueError: There is none.
    """
    found = list(_rectifiers(model))
    if not found:
        raise ValueError(
            "Picasso: guided_backprop changes how ReLUs hand gradients back, and none was found in the model's layers; "
            'expected activation="relu" or a ReLU layer. Leave guided_backprop out of methods=[...].'
        )
    return replaced((owner, name, _guided(getattr(owner, name))) for owner, name in found)


def _rectifiers(model: keras.Model) -> Iterator[tuple[Any, str]]:
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.ReLU) and not layer.negative_slope:
            yield layer, "call"
        elif getattr(layer, "activation", None) in _FUNCTIONS and "activation" in vars(layer):
            yield layer, "activation"
        for operation in getattr(layer, "operations", ()):
            if type(operation).__name__ in _OPERATIONS and not isinstance(operation, keras.Layer):
                yield operation, "call"


def _guided(rectifier: Callable[..., Any]) -> Callable[..., Any]:
    """The rectifier, whose own way back is given only what is positive: that way is one fused operation."""
    return lambda *args, **kwargs: _positive_back(rectifier(*args, **kwargs))


@keras.ops.custom_gradient
def _positive_back(x: Any) -> tuple[Any, Callable[..., Any]]:
    def back(*given: Any, upstream: Any = None) -> Any:
        return keras.ops.maximum(given[-1] if upstream is None else upstream, 0)

    return x, back
