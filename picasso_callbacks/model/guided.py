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
    def guided(inputs: Any, *args: Any, **kwargs: Any) -> Any:
        @keras.ops.custom_gradient
        def rectified(x: Any) -> tuple[Any, Callable[..., Any]]:
            y = rectifier(x, *args, **kwargs)

            def back(*given: Any, upstream: Any = None) -> Any:
                above = given[-1] if upstream is None else upstream
                passed = keras.ops.logical_and(y > 0, y == x)
                return keras.ops.where(passed, keras.ops.maximum(above, 0), keras.ops.zeros_like(above))

            return y, back

        return rectified(inputs)

    return guided
