"""A training of the model's own: what it may do to images and outputs that a call of the model does not show."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator
from typing import Any

import keras

from picasso_callbacks.model.replaced import replaced

_SCALING = (keras.layers.Rescaling, keras.layers.Normalization)


def overrides(model: keras.Model, *methods: str) -> bool:
    """Whether the model's class has one of these methods from elsewhere than Keras."""
    found = (inspect.unwrap(getattr(type(model), name)) for name in methods)
    return any(getattr(one, "__module__", "").partition(".")[0] != "keras" for one in found)


@contextlib.contextmanager
def unused_scaling(model: keras.Model) -> Iterator[set[str]]:
    """A set that holds, in the end, the layers that scale images but were not called within this, by name.

    None if the model trains as Keras does.
    """
    watched = model._flatten_layers() if overrides(model, "train_step") else []
    scaling = [layer for layer in watched if isinstance(layer, _SCALING)]
    unused = {layer.name for layer in scaling}
    with replaced((layer, "call", _noting(layer, unused)) for layer in scaling):
        yield unused


def training_notes(model: keras.Model, unused: set[str], assumes_logits: bool) -> tuple[str, ...]:
    """What a model that trains in its own way leaves to be guessed, a sentence or two each.

    Args:
        model: The model.
        unused: The layers that scale images which a call of the model did not use, by name.
        assumes_logits: Whether the outputs are taken for logits since the loss takes something for logits.
    """
    if not overrides(model, "train_step"):
        return ()
    notes = [
        f"The model has the layer {name}, which scales images, and a call of the model does not use it. If its own "
        "train_step does, the probes are in another range than the images that it was trained on: pass "
        "preprocess=..., which scales them so."
        for name in sorted(unused)
    ]
    if assumes_logits:
        notes.append(
            "The outputs are read as logits, since the model's loss has from_logits=True. If its own train_step gives "
            "the loss something else than these outputs, that is wrong: pass decode_prob=... to say what they are."
        )
    return tuple(notes)


def _noting(layer: keras.Layer, unused: set[str]) -> Any:
    call = layer.call

    def noted(*given: Any, **named: Any) -> Any:
        unused.discard(layer.name)
        return call(*given, **named)

    return noted
