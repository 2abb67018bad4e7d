"""Keras' own vision examples (keras.io/examples/vision), written anew and small: what is peculiar in each is kept.

Simple convnets and the plain vision transformer are in `zoo_architectures`; what only looks at trained models is left
out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from helpers import zoo
from helpers.zoo import SIZE, Specimen, noise, odds, odds_of_logits, odds_of_unit
from helpers.zoo_architectures import CLASSES, Positions
from picasso_callbacks import explain

ONE_HOT = np.eye(3, dtype="float32")[CLASSES]
YES_OR_NO = (CLASSES[:, None] % 2).astype("float32")
NUMBERS = np.random.default_rng(6).uniform(0, 1, (4, 4)).astype("float32")
PIXELS = np.random.default_rng(2).integers(0, 3, (4, *SIZE[:2]))
FROM_LOGITS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
OTHERS = np.random.default_rng(7).uniform(0, 1, (2, 4, *SIZE)).astype("float32")
"""Images that go with the first ones."""


@dataclasses.dataclass
class Example(Specimen):
    """An example of keras.io.

    Args:
        fit: What `fit` is given, where that is not what `feed` makes of the images, and the answers.
        predicts: Whether Keras' `predict` asks the model as in inference. It does not where augmentation is in a
            `call` without `training`, nor, on JAX, in any subclassed model with augmentation.
    """

    fit: Callable[[], dict[str, Any]] = dict
    predicts: bool = True


def train(specimen: Specimen, *callbacks: keras.callbacks.Callback) -> list[float]:
    """Two epochs of two batches; returns their losses."""
    given = {"x": specimen.feed(specimen.images), "y": specimen.answers, "batch_size": 2}
    own = specimen.fit() if isinstance(specimen, Example) else {}
    if isinstance(own.get("x"), keras.utils.PyDataset):
        given = {}
    given |= own
    given["callbacks"] = [*callbacks, *given.get("callbacks", [])]
    return specimen.model.fit(**given, epochs=2, verbose=0).history["loss"]


def look(specimen: Specimen) -> None:
    """`zoo.look`, also for signals; with a call for a referee where `predict` is none."""
    if not getattr(specimen, "predicts", True):
        specimen.model.predict = lambda inputs, verbose: keras.tree.map_structure(
            ops.convert_to_numpy, specimen.model(inputs, training=False)
        )
    if specimen.images.shape[1] > 1:
        zoo.look(specimen)
    else:
        look_along(specimen)


def look_along(specimen: Specimen) -> None:
    """As `zoo.look`, for images of height 1: what hiding either half does."""
    methods = [zoo.QUARTERS, "saliency_map"]
    report = explain(specimen.model, specimen.probes, methods=methods, targets=[0], **specimen.settings)
    found = report["partial_occlusion"].values[:, 0, 0, :: specimen.images.shape[2] - 1]
    expected = zoo.brute_force(specimen)[:, 1]
    np.testing.assert_allclose(found, expected, rtol=0, atol=specimen.tolerance * np.abs(expected).max())
    assert (report["saliency_map"].values.max(axis=(1, 2, 3)) > 0).all()


def itself(values: np.ndarray) -> np.ndarray:
    return values


def over_all(score: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """The mean of a score over all positions `[N, ..., classes]`."""
    return lambda outputs: score(outputs).mean(axis=tuple(range(1, outputs.ndim - 1)))


def example(
    model: keras.Model,
    loss: Any = "sparse_categorical_crossentropy",
    answers: Any = CLASSES,
    score: Callable[[Any], np.ndarray] | None = None,
    optimizer: Any = "sgd",
    compiling: dict[str, Any] | None = None,
    **settings: Any,
) -> Example:
    """A compiled model; unless said otherwise of three classes, with a softmax or `from_logits=True`."""
    model.compile(optimizer=optimizer, loss=loss, jit_compile=keras.backend.backend() == "jax", **(compiling or {}))
    score = score or (odds_of_logits if getattr(loss, "_fn_kwargs", {}).get("from_logits") else odds)
    return Example(model, answers, score, **settings)


def own_step(model: Any, *given: Any) -> Any:
    """A step as examples write it in `train_step`, for each backend in its way: down `model.step_loss(data)`."""
    return {"tensorflow": _with_tape, "torch": _backward, "jax": _stateless}[keras.backend.backend()](model, *given)


def _with_tape(model: Any, data: Any) -> dict[str, Any]:
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = model.step_loss(data)
    gradients = tape.gradient(loss, model.trainable_variables)
    model.optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    model.tracker.update_state(loss)
    return {"loss": model.tracker.result()}


def _backward(model: Any, data: Any) -> dict[str, Any]:
    import torch

    model.zero_grad()
    loss = model.step_loss(data)
    loss.backward()
    with torch.no_grad():
        model.optimizer.apply([one.value.grad for one in model.trainable_variables], model.trainable_variables)
    model.tracker.update_state(loss)
    return {"loss": model.tracker.result()}


def _stateless(model: Any, state: Any, data: Any) -> Any:
    import jax

    trainable, others, optimizer, metrics = state

    def forward(trainable, others):
        known = [*zip(model.trainable_variables, trainable, strict=True)]
        with keras.StatelessScope([*known, *zip(model.non_trainable_variables, others, strict=True)]) as scope:
            loss = model.step_loss(data)
        return loss, [scope.get_current_value(one) for one in model.non_trainable_variables]

    (loss, others), gradients = jax.value_and_grad(forward, has_aux=True)(trainable, others)
    trainable, optimizer = model.optimizer.stateless_apply(optimizer, gradients, trainable)
    with keras.StatelessScope([*zip(model.metrics_variables, metrics, strict=True)]) as scope:
        model.tracker.update_state(loss)
        logs = {"loss": model.tracker.result()}
    metrics = [scope.get_current_value(one) for one in model.metrics_variables]
    return logs, (trainable, others, optimizer, metrics)


class OwnSteps(keras.Model):
    """A subclassed model that trains down `step_loss(data)` in a `train_step` of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.tracker = keras.metrics.Mean(name="loss")

    def train_step(self, *given):
        return own_step(self, *given)


class Patches(layers.Layer):
    """Cuts images into patches `[N, patches, 4 * 4 * channels]`."""

    def call(self, images):
        patches = ops.image.extract_patches(images, 4)
        return ops.reshape(patches, (-1, patches.shape[1] * patches.shape[2], patches.shape[3]))


def augmentation() -> keras.Sequential:
    return keras.Sequential([layers.RandomFlip("horizontal"), layers.RandomZoom(0.2), layers.RandomRotation(0.02)])


def normal(x: Any) -> Any:
    return layers.LayerNormalization(epsilon=1e-6)(x)


def mlp(x: Any, *units: int) -> Any:
    for count in units:
        x = layers.Dropout(0.1)(layers.Dense(count, activation="gelu")(x))
    return x


def transformer(x: Any) -> Any:
    inner = normal(x)
    x = x + layers.MultiHeadAttention(2, 4, dropout=0.1)(inner, inner)
    return x + mlp(normal(x), 16, x.shape[-1])


def features(size: tuple[int, ...] = SIZE, units: int = 8) -> keras.Model:
    """An encoder: images to a row of numbers."""
    body = [
        layers.Conv2D(6, 3, strides=2, activation="relu"),
        layers.BatchNormalization(),
        layers.Flatten(),
        layers.Dense(units, activation="tanh"),
    ]
    return keras.Sequential([keras.Input(size), *body])


def image_classification_from_scratch() -> Specimen:
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same")(layers.Rescaling(1 / 255)(image))
    x = previous = layers.Activation("relu")(layers.BatchNormalization()(x))
    for size in (8, 12):
        for _ in range(2):
            x = layers.SeparableConv2D(size, 3, padding="same")(layers.Activation("relu")(x))
            x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        # A kernel of 1 in the example, which torch does not train twice the same.
        x = previous = layers.add([x, layers.Conv2D(size, 2, strides=2, padding="same")(previous)])
    x = layers.Dropout(0.25)(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(image, layers.Dense(1, activation="sigmoid")(x))
    return example(model, "binary_crossentropy", YES_OR_NO, odds_of_unit, images=noise((16, 16, 3), 255))


class ExternalAttention(layers.Layer):
    """Attends to a memory that all images share, normalised twice."""

    def __init__(self, **settings: Any):
        super().__init__(**settings)
        self.query, self.memory = layers.Dense(16), layers.Dense(6)
        self.values, self.projection = layers.Dense(8), layers.Dense(8)

    def call(self, x):
        heads = ops.transpose(ops.reshape(self.query(x), (-1, x.shape[1], 2, 8)), (0, 2, 1, 3))
        attention = layers.Softmax(axis=2)(self.memory(heads))
        attention = attention / (1e-9 + ops.sum(attention, axis=-1, keepdims=True))
        x = ops.transpose(self.values(attention), (0, 2, 1, 3))
        return self.projection(ops.reshape(x, (-1, x.shape[1], 16)))


def eanet() -> Specimen:
    image = keras.Input(SIZE)
    x = Positions()(layers.Dense(8)(Patches()(augmentation()(image))))
    x = x + ExternalAttention()(normal(x))
    x = x + mlp(normal(x), 8)
    model = keras.Model(image, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling1D()(x)))
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    optimizer = keras.optimizers.AdamW(1e-3, weight_decay=1e-4)
    return example(model, loss, ONE_HOT, optimizer=optimizer, compiling={"metrics": ["accuracy"]})


class BagAttention(layers.Layer):
    """Weights of the instances of a bag, a softmax over them."""

    def __init__(self, **settings: Any):
        super().__init__(**settings)
        self.v, self.u, self.w = layers.Dense(6, "tanh"), layers.Dense(6, "sigmoid"), layers.Dense(1)

    def call(self, instances):
        scores = [self.w(self.v(one) * self.u(one)) for one in instances]
        alpha = ops.softmax(ops.stack(scores, axis=0), axis=0)
        return [alpha[place] for place in range(len(instances))]


def multiple_instances(**settings: Any) -> Specimen:
    bag = [keras.Input(SIZE, name=name) for name in ("first", "second", "third")]
    shared = [layers.Dense(12, activation="relu"), layers.Dense(6, activation="relu")]
    embedded = [shared[1](shared[0](layers.Flatten()(one))) for one in bag]
    weighted = [layers.multiply(pair) for pair in zip(BagAttention()(embedded), embedded, strict=True)]
    model = keras.Model(bag, layers.Dense(2, activation="softmax")(layers.concatenate(weighted, axis=1)))
    return example(
        model,
        answers=CLASSES % 2,
        feed=lambda images: [images, *OTHERS[:, : len(images)]],
        fit=lambda: {"class_weight": {0: 1.0, 1: 2.0}},
        **settings,
    )


BAG = {"second": OTHERS[0, :2], "third": OTHERS[1, :2]}


class Mixer(layers.Layer):
    """Mixes patches, then channels."""

    def build(self, shape):
        _, patches, channels = shape
        self.patches = keras.Sequential([layers.Dense(patches, "gelu"), layers.Dense(patches), layers.Dropout(0.2)])
        self.channels = keras.Sequential([layers.Dense(channels, "gelu"), layers.Dense(channels), layers.Dropout(0.2)])
        self.normal = layers.LayerNormalization()

    def call(self, x):
        mixed = self.patches(ops.transpose(self.normal(x), (0, 2, 1)))
        x = x + ops.transpose(mixed, (0, 2, 1))
        return x + self.channels(self.normal(x))


class Fourier(layers.Layer):
    """Mixes by a Fourier transform, of which the real part is kept."""

    def build(self, shape):
        self.feed_forward = keras.Sequential([layers.Dense(12, "gelu"), layers.Dropout(0.2), layers.Dense(shape[-1])])
        self.normals = [layers.LayerNormalization(), layers.LayerNormalization()]

    def call(self, x):
        x = self.normals[0](x + ops.fft2((x, ops.zeros_like(x)))[0])
        return self.normals[1](x + self.feed_forward(x))


class SpatialGate(layers.Layer):
    """Lets one half of the channels gate the other, across patches."""

    def build(self, shape):
        _, patches, channels = shape
        self.first = keras.Sequential([layers.Dense(2 * channels, "gelu"), layers.Dropout(0.2)])
        self.across = layers.Dense(patches, bias_initializer="ones")
        self.last, self.normals = layers.Dense(channels), [layers.LayerNormalization(), layers.LayerNormalization()]

    def call(self, x):
        u, v = ops.split(self.first(self.normals[0](x)), 2, axis=2)
        gate = ops.transpose(self.across(ops.transpose(self.normals[1](v), (0, 2, 1))), (0, 2, 1))
        return x + self.last(u * gate)


def modern_mlp(block: Callable[[], Any], **settings: Any) -> Specimen:
    image = keras.Input(SIZE)
    x = layers.Dense(8)(Patches()(augmentation()(image)))
    x = block()(x)
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling1D()(x))
    return example(keras.Model(image, layers.Dense(3)(x)), FROM_LOGITS, **settings)


def mobile_vit() -> Specimen:
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="swish")(layers.Rescaling(1 / 255)(image))
    inner = layers.BatchNormalization()(layers.Conv2D(16, 1, use_bias=False)(x))
    inner = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(layers.Activation("swish")(inner))
    x = layers.Add()([x, layers.Conv2D(8, 1)(layers.Activation("swish")(layers.BatchNormalization()(inner)))])
    local = layers.Conv2D(8, 1, activation="swish")(layers.Conv2D(8, 3, padding="same", activation="swish")(x))
    patches = transformer(layers.Reshape((4, 16, 8))(local))  # attention over the patches, each pixel for itself
    folded = layers.Conv2D(8, 1, activation="swish")(layers.Reshape((8, 8, 8))(normal(patches)))
    x = layers.Conv2D(8, 3, padding="same", activation="swish")(layers.Concatenate()([x, folded]))
    model = keras.Model(image, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x)))
    return example(
        model, keras.losses.CategoricalCrossentropy(label_smoothing=0.1), ONE_HOT, images=noise((16, 16, 3), 255)
    )


def pneumonia() -> Specimen:
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(8, 3, activation="relu", padding="same")(layers.Rescaling(1 / 255)(image))
    for filters in (8, 12):
        x = layers.SeparableConv2D(filters, 3, activation="relu", padding="same")(x)
        x = layers.Dropout(0.2)(layers.MaxPool2D()(layers.BatchNormalization()(x)))
    x = layers.Dense(8, activation="relu")(layers.Flatten()(x))
    x = layers.Dropout(0.7)(layers.BatchNormalization()(x))
    model = keras.Model(image, layers.Dense(1, activation="sigmoid")(x))
    schedule = keras.optimizers.schedules.ExponentialDecay(0.015, 2, 0.96, staircase=True)
    return example(
        model,
        "binary_crossentropy",
        YES_OR_NO,
        odds_of_unit,
        keras.optimizers.Adam(schedule),
        {"metrics": [keras.metrics.BinaryAccuracy()]},
        images=noise((16, 16, 3), 255),
        fit=lambda: {
            "class_weight": {0: 1.9, 1: 0.7},
            "callbacks": [keras.callbacks.EarlyStopping(monitor="loss", restore_best_weights=True)],
        },
    )


class ShiftViT(OwnSteps):
    """Shifts channels instead of attending; `fit` augments, `call` does not."""

    def __init__(self) -> None:
        super().__init__()
        self.augmentation = keras.Sequential([layers.RandomCrop(8, 8), layers.Resizing(*SIZE[:2])])
        self.projection = layers.Conv2D(8, 2, strides=2)
        self.normal, self.mlp = layers.LayerNormalization(), layers.Dense(8, activation="gelu")
        self.dropout, self.head = layers.Dropout(0.2), layers.Dense(3)

    def call(self, images):
        x = self.projection(images)
        left, right, rest = ops.split(x, [2, 4], axis=-1)
        left = ops.pad(left[:, :, 1:], ((0, 0), (0, 0), (0, 1), (0, 0)))
        right = ops.pad(right[:, :, :-1], ((0, 0), (0, 0), (1, 0), (0, 0)))
        x = x + self.dropout(self.mlp(self.normal(ops.concatenate([left, right, rest], axis=-1))))
        return self.head(ops.mean(x, axis=(1, 2)))

    def step_loss(self, data):
        images, labels = data
        return self.compute_loss(y=labels, y_pred=self(self.augmentation(images, training=True), training=True))


class ExtractedAndZeroHead(keras.Model):
    """A module that has been trained elsewhere, and a head that begins with zeros."""

    def __init__(self) -> None:
        super().__init__()
        self.module = features()
        self.head = layers.Dense(3, kernel_initializer="zeros")

    def call(self, images):
        return self.head(self.module(images))


def big_transfer() -> Specimen:
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([1, 2], [0.3, 0.2, 0.1])
    return example(ExtractedAndZeroHead(), FROM_LOGITS, optimizer=keras.optimizers.SGD(schedule, momentum=0.9))


def fine_tuning(unfrozen: bool) -> Specimen:
    """Of EfficientNet: first the new top alone; then all but BatchNormalization."""
    base = features((16, 16, 3))
    base.trainable = False
    image = keras.Input((16, 16, 3))
    x = base(layers.RandomContrast(0.1)(layers.RandomTranslation(0.1, 0.1)(image)), training=False)
    x = layers.Dropout(0.2)(layers.BatchNormalization()(x))
    model = keras.Model(image, layers.Dense(3, activation="softmax")(x))
    if unfrozen:
        base.trainable = True
        for layer in base.layers:
            layer.trainable = not isinstance(layer, layers.BatchNormalization)
    return example(model, "categorical_crossentropy", ONE_HOT, images=noise((16, 16, 3)))


class SmallDataPatches(layers.Layer):
    """Shifted patch tokenization: cuts an image and its diagonally shifted copies, and adds a learnt position."""

    def build(self, shape):
        self.project, self.normal = layers.Dense(8), layers.LayerNormalization()
        self.patches, self.positions = Patches(), layers.Embedding(6, 8)

    def call(self, images):
        shifted = [ops.roll(images, shift, axis=(1, 2)) for shift in ((2, 2), (2, -2), (-2, 2), (-2, -2))]
        tokens = self.patches(ops.concatenate([images, *shifted], axis=-1))
        return self.project(self.normal(tokens)) + self.positions(ops.arange(6))


class LocalAttention(layers.MultiHeadAttention):
    """Locality self attention: no patch attends to itself, and the temperature is learnt."""

    def build(self, query_shape, value_shape, key_shape=None):
        super().build(query_shape, value_shape, key_shape)
        self.tau = self.add_weight(shape=(), initializer=keras.initializers.Constant(2.0), name="tau")

    def _compute_attention(self, query, key, value, attention_mask=None, training=None, *rest):
        query = ops.multiply(query, 1.0 / self.tau)
        scores = self._masked_softmax(ops.einsum(self._dot_product_equation, key, query), attention_mask)
        weights = self._dropout_layer(scores, training=training)
        return ops.einsum(self._combine_equation, weights, value), scores


def small_data_sets() -> Specimen:
    image = keras.Input(SIZE)
    x = SmallDataPatches()(augmentation()(image))
    inner = normal(x)
    x = x + LocalAttention(2, 4, dropout=0.1)(inner, inner, attention_mask=1 - np.eye(6, dtype="int8")[None])
    x = mlp(layers.Flatten()(normal(x + mlp(normal(x), 8))), 8)
    return example(keras.Model(image, layers.Dense(3)(x)), FROM_LOGITS)


class StochasticDepth(layers.Layer):
    """Leaves out a branch for some images, with a seed generator of its own."""

    def __init__(self, rate: float = 0.3, **settings: Any):
        super().__init__(**settings)
        self.rate, self.seeds = rate, keras.random.SeedGenerator(1337)

    def call(self, x, training=None):
        if not training:
            return x
        keep = 1 - self.rate
        return x / keep * ops.floor(keep + keras.random.uniform((ops.shape(x)[0], 1, 1), seed=self.seeds))


class SequencePooling(layers.Layer):
    """The mean of a sequence, weighted by a softmax."""

    def build(self, shape):
        self.attention = layers.Dense(1)

    def call(self, x):
        return ops.squeeze(ops.matmul(ops.transpose(ops.softmax(self.attention(x), axis=1), (0, 2, 1)), x), axis=-2)


def compact_convolutional() -> Specimen:
    image = keras.Input(SIZE)
    x = layers.RandomCrop(*SIZE[:2])(layers.Rescaling(1 / 255)(image))
    x = layers.MaxPooling2D(3, 2, "same")(layers.Conv2D(8, 3, padding="same", use_bias=False, activation="relu")(x))
    x = Positions()(layers.Reshape((24, 8))(x))
    inner = normal(x)
    x = x + StochasticDepth()(layers.MultiHeadAttention(2, 4)(inner, inner))
    x = x + StochasticDepth()(mlp(normal(x), 8))
    model = keras.Model(image, layers.Dense(3)(SequencePooling()(normal(x))))
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    return example(model, loss, ONE_HOT, odds_of_logits, images=noise(SIZE, 255))


def conv_mixer() -> Specimen:
    image = keras.Input(SIZE)
    x = layers.BatchNormalization()(layers.Activation("gelu")(layers.Conv2D(8, 2, strides=2)(image)))
    for _ in range(2):
        inner = layers.Activation("gelu")(layers.DepthwiseConv2D(3, padding="same")(x))
        x = layers.Add()([layers.BatchNormalization()(inner), x])
        x = layers.BatchNormalization()(layers.Activation("gelu")(layers.Conv2D(8, 1)(x)))
    return example(keras.Model(image, layers.Dense(3, activation="softmax")(layers.GlobalAvgPool2D()(x))))


class Involution(layers.Layer):
    """A convolution whose kernel is made anew at every place."""

    def build(self, shape):
        reduce = [layers.Conv2D(2, 1), layers.BatchNormalization(), layers.ReLU(), layers.Conv2D(9, 1)]
        self.kernels = keras.Sequential(reduce)
        self.channels = shape[-1]

    def call(self, x):
        kernels = ops.expand_dims(self.kernels(x), -1)
        patches = ops.image.extract_patches(x, (3, 3), strides=(1, 1), padding="same")
        patches = ops.reshape(patches, (-1, *x.shape[1:3], 9, self.channels))
        return ops.sum(kernels * patches, axis=3)


def involution() -> Specimen:
    image = keras.Input(SIZE)
    x = layers.ReLU()(Involution()(image))
    x = layers.ReLU()(Involution()(layers.MaxPooling2D()(x)))
    model = keras.Model(image, layers.Dense(3)(layers.Dense(8, activation="relu")(layers.Flatten()(x))))
    return example(model, FROM_LOGITS)


class Perceiver(keras.Model):
    """Reads patches into a learnt array of latents, again and again; `call` augments and knows no `training`."""

    def __init__(self) -> None:
        super().__init__()
        self.augmentation, self.patches, self.encoder = augmentation(), Patches(), layers.Dense(8)
        self.cross, self.attention = layers.MultiHeadAttention(1, 8), layers.MultiHeadAttention(2, 4)
        self.normal, self.pooling = layers.LayerNormalization(), layers.GlobalAveragePooling1D()
        self.head = layers.Dense(3)

    def build(self, shape):
        self.latents = self.add_weight(shape=(4, 8), initializer="random_normal", trainable=True)
        super().build(shape)

    def call(self, inputs):
        data = self.encoder(self.patches(self.augmentation(inputs)))
        latents = ops.tile(self.latents[None], (ops.shape(data)[0], 1, 1))
        for _ in range(2):
            latents = latents + self.cross(self.normal(latents), data)
            latents = latents + self.attention(latents, latents)
        return self.head(self.pooling(latents))


class PatchConvNet(OwnSteps):
    """`fit` gets bytes; its `train_step` augments and scales them, and calls itself on what comes of it."""

    def __init__(self) -> None:
        super().__init__()
        self.preprocessing = keras.Sequential([layers.Rescaling(1 / 255)])
        self.augmenting = keras.Sequential([layers.Rescaling(1 / 255), layers.RandomFlip()])
        self.stem, self.depthwise = layers.Conv2D(8, 2, strides=2), layers.DepthwiseConv2D(3, padding="same")
        self.token = self.add_weight(shape=(1, 1, 8), initializer="zeros", name="token")
        self.attention, self.head = layers.MultiHeadAttention(1, 8), layers.Dense(3)

    def call(self, images):
        x = self.stem(images)
        x = ops.reshape(x + ops.gelu(self.depthwise(x)), (-1, 24, 8))
        token = ops.tile(self.token, (ops.shape(x)[0], 1, 1))
        pooled, self.viz_weights = self.attention(token, x, return_attention_scores=True)
        return self.head(ops.squeeze(pooled, axis=1))

    def step_loss(self, data):
        images, labels = data
        return self.compute_loss(y=labels, y_pred=self(self.augmenting(images, training=True), training=True))


def patch_conv_net() -> Specimen:
    def scale(images: np.ndarray) -> np.ndarray:
        return images / 255

    specimen = example(PatchConvNet(), FROM_LOGITS, images=noise(SIZE, 255), settings={"preprocess": scale})
    specimen.model.build((None, *SIZE))
    specimen.feed, specimen.fit = scale, lambda: {"x": specimen.images}
    return specimen


class CaiT(keras.Model):
    """A class token attends to the patches at the end; each branch has its scale. Returns attention beside logits."""

    def __init__(self) -> None:
        super().__init__()
        self.projection = keras.Sequential([layers.Conv2D(8, 4, strides=4), layers.Reshape((6, 8))])
        self.token = self.add_weight(shape=(1, 1, 8), initializer="random_normal", name="token")
        self.scale = self.add_weight(shape=(8,), initializer=keras.initializers.Constant(0.1), name="scale")
        self.attention, self.last = layers.MultiHeadAttention(2, 4), layers.MultiHeadAttention(2, 4)
        self.normal, self.head = layers.LayerNormalization(), layers.Dense(3)

    def call(self, x, training=False):
        x = self.projection(x)
        x = x + self.scale * self.attention(x, x, training=training)
        token = ops.tile(self.token, (ops.shape(x)[0], 1, 1))
        whole = ops.concatenate([token, x], axis=1)
        attended, weights = self.last(token, whole, return_attention_scores=True, training=training)
        return self.head(self.normal(token + self.scale * attended)[:, 0]), {"ca_ffn_block_0_att": weights}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return ops.mean(ops.sparse_categorical_crossentropy(y, y_pred[0], from_logits=True))


def cait(**settings: Any) -> Specimen:
    return example(CaiT(), None, score=lambda outputs: odds_of_logits(outputs[0]), settings=settings)


def swin() -> Specimen:
    """Its patches are cut while data are loaded; they attend in windows, which are shifted in every second layer."""

    def cut(images: np.ndarray) -> np.ndarray:
        return images.reshape(-1, 6, 2, 4, 2, 3).transpose(0, 1, 3, 2, 4, 5).reshape(-1, 24, 12)

    def back(patches: np.ndarray) -> np.ndarray:
        return patches.reshape(-1, 6, 4, 2, 2, 3).transpose(0, 1, 3, 2, 4, 5).reshape(-1, *SIZE)

    image = keras.Input((24, 12))
    x = layers.Reshape((6, 4, 8))(Positions()(layers.Dense(8)(image)))
    for shift in (0, 1):
        shifted = ops.roll(normal(x), (-shift, -shift), axis=(1, 2))
        windows = ops.transpose(ops.reshape(shifted, (-1, 3, 2, 2, 2, 8)), (0, 1, 3, 2, 4, 5))
        windows = ops.reshape(windows, (-1, 6, 4, 8))
        attended = layers.MultiHeadAttention(2, 4, attention_axes=2)(windows, windows)
        attended = ops.transpose(ops.reshape(attended, (-1, 3, 2, 2, 2, 8)), (0, 1, 3, 2, 4, 5))
        x = x + ops.roll(ops.reshape(attended, (-1, 6, 4, 8)), (shift, shift), axis=(1, 2))
        x = x + mlp(normal(x), 8)
    model = keras.Model(image, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x)))
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    return example(model, loss, ONE_HOT, feed=cut, settings={"preprocess": cut, "postprocess": back})


class TokenLearner(layers.Layer):
    """Makes a few tokens of an image, each the mean of what a map of its own selects."""

    def build(self, shape):
        maps = [layers.Conv2D(3, 3, padding="same", activation=name) for name in ("gelu", "sigmoid")]
        self.maps = keras.Sequential([layers.LayerNormalization(), *maps])

    def call(self, x):
        selected = ops.expand_dims(self.maps(x), -1) * ops.expand_dims(x, -2)
        return ops.mean(selected, axis=(1, 2))


def token_learner() -> Specimen:
    image = keras.Input(SIZE)
    x = layers.Conv2D(8, 2, strides=2)(augmentation()(layers.Rescaling(1 / 255)(image)))
    x = transformer(TokenLearner()(layers.Reshape((6, 4, 8))(Positions()(layers.Reshape((24, 8))(x)))))
    model = keras.Model(image, layers.Dense(3, activation="softmax")(layers.GlobalAvgPool1D()(normal(x))))
    return example(model, images=noise(SIZE, 255))


class FocalNetwork(keras.Model):
    """Aggregates context at several levels, gates it, and lets it modulate each place."""

    def __init__(self) -> None:
        super().__init__()
        self.augmentation, self.embedding = augmentation(), layers.Conv2D(8, 2, strides=2)
        self.first, self.last = layers.Dense(8 + 8 + 3), layers.Dense(8)
        self.levels = [layers.DepthwiseConv2D(size, padding="same", activation="gelu") for size in (3, 5)]
        self.pool, self.head = layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax")

    def call(self, x, training=None):
        x = self.embedding(self.augmentation(x, training=training))
        query, context, gates = ops.split(self.first(x), [8, 16], axis=-1)
        modulator = 0
        for place, level in enumerate(self.levels):
            context = level(context)
            modulator = modulator + context * gates[..., place : place + 1]
        whole = ops.gelu(ops.mean(context, axis=(1, 2), keepdims=True))
        modulator = modulator + whole * gates[..., 2:]
        self.modulator = modulator
        return self.head(self.pool(x + query * self.last(modulator)))


def learnable_resizer() -> Specimen:
    """A model that makes images smaller, before the one that is to see them."""
    image = keras.Input((16, 16, 3))
    naive = layers.Resizing(8, 8, interpolation="bilinear")(image)
    x = layers.BatchNormalization()(layers.LeakyReLU(0.2)(layers.Conv2D(6, 3, padding="same")(image)))
    x = bottleneck = layers.Resizing(8, 8, interpolation="bilinear")(x)
    x = layers.Add()([bottleneck, layers.BatchNormalization()(layers.Conv2D(6, 3, padding="same")(x))])
    resizer = keras.Model(image, layers.Add()([naive, layers.Conv2D(3, 3, padding="same")(x)]), name="resizer")
    inputs = keras.Input((16, 16, 3))
    x = features((8, 8, 3))(layers.Rescaling(1 / 255)(resizer(inputs)))
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    loss = keras.losses.BinaryCrossentropy(label_smoothing=0.1)
    return example(model, loss, YES_OR_NO, odds_of_unit, images=noise((16, 16, 3), 255))


class Reptile(keras.callbacks.Callback):
    """Trains on the task of an epoch, and moves the weights a part of the way to what came of it."""

    def on_epoch_begin(self, epoch, logs=None):
        self.before = self.model.get_weights()

    def on_epoch_end(self, epoch, logs=None):
        pairs = zip(self.before, self.model.get_weights(), strict=True)
        self.model.set_weights([old + 0.25 * (new - old) for old, new in pairs])


def reptile() -> Specimen:
    body = [layers.Conv2D(6, 3, strides=2), layers.BatchNormalization(), layers.ReLU(), layers.Flatten()]
    model = keras.Sequential([keras.Input(SIZE), *body, layers.Dense(3, activation="softmax")])
    return example(model, fit=lambda: {"callbacks": [Reptile()]})


def unit(x: Any) -> Any:
    return ops.normalize(x, axis=1)


def across(first: Any, second: Any, temperature: float = 0.1) -> Any:
    """Contrastive loss of two views: each row is to find its own among all."""
    similarities = ops.matmul(unit(first), ops.transpose(unit(second))) / temperature
    labels = ops.arange(ops.shape(similarities)[0])
    return ops.mean(ops.sparse_categorical_crossentropy(labels, similarities, from_logits=True))


class SimCLR(OwnSteps):
    """Learns from unlabelled images, each augmented twice, and on the way a probe from labelled ones; no `call`."""

    def __init__(self) -> None:
        super().__init__()
        self.augmenter, self.encoder = augmentation(), features()
        self.projection = keras.Sequential([keras.Input((8,)), layers.Dense(8, activation="relu"), layers.Dense(8)])
        self.linear_probe = keras.Sequential([keras.Input((8,)), layers.Dense(3)])
        self.augmenter.build((None, *SIZE))
        self.built = True

    def step_loss(self, data):
        (unlabelled, labelled), labels = data
        views = [self.encoder(self.augmenter(unlabelled, training=True), training=True) for _ in range(2)]
        first, second = map(self.projection, views)
        answers = self.linear_probe(ops.stop_gradient(self.encoder(labelled, training=False)))
        probing = ops.sparse_categorical_crossentropy(labels, answers, from_logits=True)
        return across(first, second) + across(second, first) + ops.mean(probing)


class CallableSimCLR(SimCLR):
    def call(self, images):
        return self.linear_probe(self.encoder(images))


def two_sets() -> dict[str, Any]:
    return {"x": (OTHERS[0], noise(SIZE))}


def simclr(model: Callable[[], keras.Model] = CallableSimCLR, **settings: Any) -> Specimen:
    return example(model(), None, score=odds_of_logits, fit=two_sets, settings=settings, predicts=False)


class SupervisedContrastive(keras.losses.Loss):
    """Rows of one class are to be alike."""

    def call(self, labels, vectors):
        similarities = ops.matmul(unit(vectors), ops.transpose(unit(vectors))) / 0.5
        same = ops.cast(ops.equal(ops.reshape(labels, (-1, 1)), ops.reshape(labels, (1, -1))), "float32")
        return -ops.sum(same / ops.sum(same, axis=1, keepdims=True) * ops.log_softmax(similarities), axis=1)


def supervised_contrastive(**settings: Any) -> Specimen:
    """Its first stage: an encoder with a projection head."""
    image = keras.Input(SIZE)
    model = keras.Model(image, layers.Dense(6, activation="relu")(features()(augmentation()(image))))
    return example(model, SupervisedContrastive(), score=itself, settings=settings)


class SimSiam(OwnSteps):
    """Two views, of which only one sends gradients back."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = features()
        body = [layers.Dense(4, activation="relu"), layers.BatchNormalization(), layers.Dense(8)]
        self.predictor = keras.Sequential([keras.Input((8,)), *body])
        self.built = True

    def step_loss(self, data):
        first, second = data[0]
        z = [self.encoder(view, training=True) for view in (first, second)]
        p = [self.predictor(one, training=True) for one in z]
        return -sum(ops.mean(ops.sum(ops.stop_gradient(unit(a)) * unit(b), axis=1)) for a, b in zip(z, p[::-1])) / 2  # noqa: B905


class CallableSimSiam(SimSiam):
    def call(self, images):
        return self.encoder(images)


def two_views() -> dict[str, Any]:
    return {"x": (noise(SIZE), OTHERS[0]), "y": None}


def simsiam(model: Callable[[], keras.Model] = CallableSimSiam, **settings: Any) -> Specimen:
    return example(model(), None, score=itself, fit=two_views, settings=settings)


class NNCLR(SimCLR):
    """Takes for the second view its nearest neighbour in a queue of earlier rows, which each step moves on."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = self.add_weight(shape=(6, 8), initializer="random_normal", trainable=False, name="queue")

    def step_loss(self, data):
        (unlabelled, _), _ = data
        first, second = (self.projection(self.encoder(self.augmenter(unlabelled, training=True))) for _ in range(2))
        nearest = ops.argmax(ops.matmul(unit(second), ops.transpose(self.queue)), axis=1)
        loss = across(ops.take(self.queue, nearest, axis=0), first)
        self.queue.assign(ops.concatenate([ops.stop_gradient(unit(second)), self.queue[:-2]], axis=0))
        return loss

    def call(self, images):
        return self.linear_probe(self.encoder(images))


def contrastive_loss(truth: Any, distance: Any) -> Any:
    return ops.mean((1 - truth) * ops.square(distance) + truth * ops.square(ops.maximum(1 - distance, 0)))


def siamese(**settings: Any) -> Specimen:
    """Two images through one network; the distance of what comes of them becomes a sigmoid."""
    left, right = keras.Input(SIZE, name="left"), keras.Input(SIZE, name="right")
    tower = features()
    squared = ops.sum(ops.square(tower(left) - tower(right)), axis=1, keepdims=True)
    distance = ops.sqrt(ops.maximum(squared, keras.backend.epsilon()))
    output = layers.Dense(1, activation="sigmoid")(layers.BatchNormalization()(distance))
    return example(
        keras.Model([left, right], output),
        contrastive_loss,
        YES_OR_NO,
        odds_of_unit,
        feed=lambda images: [images, OTHERS[0][: len(images)]],
        **settings,
    )


class Distances(layers.Layer):
    def call(self, anchor, positive, negative):
        return tuple(ops.sum(ops.square(anchor - other), axis=-1) for other in (positive, negative))


class Triplets(OwnSteps):
    """Around a network that returns two distances, which a margin is to lie between."""

    def __init__(self, network: keras.Model):
        super().__init__()
        self.network = network

    def call(self, inputs):
        return self.network(inputs)

    def step_loss(self, data):
        near, far = self.network(data[0])
        return ops.mean(ops.maximum(near - far + 0.5, 0.0))


def triplets(**settings: Any) -> Specimen:
    images = [keras.Input(SIZE, name=name) for name in ("anchor", "positive", "negative")]
    embedding = features()
    network = keras.Model(images, Distances()(*map(embedding, images)))
    return example(
        Triplets(network),
        None,
        None,
        lambda distances: distances[1][:, None],
        feed=lambda images: [images, *OTHERS[:, : len(images)]],
        **settings,
    )


class Embedding(keras.Model):
    """Functional, with a step in which similarities are the logits of a loss that its own outputs never see."""

    def __init__(self, *graph: Any):
        super().__init__(*graph)
        self.tracker = keras.metrics.Mean(name="loss")

    def train_step(self, *given):
        return own_step(self, *given)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        similarities = ops.einsum("ae,pe->ap", y_pred, self(y, training=training)) / 0.2
        return super().compute_loss(y=ops.arange(2), y_pred=similarities)

    def step_loss(self, data):
        anchors, positives = data
        return self.compute_loss(y=positives, y_pred=self(anchors, training=True))


def metric_learning(**settings: Any) -> Specimen:
    image = keras.Input(SIZE)
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(6, 3, strides=2, activation="relu")(image))
    model = Embedding(image, layers.UnitNormalization()(layers.Dense(8)(x)))
    return example(model, FROM_LOGITS, OTHERS[0], itself, settings=settings)


class Distiller(keras.Model):
    """Trains a student to answer as a teacher does, in `compute_loss`; `call` is the student's."""

    def __init__(self) -> None:
        super().__init__()
        self.student, self.teacher = (keras.Sequential([features(units=n), layers.Dense(3)]) for n in (4, 8))

    def compile(self, loss=None, temperature=3, **settings):
        super().compile(**settings)
        self.temperature = temperature

    def call(self, x):
        return self.student(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, allow_empty=False):
        taught = ops.softmax(self.teacher(x, training=False) / self.temperature)
        learnt = keras.losses.KLDivergence()(taught, ops.softmax(y_pred / self.temperature))
        return 0.1 * FROM_LOGITS(y, y_pred) + 0.9 * learnt * self.temperature**2


def distillation(**settings: Any) -> Specimen:
    return example(Distiller(), None, score=odds_of_logits, compiling={"metrics": ["accuracy"]}, settings=settings)


class TwoTokens(keras.Model):
    """Answers with two heads while it trains, and else with their mean."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.heads = features(), [layers.Dense(3), layers.Dense(3)]

    def call(self, x, training=False):
        x = self.body(x, training=training)
        answers = [head(x) for head in self.heads]
        return tuple(answers) if training else (answers[0] + answers[1]) / 2


class DistilledTransformer(Distiller):
    def __init__(self) -> None:
        super().__init__()
        self.student = TwoTokens()

    def call(self, x, training=False):
        return self.student(x, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, allow_empty=False):
        learnt = keras.losses.CategoricalCrossentropy(from_logits=True)
        taught = ops.one_hot(ops.argmax(self.teacher(x, training=False), axis=-1), 3)
        return 0.5 * FROM_LOGITS(y, y_pred[0]) + 0.5 * learnt(taught, y_pred[1])


class Consistent(OwnSteps):
    """A student sees augmented images as its teacher sees them clean; no `call` but the student's."""

    def __init__(self) -> None:
        super().__init__()
        self.student, self.teacher = (keras.Sequential([features(), layers.Dense(3)]) for _ in range(2))
        self.built = True

    def call(self, x):
        return self.student(x)

    def step_loss(self, data):
        (clean, noisy), labels = data
        taught, learnt = self.teacher(clean, training=False), self.student(noisy, training=True)
        agreement = keras.losses.KLDivergence()(ops.softmax(taught / 10), ops.softmax(learnt / 10))
        return agreement + FROM_LOGITS(labels, learnt)


class Mixed(keras.utils.PyDataset):
    """Batches of images and answers, of which `mix` makes others with NumPy's global numbers."""

    def __init__(self, mix: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]):
        super().__init__()
        self.mix = mix

    def __len__(self):
        return 2

    def __getitem__(self, index):
        rows = slice(2 * index, 2 * index + 2)
        return self.mix(noise(SIZE)[rows], ONE_HOT[rows])


def mix_up(images: np.ndarray, answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    share = np.random.beta(0.2, 0.2, (len(images), 1)).astype("float32")
    return tuple(s * one + (1 - s) * one[::-1] for one, s in ((images, share[..., None, None]), (answers, share)))


def cut_mix(images: np.ndarray, answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    top, left = np.random.randint(0, 6), np.random.randint(0, 4)
    images = images.copy()
    images[:, top : top + 6, left : left + 4] = images[::-1, top : top + 6, left : left + 4].copy()
    return images, (0.75 * answers + 0.25 * answers[::-1]).astype("float32")


def mixing(mix: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]) -> Specimen:
    model = keras.Sequential([features(), layers.Dropout(0.2), layers.Dense(3, activation="softmax")])
    return example(model, "categorical_crossentropy", ONE_HOT, fit=lambda: {"x": Mixed(mix)})


def rand_augment() -> Specimen:
    model = keras.Sequential([keras.Input(SIZE), layers.RandAugment((0, 255)), layers.Rescaling(1 / 127.5, offset=-1)])
    for layer in (features(), layers.Dense(3)):
        model.add(layer)
    return example(model, FROM_LOGITS, images=noise(SIZE, 255))


MAPS = np.eye(3, dtype="float32")[PIXELS]
"""Classes of pixels, one-hot: Keras on torch can't differentiate the sparse loss of them."""


def u_net() -> Specimen:
    image = keras.Input(SIZE)
    x = previous = layers.Activation("relu")(layers.BatchNormalization()(layers.Conv2D(6, 3, padding="same")(image)))
    x = layers.BatchNormalization()(layers.SeparableConv2D(8, 3, padding="same")(layers.Activation("relu")(x)))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = previous = layers.add([x, layers.Conv2D(8, 2, strides=2, padding="same")(previous)])
    x = layers.UpSampling2D(2)(layers.BatchNormalization()(layers.Conv2DTranspose(6, 3, padding="same")(x)))
    x = layers.add([x, layers.Conv2D(6, 1, padding="same")(layers.UpSampling2D(2)(previous))])
    model = keras.Model(image, layers.Conv2D(3, 3, activation="softmax", padding="same")(x))
    return example(model, "categorical_crossentropy", MAPS, over_all(odds))


def deep_lab() -> Specimen:
    """Dilated convolutions side by side, enlarged, beside finer features; logits for each pixel."""
    image = keras.Input(SIZE)
    low = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    x = layers.Conv2D(6, 3, strides=2, padding="same", activation="relu")(low)
    pooled = layers.Conv2D(4, 1)(layers.AveragePooling2D((6, 4))(x))
    pooled = layers.UpSampling2D((6, 4), interpolation="bilinear")(pooled)
    dilated = [layers.Conv2D(4, 3, dilation_rate=rate, padding="same", use_bias=False)(x) for rate in (1, 2)]
    x = layers.UpSampling2D(2, interpolation="bilinear")(layers.Concatenate()([pooled, *dilated]))
    model = keras.Model(image, layers.Conv2D(3, 1)(layers.Concatenate()([x, low])))
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    return example(model, loss, MAPS, over_all(odds_of_logits))


class Overlap(keras.losses.Loss):
    """Cross-entropy and what two masks don't share."""

    def call(self, truth, mask):
        shared = ops.sum(truth * mask, axis=(1, 2, 3))
        union = ops.sum(truth + mask - truth * mask, axis=(1, 2, 3))
        return ops.mean(ops.binary_crossentropy(truth, mask), axis=(1, 2, 3)) + 1 - shared / (union + 1e-6)


def bas_net(**settings: Any) -> Specimen:
    """Several masks, the refined one first, each with a loss: deep supervision."""
    image = keras.Input(SIZE)
    x = layers.Conv2D(6, 3, padding="same", activation="relu")(image)
    coarse = layers.Conv2D(1, 3, padding="same", activation="sigmoid")(x)
    residual = layers.Conv2D(1, 3, padding="same")(layers.Conv2D(4, 3, padding="same", activation="relu")(coarse))
    refined = layers.Activation("sigmoid")(layers.Add()([coarse, residual]))
    masks = MAPS[..., :1]
    return example(
        keras.Model(image, [refined, coarse]),
        [Overlap(), Overlap()],
        [masks, masks],
        lambda outputs: over_all(odds_of_unit)(outputs[0]),
        settings=settings,
    )


def sub_pixel() -> Specimen:
    """Super resolution: channels become pixels, and the output is larger than the input."""
    image = keras.Input((None, None, 1))
    x = layers.Conv2D(6, 5, activation="relu", padding="same", kernel_initializer="orthogonal")(image)
    x = layers.Conv2D(4, 3, padding="same")(x)
    height, width = 12, 8
    x = ops.transpose(ops.reshape(x, (-1, height, width, 2, 2)), (0, 1, 3, 2, 4))
    model = keras.Model(image, ops.reshape(x, (-1, 2 * height, 2 * width, 1)))
    images = noise((12, 8, 1))
    return example(model, "mse", images.repeat(2, axis=1).repeat(2, axis=2), over_all(itself), images=images)


class Enhanced(OwnSteps):
    """EDSR: residual blocks without normalisation, bytes in and out, and a `predict_step` of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.back = layers.Rescaling(1 / 255), layers.Rescaling(255)
        self.convolutions = [layers.Conv2D(n, 3, padding="same") for n in (6, 6, 12)]

    def call(self, images, training=False):
        first, second, last = self.convolutions
        x = first(self.scale(images))
        x = last(x + second(ops.relu(x)))
        x = ops.transpose(ops.reshape(x, (-1, 12, 8, 2, 2, 3)), (0, 1, 3, 2, 4, 5))
        return self.back(ops.reshape(x, (-1, 24, 16, 3)))

    def step_loss(self, data):
        small, large = data
        return self.compute_loss(y=large, y_pred=self(small, training=True))

    def predict_step(self, *data):
        raise NotImplementedError("clips to 0..255 and rounds one image")


def enhanced() -> Specimen:
    images = noise(SIZE, 255)
    large = images.repeat(2, axis=1).repeat(2, axis=2)
    optimizer = keras.optimizers.SGD(1e-5)
    return example(Enhanced(), "mae", large, over_all(itself), optimizer, images=images, predicts=False)


def charbonnier(truth: Any, image: Any) -> Any:
    return ops.mean(ops.sqrt(ops.square(truth - image) + 1e-6))


def low_light(**settings: Any) -> Specimen:
    """MIRNet: two streams of different size, fused by a softmax over the streams."""
    image = keras.Input((None, None, 3))
    x = layers.Conv2D(6, 3, padding="same")(image)
    small = layers.UpSampling2D()(layers.Conv2D(6, 3, padding="same", activation="relu")(layers.MaxPooling2D()(x)))
    squeezed = layers.GlobalAveragePooling2D(keepdims=True)(layers.Add()([x, small]))
    weights = ops.softmax(ops.stack([layers.Conv2D(6, 1)(squeezed) for _ in range(2)]), axis=0)
    fused = x * weights[0] + small * weights[1]
    model = keras.Model(image, layers.Add()([image, layers.Conv2D(3, 3, padding="same")(fused)]))
    return example(model, charbonnier, OTHERS[0], over_all(itself), settings=settings)


class ZeroDCE(OwnSteps):
    """Learns curves that brighten, from no bright images at all: from the colours and the smoothness of its own."""

    def __init__(self) -> None:
        super().__init__()
        body = [layers.Conv2D(n, 3, padding="same", activation=name) for n, name in ((4, "relu"), (6, "tanh"))]
        self.curves = keras.Sequential([keras.Input(SIZE), *body])

    def call(self, images):
        x = images
        for curve in ops.split(self.curves(images), 2, axis=-1):
            x = x + curve * (ops.square(x) - x)
        return x

    def step_loss(self, images):
        enhanced = self(images)
        colours = ops.mean(enhanced, axis=(1, 2))
        even = ops.mean(ops.square(colours - ops.roll(colours, 1, axis=1)))
        return even + ops.mean(ops.square(ops.mean(enhanced, axis=-1) - 0.6))


def zero_dce(**settings: Any) -> Specimen:
    return example(ZeroDCE(), None, None, over_all(itself), settings=settings, images=noise(SIZE, 0.4))


def denoising() -> Specimen:
    """Noisy images in, clean ones out, each pixel a sigmoid."""
    body = [
        layers.MaxPooling2D(2, padding="same"),
        layers.Conv2DTranspose(4, 3, strides=2, activation="relu", padding="same"),
        layers.Conv2D(1, 3, activation="sigmoid", padding="same"),
    ]
    first = layers.Conv2D(4, 3, activation="relu", padding="same")
    model = keras.Sequential([keras.Input((12, 8, 1)), first, *body])
    images = noise((12, 8, 1))
    return example(model, "binary_crossentropy", images.round(), over_all(odds_of_unit), images=images)


def depth(**settings: Any) -> Specimen:
    """Depth of each pixel, by a step of its own; compiled with a loss that this step never asks."""

    class Depth(OwnSteps):
        def __init__(self) -> None:
            super().__init__()
            self.body = [layers.Conv2D(6, 3, padding="same"), layers.LeakyReLU(0.2), layers.BatchNormalization()]
            self.head = layers.Conv2D(1, 3, padding="same", activation="tanh")

        def call(self, x):
            for layer in self.body:
                x = layer(x)
            return self.head(x)

        def step_loss(self, data):
            images, target = data
            predicted = self(images, training=True)
            edges = ops.mean(ops.abs(predicted[:, 1:] - predicted[:, :-1]))
            return ops.mean(ops.abs(target - predicted)) + 0.1 * edges

    return example(Depth(), FROM_LOGITS, MAPS[..., :1], over_all(itself), settings=settings)


def keypoints() -> Specimen:
    """A frozen backbone, and keypoints as channels of a last feature map of 1 x 1."""
    image = keras.Input(SIZE)
    backbone = keras.Sequential([keras.Input(SIZE), layers.Conv2D(6, 3, strides=2, padding="same", activation="relu")])
    backbone.trainable = False
    x = layers.Dropout(0.3)(backbone(layers.Rescaling(2.0, offset=-1)(image)))
    x = layers.SeparableConv2D(6, 3, strides=2, activation="relu")(x)
    x = layers.SeparableConv2D(4, (2, 1), activation="sigmoid")(x)
    settings = {"decode_prob": "value"}  # a sigmoid under this loss may be a classifier, too
    return example(keras.Model(image, x), "mse", NUMBERS[:, None, None], over_all(itself), settings=settings)


def boxes() -> Specimen:
    image = keras.Input(SIZE)
    x = transformer(Positions()(layers.Dense(8)(Patches()(image))))
    x = mlp(layers.Dropout(0.3)(layers.Flatten()(normal(x))), 8)
    return example(keras.Model(image, layers.Dense(4)(x)), "mse", NUMBERS, itself)


class Retina(keras.losses.Loss):
    """Boxes of positive anchors, and classes by a focal loss on logits."""

    def call(self, truth, anchors):
        p = ops.sigmoid(anchors[..., 4:])
        focal = -truth[..., 4:] * ops.square(1 - p) * ops.log(p + 1e-6)
        return ops.mean(ops.abs(truth[..., :4] - anchors[..., :4])) + ops.mean(focal)


def most_of_any_anchor(anchors: Any) -> Any:
    return ops.max(ops.sigmoid(anchors[..., 4:]), axis=1)


def retina_net(**settings: Any) -> Specimen:
    """Boxes and classes of all anchors of two levels, in one output."""
    image = keras.Input(SIZE)
    fine = layers.Conv2D(6, 3, strides=2, padding="same", activation="relu")(image)
    levels = [fine, layers.Conv2D(6, 3, strides=2, padding="same", activation="relu")(fine)]
    box, kind = layers.Conv2D(4, 3, padding="same"), layers.Conv2D(3, 3, padding="same")
    found = [layers.Concatenate()([layers.Reshape((-1, 4))(box(x)), layers.Reshape((-1, 3))(kind(x))]) for x in levels]
    model = keras.Model(image, layers.Concatenate(axis=1)(found))
    truth = np.random.default_rng(8).uniform(0, 1, (4, 24 + 6, 7)).astype("float32")
    return example(
        model, Retina(), truth, lambda anchors: odds(1 / (1 + np.exp(-anchors[..., 4:].max(axis=1)))), settings=settings
    )


class CTC(layers.Layer):
    """Adds the loss itself, of the labels that come in beside the image."""

    def call(self, labels, p):
        lengths = [ops.full((ops.shape(labels)[0],), n, dtype="int32") for n in (labels.shape[1], p.shape[1])]
        self.add_loss(ops.mean(ops.ctc_loss(ops.cast(labels, "int32"), ops.log(p + 1e-7), *lengths)))
        return p


TEXTS = np.array([[1, 2], [2, 1], [3, 1], [1, 3]], "float32")


def ocr(upright: bool = True, **settings: Any) -> Specimen:
    """Reads columns from left to right; those of handwriting come as rows, mirrored and transposed."""
    image, label = keras.Input((8, 12, 1), name="image"), keras.Input((2,), name="label")
    x = layers.Conv2D(4, 3, activation="relu", padding="same")(image)
    x = layers.MaxPooling2D()(layers.Permute((2, 1, 3))(x) if upright else x)
    steps = 6 if upright else 4
    x = layers.Dense(8, activation="relu")(layers.Reshape((steps, -1))(x))
    x = layers.Bidirectional(layers.LSTM(6, return_sequences=True, dropout=0.25))(layers.Dropout(0.2)(x))
    model = keras.Model([image, label], CTC(name="ctc_loss")(label, layers.Dense(5, activation="softmax")(x)))

    def feed(images: np.ndarray) -> dict[str, np.ndarray]:
        return {"image": images if upright else turn(images), "label": TEXTS[: len(images)]}

    return example(
        model,
        None,
        None,
        over_all(odds),
        images=noise((8, 12, 1) if upright else (12, 8, 1)),
        feed=feed,
        extra={"label": TEXTS[:2]},
        settings=settings,
    )


def turn(images: np.ndarray) -> np.ndarray:
    return images.transpose(0, 2, 1, 3)[:, :, ::-1]


def turn_back(images: np.ndarray) -> np.ndarray:
    return images[:, :, ::-1].transpose(0, 2, 1, 3)


def as_frames(images: np.ndarray) -> np.ndarray:
    """As the message that refuses volumes and video says, for three grey frames."""
    return np.moveaxis(images.reshape(-1, 12, 8, 3, 1), 3, 1)


AS_FRAMES = {"preprocess": as_frames, "postprocess": lambda x: np.moveaxis(x, 1, 3).reshape(-1, 12, 8, 3)}


def next_frame(**settings: Any) -> Specimen:
    model = keras.Sequential(
        [
            keras.Input((3, 12, 8, 1)),
            layers.ConvLSTM2D(4, 3, padding="same", return_sequences=True, activation="relu"),
            layers.BatchNormalization(),
            layers.Conv3D(1, 3, activation="sigmoid", padding="same"),
        ]
    )
    return example(
        model,
        "binary_crossentropy",
        as_frames(OTHERS[0]),
        over_all(odds_of_unit),
        feed=as_frames,
        settings=settings,
        images=noise(SIZE),
    )


def scans(**settings: Any) -> Specimen:
    """Volumes (height, width, depth, 1)."""

    def volumes(images: np.ndarray) -> np.ndarray:
        return images[..., None]

    model = keras.Sequential(
        [
            keras.Input((12, 8, 4, 1)),
            layers.Conv3D(4, 3, activation="relu", padding="same"),
            layers.MaxPool3D(2),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling3D(),
            layers.Dense(6, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    known = {"preprocess": volumes, "postprocess": lambda x: x[..., 0]} if settings else {}
    images = noise((12, 8, 4))
    return example(model, "binary_crossentropy", YES_OR_NO, odds_of_unit, images=images, feed=volumes, settings=known)


MASKS = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1], [1, 1, 1, 0]], bool)


def as_sequence(images: np.ndarray) -> np.ndarray:
    return images[:, 0]


AS_SEQUENCE = {"preprocess": as_sequence, "postprocess": lambda x: x[:, None]}


def frames_of_features(**settings: Any) -> Specimen:
    """What a convnet made of the frames of a video, and which of them there are; read by a GRU."""
    sequence, mask = keras.Input((4, 6), name="sequence"), keras.Input((4,), dtype="bool", name="mask")
    x = layers.Dropout(0.4)(layers.GRU(6)(sequence, mask=mask))
    model = keras.Model([sequence, mask], layers.Dense(3, activation="softmax")(x))
    return example(
        model,
        images=noise((1, 4, 6)),
        feed=lambda images: [as_sequence(images), MASKS[: len(images)]],
        extra={"mask": MASKS[:2]},
        settings={"preprocess": as_sequence, **settings},
    )


def tubelets() -> Specimen:
    """ViViT: a transformer over pieces of space and time."""
    video = keras.Input((3, 12, 8, 1))
    x = layers.Reshape((-1, 8))(layers.Conv3D(8, (3, 4, 4), strides=(3, 4, 4))(video))
    x = transformer(Positions()(x))
    model = keras.Model(video, layers.Dense(3, activation="softmax")(layers.GlobalAvgPool1D()(normal(x))))
    return example(model, feed=as_frames, settings=AS_FRAMES)


class Orthogonal(keras.regularizers.Regularizer):
    def __call__(self, x):
        x = ops.reshape(x, (-1, 3, 3))
        return 0.001 * ops.sum(ops.square(ops.matmul(x, ops.transpose(x, (0, 2, 1))) - ops.eye(3)))


def point_net(**settings: Any) -> Specimen:
    """Points without an order, which a small network inside turns first."""
    points = keras.Input((16, 3))
    x = layers.GlobalMaxPooling1D()(layers.Conv1D(8, 1, activation="relu")(points))
    bias = keras.initializers.Constant(np.eye(3).flatten())
    turn = layers.Dense(9, kernel_initializer="zeros", bias_initializer=bias, activity_regularizer=Orthogonal())(x)
    x = layers.Dot(axes=(2, 1))([points, layers.Reshape((3, 3))(turn)])
    x = layers.BatchNormalization(momentum=0.0)(layers.Conv1D(8, 1)(x))
    x = layers.Dropout(0.3)(layers.GlobalMaxPooling1D()(layers.Activation("relu")(x)))
    model = keras.Model(points, layers.Dense(3, activation="softmax")(x))
    settings = {"preprocess": as_sequence, **settings}
    return example(model, images=noise((1, 16, 3)), feed=as_sequence, settings=settings)


class MaskedAutoencoder(OwnSteps):
    """Encodes few patches, decodes all, and is asked about those it has not seen; no `call`."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.seeds = Patches(), keras.random.SeedGenerator(3)
        self.encoder = keras.Sequential([keras.Input((6, 48)), layers.Dense(8), layers.LayerNormalization()])
        body = [layers.Flatten(), layers.Dense(6 * 48), layers.Reshape((6, 48))]
        self.decoder = keras.Sequential([keras.Input((6, 8)), *body])
        self.token = self.add_weight(shape=(48,), initializer="random_normal", name="mask_token")
        self.patches.built = self.built = True

    def step_loss(self, images):
        patches = self.patches(images)
        drawn = keras.random.uniform((ops.shape(patches)[0], 6, 1), seed=self.seeds)
        hidden = ops.cast(drawn < 0.75, "float32")
        decoded = self.decoder(self.encoder(patches * (1 - hidden) + self.token * hidden, training=True))
        return ops.mean(hidden * ops.square(decoded - patches))


def masked_autoencoder() -> Specimen:
    return example(MaskedAutoencoder(), None, None, itself)


def downstream() -> Specimen:
    """What is trained afterwards: a linear probe on the frozen encoder, all patches seen."""
    encoder = keras.Sequential([layers.Dense(8), layers.LayerNormalization()])
    encoder.trainable = False
    tail = [layers.BatchNormalization(), layers.GlobalAveragePooling1D(), layers.Dense(3, activation="softmax")]
    model = keras.Sequential([keras.Input(SIZE), layers.Rescaling(1 / 255), Patches(), encoder, *tail])
    return example(model, images=noise(SIZE, 255))


class Centralized(keras.optimizers.RMSprop):
    """Takes its mean off each gradient first."""

    def update_step(self, gradient, variable, learning_rate):
        if len(gradient.shape) > 1:
            gradient -= ops.mean(gradient, axis=tuple(range(len(gradient.shape) - 1)), keepdims=True)
        super().update_step(gradient, variable, learning_rate)


def gradient_centralization() -> Specimen:
    body = [layers.Conv2D(6, 3, activation="relu"), layers.Dropout(0.2), layers.MaxPooling2D(), layers.Flatten()]
    model = keras.Sequential([keras.Input(SIZE), *body, layers.Dropout(0.5), layers.Dense(1, activation="sigmoid")])
    return example(model, "binary_crossentropy", YES_OR_NO, odds_of_unit, Centralized(1e-3))


def with_weights_of_samples() -> Specimen:
    model = keras.Sequential([features(), layers.Dense(3, activation="softmax")])
    weights = np.array([1.0, 0.2, 3.0, 0.0], "float32")
    compiling = {"weighted_metrics": ["accuracy"]}
    return example(model, compiling=compiling, fit=lambda: {"sample_weight": weights})


class DualEncoder(OwnSteps):
    """Captions and images, each through an encoder of its own, one dict in and two rows of numbers out."""

    def __init__(self) -> None:
        super().__init__()
        self.images = features()
        body = [layers.Embedding(9, 8), layers.GlobalAveragePooling1D(), layers.Dense(8)]
        self.captions = keras.Sequential([keras.Input((4,)), *body])

    def call(self, inputs, training=False):
        return self.captions(inputs["caption"], training=training), self.images(inputs["image"], training=training)

    def step_loss(self, inputs):
        captions, images = self(inputs, training=True)
        logits = ops.matmul(captions, ops.transpose(images)) / 0.05
        near = [ops.matmul(one, ops.transpose(one)) for one in (captions, images)]
        targets = ops.stop_gradient(ops.softmax((near[0] + near[1]) / 0.1))
        return ops.mean(ops.categorical_crossentropy(targets, logits, from_logits=True))


CAPTIONS = np.random.default_rng(9).integers(0, 9, (4, 4)).astype("float32")


def dual_encoder(**settings: Any) -> Specimen:
    return example(
        DualEncoder(),
        None,
        None,
        lambda outputs: outputs[1],
        extra={"image": None, "caption": CAPTIONS[:2]},
        feed=lambda images: {"image": images, "caption": CAPTIONS[: len(images)]},
        settings=settings,
    )


EXAMPLES: dict[str, Callable[[], Specimen]] = {
    "Image classification from scratch": image_classification_from_scratch,
    "Image classification with EANet (External Attention Transformer)": eanet,
    "Classification using Attention-based Deep Multiple Instance Learning (MIL)": lambda: multiple_instances(extra=BAG),
    "Image classification with modern MLP models: MLP-Mixer": lambda: modern_mlp(Mixer),
    "Image classification with modern MLP models: FNet": lambda: modern_mlp(Fourier),
    "Image classification with modern MLP models: gMLP": lambda: modern_mlp(SpatialGate),
    "MobileViT: A mobile-friendly Transformer-based model for image classification": mobile_vit,
    "Pneumonia Classification on TPU": pneumonia,
    "A Vision Transformer without Attention": lambda: example(ShiftViT(), FROM_LOGITS),
    "Image Classification using BigTransfer (BiT)": big_transfer,
    "Image classification via fine-tuning with EfficientNet": lambda: fine_tuning(unfrozen=False),
    "Image classification via fine-tuning with EfficientNet: unfrozen": lambda: fine_tuning(unfrozen=True),
    "Train a Vision Transformer on small datasets": small_data_sets,
    "Compact Convolutional Transformers": compact_convolutional,
    "Image classification with ConvMixer": conv_mixer,
    "Involutional neural networks": involution,
    "Image classification with Perceiver": lambda: example(Perceiver(), FROM_LOGITS, predicts=False),
    "Augmenting convnets with aggregated attention": patch_conv_net,
    "Class Attention Image Transformers with LayerScale": lambda: cait(output=0, decode_prob="softmax"),
    "Image classification with Swin Transformers": swin,
    "Learning to tokenize in Vision Transformers": token_learner,
    "Focal Modulation: A replacement for Self-Attention": lambda: example(FocalNetwork(), predicts=False),
    "Learning to Resize in Computer Vision": learnable_resizer,
    "Few-Shot learning with Reptile": reptile,
    "Semi-supervised image classification using contrastive pretraining with SimCLR": lambda: simclr(
        decode_prob="softmax"
    ),
    "Supervised Contrastive Learning": lambda: supervised_contrastive(decode_prob="value"),
    "Self-supervised contrastive learning with SimSiam": lambda: simsiam(decode_prob="value"),
    "Self-supervised contrastive learning with NNCLR": lambda: simclr(NNCLR, decode_prob="softmax"),
    "Image similarity estimation using a Siamese Network with a contrastive loss": lambda: siamese(
        extra={"right": OTHERS[0, :2]}
    ),
    "Image similarity estimation using a Siamese Network with a triplet loss": lambda: triplets(
        extra=[None, *OTHERS[:, :2]], settings={"output": 1, "decode_prob": "value"}
    ),
    "Metric learning for image similarity search": lambda: metric_learning(decode_prob="value"),
    "Knowledge Distillation": lambda: distillation(decode_prob="softmax"),
    "Distilling Vision Transformers": lambda: example(
        DistilledTransformer(), None, score=odds_of_logits, settings={"decode_prob": "softmax"}
    ),
    "Consistency training with supervision": lambda: example(
        Consistent(), None, score=odds_of_logits, fit=two_sets, settings={"decode_prob": "softmax"}
    ),
    "MixUp augmentation for image classification": lambda: mixing(mix_up),
    "CutMix data augmentation for image classification": lambda: mixing(cut_mix),
    "RandAugment for Image Classification for Improved Robustness": rand_augment,
    "Image segmentation with a U-Net-like architecture": u_net,
    "Multiclass semantic segmentation using DeepLabV3+": deep_lab,
    "Highly accurate boundaries segmentation using BASNet": lambda: bas_net(output=0),
    "Image Super-Resolution using an Efficient Sub-Pixel CNN": sub_pixel,
    "Enhanced Deep Residual Networks for single-image super-resolution": enhanced,
    "Low-light image enhancement using MIRNet": lambda: low_light(decode_prob="value"),
    "Zero-DCE for low-light image enhancement": lambda: zero_dce(decode_prob="value"),
    "Convolutional autoencoder for image denoising": denoising,
    "Monocular depth estimation": lambda: depth(decode_prob="value"),
    "Keypoint Detection with Transfer Learning": keypoints,
    "Object detection with Vision Transformers": boxes,
    "Object Detection with RetinaNet": lambda: retina_net(decode_prob=most_of_any_anchor),
    "OCR model for reading Captchas": ocr,
    "Handwriting recognition": lambda: ocr(upright=False, preprocess=turn, postprocess=turn_back),
    "Next-Frame Video Prediction with Convolutional LSTMs": lambda: next_frame(**AS_FRAMES),
    "3D image classification from CT scans": lambda: scans(told=True),
    "Video Classification with a CNN-RNN Architecture": lambda: frames_of_features(**AS_SEQUENCE),
    "Video Vision Transformer": tubelets,
    "Point cloud classification with PointNet": lambda: point_net(**AS_SEQUENCE),
    "Masked image modeling with Autoencoders: linear probing": downstream,
    "Gradient Centralization for Better Training Performance": gradient_centralization,
    "Training & evaluation with the built-in methods: sample weights": with_weights_of_samples,
    "Natural language image search with a Dual Encoder": lambda: dual_encoder(output=1, decode_prob="value"),
}

Refusal = tuple[Callable[[], Specimen], str]

REFUSED: dict[str, Refusal] = {
    "Classification using Attention-based Deep Multiple Instance Learning (MIL): the other images not given": (
        multiple_instances,
        r"inputs are .*first.*second.*third.*expected all inputs but the image in Probes\(extra=",
    ),
    "Semi-supervised image classification using contrastive pretraining with SimCLR: no `call`": (
        lambda: simclr(SimCLR),
        r"It can't be asked about images: give it a call\(self, images\)",
    ),
    "Semi-supervised image classification using contrastive pretraining with SimCLR: nobody says these are logits": (
        simclr,
        r"outputs range from -.*no probabilities. Pass decode_prob=.*'softmax'",
    ),
    "Supervised Contrastive Learning: nobody says these are plain numbers": (
        supervised_contrastive,
        r"no.* probabilities.*'value' where the outputs are plain numbers",
    ),
    "Self-supervised contrastive learning with SimSiam: no `call`": (
        lambda: simsiam(SimSiam),
        r"It can't be asked about images: give it a call\(self, images\)",
    ),
    "Self-supervised contrastive learning with SimSiam: nobody says these are plain numbers": (
        simsiam,
        r"outputs range from -.*'value' where the outputs are plain numbers",
    ),
    "Image similarity estimation using a Siamese Network with a contrastive loss: the other image not given": (
        siamese,
        r"inputs are .*left.*right.*expected all inputs but the image in Probes\(extra=",
    ),
    "Image similarity estimation using a Siamese Network with a triplet loss: the other images not given": (
        triplets,
        r"could not be called on the probes.*pass preprocess=\.\.\. and Probes\(extra=\.\.\.\)",
    ),
    "Image similarity estimation using a Siamese Network with a triplet loss: nobody says these are distances": (
        lambda: triplets(extra=[None, *OTHERS[:, :2]], settings={"output": 1}),
        r"one for each image, range from.*decode_prob='value' where they are plain numbers",
    ),
    "Metric learning for image similarity search: a loss that takes something else for logits": (
        metric_learning,
        r"whether the model's outputs are these logits, nobody can tell: its own compute_loss.*'value'",
    ),
    "Monocular depth estimation: a loss that its step never asks": (
        depth,
        r"whether the model's outputs are these logits, nobody can tell: there is one for each.*'value'",
    ),
    "Knowledge Distillation: nobody says these are logits": (
        distillation,
        r"outputs range from -.*Pass decode_prob=.*'softmax'",
    ),
    "Low-light image enhancement using MIRNet: nobody says these are plain numbers": (
        low_light,
        r"no probabilities\. Pass decode_prob=.*'value' where the outputs are plain numbers",
    ),
    "Zero-DCE for low-light image enhancement: nobody says these are plain numbers": (
        zero_dce,
        r"probabilities.*'value' where the outputs are plain numbers",
    ),
    "Object Detection with RetinaNet: boxes and classes in one output": (
        retina_net,
        r"outputs range from -.*Pass decode_prob=.*a function of yours",
    ),
    "Handwriting recognition: turned, and not told how": (
        lambda: ocr(upright=False, preprocess=turn),
        r"no image that lies as the probes do: .* turned or mirrored.*postprocess=",
    ),
    "Next-Frame Video Prediction with Convolutional LSTMs: video": (
        lambda: next_frame(preprocess=as_frames),
        r"For volumes or video \(depth, height, width, channels\): probes \[P, 12, 8, 3\], "
        r"preprocess=lambda x: np.moveaxis\(x.reshape\(-1, 12, 8, 3, 1\), 3, 1\)",
    ),
    "3D image classification from CT scans: probes [P, h, w, d]": (
        scans,
        r"probes have shape \(2, 12, 8, 4\) but the model takes \(None, 12, 8, 4, 1\)\. .*pass preprocess=",
    ),
    "Video Classification with a CNN-RNN Architecture: features of frames": (
        frames_of_features,
        r"For signals \(time, channels\): probes \[P, 1, 4, 6\].*postprocess=lambda x: x\[:, None\]",
    ),
    "Point cloud classification with PointNet: points": (
        point_net,
        r"no image .*For signals \(time, channels\): probes \[P, 1, 16, 3\].*postprocess=lambda x: x\[:, None\]",
    ),
    "Masked image modeling with Autoencoders: no `call`": (
        masked_autoencoder,
        r"It can't be asked about images: give it a call\(self, images\)",
    ),
    "Natural language image search with a Dual Encoder: nobody says these are plain numbers": (
        lambda: dual_encoder(output=1),
        r"outputs range from -.*'value' where the outputs are plain numbers",
    ),
}
