"""Regions hidden from models that read one place of plain pictures, in which everything can be worked out."""

import numpy as np
import pytest
from helpers.models import linear

from picasso_callbacks import Probes, explain
from picasso_callbacks.shortcuts.hiding import CANVASES

SIDE = 12
GREY = CANVASES.index("grey")


def thirds():
    rows = np.arange(SIDE) // 4
    names = ("sky", "hills", "vehicle")
    return {name: np.tile((rows == i)[:, None], (8, 1, SIDE)) for i, name in enumerate(names)}


def plain(regions):
    """Four plain pictures of 0.2, class 0, and four of 0.8, class 1; grey is 0.6."""
    labels = np.repeat([0, 1], 4)
    images = np.broadcast_to(np.where(labels == 1, 0.8, 0.2)[:, None, None, None], (8, SIDE, SIDE, 1))
    return Probes(images.astype("float32"), labels=labels, value_range=(0, 1.2), regions=regions)


def reads_the_sky(side=SIDE):
    """A model whose log-odds of class 1 are -3 where the upper third is 0.2, 3 where it is 0.8, 1 where it is 0.6."""
    mask = np.zeros((side, side))
    mask[: side // 3] = 10 / (side * side // 3)
    return linear((side, side, 1), np.stack([np.zeros(side**2), mask.ravel()], axis=1), "softmax", bias=[0, -5])


def hidden(regions=None, model=None, **settings):
    settings = {"expected": "vehicle", "methods": ["class_probabilities"], **settings}
    return {
        one.region: one for one in explain(model or reads_the_sky(), plain(regions or thirds()), **settings).hidings
    }


def check_sky(sky):
    # Behind grey, log-odds of 3 for class 0 become -1, those for class 1 become 1. Plain pictures are their own mean
    # and their own blur.
    assert sky.falls[:, GREY] == pytest.approx([4] * 4 + [2] * 4, abs=1e-4)
    assert np.delete(sky.falls, GREY, axis=1) == pytest.approx(0, abs=1e-4)
    assert sky.flips[:, GREY].tolist() == [True] * 4 + [False] * 4
    assert not np.delete(sky.flips, GREY, axis=1).any()


def test_hiding_what_is_read_costs_log_odds_and_answers():
    sky = hidden()["sky"]
    check_sky(sky)
    assert sky.canvases == CANVASES
    assert sky.fall == pytest.approx(3 / len(CANVASES), abs=1e-4)
    assert sky.flipped == pytest.approx(0.5 / len(CANVASES))


def test_hiding_anything_else_costs_nothing():
    found = hidden()
    assert list(found) == ["sky", "hills", "vehicle"]
    for name in ("hills", "vehicle"):
        assert found[name].falls == pytest.approx(0, abs=1e-4)
        assert not found[name].flips.any()


def test_a_probe_without_the_region_is_not_asked():
    regions = thirds()
    regions["sky"][[0, 5]] = False
    found = hidden(regions)
    assert found["sky"].probes.tolist() == [1, 2, 3, 4, 6, 7]
    assert found["sky"].falls[:, GREY] == pytest.approx([4, 4, 4, 2, 2, 2], abs=1e-4)
    assert len(found["hills"].probes) == 8


def test_masks_go_along_where_preprocess_scales_images():
    double = lambda images: images.repeat(2, axis=1).repeat(2, axis=2)  # noqa: E731
    found = hidden(model=reads_the_sky(2 * SIDE), preprocess=double)
    check_sky(found["sky"])
    assert found["hills"].falls == pytest.approx(0, abs=1e-4)


def test_without_an_expected_region_nothing_is_hidden():
    assert hidden(expected=None) == {}
    assert hidden(expected=None, shortcuts=False) == {}
