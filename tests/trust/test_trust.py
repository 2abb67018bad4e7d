"""What is measured of maps, and said of it."""

import keras
import numpy as np
import pytest
from helpers import small_training
from helpers.models import looks_at

from picasso_callbacks import Explanation, Method, Picasso, Probes, Scale, Trust, explain
from picasso_callbacks.methods.eigen_cam import EigenCam
from picasso_callbacks.trust.orders import Areas

SIZE = (8, 8, 1)


class PointsAt(Method):
    """A map that points at one pixel, whatever the network."""

    def __init__(self, row, column):
        self.place = ..., row, column

    def explain(self, look):
        values = np.random.default_rng(0).random((*look.targets.shape, 8, 8), "float32")
        values[self.place] = 2
        return Explanation(values, unit="", score="", title="points", scale=Scale(2.0, signed=True))


def look(methods, **settings):
    model = looks_at(SIZE, (5, 2), weight=4.0)
    probes = Probes(np.ones((2, *SIZE), "float32"), value_range=(0, 1), labels=[1, 1])
    return explain(model, probes, methods=methods, targets="label", shortcuts=False, **settings)


def test_a_map_that_points_at_what_counts_is_told_from_one_that_does_not_and_both_do_not_know_the_network():
    report = look([PointsAt(5, 2), PointsAt(0, 0), "saliency_map"], trust=True)
    good, bad = report.trust["points_at"], report.trust["points_at_2"]
    assert good.areas.times(good.by_chance)[0] > 1.5 * bad.areas.times(bad.by_chance)[0]
    assert (good.redrawn, bad.redrawn) == (pytest.approx(1), pytest.approx(1))
    assert np.nan_to_num(report.trust["saliency_map"].redrawn) < 0.3
    hiding, forgetting = report["points_at"].notes
    assert hiding.startswith("Hiding what this map points at first lowers the score")
    assert forgetting.endswith("the same map (rank correlation 1.00): it shows edges, not evidence.")
    assert report["saliency_map"].notes == report.trust["saliency_map"].words


def test_layers_forget_from_the_top_down():
    """What the first of three layers does is the same until it is its own turn."""
    layers, (height, width) = keras.layers, SIZE[:2]
    body = [layers.Conv2D(4, 3, name="first"), layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(), layers.Dense(2)]
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(SIZE), *body])
    images = np.random.default_rng(0).random((2, height, width, SIZE[2]), "float32")
    named = Probes(images, value_range=(0, 1), labels=[0, 1])
    trust = explain(
        model,
        named,
        methods=[EigenCam("first"), "saliency_map"],
        targets="label",
        shortcuts=False,
        trust=True,
        decode_prob="softmax",
    ).trust
    cascade = trust["eigen_cam"].cascade
    assert (cascade[0.0], cascade[0.5]) == (pytest.approx(1), pytest.approx(1))
    assert cascade[1.0] < 0.99
    assert trust["saliency_map"].redrawn == trust["saliency_map"].cascade[0.5] < 1


def test_occlusions_own_stands_beside():
    report = look(["partial_occlusion", "saliency_map"], trust=True)
    assert report.trust["partial_occlusion"].by_occlusion is None
    assert "by occlusion's own map" in report["saliency_map"].notes[0]


def test_nothing_is_measured_unless_asked():
    report = look(["saliency_map"])
    assert (report.trust, report["saliency_map"].notes) == ({}, ())


def test_a_training_measures_areas_at_each_look(tmp_path):
    seen = []
    picasso = Picasso(
        tmp_path, small_training.probes(3), methods=["saliency_map"], trust=True, on_error="raise", shortcuts=False
    )
    inquiry, look = picasso._inquiry, picasso._inquiry.look
    inquiry.look = lambda *given, **named: seen.append(look(*given, **named)) or seen[-1]
    small_training.fit(small_training.compiled(), picasso, epochs=2)
    assert len(seen) == 3  # the first is the rehearsal
    assert all(report.trust["saliency_map"].redrawn is None for report in seen)
    assert all("at random" in report["saliency_map"].notes[0] for report in seen)


def areas(deletion, insertion):
    return Areas(*(np.full((1, 1), one) for one in (deletion, insertion, 8.0)))


@pytest.mark.parametrize(
    ("trust", "words"),
    [
        (
            Trust(areas(6.0, 4.0), areas(2.0, 4.0)),
            (
                "Hiding what this map points at first lowers the score 3.0 times as fast as hiding at random, and "
                "showing it first raises it 1.0 times as fast.",
            ),
        ),
        (
            Trust(areas(6.0, 4.0), areas(0.0, 4.0), redrawn=0.5),
            (
                "Hiding at random hardly lowers the scores, so that no map can do better.",
                "With its top half shuffled the network gives a similar map (rank correlation 0.50): it shows edges "
                "as much as evidence.",
            ),
        ),
        (
            Trust(areas(2.0, 4.0), areas(2.0, 4.0), areas(3.0, 5.0), redrawn=-0.1),
            (
                "Hiding what this map points at first lowers the score 1.0 times as fast as hiding at random, and "
                "showing it first raises it 1.0 times as fast; by occlusion's own map 1.5 and 1.2.",
                "With its top half shuffled the network gives another map (rank correlation -0.10).",
            ),
        ),
    ],
)
def test_words(trust, words):
    assert trust.words == words


def test_the_weights_are_as_they_were():
    keras.utils.set_random_seed(1)
    model = looks_at(SIZE, (5, 2))
    before = model.get_weights()
    explain(model, Probes(np.ones((2, *SIZE), "float32"), labels=[1, 1]), trust=True)
    np.testing.assert_equal(model.get_weights(), before)
