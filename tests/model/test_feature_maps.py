"""Which layer's map is found, in models of every kind, and that the model is as it was."""

import keras
import numpy as np
import pytest
from helpers.zoo_heads import HEADS, STYLES, follow, specimen
from keras import layers

from picasso_callbacks import Probes
from picasso_callbacks.model.live_model import LiveModel
from picasso_callbacks.options import Options

SIZE = (12, 16, 3)
IMAGES = np.random.default_rng(0).random((2, *SIZE), dtype="float32")


class Backbone(keras.Model):
    """Convolutions that are attributes, one of them in a list."""

    def __init__(self):
        super().__init__()
        self.conv1 = layers.Conv2D(4, 3, activation="relu")
        self.blocks = [layers.Conv2D(5, 3), layers.MaxPooling2D(2)]

    def call(self, inputs):
        return follow(self.blocks, self.conv1(inputs))


class Classifier(keras.Model):
    """A subclassed model in a subclassed model; one layer is called twice."""

    def __init__(self):
        super().__init__()
        self.backbone, self.again = Backbone(), layers.ReLU()
        self.pooling, self.answer = layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax")

    def call(self, inputs):
        return self.answer(self.pooling(self.again(self.backbone(self.again(inputs)))))


def look_at(model, images=IMAGES, **settings):
    return LiveModel(model, Probes(images), Options(**settings))


def sequential(*found, size=SIZE):
    model = keras.Sequential([keras.Input(size), *found])
    model.compile(loss="categorical_crossentropy")
    return model


CLASSIFIER = [layers.GlobalAveragePooling2D, lambda: layers.Dense(3, activation="softmax")]


def ending(*found):
    return sequential(*found, *(make() for make in CLASSIFIER))


@pytest.mark.parametrize(
    ("head", "style"), [*(("softmax", style) for style in STYLES), *((head, "Functional") for head in HEADS)]
)
def test_the_last_map_before_the_answer_is_found(head, style):
    made = specimen(head, style)
    live = LiveModel(made.model, Probes(made.images), Options(**made.settings))
    place = live.inside.feature_map()
    assert (place.name.startswith("conv2d"), place.size, place.shape[-1]) == (True, made.images.shape[1:3], 4)


def test_layers_are_named_by_attribute_by_name_and_in_nested_models():
    live = look_at(Classifier())
    named = {
        name: live.inside.feature_map(name) for name in ("backbone.conv1", "backbone.blocks.0", "backbone", "again")
    }
    assert {name: (place.shape, place.nth) for name, place in named.items()} == {
        "backbone.conv1": ((10, 14, 4), 0),
        "backbone.blocks.0": ((8, 12, 5), 0),
        "backbone": ((4, 6, 5), 0),  # what its last layer returned
        "again": ((4, 6, 5), 1),  # of two calls the last
    }
    assert live.inside.feature_map() == named["again"]
    assert live.inside.feature_map(named["backbone.conv1"].name) == named["backbone.conv1"]


def test_a_map_of_a_single_place_is_none():
    live = look_at(
        ending(layers.Conv2D(4, 3, name="conv"), layers.GlobalAveragePooling2D(keepdims=True), layers.Conv2D(3, 1))
    )
    assert live.inside.feature_map().name == "conv"


def test_layers_that_keras_makes_layers_of_are_not_taken_apart():
    """The convolutions within attention have maps of tokens by heads."""
    attention = layers.MultiHeadAttention(2, 3, name="attention")
    image = keras.Input(SIZE)
    tokens = layers.Reshape((48, 4))(layers.Conv2D(4, 2, strides=2, name="patches")(image))
    tokens = layers.Add(name="sum")([tokens, attention(tokens, tokens)])
    model = keras.Model(image, follow([layers.GlobalAveragePooling1D(), layers.Dense(3, "softmax")], tokens))
    live = look_at(model)
    assert str(live.inside.feature_map()) == "sum (6 x 8)"
    assert live.inside.activations().shape == (2, 6, 8, 4)


def test_tokens_lie_row_by_row_behind_that_of_the_class():
    class ClassToken(layers.Layer):
        def call(self, tokens):
            return keras.ops.concatenate([keras.ops.full_like(tokens[:, :1], 7.0), tokens], axis=1)

    model = sequential(
        layers.Reshape((192, 3)), ClassToken(name="tokens"), layers.Flatten(), layers.Dense(2, activation="softmax")
    )
    np.testing.assert_array_equal(look_at(model).inside.activations("tokens"), IMAGES)


def test_signals():
    signals = np.random.default_rng(0).random((2, 1, 20, 3), dtype="float32")
    model = sequential(
        layers.Conv1D(4, 3, strides=2, name="conv"), *(layers.Flatten(), layers.Dense(2, "softmax")), size=(20, 3)
    )
    live = look_at(model, signals, preprocess=lambda x: x[:, 0], postprocess=lambda x: x[:, None])
    assert str(live.inside.feature_map()) == "conv (1 x 9)"
    assert live.inside.activations().shape == (2, 1, 9, 4)


def test_channels_first():
    if keras.backend.backend() == "tensorflow":
        pytest.skip("TensorFlow needs oneDNN for it on processors")
    convolution = layers.Conv2D(4, 3, data_format="channels_first", name="conv")
    model = sequential(
        convolution, layers.ReLU(name="relu"), layers.Flatten(), layers.Dense(2, "softmax"), size=(3, 12, 16)
    )
    live = look_at(model)
    kernel, bias = convolution.get_weights()
    patches = np.lib.stride_tricks.sliding_window_view(IMAGES, (3, 3), axis=(1, 2))
    expected = np.maximum(np.einsum("nyxcab,abcd->nyxd", patches, kernel) + bias, 0)
    assert str(live.inside.feature_map()) == "relu (10 x 14)"
    np.testing.assert_allclose(live.inside.activations(), expected, atol=1e-5)


@pytest.mark.parametrize("layer", [None, "no such", "dense"])
def test_without_a_map_the_layers_that_have_one_are_told(layer):
    model = sequential(layers.Flatten(), layers.Dense(2, activation="softmax", name="dense"))
    with pytest.raises(ValueError, match=rf"layer is {layer!r}, and no such .* expected one of \[\]"):
        look_at(model).inside.feature_map(layer)
    with pytest.raises(ValueError, match=r"expected one of \['conv'\]"):
        look_at(ending(layers.Conv2D(4, 3, name="conv"))).inside.feature_map("no such")


def test_a_layer_that_the_answer_does_not_depend_on_has_no_gradient():
    image = keras.Input(SIZE)
    aside = layers.Conv2D(4, 3, name="aside")(image)
    answer = follow([layers.Flatten(), layers.Dense(2, "softmax")], image)
    model = keras.Model(image, [answer, layers.GlobalAveragePooling2D()(aside)])
    live = look_at(model, output=0)
    with pytest.raises(ValueError, match="don't depend on the layer 'aside'"):
        live.inside.activations_and_gradients(np.zeros((2, 1), int), "aside")
    assert live.differentiated == live.head


def test_the_model_is_as_it_was():
    model = Classifier()
    live = look_at(model)
    before = [getattr(layer, "activation", None) for layer in model._flatten_layers()]
    live.inside.activations("backbone")
    live.inside.activations_and_gradients(np.zeros((2, 1), int), "again")
    live.gradients(np.zeros((2, 1), int), guided=True)
    for layer, activation in zip(model._flatten_layers(), before, strict=True):
        assert "call" not in vars(layer)
        assert getattr(layer, "activation", None) is activation
