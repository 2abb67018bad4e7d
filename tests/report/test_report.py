"""A report: its pictures, its one line, its table, what it holds."""

import sys

import keras
import numpy as np
import pytest
from helpers.models import linear, looks_at
from helpers.small_training import compiled, probes
from PIL import Image

from picasso_callbacks import PartialOcclusion, Probes, explain

SIZE = (4, 6, 1)
METHODS = [PartialOcclusion(1, 1, canvas="black"), "saliency_map"]


@pytest.fixture(scope="module")
def report():
    return explain(compiled(), probes(2, names=["sky", "<b>mud</b>"]))


def test_a_picture_of_each_probe(report):
    pictures = [report.image(i) for i in range(2)]
    assert all(isinstance(picture, Image.Image) for picture in pictures)
    assert pictures[0].size == pictures[1].size
    assert np.any(np.asarray(pictures[0]) != np.asarray(pictures[1]))


@pytest.mark.parametrize(
    "methods", ["saliency_map", ["class_probabilities"], [PartialOcclusion(), "partial_occlusion"]]
)
def test_a_picture_of_any_choice_of_methods(methods):
    assert explain(compiled(), probes(), methods=methods, targets=0).image(0).width == 700


def test_columns_are_headed_as_the_report_calls_their_methods():
    found = explain(compiled(), probes(), methods=[PartialOcclusion(), PartialOcclusion(window=1), "saliency_map"])
    heads = [column.title for column in found.panel(0).heatmaps]
    assert heads == ["partial_occlusion", "partial_occlusion_2", "saliency_map"] == list(found.explanations)


def test_an_unknown_method_of_a_report_lists_those_it_holds(report):
    with pytest.raises(KeyError, match=r"'gradcam'.*'class_probabilities', 'partial_occlusion', 'saliency_map'"):
        report["gradcam"]


def test_it_is_one_line(report):
    assert repr(report) == "Report(2 probes, partial_occlusion, saliency_map and class_probabilities)"


def test_the_line_tells_whether_there_is_an_alarm():
    # The answer is the brightness of all: what is bright in one class is dark in the other.
    bright = (
        np.concatenate([np.full((6, *SIZE), 0.2), np.full((6, *SIZE), 0.8)])
        + np.linspace(0, 0.1, 12)[:, None, None, None]
    )
    model = linear(SIZE, np.tile([[0.0, 2.0]], (24, 1)), "softmax", bias=[24.0, 0.0])
    labelled = Probes(bright, labels=[0] * 6 + [1] * 6)
    assert "alarms: colour, " in repr(explain(model, labelled, methods="saliency_map"))
    silent = explain(model, labelled, methods="saliency_map", allowed=["colour", "layout", "frame", "corners"])
    assert repr(silent) == "Report(12 probes, saliency_map, no alarm)"


def one_pixel(regions=None):
    """A network that sees one pixel (row 2, column 5), which is 0.5 in the first probe and 1 in the second."""
    images = np.zeros((2, *SIZE), "float32")
    images[:, 2, 5, 0] = 0.5, 1.0
    names = {"class_names": ["dark", "bright"], "names": ["half", "full"], "value_range": (0, 1), "regions": regions}
    model = looks_at(SIZE, pixel=(2, 5), weight=4.0)
    return explain(model, Probes(images, labels=[0, 1], **names), methods=METHODS, targets=[0, 1])


def test_a_data_frame_has_the_numbers_of_each_probe_and_target():
    table = one_pixel().to_dataframe()
    assert table.probe.tolist() == ["half", "half", "full", "full"]
    assert table.label.tolist() == ["dark", "dark", "bright", "bright"]
    assert table.answer.tolist() == ["bright"] * 4
    assert table.right.tolist() == [False, False, True, True]
    assert table.target.tolist() == ["dark", "bright"] * 2
    # The logit of "bright" is 4 times the pixel, that of "dark" is 0.
    log_odds = np.array([-2.0, 2.0, -4.0, 4.0])
    np.testing.assert_allclose(table.log_odds, log_odds, atol=1e-5)
    np.testing.assert_allclose(table.probability, 1 / (1 + np.exp(-log_odds)), atol=1e-6)
    # Black takes away what the pixel added; nothing else is seen.
    np.testing.assert_allclose(table.partial_occlusion_max, [0, 2, 0, 4], atol=1e-5)
    np.testing.assert_allclose(table.partial_occlusion_min, [-2, 0, -4, 0], atol=1e-5)
    assert table.partial_occlusion_row[[1, 3]].tolist() == [2, 2]
    assert table.partial_occlusion_column[[1, 3]].tolist() == [5, 5]
    assert table.partial_occlusion_where[[1, 3]].tolist() == ["right", "right"]  # row 2 of 4: the middle third
    np.testing.assert_allclose(table.saliency_map_max, [0, 4, 0, 4], atol=1e-5)


def test_a_data_frame_names_the_region_of_the_largest_value():
    masks = np.zeros((2, 4, 6), bool)
    masks[0, :, 3:] = True  # holds the pixel in the first probe only
    masks[1, :2] = True
    table = one_pixel({"sky": masks}).to_dataframe()
    assert table.partial_occlusion_where[[1, 3]].tolist() == ["sky", "right"]


def test_a_data_frame_knows_the_answers_whichever_methods_were_asked_for():
    model = linear(SIZE, np.eye(24, 3), "softmax")
    images = np.random.default_rng(0).random((3, *SIZE), "float32")
    found = explain(model, Probes(images), methods="saliency_map", targets="top", top=1)
    table = found.to_dataframe()
    assert table.answer.tolist() == [f"class {row.argmax()}" for row in images.reshape(3, -1)[:, :3]]
    np.testing.assert_allclose(table.probability, found.probabilities.max(axis=1))


def test_a_data_frame_of_plain_numbers_has_no_answers():
    model = linear(SIZE, np.eye(24, 2))
    images = np.random.default_rng(0).random((1, *SIZE), "float32")
    table = explain(model, Probes(images), decode_prob="value", targets=[0, 1]).to_dataframe()
    assert table.answer.tolist() == table.label.tolist() == [None, None]
    assert not {"probability", "log_odds"} & set(table.columns)
    np.testing.assert_allclose(table.value, images[0, 0, :2, 0], atol=1e-6)


def test_without_pandas_it_is_said_how_to_get_it(report, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="to_dataframe needs pandas, which is not installed: pip install pandas"):
        report.to_dataframe()


def test_a_regression_has_one_scale_for_all_probes_and_a_classification_one_for_each():
    images = np.stack([np.full((4, 4, 1), 0.1), np.full((4, 4, 1), 0.9)]).astype("float32")
    for units, activation, one in ((1, None, True), (2, "softmax", False)):
        image = keras.Input((4, 4, 1))
        squares = keras.ops.square(keras.layers.Flatten()(image))
        model = keras.Model(image, keras.layers.Dense(units, activation)(squares))
        model.compile(loss="mse" if one else "sparse_categorical_crossentropy")
        report = explain(model, Probes(images), methods=["saliency_map"])
        sizes = np.abs(report["saliency_map"].values).max(axis=(1, 2, 3))
        assert sizes[1] == pytest.approx(9 * sizes[0])  # the slope of a square
        expected = [sizes[1], sizes[1]] if one else sizes
        assert [report.limits(i)["saliency_map"] for i in range(2)] == pytest.approx(list(expected))
