"""Deletion and insertion of a model that looks at one cell alone, whose curves are steps."""

import numpy as np
import pytest
from helpers.models import linear

from picasso_callbacks import Probes
from picasso_callbacks.model.live_model import LiveModel
from picasso_callbacks.options import Options
from picasso_callbacks.trust.orders import CELLS, STEPS, Areas, measure_areas, random_areas

SIZE = (16, 24, 1)
CELL = (..., slice(6, 8), slice(9, 12))
WORTH = 6 * 0.5
"""Six pixels, each of which is half above grey."""


@pytest.fixture(scope="module")
def live():
    """The first value is the sum of one cell, the second its opposite."""
    weights = np.zeros(SIZE)
    weights[6:8, 9:12] = 1
    model = linear(SIZE, np.stack([weights.ravel(), -weights.ravel()], axis=1))
    probes = Probes(np.ones((2, *SIZE), "float32"), value_range=(0, 1))
    return LiveModel(model, probes, Options(decode_prob="value"))


TARGETS = np.array([[0, 1], [1, 0]])
SIGNS = np.array([[1, -1], [-1, 1]])


def areas(live, first):
    maps = np.zeros((2, 2, *SIZE[:2]), "float32")
    maps[CELL] = 1 if first else -1
    return measure_areas(live, live.scores(), TARGETS, maps)


def test_the_score_falls_and_rises_with_the_first_step_if_the_map_points_there(live):
    found = areas(live, first=True)
    np.testing.assert_allclose(found.whole, SIGNS * WORTH, rtol=1e-5)
    expected = SIGNS * WORTH * (1 - 0.5 / STEPS)  # half of the first step is on the way
    np.testing.assert_allclose(found.deletion, expected, rtol=1e-5)
    np.testing.assert_allclose(found.insertion, expected, rtol=1e-5)


def test_and_with_the_last_one_if_it_points_there_last(live):
    found = areas(live, first=False)
    np.testing.assert_allclose(found.deletion, SIGNS * WORTH * 0.5 / STEPS, rtol=1e-4)
    np.testing.assert_allclose(found.insertion, SIGNS * WORTH * 0.5 / STEPS, rtol=1e-4)


def test_random_orders_are_the_same_each_time_and_in_between(live):
    found, again = (random_areas(live, live.scores(), TARGETS) for _ in range(2))
    np.testing.assert_array_equal(found.deletion, again.deletion)
    np.testing.assert_allclose(found.deletion, found.insertion, rtol=1e-4)  # of one cell: when it comes
    share = found.deletion / found.whole
    assert (share > 0.2).all()
    assert (share < 0.8).all()
    np.testing.assert_allclose(share, share[0, 0], rtol=1e-4)


def test_areas_are_compared_of_targets_that_the_canvas_lowers(live):
    times = areas(live, first=True).times(random_areas(live, live.scores(), TARGETS))
    expected = WORTH * (1 - 0.5 / STEPS) / random_areas(live, live.scores(), TARGETS).deletion[0, 0]
    assert times == pytest.approx((expected, expected), rel=1e-4)


def test_where_chance_does_nothing_there_is_nothing_to_compare():
    ones, none = np.ones((1, 1)), np.zeros((1, 1))
    assert Areas(ones, ones, ones).times(Areas(none, ones, ones)) is None
    assert Areas(ones, ones, -ones).times(Areas(ones, ones, -ones)) is None


def test_pictures_with_fewer_pixels_than_cells():
    size = (3, CELLS - 1, 1)
    model = linear(size, np.ones((21, 2)))
    live = LiveModel(model, Probes(np.ones((1, *size)), value_range=(0, 1)), Options(decode_prob="value"))
    found = measure_areas(live, live.scores(), np.array([[1]]), np.ones((1, 1, *size[:2]), "float32"))
    assert found.whole == pytest.approx(21 * 0.5)
    assert 0 < found.deletion < found.whole
