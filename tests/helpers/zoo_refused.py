"""What can't be explained, and says so before the first training step."""

from __future__ import annotations

import tempfile
from collections.abc import Callable

import keras
import numpy as np
from keras import layers

from helpers.small_training import CountsBatches
from helpers.zoo import SIZE, Specimen, noise, train
from helpers.zoo_architectures import classifier, two_inputs


def linear(scale: float) -> Specimen:
    """Three classes, each `scale` times the sum of all numbers: no softmax, and no `from_logits=True` either."""
    dense = layers.Dense(3, kernel_initializer=keras.initializers.Constant(scale))
    return classifier(keras.Sequential([keras.Input(SIZE), layers.Flatten(), dense]))


def probes_of_another_size() -> Specimen:
    model = keras.Sequential([keras.Input(SIZE), layers.Flatten(), layers.Dense(3, activation="softmax")])
    return classifier(model, images=noise((10, 8, 3)), feed=lambda images: noise(SIZE))


def nothing_said_of_other_inputs() -> Specimen:
    specimen = two_inputs(as_dict=True)
    specimen.extra = None
    return specimen


def flatten(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1)


def no_image() -> Specimen:
    model = keras.Sequential([keras.Input((288,)), layers.Dense(3, activation="softmax")])
    return classifier(model, feed=flatten, settings={"preprocess": flatten})


def unequal_images() -> Specimen:
    body = [layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax")]
    specimen = classifier(keras.Sequential([keras.Input((None, None, 3)), *body]))
    specimen.images = [np.ones((12, 8, 3), "float32"), np.ones((10, 8, 3), "float32")]
    return specimen


def one_unit_under_a_loss_of_ones_own() -> Specimen:
    """Whose first outputs lie in 0..1 by chance."""
    dense = layers.Dense(1, kernel_initializer=keras.initializers.Constant(0.001))
    model = keras.Sequential([keras.Input(SIZE), layers.Flatten(), dense])
    model.compile("sgd", lambda truth, output: keras.ops.mean(keras.ops.square(truth - output)))
    return Specimen(model, np.zeros((4, 1), "float32"), lambda output: output)


def patches_of_colour() -> Specimen:
    def cut(images: np.ndarray) -> np.ndarray:
        return images.reshape(len(images), 6, 2, 4, 2, 3).transpose(0, 1, 3, 2, 4, 5).reshape(len(images), 24, 12)

    model = keras.Sequential([keras.Input((24, 12)), layers.Flatten(), layers.Dense(3, activation="softmax")])
    return classifier(model, feed=cut, settings={"preprocess": cut})


REFUSED: dict[str, Callable[[], Specimen]] = {
    "outputs beyond 0..1, a loss for probabilities": lambda: linear(0.1),
    "outputs in 0..1 that don't sum to 1": lambda: linear(0.001),
    "probes of another size": probes_of_another_size,
    "an input beside the image that nobody gave": nothing_said_of_other_inputs,
    "an input that is no image, without `postprocess`": no_image,
    "ragged images": unequal_images,
    "one unit without a sigmoid, a loss of one's own": one_unit_under_a_loss_of_ones_own,
    "patches of colour, without `postprocess`": patches_of_colour,
}


def message(row: str) -> str:
    """The first sentences of the error."""
    counter = CountsBatches()
    try:
        with tempfile.TemporaryDirectory() as log_dir:
            train(REFUSED[row](), log_dir, counter)
    except ValueError as error:
        assert counter.batches == 0
        return "error: " + " ".join(str(error).split())[:160].rsplit(" ", 1)[0] + " ..."
    raise AssertionError(f"{row} was not refused")
