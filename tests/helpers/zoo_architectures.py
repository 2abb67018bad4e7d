"""Architectures: every way in which a model may take its images, all with a softmax over three classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

from helpers.zoo import SIZE, Specimen, noise, odds

CLASSES = np.array([0, 1, 2, 1])
LARGE = (32, 32, 3)


def classifier(model: keras.Model, **settings: Any) -> Specimen:
    """A model that ends in a softmax over three classes, compiled."""
    model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=False)
    return Specimen(model, CLASSES, odds, **settings)


def ending(x: Any) -> Any:
    return layers.Dense(3, activation="softmax")(layers.Flatten()(x))


def small(*first: Any, size: tuple[int | None, ...] = SIZE, dtype: str | None = None) -> keras.Model:
    """A small convolutional network after the layers `first`."""
    rest = [
        layers.Conv2D(4, 3, padding="same", activation="relu", dtype=dtype),
        layers.BatchNormalization(dtype=dtype),
        layers.GlobalAveragePooling2D(dtype=dtype) if None in size else layers.Flatten(dtype=dtype),
        layers.Dropout(0.5, dtype=dtype),
        layers.Dense(3, activation="softmax", dtype=dtype),
    ]
    return keras.Sequential([keras.Input(size), *first, *rest])


class WithTraining(keras.Model):
    """Does by hand what depends on `training`."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = layers.Conv2D(4, 3, activation="relu")
        self.noise = layers.GaussianNoise(0.5)
        self.flatten, self.dense = layers.Flatten(), layers.Dense(3, activation="softmax")

    def call(self, inputs, training=False):
        x = self.convolution(inputs)
        if training:
            x = self.noise(2 * x, training=True)
        return self.dense(self.flatten(x))


def lazily_built() -> Specimen:
    return classifier(keras.Sequential(small().layers))


def with_preprocessing_layers() -> Specimen:
    first = [
        layers.RandomFlip(),
        layers.RandomRotation(0.1),
        layers.Resizing(24, 16, interpolation="nearest"),
        layers.Rescaling(1 / 255),
        layers.Normalization(mean=[0.5, 0.4, 0.3], variance=[0.1, 0.1, 0.2]),
    ]
    return classifier(small(*first), images=noise(SIZE, 255))


class Positions(layers.Layer):
    """Adds a learnt vector to each patch."""

    def build(self, shape):
        self.table = self.add_weight(shape=shape[1:], initializer="normal")

    def call(self, inputs):
        return inputs + self.table


def vision_transformer() -> Specimen:
    image = keras.Input(SIZE)
    x = layers.Reshape((6, 16))(layers.Conv2D(16, 4, strides=4)(image))
    x = Positions()(x)
    for _ in range(2):
        normal = layers.LayerNormalization()(x)
        x = x + layers.MultiHeadAttention(2, 8)(normal, normal)
        x = x + layers.Dense(16)(layers.Dense(32, activation="gelu")(layers.LayerNormalization()(x)))
    return classifier(keras.Model(image, ending(x)))


def time_distributed() -> Specimen:
    image = keras.Input(SIZE)
    strips = layers.Reshape((3, 4, 8, 3))(image)
    x = layers.TimeDistributed(layers.Conv2D(4, 3, activation="relu"))(strips)
    return classifier(keras.Model(image, ending(layers.LSTM(8)(layers.TimeDistributed(layers.Flatten())(x)))))


def separable_with_squeeze_and_excitation() -> Specimen:
    image = keras.Input(SIZE)
    x = layers.SeparableConv2D(8, 3, padding="same", activation="swish")(image)
    gate = layers.Dense(8, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    return classifier(keras.Model(image, ending(x * gate)))


class WithMeta(keras.Model):
    """Subclassed, with a dict of inputs whose names nobody can know from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.flatten, self.dense = layers.Flatten(), layers.Dense(3, activation="softmax")

    def call(self, inputs):
        return self.dense(keras.ops.concatenate([self.flatten(inputs["image"]), inputs["meta"]], axis=1))


META = np.random.default_rng(4).uniform(-1, 1, (4, 5)).astype("float32")


def two_inputs(as_dict: bool) -> Specimen:
    image, meta = keras.Input(SIZE, name="image"), keras.Input((5,), name="meta")
    mixed = layers.Concatenate()([layers.Flatten()(image), layers.Dense(6, activation="tanh")(meta)])
    inputs = {"image": image, "meta": meta} if as_dict else [meta, image]
    return classifier(
        keras.Model(inputs, ending(mixed)),
        feed=with_meta if as_dict else lambda images: [META[: len(images)], images],
        extra={"meta": META[:2]},
    )


def with_meta(images: np.ndarray) -> dict[str, np.ndarray]:
    return {"image": images, "meta": META[: len(images)]}


def subclassed_dict() -> Specimen:
    return classifier(WithMeta(), feed=with_meta, extra={"image": None, "meta": META[:2]})


def flattened_digits() -> Specimen:
    """The original tool's example: pixels in a row, 0..1, made of images 0..255."""
    layers_ = [layers.Dense(16, activation="relu"), layers.Dense(3, activation="softmax")]

    def flatten(images: np.ndarray) -> np.ndarray:
        return images.reshape(len(images), -1) / 255

    return classifier(
        keras.Sequential([keras.Input((28 * 28,)), *layers_]),
        images=noise((28, 28, 1), 255),
        feed=flatten,
        settings={"preprocess": flatten, "postprocess": lambda inputs: inputs.reshape(-1, 28, 28)},
    )


def preprocess_that_shrinks() -> Specimen:
    def halve(images: np.ndarray) -> np.ndarray:
        return images[:, ::2, ::2]

    return classifier(small(), images=noise((24, 16, 3)), feed=halve, settings={"preprocess": halve})


def grey_without_channel() -> Specimen:
    first = layers.Reshape((12, 8, 1))
    return classifier(small(first, size=(12, 8)), images=noise((12, 8, 1)), feed=lambda images: images[..., 0])


def channels_first() -> Specimen:
    body = [
        layers.Conv2D(4, 3, data_format="channels_first", activation="relu"),
        layers.BatchNormalization(axis=1),
        layers.MaxPooling2D(data_format="channels_first"),
        layers.Flatten(data_format="channels_first"),
    ]
    model = keras.Sequential([keras.Input((3, 12, 8)), *body, layers.Dense(3, activation="softmax")])
    return classifier(model, feed=lambda images: np.moveaxis(images, -1, 1))


def many_channels_first() -> Specimen:
    body = [layers.Flatten(), layers.Dense(3, activation="softmax")]
    model = keras.Sequential([keras.Input((5, 12, 8)), *body])
    return classifier(model, images=noise((12, 8, 5)), feed=lambda images: np.moveaxis(images, -1, 1))


def recurrent(*between: Any) -> Specimen:
    """Recurrent layers whose activation is a sigmoid, and that drop a part while they train."""
    body = [layers.Reshape((12, 24)), *between, layers.Dense(3, activation="softmax")]
    return classifier(keras.Sequential([keras.Input(SIZE), *body]))


def convolutional_lstm() -> Specimen:
    first = [layers.Reshape((3, 4, 8, 3)), layers.ConvLSTM2D(4, 3, activation="sigmoid")]
    return classifier(small(*first))


def minus_the_mean_image() -> Specimen:
    mean = np.random.default_rng(5).random(SIZE).astype("float32")
    return classifier(small(layers.Rescaling(1.0, offset=-mean)))


class HeadComputedAgain(keras.Model):
    """Its head is not kept for the way back, but computed once more."""

    def __init__(self) -> None:
        super().__init__()
        self.flatten, self.dense = layers.Flatten(), layers.Dense(3, activation="softmax")

    def call(self, inputs):
        return keras.remat(lambda hidden: self.dense(hidden))(self.flatten(inputs))


def head_computed_again() -> Specimen:
    model = HeadComputedAgain()
    model.dense.build((None, int(np.prod(SIZE))))
    return classifier(model)


class MakesItsInputs(keras.Model):
    """Makes its inputs of bytes when it trains and predicts, but not when it is called; as models of keras-hub."""

    def __init__(self) -> None:
        super().__init__()
        self.preprocessor = layers.Rescaling(1 / 255)
        self.flatten, self.dense = layers.Flatten(), layers.Dense(3, activation="softmax")

    def call(self, inputs):
        return self.dense(self.flatten(inputs))

    def preprocess_samples(self, x, y=None, sample_weight=None):
        return keras.utils.pack_x_y_sample_weight(self.preprocessor(x), y, sample_weight)

    def fit(self, x, y, **settings):
        return super().fit(keras.ops.convert_to_numpy(self.preprocess_samples(x)), y, **settings)

    def predict(self, x, **settings):
        return super().predict(keras.ops.convert_to_numpy(self.preprocess_samples(x)), **settings)


def application(name: str, high: float = 1.0, gain: float = 1.0) -> Callable[[], Specimen]:
    def build() -> Specimen:
        model = getattr(keras.applications, name)(weights=None, input_shape=LARGE, classes=3)
        specimen = classifier(model, images=noise(LARGE, high), tolerance=2e-2)
        for seed, weight in enumerate(model.weights):
            weight.assign(lively(weight, gain, np.random.default_rng(seed)))
        temper(model, specimen.probes.images)
        return specimen

    return build


def lively(weight: Any, gain: float, rng: np.random.Generator) -> np.ndarray:
    """Numbers for a weight with which a deep network answers: He's for matrices, around 1 or `gain` for what scales."""
    if weight.name == "gamma":
        return gain * rng.uniform(0.9, 1.1, weight.shape)
    if weight.name in ("moving_variance", "variance"):
        return rng.uniform(0.9, 1.1, weight.shape)
    if len(weight.shape) < 2:
        return rng.normal(0, 0.1, weight.shape)
    return rng.normal(0, np.sqrt(2 / np.prod(weight.shape[:-1])), weight.shape)


def temper(model: keras.Model, images: np.ndarray) -> None:
    """Scales the last kernel until probabilities are neither all alike nor 0 and 1, so that brute force sees more."""
    kernel = [weight for weight in model.weights if len(weight.shape) > 1 and weight.shape[-1] == 3][-1]
    for _ in range(12):
        p = model.predict(images, verbose=0)
        if p.max() > 0.95:
            kernel.assign(kernel / 4)
        elif np.ptp(p, axis=0).max() < 0.02:
            kernel.assign(kernel * 3)


LIGHT: dict[str, Callable[[], Specimen]] = {
    "Sequential": lambda: classifier(small()),
    "Sequential without an input shape, not yet built": lazily_built,
    "subclassed, with a `training` argument": lambda: classifier(WithTraining()),
    "Rescaling, Normalization, Resizing, RandomFlip, RandomRotation inside": with_preprocessing_layers,
    "vision transformer (MultiHeadAttention)": vision_transformer,
    "TimeDistributed and LSTM": time_distributed,
    "separable convolution, squeeze and excitation": separable_with_squeeze_and_excitation,
    "dict of an image and other inputs": lambda: two_inputs(as_dict=True),
    "list of an image and other inputs": lambda: two_inputs(as_dict=False),
    "subclassed, with a dict of inputs": subclassed_dict,
    "flattened MNIST, `preprocess` and `postprocess`": flattened_digits,
    "`preprocess` that changes the size": preprocess_that_shrinks,
    "unknown height and width": lambda: classifier(small(size=(None, None, 3))),
    "grey images without a channel axis": grey_without_channel,
    "`channels_first`": channels_first,
    "`channels_first`, five channels": many_channels_first,
    "LSTM and GRU with dropout, a sigmoid inside": lambda: recurrent(
        layers.LSTM(6, activation="sigmoid", dropout=0.3, return_sequences=True),
        layers.Bidirectional(layers.GRU(5, activation="sigmoid", recurrent_dropout=0.2)),
    ),
    "ConvLSTM2D with a sigmoid": convolutional_lstm,
    "Rescaling by an image": minus_the_mean_image,
    "a head in `keras.remat`": head_computed_again,
    "a model with `preprocess_samples`": lambda: classifier(MakesItsInputs(), images=noise(SIZE, 255)),
    "`mixed_float16`": lambda: classifier(small(dtype="mixed_float16"), tolerance=0.03),
    "`mixed_bfloat16`": lambda: classifier(small(dtype="mixed_bfloat16"), tolerance=0.15),
}

HEAVY: dict[str, Callable[[], Specimen]] = {
    "VGG16": application("VGG16"),
    "ResNet50V2": application("ResNet50V2"),
    "MobileNetV3Small": application("MobileNetV3Small", 255, gain=2.0),
    "EfficientNetV2B0": application("EfficientNetV2B0", 255, gain=2.0),
    "ConvNeXtTiny": application("ConvNeXtTiny", 255),
    "DenseNet121": application("DenseNet121"),
}
