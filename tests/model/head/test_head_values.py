"""Outputs that are plain numbers, as in a regression: the value itself is the score, and there is no probability."""

import keras
import numpy as np
import pytest
from helpers import event_files
from helpers.models import linear

from picasso_callbacks import PartialOcclusion, Picasso, Probes, SaliencyMap, explain

SIZE = (2, 3, 1)
IMAGES = np.arange(12, dtype="float32").reshape(2, *SIZE) / 4
WEIGHTS = np.array([1, -2, 3, -4, 5, -6], dtype="float32")[:, None]
VALUES = IMAGES.reshape(2, 6) @ WEIGHTS
PIXEL_BY_PIXEL = [PartialOcclusion(1, 1, canvas="black"), SaliencyMap(), "class_probabilities"]  # black is 0


def probes(**settings):
    return Probes(IMAGES, value_range=(0, 3), **settings)


LOSSES = [
    "mse",
    "mae",
    "mean_squared_error",
    "huber",
    "log_cosh",
    "poisson",
    keras.losses.MeanAbsolutePercentageError(),
]


@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_says_that_outputs_are_plain_numbers(loss):
    report = explain(linear(SIZE, WEIGHTS, loss=loss), probes(), methods=PIXEL_BY_PIXEL)
    assert report.probabilities is None
    assert report.targets.tolist() == [[0], [0]]
    assert report.class_names == ("value",)
    np.testing.assert_allclose(report.class_scores, VALUES, rtol=1e-6)
    np.testing.assert_allclose(report["class_probabilities"].values, VALUES, rtol=1e-6)


def test_maps_are_in_the_outputs_own_unit():
    report = explain(linear(SIZE, WEIGHTS, loss="mse", bias=100), probes(), methods=PIXEL_BY_PIXEL)
    occlusion, saliency = report["partial_occlusion"], report["saliency_map"]
    np.testing.assert_allclose(occlusion.values[:, 0], IMAGES[..., 0] * WEIGHTS.reshape(2, 3), atol=1e-4)
    np.testing.assert_allclose(saliency.values[:, 0], np.tile(np.abs(WEIGHTS).reshape(2, 3), (2, 1, 1)))
    assert (occlusion.unit, occlusion.scale.limit, occlusion.scale.signed) == ("", None, True)
    assert "value" in occlusion.score
    assert "nats" not in occlusion.score


def test_decode_prob_may_say_so():
    assert explain(linear(SIZE, WEIGHTS), probes(), decode_prob="value").probabilities is None
    sure = explain(linear(SIZE, np.eye(6, 3), "softmax"), probes(), decode_prob="value", methods="class_probabilities")
    assert sure.probabilities is None
    np.testing.assert_allclose(sure.class_scores.sum(axis=1), 1, rtol=1e-5)


def test_several_values_are_ranked_by_size():
    report = explain(linear(SIZE, np.eye(6, 3) * [1, 3, 2], loss="mse"), probes(), methods="class_probabilities")
    np.testing.assert_allclose(report.class_scores, IMAGES.reshape(2, 6)[:, :3] * [1, 3, 2])
    assert report.targets.tolist() == [[2, 1], [1, 2]]  # 0, 0.75, 1 and 1.5, 5.25, 4
    assert report.class_names == ("value 0", "value 1", "value 2")


def test_names_of_values():
    report = explain(linear(SIZE, np.eye(6, 2), loss="mse"), probes(class_names=["width", "height"]), targets="height")
    assert report.targets.tolist() == [[1], [1]]
    assert report.panel(0).target_names == ("height",)


def test_the_picture_shows_the_value():
    small, large = (explain(linear(SIZE, w * WEIGHTS, loss="mse"), probes()) for w in (1, 1000))
    panel = small.panel(1)
    assert panel.probabilities is None
    np.testing.assert_allclose(panel.plain_values, VALUES[1], rtol=1e-6)
    assert np.any(np.asarray(small.image(1)) != np.asarray(large.image(1)))


@pytest.mark.parametrize("settings", [{"score": "probability"}, {"view": "probability"}])
def test_there_is_no_probability_to_explain(settings, tmp_path):
    model = linear(SIZE, WEIGHTS, loss="mse")
    picasso = Picasso(tmp_path, probes(), methods=[PartialOcclusion(**settings)])
    with pytest.raises(ValueError, match="plain numbers, not probabilities; use score='log_odds'"):
        model.fit(IMAGES, VALUES, callbacks=[picasso], verbose=0)


@pytest.mark.parametrize("layout", ["composite", "separate"])
@pytest.mark.parametrize("labels", [None, [7, 3]], ids=["without labels", "with labels, which are no classes"])
def test_values_go_to_scalars_of_their_own(layout, labels, tmp_path):
    model = linear(SIZE, WEIGHTS)
    model.compile(keras.optimizers.SGD(0.0), "mse")
    picasso = Picasso(tmp_path, probes(names=["a", "b"], labels=labels), layout=layout, on_error="raise")
    model.fit(IMAGES, VALUES, epochs=2, callbacks=[picasso], verbose=0)
    written = event_files.read(tmp_path)
    for step in 0, 1:
        for probe, value in zip("ab", VALUES[:, 0], strict=True):
            found = event_files.scalar(written["picasso", f"picasso_value/{probe}/value", step])
            assert found == pytest.approx(value, rel=1e-5)
    tags = {tag for _, tag, _ in written}
    assert not any(tag.startswith("picasso_probability") for tag in tags)
    assert {"picasso_filmstrip/a", "picasso_filmstrip/b"} <= tags


def test_targets_by_label_are_refused_where_there_are_no_classes():
    with pytest.raises(ValueError, match="label"):
        explain(linear(SIZE, WEIGHTS, loss="mse"), probes(labels=[0, 0]), targets="label")


@pytest.mark.parametrize("labels", [[1.5, -2.0], [[1.5], [-2.0]], [7, 8]])
def test_true_values_stand_beside_the_answers(labels):
    report = explain(linear(SIZE, WEIGHTS, loss="mse"), probes(labels=labels), methods="class_probabilities")
    panels = [report.panel(index) for index in (0, 1)]
    np.testing.assert_array_equal([one.true_values for one in panels], np.reshape(labels, (2, 1)))
    assert [one.labels for one in panels] == [None, None]
    without = explain(linear(SIZE, WEIGHTS, loss="mse"), probes(), methods="class_probabilities")
    assert not np.array_equal(report.image(0), without.image(0))


def test_class_indices_say_nothing_about_several_values():
    report = explain(linear(SIZE, np.eye(6, 2), loss="mse"), probes(labels=[0, 1]), methods="class_probabilities")
    assert report.panel(0).true_values is None


def test_as_many_true_values_as_outputs_are_expected():
    with pytest.raises(
        ValueError, match=r"2 numbers for each image, but the model's output has 1; expected .*\[P, 1\]"
    ):
        explain(linear(SIZE, WEIGHTS, loss="mse"), probes(labels=[[0.5, 1.5], [2.5, 3.5]]))


def test_true_values_tell_no_shortcuts(capsys, tmp_path):
    model = linear(SIZE, WEIGHTS, loss="mse")
    model.compile(keras.optimizers.SGD(0.0), "mse")
    callback = Picasso(tmp_path, probes(labels=[0.5, 1.5]), methods="class_probabilities")
    model.fit(IMAGES, VALUES, verbose=0, callbacks=[callback])
    assert "not looked for: the probes' labels are true values" in capsys.readouterr().out
