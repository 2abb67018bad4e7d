"""Heads: every kind of output, at the end of every way to write a model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

from helpers.zoo import SIZE, Specimen, odds, odds_of_logits, odds_of_unit, over_positions

CLASSES = np.array([0, 1, 2, 1])
PIXELS = np.random.default_rng(2).integers(0, 3, (4, *SIZE[:2]))
NUMBERS = np.random.default_rng(3).uniform(0, 1, (4, 3)).astype("float32")

Branches = list[Any] | tuple[Any, ...] | dict[str, Any]
"""Layers one after the other; or, where there are several outputs, a tuple or dict of such lists."""


@dataclasses.dataclass(frozen=True)
class Head:
    """An output, how it is trained, and which score ought to be found."""

    branches: Callable[[], Branches]
    loss: Any
    answers: Any
    score: Callable[[Any], np.ndarray]
    source: str
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)


def dense(units: int, activation: str | None = None) -> list[Any]:
    return [layers.Flatten(), layers.Dense(units, activation=activation)]


def best_cell(outputs: Any) -> Any:
    """A detector's classes: the most that any of its cells sees of each."""
    return keras.ops.max(outputs["cells"], axis=1)


SEVERAL = ["sparse_categorical_crossentropy", "mse"]

HEADS = {
    "softmax": Head(
        lambda: dense(3, "softmax"),
        "sparse_categorical_crossentropy",
        CLASSES,
        odds,
        "logits before the softmax",
    ),
    "`Softmax` layer": Head(
        lambda: [*dense(3), layers.Softmax()],
        "sparse_categorical_crossentropy",
        CLASSES,
        odds,
        "logits before the softmax",
    ),
    "logits, a loss with `from_logits=True`": Head(
        lambda: dense(3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        CLASSES,
        odds_of_logits,
        "linear outputs, which are logits",
    ),
    "one sigmoid unit": Head(
        lambda: dense(1, "sigmoid"),
        "binary_crossentropy",
        CLASSES[:, None] % 2,
        odds_of_unit,
        "logits before the sigmoid",
    ),
    "one linear unit, a loss with `from_logits=True`": Head(
        lambda: dense(1),
        keras.losses.BinaryCrossentropy(from_logits=True),
        CLASSES[:, None] % 2,
        lambda z: np.concatenate([-z, z], axis=1),
        "linear outputs, which are logits",
    ),
    "multi-label sigmoid": Head(
        lambda: dense(3, "sigmoid"), "binary_crossentropy", NUMBERS.round(), odds, "logits before the sigmoid"
    ),
    "regression": Head(lambda: dense(1), "mse", NUMBERS[:, :1], lambda value: value, "output itself"),
    "segmentation, softmax for each pixel": Head(
        lambda: [layers.Conv2D(3, 1, activation="softmax")],
        "categorical_crossentropy",  # the sparse one can't be differentiated here by Keras on torch
        np.eye(3)[PIXELS],
        over_positions(odds),
        "logits before the softmax, mean over positions",
    ),
    "segmentation, sigmoid for each pixel": Head(
        lambda: [layers.Conv2D(1, 1, activation="sigmoid")],
        "binary_crossentropy",
        (PIXELS[..., None] > 0).astype("float32"),
        over_positions(odds_of_unit),
        "logits before the sigmoid, mean over positions",
    ),
    "several outputs, a dict": Head(
        lambda: {"kind": dense(3, "softmax"), "size": dense(1)},
        dict(zip(("kind", "size"), SEVERAL, strict=True)),
        {"kind": CLASSES, "size": NUMBERS[:, :1]},
        lambda outputs: odds(outputs["kind"]),
        "logits before the softmax",
        {"output": "kind"},
    ),
    "several outputs, a list": Head(
        lambda: (dense(3, "softmax"), dense(1)),
        SEVERAL,
        [CLASSES, NUMBERS[:, :1]],
        lambda outputs: outputs[1],
        "output itself",
        {"output": 1},
    ),
    "a detector's dict, read by `decode_prob`": Head(
        lambda: {"boxes": dense(4), "cells": [*dense(6, "sigmoid"), layers.Reshape((2, 3))]},
        {"boxes": "mse", "cells": "binary_crossentropy"},
        {"boxes": np.ones((4, 4), "float32"), "cells": np.stack([NUMBERS.round()] * 2, axis=1)},
        lambda outputs: odds(outputs["cells"].max(axis=1)),
        "logarithm of the probabilities, decoded by decode_prob",
        {"decode_prob": best_cell},
    ),
}


def body() -> list[Any]:
    return [layers.Conv2D(4, 3, padding="same", activation="tanh"), layers.Dropout(0.5)]


def follow(branches: Branches, x: Any) -> Any:
    """What the branches make of `x`."""
    if isinstance(branches, dict):
        return {name: follow(branch, x) for name, branch in branches.items()}
    if isinstance(branches, tuple):
        return [follow(branch, x) for branch in branches]
    for layer in branches:
        x = layer(x)
    return x


class Subclassed(keras.Model):
    """Knows neither its inputs nor `training`."""

    def __init__(self, branches: Branches):
        super().__init__()
        self.body, self.branches = body(), branches

    def call(self, inputs):
        return follow(self.branches, follow(self.body, inputs))


def sequential(branches: Branches) -> keras.Model:
    return keras.Sequential([keras.Input(SIZE), *body(), *branches])


def functional(branches: Branches) -> keras.Model:
    image = keras.Input(SIZE)
    return keras.Model(image, follow(branches, follow(body(), image)))


def nested(branches: Branches) -> keras.Model:
    """A model inside a model, the head in a third."""
    image, features = keras.Input(SIZE), keras.Input((*SIZE[:2], 4))
    head = keras.Model(features, follow(branches, features))
    return keras.Model(image, head(keras.Sequential(body())(image)))


STYLES = {"Functional": functional, "Sequential": sequential, "subclassed": Subclassed, "nested": nested}


def specimen(head: str, style: str) -> Specimen:
    """A model of a style with a head."""
    chosen = HEADS[head]
    model = STYLES[style](chosen.branches())
    model.compile("sgd", chosen.loss, jit_compile=False)
    return Specimen(model, chosen.answers, chosen.score, settings=chosen.settings)


PAIRS = [
    (head, style)
    for head, chosen in HEADS.items()
    for style in STYLES
    if style != "Sequential" or isinstance(chosen.branches(), list)
]
