"""What looks are held against: a small network, and the bare compiled forward passes of any."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from picasso_callbacks.model.backends import make_backend

layers = keras.layers


def small_cnn() -> keras.Model:
    body = []
    for channels in (16, 32, 64):
        body += [layers.Conv2D(channels, 3, padding="same", activation="relu"), layers.MaxPooling2D()]
    head = [layers.Flatten(), layers.Dense(10, activation="softmax")]
    return keras.Sequential([keras.Input((64, 64, 3)), *body, *head])


def bare_passes(model: keras.Model, images: int, batch: int) -> Callable[[], None]:
    """Runs `images` images through the compiled model in batches, from memory, and nothing else."""
    backend = make_backend(model)
    forward = backend.compile(lambda call, inputs: call(inputs))
    inputs = backend.to_device(np.random.default_rng(0).random((batch, *model.input_shape[1:]), dtype="float32"))

    def run() -> None:
        for _ in range(images // batch):
            forward(inputs)

    return run
