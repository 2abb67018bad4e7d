"""A training that takes a moment: 8 x 8 grey images of three classes, told apart by which third is bright."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from picasso_callbacks import Explanation, Method, Probes, Scale

CLASS_NAMES = ("left", "middle", "right")

ONE = Scale(1.0, signed=True)


def data(count: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Images float32 `[count, 8, 8, 1]` in 0..1 and labels int `[count]`, the classes in turn."""
    labels = np.arange(count) % 3
    images = np.random.default_rng(0).uniform(0, 0.5, (count, 8, 8, 1)).astype("float32")
    for image, label in zip(images, labels, strict=True):
        image[:, 3 * label : 3 * label + 2] += 0.5
    return images, labels


def probes(count: int = 1, **settings: Any) -> Probes:
    """The first images as probes, labelled and with class names unless `settings` say otherwise."""
    images, labels = data()
    return Probes(images[:count], **{"labels": labels[:count], "class_names": CLASS_NAMES, **settings})


def compiled(classes: int = 3, learning_rate: float = 0.1) -> keras.Model:
    """A linear classifier."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(classes, activation="softmax")]
    )
    model.compile(keras.optimizers.SGD(learning_rate), "sparse_categorical_crossentropy", jit_compile=False)
    return model


def fit(model: keras.Model, *callbacks: keras.callbacks.Callback, epochs: int = 3, **settings: Any) -> Any:
    """Trains `model` in silence, three batches an epoch."""
    return model.fit(*data(), batch_size=4, epochs=epochs, callbacks=list(callbacks), verbose=0, **settings)


class AtEpochEnd(keras.callbacks.Callback):
    """Calls `function(model, epoch)` at the end of the epochs `at`, by default of all."""

    def __init__(self, function: Callable[[keras.Model, int], Any], at: tuple[int, ...] | None = None):
        super().__init__()
        self._function, self._at = function, at

    def on_epoch_end(self, epoch, logs=None):
        if self._at is None or epoch in self._at:
            self._function(self.model, epoch)


class CountsBatches(keras.callbacks.Callback):
    """Counts the training steps that were begun."""

    batches = 0

    def on_train_batch_begin(self, batch, logs=None):
        self.batches += 1


class ZerosUntil(Method):
    """A map of zeros, until at the look number `last` (the rehearsal is number 0) `failure()` is returned instead."""

    def __init__(self, last: int, failure: Callable[[], Any]):
        self.looks, self._last, self._failure = 0, last, failure

    def explain(self, look):
        self.looks += 1
        if self.looks > self._last:
            return self._failure()
        shape = (*look.targets.shape, *look.live.probes.images.shape[1:3])
        return zeros(shape)


def zeros(shape: tuple[int, ...], scale: Any = ONE) -> Explanation:
    """An explanation that says nothing. Without a scale it can't be drawn."""
    return Explanation(np.zeros(shape, "float32"), unit="", score="", title="zeros", scale=scale)
