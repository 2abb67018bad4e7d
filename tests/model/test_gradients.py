"""Gradients by inputs and by what layers make, worked out by hand."""

import keras
import numpy as np
import pytest
from helpers.models import from_logits, linear
from keras import layers, ops

from picasso_callbacks import Probes
from picasso_callbacks.model.live_model import LiveModel

IMAGES = np.random.default_rng(0).random((3, 4, 5, 1), dtype="float32")
TARGETS = np.array([[0, 1], [1, 0], [1, 1]])


def squares():
    """The logit of class k is the sum of `(k + 1) * x ** 2`, so that its gradient is `2 * (k + 1) * x`."""
    image = keras.Input((4, 5, 1))
    total = ops.sum(image**2, axis=(1, 2))
    model = keras.Model(image, ops.concatenate([total, 2 * total], axis=1))
    model.compile(loss=from_logits())
    return LiveModel(model, Probes(IMAGES))


def expected(images, targets):
    return 2 * (targets[..., None, None, None] + 1) * images[:, None]


def test_gradients_of_the_probes():
    np.testing.assert_allclose(squares().gradients(TARGETS), expected(IMAGES, TARGETS), rtol=1e-6)


@pytest.mark.parametrize("limit", [1, 2, 4, 9])
def test_only_the_mean_over_inputs_that_are_made_is_kept(limit):
    live = squares()
    live._gradient_batches.limit = limit
    rows, asked = np.repeat(np.arange(3), 3), []

    def brighter(indices):
        asked.append(len(indices))
        return IMAGES[rows[indices]] + (indices % 3)[:, None, None, None].astype("float32")

    mean = live.gradients(TARGETS[rows], brighter, rows, every=3)
    np.testing.assert_allclose(mean, expected(IMAGES + 1, TARGETS), rtol=1e-6)  # 0, 1 and 2 brighter
    assert max(asked) <= limit


def test_what_is_kept_of_gradients_is_averaged():
    live = squares()
    rows = np.repeat(np.arange(3), 2)
    found = live.gradients(TARGETS[rows], IMAGES[rows], rows, keep=np.square, every=2)
    np.testing.assert_allclose(found, expected(IMAGES, TARGETS) ** 2, rtol=1e-6)


def test_gradients_by_a_layer_and_what_it_makes():
    """The layer doubles; the dense layer behind weighs what it makes."""
    weights = np.random.default_rng(1).normal(size=(20, 2)).astype("float32")
    head = linear((4, 5, 1), weights)
    model = keras.Sequential([keras.Input((4, 5, 1)), layers.Rescaling(2.0, name="double"), head])
    model.compile(loss=from_logits())
    activations, gradients = LiveModel(model, Probes(IMAGES)).inside.activations_and_gradients(TARGETS)
    np.testing.assert_allclose(activations, 2 * IMAGES, rtol=1e-6)
    np.testing.assert_allclose(gradients[..., 0], weights.T.reshape(2, 4, 5)[TARGETS], rtol=1e-6)


def rectified(kind):
    """Two pixels, rectified, then weighed with 1 and -1 for class 0: `relu(x) - relu(y)`; for class 1 the opposite."""
    image = keras.Input((1, 2, 1))
    hidden = {
        "activation": lambda: layers.Conv2D(1, 1, activation="relu", kernel_initializer="ones")(image),
        "layer": lambda: layers.ReLU()(image),
        "relu6": lambda: layers.ReLU(6.0)(image),
        "operation": lambda: ops.relu(image),
        "nested": lambda: keras.Sequential([keras.Input((1, 2, 1)), layers.Activation("relu")])(image),
    }[kind]()
    logits = layers.Dense(2, use_bias=False)(layers.Flatten()(hidden))
    model = keras.Model(image, logits)
    model.layers[-1].set_weights([np.array([[1.0, -1.0], [-1.0, 1.0]])])
    model.compile(loss=from_logits())
    return model


@pytest.mark.parametrize("kind", ["activation", "layer", "relu6", "operation", "nested"])
def test_guided_gradients_are_positive_ones_through_open_rectifiers(kind):
    images = np.array([[3.0, 5.0], [3.0, -5.0], [-3.0, 5.0]], "float32").reshape(3, 1, 2, 1)
    model = rectified(kind)
    live = LiveModel(model, Probes(images))
    targets = np.array([[0, 1]] * 3)
    guided = live.gradients(targets, guided=True).reshape(3, 2, 2)
    np.testing.assert_array_equal(guided, [[[1, 0], [0, 1]], [[1, 0], [0, 0]], [[0, 0], [0, 1]]])
    plain = live.gradients(targets).reshape(3, 2, 2)
    np.testing.assert_array_equal(plain, [[[1, -1], [-1, 1]], [[1, 0], [-1, 0]], [[0, -1], [0, 1]]])


def test_without_rectifiers_there_is_nothing_to_guide():
    live = LiveModel(linear((4, 5, 1), np.ones((20, 2)), "softmax"), Probes(IMAGES))
    with pytest.raises(ValueError, match="guided_backprop changes how ReLUs hand gradients back, and none was found"):
        live.gradients(TARGETS, guided=True)
