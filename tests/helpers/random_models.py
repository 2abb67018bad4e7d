"""Random small models out of Keras' building blocks, each with the score that ought to be explained, in NumPy."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

from helpers.zoo import odds, odds_of_logits, odds_of_unit


@dataclasses.dataclass
class RandomModel:
    """A compiled model, images and answers to train it with, and what to hold the library to.

    Args:
        model: The model.
        images: `[8, H, W, C]`, as probes have them.
        feed: What the model is called with for some images.
        answers: What `fit` is to learn.
        score: The score of each target of what `predict` returns: `[N, targets]`.
        recipe: What it is made of, for a failure.
        settings: What the library has to be told of it.
    """

    model: keras.Model
    images: np.ndarray
    feed: Callable[[np.ndarray], np.ndarray]
    answers: np.ndarray
    score: Callable[[np.ndarray], np.ndarray]
    recipe: str
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)


def random_model(seed: int) -> RandomModel:
    """The model of this number; the same on every backend, but for the weights."""
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    height, width, channels = (int(rng.integers(6, 13)), int(rng.integers(6, 13)), int(rng.integers(1, 10)))
    first = rng.random() < 0.15
    shape = (channels, height, width) if first else (height, width, channels)
    body = [pick(rng) for pick in rng.choice(SPATIAL, rng.integers(1, 5))]
    body += [ENDINGS[rng.integers(len(ENDINGS))](rng)]
    body += [FLAT[rng.integers(len(FLAT))](rng) for _ in range(rng.integers(0, 3))]
    head, loss, answers, score = HEADS[rng.integers(len(HEADS))](rng)
    if first:
        body = [layers.Permute((2, 3, 1)), *body]
    style = ("Sequential", "Functional", "subclassed", "nested")[rng.integers(4)]
    model = STYLES[style]([*flatten(body), *head], shape)
    model.compile(keras.optimizers.SGD(0.01), loss, jit_compile=False)
    names = " ".join(type(one).__name__ for one in flatten(body))
    feed = (lambda images: np.moveaxis(images, -1, 1)) if first else lambda images: images
    return RandomModel(
        model,
        rng.random((8, height, width, channels), dtype="float32"),
        feed,
        answers,
        score,
        f"{style} {shape}: {names} | {type(head[-1]).__name__} {loss}",
        {"preprocess": feed} if first and style == "subclassed" else {},  # which does not know its input before fit
    )


def flatten(nested: list[Any]) -> list[Any]:
    return [one for part in nested for one in (part if isinstance(part, list) else [part])]


def convolution(rng: np.random.Generator) -> Any:
    kind = [layers.Conv2D, layers.SeparableConv2D][rng.integers(2)]
    activation = ["relu", "tanh", "gelu", "sigmoid", "softplus", None][rng.integers(6)]
    return kind(
        int(rng.integers(2, 6)), int(rng.integers(1, 4)), padding="same", activation=activation,
        strides=int(rng.integers(1, 3)),
    )  # fmt: skip


def depthwise(rng: np.random.Generator) -> Any:
    return layers.DepthwiseConv2D(3, padding="same", dilation_rate=int(rng.integers(1, 3)))


def pooling(rng: np.random.Generator) -> Any:
    return [layers.MaxPooling2D, layers.AveragePooling2D][rng.integers(2)](2, padding="same")


def normalization(rng: np.random.Generator) -> Any:
    return [
        layers.BatchNormalization, layers.LayerNormalization, lambda: layers.GroupNormalization(1),
        layers.UnitNormalization, layers.RMSNormalization,
    ][rng.integers(5)]()  # fmt: skip


def noise(rng: np.random.Generator) -> Any:
    return [
        lambda: layers.Dropout(0.3), lambda: layers.SpatialDropout2D(0.3), lambda: layers.GaussianNoise(0.2),
        lambda: layers.GaussianDropout(0.2), layers.RandomFlip, lambda: layers.RandomRotation(0.1),
        lambda: layers.RandomTranslation(0.1, 0.1),
    ][rng.integers(7)]()  # fmt: skip


def resizing(rng: np.random.Generator) -> Any:
    return [
        lambda: layers.Resizing(9, 7), lambda: layers.UpSampling2D(2), lambda: layers.ZeroPadding2D(1),
        lambda: layers.Cropping2D(((0, 1), (1, 0))), lambda: layers.CenterCrop(4, 5),
        lambda: layers.Rescaling(2.0, -1.0),
    ][rng.integers(6)]()  # fmt: skip


def activation(rng: np.random.Generator) -> Any:
    return [
        layers.ReLU, layers.LeakyReLU, layers.ELU, layers.PReLU, lambda: layers.Activation("swish"),
        lambda: layers.ActivityRegularization(l2=1e-3), layers.Identity,
    ][rng.integers(7)]()  # fmt: skip


SPATIAL = [convolution, convolution, depthwise, pooling, normalization, noise, resizing, activation]


class Rows(layers.Layer):
    """Rows of a picture as a sequence."""

    def call(self, inputs):
        rows, pixels = inputs.shape[1], inputs.shape[2] * inputs.shape[3]
        return keras.ops.reshape(inputs, (keras.ops.shape(inputs)[0], rows, pixels))

    def compute_output_shape(self, shape):
        return (shape[0], shape[1], shape[2] * shape[3])


class Attention(layers.Layer):
    """Rows that look at each other."""

    def build(self, shape):
        self.attention, self.dense = layers.MultiHeadAttention(2, 4), layers.Dense(6)
        self.dense.build(shape)
        self.attention.build((shape[0], shape[1], 6), (shape[0], shape[1], 6))

    def call(self, inputs):
        hidden = self.dense(inputs)
        return keras.ops.mean(hidden + self.attention(hidden, hidden), axis=1)

    def compute_output_shape(self, shape):
        return (shape[0], 6)


ENDINGS = [
    lambda rng: layers.Flatten(),
    lambda rng: layers.GlobalAveragePooling2D(),
    lambda rng: layers.GlobalMaxPooling2D(),
    lambda rng: [Rows(), layers.LSTM(5, dropout=0.2, activation=["tanh", "sigmoid"][rng.integers(2)])],
    lambda rng: [Rows(), layers.GRU(5, recurrent_dropout=0.2)],
    lambda rng: [Rows(), layers.Bidirectional(layers.SimpleRNN(4))],
    lambda rng: [Rows(), layers.Conv1D(4, 2, padding="same"), layers.GlobalAveragePooling1D()],
    lambda rng: [Rows(), Attention()],
]

FLAT = [
    lambda rng: layers.Dense(7, activation=["relu", "tanh", "selu"][rng.integers(3)]),
    lambda rng: layers.BatchNormalization(),
    lambda rng: layers.LayerNormalization(),
    lambda rng: layers.Dropout(0.4),
    lambda rng: layers.AlphaDropout(0.2),
]


def softmax_head(rng: np.random.Generator) -> tuple[list[Any], Any, np.ndarray, Any]:
    classes = int(rng.integers(2, 6))
    labels = rng.integers(0, classes, 8)
    kind = rng.integers(3)
    if kind == 0:
        return [layers.Dense(classes, activation="softmax")], "sparse_categorical_crossentropy", labels, odds
    if kind == 1:
        head = [layers.Dense(classes), layers.Softmax()]
        return head, "categorical_crossentropy", np.eye(classes)[labels], odds
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return [layers.Dense(classes)], loss, labels, odds_of_logits


def sigmoid_head(rng: np.random.Generator) -> tuple[list[Any], Any, np.ndarray, Any]:
    kind = rng.integers(3)
    if kind == 0:
        answers = rng.integers(0, 2, (8, 1)).astype("float32")
        return [layers.Dense(1, activation="sigmoid")], "binary_crossentropy", answers, odds_of_unit
    if kind == 1:
        answers = rng.integers(0, 2, (8, 3)).astype("float32")
        return [layers.Dense(3, activation="sigmoid")], "binary_crossentropy", answers, odds
    answers = rng.integers(0, 2, (8, 1)).astype("float32")
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    return [layers.Dense(1)], loss, answers, lambda z: np.concatenate([-z, z], axis=1)


def value_head(rng: np.random.Generator) -> tuple[list[Any], Any, np.ndarray, Any]:
    units = int(rng.integers(1, 4))
    answers = rng.random((8, units)).astype("float32")
    return [layers.Dense(units)], ["mse", "mae", "huber"][rng.integers(3)], answers, lambda values: values


HEADS = [softmax_head, softmax_head, sigmoid_head, value_head]


def functional(body: list[Any], shape: tuple[int, ...]) -> keras.Model:
    image = hidden = keras.Input(shape)
    for number, layer in enumerate(body):
        made = layer(hidden)
        hidden = made + hidden if number == 1 and made.shape == hidden.shape else made
    return keras.Model(image, hidden)


class Subclassed(keras.Model):
    def __init__(self, body: list[Any]) -> None:
        super().__init__()
        self.body = body

    def call(self, inputs, training=False):
        for layer in self.body:
            inputs = layer(inputs)
        return inputs


def nested(body: list[Any], shape: tuple[int, ...]) -> keras.Model:
    first = keras.Sequential([keras.Input(shape), *body[:2]])
    image = keras.Input(shape)
    hidden = first(image)
    for layer in body[2:]:
        hidden = layer(hidden)
    return keras.Model(image, hidden)


STYLES: dict[str, Callable[[list[Any], tuple[int, ...]], keras.Model]] = {
    "Sequential": lambda body, shape: keras.Sequential([keras.Input(shape), *body]),
    "Functional": functional,
    "subclassed": lambda body, shape: Subclassed(body),
    "nested": nested,
}
