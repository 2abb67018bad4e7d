"""A report: its pictures, its notebook, what it holds."""

import keras
import numpy as np
import pytest
from helpers.small_training import compiled, probes
from PIL import Image

from picasso_callbacks import PartialOcclusion, Probes, explain


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
    explain(compiled(), probes(), methods=methods, targets=0).image(0)


def test_notebooks_show_a_picture_for_each_probe_with_names_escaped(report):
    html = report._repr_html_()
    assert html.count('src="data:image/png;base64,') == 2
    assert "&lt;b&gt;mud&lt;/b&gt;" in html
    assert "<b>" not in html


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


def test_an_unknown_method_of_a_report_lists_those_it_holds(report):
    with pytest.raises(KeyError, match=r"'gradcam'.*'class_probabilities', 'partial_occlusion', 'saliency_map'"):
        report["gradcam"]
