"""Random small models out of Keras' building blocks, each with the score that ought to be explained, in NumPy."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import layers

from helpers import core_layers
from helpers.core_layers import Branches, Called, Shape
from helpers.zoo import odds, odds_of_logits, odds_of_unit

EPSILON = {"float32": 1e-7, "float64": 1e-7, "mixed_float16": 2.0**-10, "mixed_bfloat16": 2.0**-7}
"""How exact the activations of a policy are; float64 is held to what Picasso itself computes in."""


@dataclasses.dataclass
class RandomModel:
    """A compiled model, images and answers to train it with, and what to hold the library to.

    Args:
        model: The model.
        images: `[8, H, W, C]`, as probes have them.
        feed: What the model is called with for some images and their rows.
        answers: What `fit` is to learn.
        score: The score of each target of the explained output: `[N, targets]`.
        logits: What is differentiated, likewise, but for a sum that all targets of an image share.
        recipe: What it is made of, for a failure.
        policy: The dtype policy it was built with.
        smooth: Whether there is a gradient.
        channels_first: Whether the model has an image's channels before its rows.
        extra: Inputs beside the image.
        read: The explained output among all.
        settings: What the library has to be told of it.
    """

    model: keras.Model
    images: np.ndarray
    feed: Callable[[np.ndarray, np.ndarray], Any]
    answers: Any
    score: Callable[[np.ndarray], np.ndarray]
    logits: Callable[[np.ndarray], np.ndarray]
    recipe: str
    policy: str
    smooth: bool
    channels_first: bool = False
    extra: dict[str, np.ndarray] | None = None
    read: Callable[[Any], np.ndarray] = lambda outputs: outputs
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)

    def scores(self, images: np.ndarray) -> np.ndarray:
        """What the model says in inference of the first images, changed or not: float64 `[N, targets]`."""
        return self.score(self._outputs(images))

    def lead(self, images: np.ndarray) -> np.ndarray:
        """How far the first target's score is above the second's, if there is one, in logits: `[N]`."""
        scores = self.logits(self._outputs(images))
        return scores[:, 0] - scores[:, 1:2].sum(axis=1)

    def _outputs(self, images: np.ndarray) -> np.ndarray:
        given = self.feed(images, np.arange(len(images)))
        told = isinstance(self.model, Subclassed) and keras.backend.backend() != "jax"
        if isinstance(self.model, SubclassedPlain) and not told:  # predict leaves its augmentations in training mode
            outputs = keras.ops.convert_to_numpy(keras.ops.cast(self.model(given, training=False), "float32"))
        else:
            outputs = self.model.predict(given, verbose=0)
        return np.asarray(self.read(outputs), "float64")


def random_model(number: int, attempt: int = 0) -> RandomModel:
    """The model of this number, with a layer that goes through all those of the backend in use as numbers do."""
    names = core_layers.here()
    seed = number + 1_000_000 * attempt
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    policy = str(rng.choice(list(EPSILON), p=[0.7, 0.06, 0.12, 0.12]))
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        return _random_model(names[number % len(names)], rng, policy)
    finally:
        keras.config.set_dtype_policy(before)


def _random_model(forced: str, rng: np.random.Generator, policy: str) -> RandomModel:
    size = (int(rng.integers(6, 13)), int(rng.integers(6, 13)), int(rng.integers(1, 10)))
    first = rng.random() < 0.15
    shape = (size[2], *size[:2]) if first else size
    head, loss, answers, score, settings = HEADS[rng.integers(len(HEADS))](rng)
    body, smooth, made_of = random_body(rng, size, forced)
    if first:
        body = [layers.Permute((2, 3, 1)), *body]
    style = str(rng.choice(list(STYLES)))
    model = STYLES[style]([*body, *head], shape)
    lay = (lambda images: np.moveaxis(images, -1, 1)) if first else lambda images: images
    if first and style.startswith("subclassed"):  # it does not know its input before fit
        settings["preprocess"] = lay
    extra, read, feed = None, lambda outputs: outputs, lambda images, rows: lay(images)
    if style == "two inputs":
        extra = {"more": rng.random((8, 3), dtype="float32")}
        feed = lambda images, rows: {"image": lay(images), "more": extra["more"][rows]}  # noqa: E731
    if style == "two outputs":
        answers, loss = {"explained": answers, "other": np.zeros((8, 2))}, {"explained": loss, "other": "mse"}
        read, settings["output"] = (lambda outputs: outputs["explained"]), "explained"
    eager = rng.random() < 0.1
    model.compile(keras.optimizers.SGD(0.01), loss, jit_compile=False, run_eagerly=eager)
    return RandomModel(
        model,
        rng.random((8, *size), dtype="float32"),
        feed,
        answers,
        score,
        {odds_of_softmax: np.log, odds_of_logits: np.asarray}.get(score, score),
        f"{style}{' eager' * eager} {policy} {shape}: {' '.join(made_of)} | {type(head[-1]).__name__} {loss}",
        policy,
        smooth,
        first,
        extra,
        read,
        settings,
    )


def random_body(rng: np.random.Generator, size: Shape, forced: str) -> tuple[list[Any], bool, list[str]]:
    """Layers that make a vector of a picture, one of them the forced one; whether they have a gradient; their names."""
    names = core_layers.here()
    of_rank = {rank: [name for name in names if core_layers.ENTRIES[name].rank == rank] for rank in range(1, 6)}
    wanted = [str(name) for name in rng.choice(of_rank[3], rng.integers(1, 4))]
    if rng.random() < 0.5:
        wanted += [str(rng.choice(of_rank[rng.integers(2, 6)]))]
    if rng.random() < 0.5:
        wanted += [str(name) for name in rng.choice(of_rank[1], rng.integers(1, 3))]
    order = {3: 0, 4: 1, 5: 1, 2: 2, 1: 3}
    wanted = sorted([forced, *wanted], key=lambda name: order[core_layers.ENTRIES[name].rank])
    body: list[Any] = []
    shape, smooth, used = size, True, []
    for name in wanted:
        entry = core_layers.ENTRIES[name]
        if order[entry.rank] < order[len(shape)] and name != forced:
            continue  # a layer before it has summed the picture up
        for step in (lambda rng, shape, rank=entry.rank: reach(rng, shape, rank), entry.make):
            made, shape = _twice(rng, step, shape)
            body += made
        smooth, used = smooth and entry.smooth, [*used, name]
        if np.prod(shape) > 3000:  # a training of milliseconds
            made, shape = _twice(rng, lambda rng, shape: reach(rng, shape, 1, thrifty=True), shape)
            body += made
    made, shape = _twice(rng, lambda rng, shape: reach(rng, shape, 1), shape)
    return body + made, smooth, used


def _twice(rng: np.random.Generator, step: Callable[..., Any], shape: Shape) -> tuple[list[Any], Shape]:
    """What a step makes for a shape, not yet built, and the shape after it, found with layers of their own."""
    seed = int(rng.integers(2**31))
    for_shape, made = (
        one if isinstance(one, list) else [one] for one in (step(np.random.default_rng(seed), shape) for _ in range(2))
    )
    hidden = keras.Input(shape)
    for layer in for_shape:
        hidden = layer(hidden)
    return made, tuple(hidden.shape[1:])


def reach(rng: np.random.Generator, shape: Shape, rank: int, thrifty: bool = False) -> list[Any]:
    """Layers that give a tensor this many axes."""
    have = len(shape)
    if have == rank:
        return []
    if rank == 1:
        choices = [] if have == 5 else [f"GlobalAveragePooling{have - 1}D", f"GlobalMaxPooling{have - 1}D"]
        if not (thrifty and choices):
            choices.append("Flatten")
        return [getattr(layers, choices[rng.integers(len(choices))])()]
    if have > rank:
        return [layers.Reshape((*shape[: rank - 1], int(np.prod(shape[rank - 1 :]))))]
    return [layers.Reshape((*shape, *[1] * (rank - have)))]


Head = tuple[list[Any], Any, np.ndarray, Callable[[np.ndarray], np.ndarray], dict[str, Any]]


def own_loss(wanted: Any, given: Any) -> Any:
    """A loss that nobody knows."""
    return keras.ops.mean(keras.ops.square(keras.ops.cast(wanted, given.dtype) - given), axis=-1)


def odds_of_softmax(p: np.ndarray) -> np.ndarray:
    """As `odds`; a name of its own for outputs of which the logarithm is a logit, but for a sum."""
    return odds(p)


def softmax_head(rng: np.random.Generator) -> Head:
    classes = int(rng.integers(2, 6))
    labels = rng.integers(0, classes, 8)
    kind = rng.integers(5)
    if kind == 0:
        return (
            [layers.Dense(classes, activation="softmax")],
            "sparse_categorical_crossentropy",
            labels,
            odds_of_softmax,
            {},
        )
    if kind == 1:
        head = [layers.Dense(classes), layers.Softmax()]
        return head, "categorical_crossentropy", np.eye(classes)[labels], odds_of_softmax, {}
    if kind == 2:
        head = [layers.Dense(classes), layers.Activation("softmax", dtype="float32")]
        return head, keras.losses.CategoricalFocalCrossentropy(), np.eye(classes)[labels], odds_of_softmax, {}
    if kind == 3:
        return [layers.Dense(classes, activation="softmax")], own_loss, np.eye(classes)[labels], odds_of_softmax, {}
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return [layers.Dense(classes)], loss, labels, odds_of_logits, {}


def sigmoid_head(rng: np.random.Generator) -> Head:
    kind = rng.integers(5)
    answers = rng.integers(0, 2, (8, 3 if kind == 1 else 1)).astype("float32")
    if kind == 0:
        return [layers.Dense(1, activation="sigmoid")], "binary_crossentropy", answers, odds_of_unit, {}
    if kind == 1:
        return [layers.Dense(3, activation="sigmoid")], "binary_crossentropy", answers, odds, {}
    if kind == 2:
        return [layers.Dense(1), layers.Activation("sigmoid")], own_loss, answers, odds_of_unit, {}
    both = lambda z: np.concatenate([-z, z], axis=1)  # noqa: E731
    if kind == 3:
        return [layers.Dense(1)], own_loss, answers, both, {"decode_prob": "sigmoid"}
    return [layers.Dense(1)], keras.losses.BinaryCrossentropy(from_logits=True), answers, both, {}


def value_head(rng: np.random.Generator) -> Head:
    units = int(rng.integers(1, 4))
    answers = rng.random((8, units)).astype("float32")
    if rng.random() < 0.3:
        return [layers.Dense(units)], own_loss, answers, lambda values: values, {"decode_prob": "value"}
    return [layers.Dense(units)], ["mse", "mae", "huber"][rng.integers(3)], answers, lambda values: values, {}


HEADS = [softmax_head, softmax_head, sigmoid_head, value_head]


def _steps(body: list[Any]) -> Iterator[Callable[[Any], Any]]:
    """Layers, with what is only packed for a list of layers as nodes of a graph."""
    for layer in body:
        if isinstance(layer, Called):
            yield lambda hidden, layer=layer: layer.how(layer.layer, hidden)
        else:
            yield layer.unfolded if isinstance(layer, Branches) else layer


def functional(body: list[Any], shape: Shape, batch_size: int | None = None) -> keras.Model:
    image = hidden = keras.Input(shape, batch_size=batch_size)
    for number, step in enumerate(_steps(body)):
        made = step(hidden)
        hidden = made + hidden if number == 1 and made.shape == hidden.shape and made.dtype == hidden.dtype else made
    return keras.Model(image, hidden)


def nested(body: list[Any], shape: Shape) -> keras.Model:
    first = keras.Sequential([keras.Input(shape), *body[:2]])
    image = keras.Input(shape)
    hidden = first(image)
    for layer in body[2:]:
        hidden = layer(hidden)
    return keras.Model(image, hidden)


def two_inputs(body: list[Any], shape: Shape) -> keras.Model:
    image, more = keras.Input(shape, name="image"), keras.Input((3,), name="more")
    last = max(number for number, layer in enumerate(body) if isinstance(layer, layers.Dense))
    hidden = image
    for number, step in enumerate(_steps(body)):
        if number == last:
            hidden = layers.Concatenate()([hidden, layers.Dense(3)(more)])
        hidden = step(hidden)
    return keras.Model({"image": image, "more": more}, hidden)


def two_outputs(body: list[Any], shape: Shape) -> keras.Model:
    image = hidden = keras.Input(shape)
    steps = list(_steps(body))
    for step in steps[:-2]:
        hidden = step(hidden)
    other = layers.Dense(2)(layers.Flatten()(hidden))
    for step in steps[-2:]:
        hidden = step(hidden)
    return keras.Model(image, {"explained": hidden, "other": other})


class SubclassedPlain(keras.Model):
    def __init__(self, body: list[Any]) -> None:
        super().__init__()
        self.body = body

    def call(self, inputs):
        for layer in self.body:
            inputs = layer(inputs)
        return inputs


class Subclassed(SubclassedPlain):
    def call(self, inputs, training=False):
        return super().call(inputs)


STYLES: dict[str, Callable[[list[Any], Shape], keras.Model]] = {
    "Sequential": lambda body, shape: keras.Sequential([keras.Input(shape), *body]),
    "Functional": functional,
    "fixed batch": lambda body, shape: functional(body, shape, batch_size=4),
    "subclassed": lambda body, shape: Subclassed(body),
    "subclassed without training": lambda body, shape: SubclassedPlain(body),
    "nested": nested,
    "two inputs": two_inputs,
    "two outputs": two_outputs,
}
