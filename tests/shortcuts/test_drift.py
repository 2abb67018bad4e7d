"""Since when maps are the same: maps that are written down."""

import pickle

import numpy as np
import pytest

from picasso_callbacks.shortcuts.drift import KEPT, Drift

RNG = np.random.default_rng(0)
SKY, VEHICLE = np.zeros((2, 8, 8)), np.zeros((2, 8, 8))
SKY[:, :3] = 1
VEHICLE[:, 5:, 2:6] = 1
BLANK = np.zeros((2, 8, 8))


def since(*maps, drift=None):
    """What is said at each of some epochs, from 0."""
    drift = drift or Drift()
    return [drift.see(epoch, one) for epoch, one in enumerate(maps)]


def test_one_look_is_the_same_as_no_other():
    assert since(SKY) == [None]


def test_the_earliest_look_that_all_later_ones_are_like():
    assert since(VEHICLE, SKY, SKY, SKY, VEHICLE) == [None, None, 1, 1, None]


def test_what_looked_elsewhere_in_between_has_not_been_the_same():
    assert since(SKY, VEHICLE, SKY, SKY) == [None, None, None, 2]


def test_surer_of_the_same_is_the_same_and_the_opposite_is_not():
    assert since(SKY, 50 * SKY + 3, -SKY) == [None, 0, None]


def correlated(correlation):
    """Two maps of so much correlation: cells of mean 0 and norm 1, and what is at right angles to them."""
    one = np.tile([1.0, -1.0], 32)
    other = np.repeat([1.0, -1.0], 32)
    mixed = correlation * one + (1 - correlation**2) ** 0.5 * other
    return one.reshape(1, 8, 8), mixed.reshape(1, 8, 8)


@pytest.mark.parametrize(("correlation", "said"), [(0.91, 0), (0.89, None)])
def test_the_same_begins_at_a_correlation_of_nine_tenths(correlation, said):
    assert since(*correlated(correlation)) == [None, said]


def test_the_mean_over_probes_counts():
    one, half = correlated(0.85)
    assert since(np.concatenate([one, one]), np.concatenate([half, one])) == [None, 0]  # 0.925


def test_every_epoch_is_compared_with_the_last_so_that_small_steps_add_up():
    angles = np.linspace(0, np.pi / 2, 10)
    (one, other) = correlated(0.0)
    assert since(*(np.cos(a) * one + np.sin(a) * other for a in angles))[-1] == 10 - 3  # cos 20 degrees > 0.9 > cos 30


def test_blank_maps_are_not_like_anything():
    assert since(BLANK, BLANK, SKY, SKY, BLANK) == [None, None, None, 2, None]


def test_a_probe_whose_maps_are_blank_is_left_out():
    one = np.stack([SKY[0], BLANK[0]])
    assert since(one, one) == [None, 0]


def test_a_map_against_one_that_shows_nothing_counts_zero():
    one = np.stack([SKY[0], BLANK[0]])
    assert since(SKY, one) == since(one, SKY) == [None, None]  # a correlation of 1 and of 0


def test_nothing_but_a_constant_is_blank():
    assert since(BLANK + 0.1, BLANK + 0.3) == [None, None]


def test_numbers_that_are_none_count_nothing():
    holed = SKY.copy()
    for hole in (np.nan, np.inf, -np.inf):
        holed[:, 7, 7] = hole
        assert since(holed, SKY) == [None, 0]
    holed = np.zeros((2, 8, 8))
    holed[:, 0, 0], holed[:, 7, 7] = np.inf, -np.inf
    assert since(holed, holed) == [None, None]


def test_maps_of_any_size_are_compared():
    large = np.zeros((1, 37, 50))
    large[:, :10] = 1
    noisy = large + RNG.normal(0, 0.3, large.shape)  # finer than a cell, it averages out
    assert since(large, noisy) == [None, 0]


def test_a_new_training_begins_anew():
    drift = Drift()
    since(SKY, SKY, drift=drift)
    assert since(SKY, SKY, drift=drift) == [None, 0]


def test_a_training_that_goes_on_goes_on():
    drift = Drift()
    since(SKY, SKY, drift=drift)
    assert drift.see(2, SKY) == 0


def test_memory_is_bounded_and_what_was_long_ago_is_still_known():
    drift = Drift()
    sizes, said = [], []
    for epoch in range(20 * KEPT):
        said.append(drift.see(epoch, VEHICLE if epoch < 100 else SKY))
        sizes.append(len(pickle.dumps(drift)))
    assert max(sizes) < sizes[KEPT] * 1.01
    assert said[99] == 0
    assert 100 <= said[-1] <= 100 + 2 * 20  # 40 of 800 looks are 20 apart; where that is not even, 40
