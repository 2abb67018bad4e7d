"""Saliency against gradients worked out by hand and finite differences."""

import keras
import numpy as np
import pytest
from helpers.models import cnn, from_logits, linear

from picasso_callbacks import Probes, explain


def test_saliency_of_a_linear_model_is_its_weights():
    size, classes = (5, 7, 3), 4
    weights = np.random.default_rng(1).normal(size=(*size, classes)).astype("float32")
    model = linear(size, weights.reshape(-1, classes), loss=from_logits())
    images = np.random.default_rng(2).random((2, *size), dtype="float32")
    report = explain(model, Probes(images), methods=["saliency_map"], targets=[3, 0])
    expected = np.abs(weights).max(axis=2)[..., [3, 0]].transpose(2, 0, 1)
    np.testing.assert_array_equal(report["saliency_map"].values, np.stack([expected, expected]))
    assert "linear outputs" in report["saliency_map"].score


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_saliency_looks_through_the_activation(activation):
    size, classes = (5, 7, 3), 4
    weights = np.random.default_rng(1).normal(size=(*size, classes)).astype("float32")
    model = linear(size, weights.reshape(-1, classes), activation, loss="binary_crossentropy")
    report = explain(model, Probes(np.ones((1, *size))), methods=["saliency_map"], targets=[2])
    np.testing.assert_array_equal(report["saliency_map"].values[0, 0], np.abs(weights).max(axis=2)[..., 2])
    assert f"logits before the {activation}" in report["saliency_map"].score


def central_differences(predict, image, step):
    """The gradient of each output by each input element of one image: [h, w, c, outputs]."""
    steps = np.eye(image.size, dtype="float32").reshape(-1, *image.shape) * step
    up, down = predict(image + steps), predict(image - steps)
    return ((up.astype("float64") - down) / (2 * step)).reshape(*image.shape, -1)


@pytest.mark.parametrize("head", ["softmax", "linear"])
def test_saliency_agrees_with_central_differences_of_the_logit(head):
    softmax, logits = cnn((8, 10, 3), sharpness=1.0)
    logits.compile(loss=from_logits())
    images = np.random.default_rng(4).random((2, 8, 10, 3), dtype="float32")
    model = {"softmax": softmax, "linear": logits}[head]
    report = explain(model, Probes(images), methods=["saliency_map"], targets=[1, 4])
    for image, maps in zip(images, report["saliency_map"].values, strict=True):
        gradient = central_differences(lambda x: logits.predict(x, batch_size=256, verbose=0), image, step=0.01)
        expected = np.abs(gradient).max(axis=2)[..., [1, 4]].transpose(2, 0, 1)
        np.testing.assert_allclose(maps, expected, rtol=0.02, atol=1e-3 * expected.max())


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_the_saliency_of_a_sure_model_is_not_blank(activation):
    size = (6, 8, 1)
    weights = np.full((48, 1), 2.0) if activation == "sigmoid" else np.tile([-1.0, 1.0], (48, 1))
    model = linear(size, weights, activation)
    report = explain(model, Probes(np.ones((1, *size))), targets=[1], methods=["saliency_map"])
    assert report.probabilities[0, 1] == 1
    np.testing.assert_array_equal(report["saliency_map"].values, np.full((1, 1, 6, 8), abs(weights[0, -1])))


def layered(function):
    """Two classes by a function of the pixels."""
    lambda_ = keras.layers.Lambda(function)
    return keras.Sequential([keras.Input((4, 5, 1)), lambda_, keras.layers.Flatten(), keras.layers.Dense(2)])


@pytest.mark.parametrize(
    "function",
    [
        lambda x: keras.ops.cast(keras.ops.cast(4 * x, "int32"), "float32"),
        lambda x: keras.ops.stop_gradient(x),
        pytest.param(
            lambda x: keras.ops.floor(4 * x),
            marks=pytest.mark.skipif(keras.backend.backend() == "torch", reason="torch says that its derivative is 0"),
        ),
    ],
    ids=["integers", "stopped", "floor"],
)
def test_what_has_no_derivative_has_no_saliency(function):
    model = layered(function)
    model.compile(loss=from_logits())
    with pytest.raises(ValueError, match="differentiated"):
        explain(model, Probes(np.ones((2, 4, 5, 1))), methods=["saliency_map"])


def test_a_derivative_of_0_everywhere_is_drawn_and_said():
    model = layered(lambda x: keras.ops.relu(x - 5))
    model.compile(loss=from_logits())
    found = explain(model, Probes(np.ones((2, 4, 5, 1))), methods=["saliency_map"])["saliency_map"]
    assert not found.values.any()
    assert found.notes == ("0 at every pixel of every probe: small changes do not move the scores.",)
