"""Occlusion computed on patches gives the numbers of whole forward passes, window by window."""

import keras
import pytest
from helpers.patchwork import assert_same, functional, head, residual, with_random_weights
from keras import layers

from picasso_callbacks.model import incremental
from picasso_callbacks.model.incremental import make_plan
from picasso_callbacks.model.windows import Windows


@pytest.fixture(autouse=True)
def _whatever_it_costs(monkeypatch):
    """Small models are worth the check, if not the effort."""
    monkeypatch.setattr(incremental.plan, "PAYS", 100.0)
    monkeypatch.setattr(incremental.plan, "_LIMITS", (1.0,))


CONVOLUTIONS = {
    "same": {"padding": "same"},
    "valid": {"padding": "valid"},
    "even kernel": {"kernel_size": 4, "padding": "same"},
    "oblong kernel": {"kernel_size": (1, 5), "padding": "same"},
    "strides": {"strides": 2, "padding": "same"},
    "strides, valid": {"strides": 2},
    "strides beyond the kernel": {"kernel_size": 1, "strides": 2, "padding": "same"},
    "dilation": {"dilation_rate": 2, "padding": "same"},
    "dilation, valid": {"dilation_rate": (3, 1)},
    "groups": {"groups": 2, "padding": "same"},
    "activation": {"padding": "same", "activation": "silu"},
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
@pytest.mark.parametrize("size", [(24, 24), (21, 30)])
def test_convolutions(name, size):
    options = {"kernel_size": 3, **CONVOLUTIONS[name]}
    body = [layers.Conv2D(4, 3, padding="same"), layers.Conv2D(6, **options), layers.Conv2D(4, 3, activation="relu")]
    assert_same(functional(size, keras.Sequential(body)), Windows(size, 6, 5))


@pytest.mark.parametrize("kind", [layers.DepthwiseConv2D, lambda *args, **kw: layers.SeparableConv2D(5, *args, **kw)])
@pytest.mark.parametrize("options", [{"padding": "same"}, {"strides": 2, "padding": "same"}, {"dilation_rate": 2}])
def test_depthwise_and_separable_convolutions(kind, options):
    body = [layers.Conv2D(4, 3, padding="same"), kind(3, **options), layers.ReLU()]
    assert_same(functional((24, 20), keras.Sequential(body)), Windows((24, 20), 6, 5))


@pytest.mark.parametrize("kind", [layers.MaxPooling2D, layers.AveragePooling2D])
@pytest.mark.parametrize(
    "options",
    [
        {"pool_size": 2},
        {"pool_size": 2, "padding": "same"},
        {"pool_size": 3, "strides": 1, "padding": "same"},
        {"pool_size": 3, "strides": 2, "padding": "same"},
        {"pool_size": 3, "strides": 2},
        {"pool_size": (2, 3), "strides": (1, 2), "padding": "same"},
    ],
)
def test_pooling(kind, options):
    """Negative numbers at the border tell padding with zeros from padding that doesn't count."""
    body = [layers.Conv2D(4, 3, padding="same"), layers.Rescaling(1, offset=-3), kind(**options), layers.Conv2D(4, 2)]
    assert_same(functional((23, 18), keras.Sequential(body)), Windows((23, 18), 5, 4))


def branches(image):
    deep = layers.Conv2D(4, 3, padding="same")(layers.Conv2D(4, 3, padding="same")(image))
    flat = layers.Conv2D(4, 1)(image)
    pooled = layers.AveragePooling2D(3, strides=1, padding="same")(image)
    return layers.Conv2D(4, 3, strides=2)(layers.Concatenate()([deep, layers.Add()([deep, flat]), pooled]))


def arithmetic(image):
    hidden = keras.ops.relu(layers.Conv2D(4, 3, padding="same")(image * 2.0 - 1.0))
    return hidden + layers.Conv2D(4, 3, padding="same")(hidden) / 3.0


def borders(image):
    hidden = layers.Cropping2D(((1, 2), (0, 3)))(layers.Conv2D(4, 3)(image))
    return layers.Conv2D(4, 3, strides=2)(layers.ZeroPadding2D(((3, 0), (1, 2)))(hidden))


def gates(image):
    """A gate that hangs on the whole image ends the local part."""
    hidden = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    gate = layers.Dense(4, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(hidden))
    return layers.Conv2D(4, 3)(layers.Multiply()([hidden, gate]))


def shared(image):
    convolution = layers.Conv2D(3, 3, padding="same", activation="relu")
    return layers.Add()([convolution(convolution(image)), convolution(image)])


def normalized(image):
    hidden = layers.LayerNormalization()(layers.Conv2D(4, 3)(layers.Rescaling(2.0, offset=-1.0)(image)))
    return layers.Conv2D(4, 3)(layers.Activation("gelu")(hidden))


@pytest.mark.parametrize("build", [branches, residual, arithmetic, borders, gates, shared, normalized])
@pytest.mark.parametrize(("size", "window", "stride"), [((24, 24), 6, 5), ((25, 18), (4, 7), 5), ((20, 20), 5, 11)])
def test_graphs(build, size, window, stride):
    assert_same(functional(size, build), Windows(size, window, stride))


def test_a_nested_model_built_for_any_size():
    image = keras.Input((None, None, 3))
    base = keras.Model(image, residual(image))
    model = keras.Sequential([keras.Input((24, 20, 3)), layers.Rescaling(2.0), base, layers.Flatten(), layers.Dense(3)])
    assert_same(with_random_weights(model), Windows((24, 20), 6, 5), decode_prob="softmax")


def test_an_output_before_the_patches_are_pasted():
    """A dense model: its outputs are a map."""
    image = keras.Input((16, 20, 3))
    hidden = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    model = keras.Model(image, layers.Conv2D(3, 1, activation="softmax")(hidden))
    assert_same(with_random_weights(model), Windows((16, 20), 6, 5))


@pytest.mark.parametrize("nest", [lambda one: [one], lambda one: (one,), lambda one: {"kind": one}])
def test_a_single_output_in_a_nest(nest):
    image = keras.Input((16, 20, 3))
    hidden = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    assert_same(keras.Model(image, nest(head(hidden))), Windows((16, 20), 6, 5))


def test_a_layer_of_your_own_takes_part_once_it_has_a_rule(monkeypatch):
    class Doubles(layers.Layer):
        def call(self, inputs):
            return inputs * 2

    def build(image):
        return layers.Conv2D(4, 3)(Doubles()(layers.Conv2D(4, 3)(image)))

    windows = Windows((24, 24), 6, 5)
    local = lambda: sum(how is not None for _, how in make_plan(model, (24, 24, 3), windows).steps)  # noqa: E731
    model = functional((24, 24), build)
    assert local() == 1
    monkeypatch.setitem(incremental.rules, Doubles, incremental.pointwise)
    assert local() == 3
    assert_same(model, windows)


APPLICATIONS = {
    "VGG16": (96, 16),
    "ResNet50V2": (96, 16),
    "MobileNetV2": (96, 16),
    "EfficientNetV2B0": (96, 16),
    "InceptionV3": (107, 16),
    "DenseNet121": (64, 16),
}


@pytest.mark.slow
@pytest.mark.part(2)
@pytest.mark.parametrize("name", APPLICATIONS)
def test_applications(name):
    side, window = APPLICATIONS[name]
    options = {"include_preprocessing": True} if name.startswith("Efficient") else {}
    model = getattr(keras.applications, name)(weights=None, input_shape=(side, side, 3), classes=7, **options)
    assert_same(with_random_weights(model), Windows((side, side), window, side // 3), probes=2)
