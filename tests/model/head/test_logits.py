"""Activations: logits are found wherever a layer made the probabilities, and nothing of that stays on the model."""

import contextlib

import keras
import numpy as np
import pytest
from keras import layers

from picasso_callbacks import Probes, explain
from picasso_callbacks.model.head.logits import recorded_activations
from picasso_callbacks.model.live_model import LiveModel

SIZE = (4, 5, 1)
IMAGES = np.random.default_rng(0).uniform(0.5, 1, (2, *SIZE)).astype("float32")
WEIGHTS = (np.random.default_rng(1).normal(size=(20, 3)) * 20).astype("float32")  # so sure that only logits can tell


@keras.saving.register_keras_serializable("tests")
class Subclassed(keras.Model):
    def __init__(self, activation, **settings):
        super().__init__(**settings)
        self.flatten, self.head = layers.Flatten(), layers.Dense(3, activation)

    def call(self, inputs):
        return self.head(self.flatten(inputs))

    def get_config(self):
        return {"activation": keras.activations.serialize(self.head.activation)}


@keras.saving.register_keras_serializable("tests")
class SubclassedWithTraining(Subclassed):
    def call(self, inputs, training=False):
        return super().call(inputs)


@keras.saving.register_keras_serializable("tests")
class SubclassedWithLayer(Subclassed):
    """Its softmax or sigmoid is a layer of its own, then something follows."""

    def __init__(self, activation, **settings):
        super().__init__("linear", **settings)
        self.last = layers.Activation(activation)

    def call(self, inputs):
        return keras.ops.reshape(self.last(super().call(inputs)), (-1, 3))

    def get_config(self):
        return {"activation": keras.activations.serialize(self.last.activation)}


def sequential(*last):
    return keras.Sequential([keras.Input(SIZE), layers.Flatten(), *last])


def functional(activation):
    image = keras.Input(SIZE)
    return keras.Model(image, layers.Dense(3, activation)(layers.Flatten()(image)))


def nested(activation):
    image = keras.Input(SIZE)
    return keras.Model(image, functional(activation)(sequential(layers.Reshape(SIZE))(image)))


def cast(activation):
    image = keras.Input(SIZE)
    return keras.Model(image, keras.ops.cast(functional(activation)(image), "float16"))


MODELS = {
    "Sequential": lambda activation: sequential(layers.Dense(3, activation)),
    "Functional": functional,
    "nested": nested,
    "subclassed": Subclassed,
    "subclassed with training": SubclassedWithTraining,
    "subclassed with a layer and a reshape": SubclassedWithLayer,
    "Activation layer": lambda activation: sequential(layers.Dense(3), layers.Activation(activation)),
    "Softmax layer": lambda activation: sequential(layers.Dense(3), layers.Softmax()),
    "convolution": lambda activation: keras.Sequential(
        [keras.Input(SIZE), layers.Conv2D(3, SIZE[:2], activation=activation), layers.Flatten()]
    ),
    "reshape after": lambda activation: sequential(
        layers.Reshape((1, 20)), layers.Dense(3, activation), layers.Reshape((3,))
    ),
    "cast after": cast,
    "name of a function": lambda activation: sequential(layers.Dense(3, getattr(keras.activations, activation))),
}

each_model = pytest.mark.parametrize(
    ("name", "activation"),
    [(n, a) for n in MODELS for a in ("softmax", "sigmoid") if (n, a) != ("Softmax layer", "sigmoid")],
)


def make(name, activation):
    model = MODELS[name](activation)
    model(IMAGES[:1])
    kernel, bias = model.weights
    kernel.assign(WEIGHTS.reshape(kernel.shape))
    bias.assign(np.zeros(3))
    model.compile(loss="binary_crossentropy" if activation == "sigmoid" else "categorical_crossentropy")
    return model


@each_model
def test_logits_are_found(name, activation):
    live = LiveModel(make(name, activation), Probes(IMAGES))
    assert (live.head.reading, live.head.source) == (activation, "logits")
    z = IMAGES.reshape(2, 20).astype("float64") @ WEIGHTS
    np.testing.assert_allclose(live.scores().logits, z, rtol=1e-5, atol=1e-3)
    gradients = live.gradients(np.array([[0, 2], [1, 0]])).reshape(2, 2, 20)
    np.testing.assert_allclose(gradients, WEIGHTS.T[[[0, 2], [1, 0]]], rtol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("head_dtype", [None, "float32"])
@pytest.mark.parametrize("separate", [False, True])
def test_logits_are_found_in_mixed_precision(policy, head_dtype, separate):
    weights = np.array([[1.0, -1.0, 0.5], [0.5, 2.0, -1.0]])  # exact in 8 bits
    keras.config.set_dtype_policy(policy)
    try:
        last = (
            [layers.Dense(3), layers.Softmax(dtype=head_dtype)]
            if separate
            else [layers.Dense(3, "softmax", dtype=head_dtype)]
        )
        model = keras.Sequential([keras.Input((1, 2, 1)), layers.Flatten(), *last])
    finally:
        keras.config.set_dtype_policy("float32")
    model.set_weights([weights, np.zeros(3)])
    images = np.array([[1.0, 2.0], [8.0, -4.0]], dtype="float32").reshape(2, 1, 2, 1)
    report = explain(model, Probes(images), targets=[0, 1])
    assert "logits" in report["saliency_map"].score
    z = images.reshape(2, 2) @ weights
    expected = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(report.class_scores, z)
    np.testing.assert_allclose(report.probabilities, expected, atol=1e-6)
    np.testing.assert_array_equal(report["saliency_map"].values[1, :, 0], np.abs(weights.T[:2]))
    assert np.isfinite(report["partial_occlusion"].values).all()


def left_on(model):
    """What the layers of a model hold beside the values of their weights."""
    return [
        (layer, sorted(layer.__dict__), getattr(layer, "activation", None), getattr(layer.call, "__func__", layer.call))
        for layer in model._flatten_layers()
    ]


def saved(model, path):
    model.save_weights(path)
    return path.read_bytes()


@each_model
def test_the_model_is_afterwards_what_it_was(name, activation, tmp_path):
    model = make(name, activation)
    explain(model, Probes(IMAGES), methods="class_probabilities")  # Keras itself may note something at a first call
    before = left_on(model), model.to_json(), model.get_config(), saved(model, tmp_path / "before.weights.h5")
    explain(model, Probes(IMAGES), targets=[0])
    assert left_on(model) == before[0]
    assert model.to_json() == before[1]
    assert model.get_config() == before[2]
    assert saved(model, tmp_path / "after.weights.h5") == before[3]
    assert not any("call" in layer.__dict__ for layer in model._flatten_layers())


@pytest.mark.parametrize("name", MODELS)
def test_all_is_put_back_when_the_call_raises(name):
    model = make(name, "softmax")
    before = left_on(model)
    during = []
    with contextlib.suppress(ZeroDivisionError), recorded_activations(model):
        during = left_on(model)
        raise ZeroDivisionError
    assert during
    assert during != before
    assert left_on(model) == before


class Stumbles(layers.Layer):
    """Fails as soon as it is told to."""

    told = False

    def call(self, inputs):
        if self.told:
            raise RuntimeError("stumbled")
        return inputs


def test_all_is_put_back_when_a_layer_raises_in_a_look():
    stumbles = Stumbles()
    model = sequential(layers.Dense(3, "softmax"), stumbles)
    before = left_on(model)
    stumbles.told = True
    with pytest.raises(ValueError, match=r"(?s)could not be called on the probes.*stumbled"):
        explain(model, Probes(IMAGES))
    del stumbles.told
    assert left_on(model) == before


def test_a_gate_inside_the_network_is_not_taken_for_its_head():
    gate = layers.Dense(3, "sigmoid")
    model = sequential(gate, layers.Dense(3))
    model.compile(loss=keras.losses.CategoricalCrossentropy(from_logits=True))
    live = LiveModel(model, Probes(IMAGES))
    assert live.head.source == "outputs"
    np.testing.assert_allclose(live.scores().logits, model.predict(IMAGES, verbose=0), rtol=1e-5, atol=1e-5)


def test_attention_inside_the_network_is_not_taken_for_its_head():
    image = keras.Input((3, 1, 3))
    tokens = layers.Reshape((3, 3))(image)
    attended = layers.MultiHeadAttention(1, 2)(tokens, tokens)  # a softmax of 3 x 3 numbers for each image
    pooled = layers.GlobalAveragePooling1D()(attended)
    model = keras.Model(image, layers.Dense(9, "softmax")(pooled))
    live = LiveModel(model, Probes(np.random.default_rng(2).random((2, 3, 1, 3))))
    assert (live.head.reading, live.head.source) == ("softmax", "logits")
    expected = model.predict(live.inputs, verbose=0)
    np.testing.assert_allclose(live.scores().probabilities, expected, atol=1e-6)


def test_a_softmax_that_no_layer_made_is_read_by_its_probabilities_at_the_least():
    image = keras.Input(SIZE)
    logits = layers.Dense(3)(layers.Dense(3, "sigmoid")(layers.Flatten()(image)))
    model = keras.Model(image, keras.ops.softmax(logits * 1.0))
    live = LiveModel(model, Probes(IMAGES))
    assert live.head.reading == "softmax"
    np.testing.assert_allclose(live.scores().probabilities, model.predict(IMAGES, verbose=0), atol=1e-6)
