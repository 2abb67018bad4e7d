"""Finding a network's logits: what its last softmax or sigmoid was given, without taking the network apart."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras

from picasso_callbacks.model.replaced import replaced, together

_LAST = (keras.activations.softmax, keras.activations.sigmoid)


def hides_logits(operation: Any) -> bool:
    """Whether a layer ends in a softmax or sigmoid, so that its logits are to be recorded."""
    return isinstance(operation, keras.layers.Softmax) or getattr(operation, "activation", None) in _LAST


class Recorded:
    """What went into and came out of a model's softmax and sigmoid activations during one call."""

    def __init__(self) -> None:
        self._calls: list[tuple[Any, Any]] = []

    def logits_of(self, output: Any) -> Any | None:
        """The logits whose softmax or sigmoid `output` seems to be, in its shape; `None` if there are none.

        Keras leaves them on the tensor, but not while JAX traces, nor where something follows (a cast, a reshape). Then
        it is the activation that returned this very tensor, or else the last one with as many numbers: a guess, which
        whoever reads the output checks by its numbers.
        """
        found = getattr(output, "_keras_logits", None)
        for given, returned in reversed(self._calls):
            if found is None and returned is output:
                found = given
        if found is None and self._calls and hasattr(output, "shape"):
            last = self._calls[-1][0]
            with contextlib.suppress(Exception):  # of another number of elements, perhaps
                found = keras.ops.reshape(last, output.shape) if together(last, output) else None
        return found if found is not None and together(found, output) else None

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, but each call is recorded."""

        def recording(inputs: Any, *args: Any, **kwargs: Any) -> Any:
            returned = function(inputs, *args, **kwargs)
            self._calls.append((inputs, returned))
            return returned

        return recording


@contextlib.contextmanager
def recorded_activations(model: keras.Model) -> Iterator[Recorded]:
    """Within this, calls of the softmaxes and sigmoids in the model's layers are recorded; then all is as before."""
    recorded = Recorded()
    found = []
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Softmax):
            found.append((layer, "call", recorded.wrap(layer.call)))
        elif getattr(layer, "activation", None) in _LAST and not _is_of_the_class(layer, "activation"):
            found.append((layer, "activation", recorded.wrap(layer.activation)))
    with replaced(found):
        yield recorded


def _is_of_the_class(layer: keras.Layer, attribute: str) -> bool:
    """Whether an attribute is a property, as the activation of recurrent layers is: another layer does what it says."""
    return isinstance(getattr(type(layer), attribute, None), property)
