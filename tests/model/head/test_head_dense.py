"""Dense outputs, an answer for each position: the score is a mean of log-odds, worked out for a 1 x 1 convolution."""

import keras
import numpy as np
import pytest
from keras import layers

from picasso_callbacks import PartialOcclusion, Picasso, Probes, SaliencyMap, explain

SIZE = (2, 3, 1)
IMAGES = np.array([[1, 2, 3, 4, 5, 6], [0, 1, 0, 2, 0, 3]], dtype="float32").reshape(2, *SIZE) / 2
PROBES = Probes(IMAGES, value_range=(0, 3))
FLAT = IMAGES.reshape(2, 6)
PIXEL_BY_PIXEL = [PartialOcclusion(1, 1, canvas="black"), SaliencyMap(), "class_probabilities"]  # black is 0

ONE = np.array([[True, False, False], [False, False, True]])
EACH = np.stack([ONE, ~ONE])


def pointwise(kernel, activation="softmax", loss=None, flat=False, batch_size=None):
    """A model that multiplies each pixel by a number for each class."""
    convolution = layers.Conv2D(len(kernel), 1, activation=activation)
    after = [layers.Reshape((6, len(kernel)))] if flat else []
    model = keras.Sequential([keras.Input(SIZE, batch_size), convolution, *after])
    convolution.set_weights([np.reshape(kernel, (1, 1, 1, -1)), np.zeros(len(kernel))])
    if loss is not None:
        model.compile(loss=loss)
    return model


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("mask", [None, ONE, EACH], ids=["all", "one mask", "a mask for each probe"])
@pytest.mark.parametrize("batch_size", [None, 4])
def test_two_classes_by_hand(mask, batch_size):
    # Class 1's log-odds at a pixel x are 2 x - (-1) x = 3 x.
    weights = np.broadcast_to(np.ones((2, 3)) if mask is None else mask, (2, 2, 3)).astype("float64")
    weights /= weights.sum(axis=(1, 2), keepdims=True)
    report = explain(
        pointwise([-1, 2]), PROBES, targets=1, methods=PIXEL_BY_PIXEL, output_mask=mask, batch_size=batch_size
    )
    pixels = IMAGES[..., 0]
    np.testing.assert_allclose(report.class_scores[:, 1], (3 * pixels * weights).sum(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_allclose(report.class_scores[:, 0], -report.class_scores[:, 1], rtol=1e-5)
    np.testing.assert_allclose(report.probabilities[:, 1], (sigmoid(3 * pixels) * weights).sum(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_allclose(report["partial_occlusion"].values[:, 0], 3 * pixels * weights, atol=1e-5)
    np.testing.assert_allclose(report["saliency_map"].values[:, 0], 3 * weights, atol=1e-6)
    assert "mean over positions" in report["partial_occlusion"].score
    assert report["partial_occlusion"].unit == "nats"


def test_a_model_that_answers_more_inputs_at_once_than_there_are_probes():
    report = explain(pointwise([-1, 2], batch_size=4), PROBES, methods="class_probabilities", output_mask=EACH)
    means = np.array([(0.5 + 3) / 2, (0.5 + 0 + 1 + 0) / 4])
    np.testing.assert_allclose(report.class_scores[:, 1], 3 * means, rtol=1e-5)


def test_three_classes_are_mean_log_odds():
    kernel = np.array([0.5, -2, 1])
    report = explain(pointwise(kernel), PROBES, methods=["class_probabilities"])
    z = FLAT[..., None].astype("float64") * kernel
    p = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(report.class_scores, np.log(p / (1 - p)).mean(axis=1), rtol=1e-4)
    np.testing.assert_allclose(report.probabilities, p.mean(axis=1), rtol=1e-5)


def test_sure_positions_do_not_saturate():
    # At every pixel class 2 wins by 40 x nats and 80 x nats.
    report = explain(pointwise([-40, 0, 40]), Probes(np.ones((1, *SIZE))), targets=[2, 1, 0], methods=["saliency_map"])
    np.testing.assert_allclose(report.class_scores, [[-80, -40, 40]], rtol=1e-5)
    # d/dx of 40 x - log(1 + e^-40x) is 40; of the losers -40 and -80; each pixel is one of six.
    np.testing.assert_allclose(report["saliency_map"].values[0, :, 0, 0], np.array([40, 40, 80]) / 6, rtol=1e-4)


def test_equal_classes_have_finite_scores_and_gradients():
    report = explain(pointwise([1, 1]), PROBES, targets=[0, 1], methods=["saliency_map"])
    np.testing.assert_allclose(report.class_scores, 0, atol=1e-6)
    assert np.isfinite(report["saliency_map"].values).all()


@pytest.mark.parametrize("head", ["sigmoid", "from_logits"])
def test_one_sigmoid_unit_is_two_classes(head):
    loss = keras.losses.BinaryCrossentropy(from_logits=head == "from_logits")
    model = pointwise([2], "sigmoid" if head == "sigmoid" else None, loss)
    report = explain(model, PROBES, targets=[1, 0], methods=PIXEL_BY_PIXEL)
    np.testing.assert_allclose(report.class_scores, 2 * FLAT.mean(axis=1)[:, None] * [-1, 1], rtol=1e-5)
    yes = sigmoid(2 * FLAT).mean(axis=1)
    np.testing.assert_allclose(report.probabilities, np.stack([1 - yes, yes], axis=1), rtol=1e-5)
    np.testing.assert_allclose(report["saliency_map"].values, np.full((2, 2, 2, 3), 2 / 6), rtol=1e-5)
    evidence = 2 * IMAGES[..., 0] / 6
    np.testing.assert_allclose(report["partial_occlusion"].values, np.stack([evidence, -evidence], axis=1), atol=1e-5)


def test_independent_classes_are_mean_logits():
    report = explain(pointwise([2, -1, 4], "sigmoid", "binary_crossentropy"), PROBES, methods=["class_probabilities"])
    np.testing.assert_allclose(report.class_scores, FLAT.mean(axis=1)[:, None] * [2, -1, 4], rtol=1e-5)
    expected = sigmoid(FLAT[..., None] * np.array([2, -1, 4])).mean(axis=1)
    np.testing.assert_allclose(report.probabilities, expected, rtol=1e-5)


def test_plain_numbers_are_means():
    report = explain(pointwise([2, -1], None, "mse"), PROBES, targets=0, methods=PIXEL_BY_PIXEL[:2])
    assert report.probabilities is None
    np.testing.assert_allclose(report.class_scores, FLAT.mean(axis=1)[:, None] * [2, -1], rtol=1e-5)
    np.testing.assert_allclose(report["partial_occlusion"].values[:, 0], 2 * IMAGES[..., 0] / 6, atol=1e-5)


def test_positions_may_lie_in_a_row():
    mask = ONE.reshape(6)
    report = explain(pointwise([-1, 2], flat=True), PROBES, targets=1, methods=["saliency_map"], output_mask=mask)
    np.testing.assert_allclose(report["saliency_map"].values[0, 0], 3 * ONE / 2, atol=1e-6)


def test_the_contrast_of_two_classes_is_the_difference_of_their_mean_log_odds():
    report = explain(pointwise([-1, 2]), PROBES, targets=(1, 0), methods=["saliency_map"])
    np.testing.assert_allclose(report["saliency_map"].values, np.full((2, 1, 2, 3), 6 / 6), rtol=1e-5)


def test_segmentation_in_a_fit(tmp_path):
    model = pointwise([-1, 2], loss="sparse_categorical_crossentropy", flat=True)
    picasso = Picasso(tmp_path, PROBES, output_mask=EACH.reshape(2, 6), on_error="raise")
    model.fit(IMAGES, (FLAT > 1).astype("int32"), callbacks=[picasso], verbose=0)
    assert list(tmp_path.rglob("*tfevents*"))


@pytest.mark.parametrize("mask", [ONE.T, np.stack([ONE] * 3), np.zeros((2, 3), dtype=bool)])
def test_a_mask_that_does_not_fit_is_refused_before_training(mask, tmp_path):
    model = pointwise([-1, 2], loss="sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match=r"output_mask has shape .*expected the positions of the model's output"):
        model.fit(IMAGES, np.zeros((2, *SIZE)), callbacks=[Picasso(tmp_path, PROBES, output_mask=mask)], verbose=0)


def test_a_mask_for_an_output_without_positions_is_refused():
    model = keras.Sequential([keras.Input(SIZE), layers.Flatten(), layers.Dense(2, "softmax")])
    with pytest.raises(ValueError, match="output_mask"):
        explain(model, PROBES, output_mask=ONE)
