"""One small file for each Keras backend: compiling functions of a live model, and differentiating them."""

from __future__ import annotations

import importlib

import keras

from picasso_callbacks.model.backends.base import Backend

__all__ = ["Backend", "make_backend"]


def make_backend(model: keras.Model) -> Backend:
    """The `Backend` of the Keras backend in use, for `model`.

    Raises:
        ValueError: Keras runs on a backend that has no file here.
    """
    name = keras.config.backend()
    try:
        module = importlib.import_module(f"picasso_callbacks.model.backends.{name}")
    except ModuleNotFoundError as error:
        raise ValueError(
            f"Picasso: Keras runs on the backend {name!r}; expected 'tensorflow', 'jax' or 'torch'. Set KERAS_BACKEND."
        ) from error
    backend: Backend = module.make(model)
    return backend
