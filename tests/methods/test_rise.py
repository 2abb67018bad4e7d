"""RISE: its masks, and its map of models whose answer is known."""

import numpy as np
import pytest
from helpers.models import from_logits, linear, looks_at

from picasso_callbacks import Probes, explain
from picasso_callbacks.methods.rise import RandomMasks, Rise

SIZE = (12, 16)


def test_masks_are_grids_with_smooth_edges():
    shown = RandomMasks(SIZE, count=2000, cells=4, probability=0.3, seed=0).shown(np.arange(2000))
    assert shown.shape == (2000, *SIZE)
    assert (shown.min(), shown.max()) == (0, 1)
    np.testing.assert_allclose(shown.mean(axis=0), 0.3, atol=0.04)  # everywhere, up to the border
    assert np.abs(np.diff(shown, axis=1)).max() <= 4 / 12 + 1e-6  # a cell is 3 pixels high and 4 wide
    assert np.abs(np.diff(shown, axis=2)).max() <= 4 / 16 + 1e-6


def test_masks_are_the_same_whichever_are_asked_for():
    masks = RandomMasks(SIZE, count=10, cells=4, probability=0.5, seed=3)
    np.testing.assert_array_equal(masks.shown(np.array([7, 2])), masks.shown(np.arange(10))[[7, 2]])


def test_a_model_that_looks_at_one_pixel():
    """Log-odds are `grey + shown * (x - grey)` times the weight: the map is its slope there, and 0 far away."""
    model = looks_at((*SIZE, 1), (3, 10), weight=4.0)
    probes = Probes(np.ones((1, *SIZE, 1)), value_range=(0, 1))
    maps = explain(model, probes, methods=[Rise(masks=4000, cells=4)], targets=[1, 0])["rise"].values[0]
    np.testing.assert_allclose(maps[0], -maps[1], atol=1e-5)
    assert np.unravel_index(maps[0].argmax(), SIZE) == (3, 10)
    shown = RandomMasks(SIZE, 4000, 4, 0.5, 0).shown(np.arange(4000))[:, 3, 10]
    weighed = (shown @ shown) / shown.sum() - (shown @ (1 - shown)) / (1 - shown).sum()
    assert maps[0, 3, 10] == pytest.approx(4.0 * 0.5 * weighed, rel=1e-3)
    assert np.abs(maps[0, :, :5]).max() < 0.1


def test_where_every_pixel_counts_alike_the_map_is_flat():
    model = linear((*SIZE, 1), np.full((192, 2), [0.0, 1.0]), loss=from_logits())
    probes = Probes(np.ones((1, *SIZE, 1)), value_range=(0, 1))
    maps = explain(model, probes, methods=[Rise(masks=3000)], targets=[1])["rise"].values[0, 0]
    assert maps.min() > 0
    assert maps[2:-2, 2:-2].std() < 0.15 * maps.mean()


@pytest.mark.parametrize("settings", [{"masks": 0}, {"cells": 1.5}, {"shown": 1.0}, {"shown": 0}])
def test_wrong_arguments_are_told(settings):
    with pytest.raises(ValueError, match=r"Rise: masks, cells, shown are .* expected two ints >= 1, 0 < shown < 1"):
        Rise(**settings)
