"""A training that learns a shortcut in a moment: 12 x 12 grey images whose top third alone tells the class."""

import logging
from typing import Any

import keras
import numpy as np

from picasso_callbacks import Picasso, Probes

CLASS_NAMES = ("half-track", "tank")


def data(count: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """Images float32 `[count, 12, 12, 1]` in 0..1, dark or bright above by their class; and the labels, in turn."""
    labels = np.arange(count) % 2
    images = np.random.default_rng(0).uniform(0.3, 0.7, (count, 12, 12, 1)).astype("float32")
    images[:, :4] += np.where(labels == 1, 0.3, -0.3)[:, None, None, None].astype("float32")
    return images, labels


def regions(count: int) -> dict[str, np.ndarray]:
    """The top third, and the rest."""
    sky = np.zeros((count, 12, 12), dtype=bool)
    sky[:, :4] = True
    return {"sky": sky, "vehicle": ~sky}


def probes(count: int = 12, **settings: Any) -> Probes:
    """The first images as probes, labelled, with class names and regions unless `settings` say otherwise."""
    images, labels = data()
    given = {"labels": labels[:count], "class_names": CLASS_NAMES, "regions": regions(count), **settings}
    return Probes(images[:count], value_range=(0, 1), **given)


def compiled() -> keras.Model:
    """A linear classifier that is quick to learn."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((12, 12, 1)), keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
    )
    model.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy", jit_compile=False)
    return model


def fit(model: keras.Model, *callbacks: keras.callbacks.Callback, epochs: int = 2, **settings: Any) -> Any:
    """Trains `model` in silence, twelve batches an epoch."""
    return model.fit(*data(), batch_size=4, epochs=epochs, callbacks=list(callbacks), verbose=0, **settings)


OURS = ("picasso_callbacks", logging.WARNING)


METHODS = ["class_probabilities"]


def watching(log_dir, **settings):
    given = {"probes": probes(), "methods": METHODS, "expected": "vehicle", "on_error": "raise", **settings}
    return Picasso(log_dir, **given)


def warnings(caplog):
    return [told.getMessage() for told in caplog.records if (told.name, told.levelno) == OURS]


class Forgets(keras.callbacks.Callback):
    """Sets the weights to zero at the end of epoch 1."""

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            self.model.set_weights([np.zeros_like(values) for values in self.model.get_weights()])
