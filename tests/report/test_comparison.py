"""Two looks at the same probes: on one scale, and how far answers and maps moved."""

import numpy as np
import pytest
from helpers.models import linear, looks_at

from picasso_callbacks import PartialOcclusion, Probes, explain
from picasso_callbacks.render import draw_panel

SIZE = (4, 6, 1)
PIXELS = 24
METHODS = [PartialOcclusion(1, 1, canvas="black"), "saliency_map"]


def given(**settings):
    images = np.full((2, *SIZE), 0.5, "float32")
    images[1] = 1
    return Probes(images, **{"labels": [1, 1], "class_names": ["dark", "bright"], "value_range": (0, 1), **settings})


def look(pixel=(1, 1), weight=4.0, probes=None, targets=1, methods=METHODS, **settings):
    model = looks_at(SIZE, pixel=pixel, weight=weight)
    return explain(model, probes or given(), methods=methods, targets=targets, **settings)


@pytest.mark.parametrize(
    ("pixel", "weight", "expected"),
    [
        ((1, 1), 1.0, {"partial_occlusion": 1, "saliency_map": 1}),  # the same place, in other numbers
        ((1, 1), -4.0, {"partial_occlusion": -1, "saliency_map": 1}),  # it speaks against the target now
        ((2, 5), 4.0, {"partial_occlusion": -1 / (PIXELS - 1), "saliency_map": -1 / (PIXELS - 1)}),  # one other pixel
    ],
)
def test_how_far_maps_moved(pixel, weight, expected):
    comparison = look().compare(look(pixel, weight))
    assert list(comparison.correlations) == list(expected)
    for method, correlation in expected.items():
        assert comparison.correlations[method].shape == (2, 1)
        np.testing.assert_allclose(comparison.correlations[method], correlation, atol=1e-6)


def test_a_map_that_shows_nothing_has_no_correlation():
    comparison = look().compare(look(weight=0.01))  # 0.01 nats at most, where 0.05 are neutral
    assert np.isnan(comparison.correlations["partial_occlusion"]).all()
    np.testing.assert_allclose(comparison.correlations["saliency_map"], 1, atol=1e-6)


def test_maps_are_compared_by_target_not_by_place():
    one, other = look(targets=[0, 1]), look(pixel=(2, 5), targets=[1])
    moved = one.compare(other)
    assert np.isnan(moved.correlations["partial_occlusion"][:, 0]).all()
    np.testing.assert_allclose(moved.correlations["partial_occlusion"][:, 1], -1 / (PIXELS - 1), atol=1e-6)
    assert "2 of 4 targets were explained in the first look only" in moved.words


def test_which_answers_changed():
    moved = look(weight=4.0, methods="saliency_map").compare(look(weight=-4.0, methods="saliency_map"), ("a", "b"))
    assert moved.changed.tolist() == [True, True]
    # The logit is 4 times 0.5 in the first probe and 4 times 1 in the second.
    assert moved.words.startswith(
        "2 of 2 answers changed: bright 00: bright 88 %, then dark 88 %; bright 01: bright 98 %, then dark 98 %."
    )
    assert repr(moved) == "Comparison(a with b, 2 probes, 2 answers changed)"
    assert look().compare(look(weight=1.0)).changed.tolist() == [False, False]


def test_both_are_drawn_on_one_scale():
    weak, strong = look(weight=1.0, methods="saliency_map"), look(weight=4.0, methods="saliency_map")
    pair = np.asarray(weak.compare(strong, names=("", "")).image(0))
    height, width = np.asarray(strong.image(0)).shape[:2]
    np.testing.assert_array_equal(pair[:height, -width:], np.asarray(strong.image(0)))  # it has the larger scale
    on_that_scale = draw_panel(weak.panel(0, limits={"saliency_map": 4.0}))
    np.testing.assert_array_equal(pair[:height, :width], on_that_scale)
    assert (pair[:height, :width] != np.asarray(weak.image(0))).any()


def test_a_notebook_shows_pairs_changed_answers_first():
    images = np.zeros((3, *SIZE), "float32")
    images[:, 0, 0], images[:, 0, 1] = 0.5, [[0.0], [1.0], [0.0]]
    probes = Probes(images, names=["same", "<turned>", "too"], value_range=(0, 1))
    one, other = np.zeros((2, PIXELS, 2))
    one[0, 1] = other[0, 1] = other[1, 0] = 5  # the second look also sees the second pixel, against it
    looks = [explain(linear(SIZE, weights, "softmax"), probes, targets=1) for weights in (one, other)]
    html = looks[0].compare(looks[1], names=("before", "after"))._repr_html_()
    assert html.count("<img ") == 6
    order = [html.index(f'alt="{name}') for name in ("before: &lt;turned&gt;", "after: &lt;turned&gt;", "before: same")]
    assert order == sorted(order)
    assert "1 of 3 answers changed: &lt;turned&gt;: class 1 92 %, then class 0 92 %." in html


def test_it_is_saved_as_a_report_is(tmp_path):
    comparison = look().compare(look(pixel=(2, 5)))
    comparison.save(tmp_path / "moved")
    assert len(list((tmp_path / "moved").glob("0? bright 0?.*"))) == 2
    with np.load(tmp_path / "moved" / "numbers.npz") as numbers:
        assert numbers["changed"].tolist() == [False, False]
        np.testing.assert_array_equal(
            numbers["partial_occlusion_correlations"], comparison.correlations["partial_occlusion"]
        )
    assert comparison.words in (tmp_path / "moved" / "verdict.txt").read_text("utf-8")
    comparison.save(tmp_path / "moved.html")
    assert comparison._repr_html_() in (tmp_path / "moved.html").read_text("utf-8")


def test_plain_numbers_have_no_answers_to_change():
    def values(weight):
        model = looks_at(SIZE, (1, 1), weight, activation=None)
        return explain(model, given(labels=None), methods=METHODS, targets=1, decode_prob="value")

    moved = values(1.0).compare(values(-1.0))
    assert "answers" not in moved.words
    np.testing.assert_allclose(moved.correlations["partial_occlusion"], -1, atol=1e-6)


def fewer():
    return look(probes=given()[:1])


def other_pictures():
    return look(probes=Probes(np.zeros((2, *SIZE)), labels=[1, 1], class_names=["dark", "bright"], value_range=(0, 1)))


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (fewer, "one look is at 2 probes, the other at 1"),
        (other_pictures, "the probes 'bright 00' and 'bright 00' are not the same picture"),
        (lambda: look(probes=given(names=["a", "b"])), "the probes 'bright 00' and 'a' are not the same picture"),
        (
            lambda: look(probes=given(labels=[0, 1], names=["bright 00", "bright 01"])),
            r"the labels are \['bright', 'bright'\] and",
        ),
        (lambda: look(probes=given(class_names=["night", "bright"])), r"the class_names are \('dark', 'bright'\) and"),
        (lambda: look(methods="saliency_map"), r"the methods are \['partial_occlusion', .* and \['saliency_map'\]"),
        (
            lambda: look(methods=[PartialOcclusion(1, 1, score="probability"), "saliency_map"]),
            "the scales of 'partial_occlusion' are nats, signed=True, .* and pure numbers, signed=True",
        ),
        (lambda: look(targets=0), r"the targets are \['bright'\] and \['dark'\], with none in common"),
        (lambda: 3, "other is a int; expected a Report"),
    ],
)
def test_what_can_not_be_compared_is_named(other, message):
    with pytest.raises(ValueError, match=f"compare: {message}"):
        look().compare(other())
