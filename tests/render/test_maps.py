"""A map over its probe."""

import cmap
import numpy as np
import pytest
from helpers.pictures import SIGNED, UNSIGNED, color

from picasso_callbacks.render.maps import map_label, map_picture


def colormap(name: str, position: float) -> list[int]:
    return [round(255 * part) for part in list(cmap.Colormap(name)(position))[:3]]


@pytest.mark.parametrize("luminance", [0.0, 0.3, 1.0])
def test_the_limit_has_the_colormaps_end_color_whatever_the_probe_looks_like(luminance):
    assert color(12, luminance) == colormap("colorbrewer:RdBu_r", 1.0)
    assert color(-12, luminance) == colormap("colorbrewer:RdBu_r", 0.0)
    assert color(2, luminance, UNSIGNED) == colormap("matplotlib:inferno", 1.0)


def test_values_beyond_the_limit_look_like_the_limit():
    assert color(1e30) == color(12)
    assert color(-1e30) == color(-12)


def test_a_number_has_the_same_color_in_every_map():
    shown = np.full((20, 20), 90, "uint8")
    quiet = np.array([[0.5, 0], [0, 0]], "float32")
    loud = np.array([[0.5, 11], [-9, 30]], "float32")
    pictures = [map_picture(values, shown, SIGNED) for values in (quiet, loud)]
    assert pictures[0][:10, :10].tolist() == pictures[1][:10, :10].tolist()
    assert pictures[0][:10, 10:].tolist() != pictures[1][:10, 10:].tolist()


def test_what_is_not_a_number_is_hatched_and_the_rest_is_as_before():
    values = np.array([[np.nan, 1], [np.inf, -np.inf]], "float32")
    picture = map_picture(values, np.full((40, 40), 90, "uint8"), SIGNED)
    hatched = picture[20:, :]
    assert np.unique(hatched.reshape(-1, 3), axis=0).tolist() == [[112] * 3, [150] * 3]
    assert picture[5, 25].tolist() == color(1, 90 / 255)


def test_labels_of_maps():
    assert map_label(np.full((3, 3), 0.04), SIGNED) == "near 0 everywhere"
    assert map_label(np.full((3, 3), -0.06), SIGNED) == ""
    assert map_label(np.zeros((3, 3)), UNSIGNED) == "near 0 everywhere"
    assert map_label(np.full((3, 3), np.nan), SIGNED) == "n/a"
    assert map_label(np.array([[np.nan, 1.0]]), SIGNED) == "n/a in part"


def test_a_map_below_neutral_is_the_probe_alone():
    shown = np.arange(64, dtype="uint8").reshape(8, 8)
    zero, noise = np.zeros((4, 4), "float32"), np.full((4, 4), 0.04, "float32")
    assert np.array_equal(map_picture(noise, shown, SIGNED), map_picture(zero, shown, SIGNED))


def test_a_hot_pixel_at_the_top_right_appears_at_the_top_right():
    values = np.zeros((2, 4), "float32")
    values[0, 3] = 12
    picture = map_picture(values, np.zeros((20, 40), "uint8"), SIGNED)
    red = (picture == color(12)).all(-1)
    assert red[:10, 30:].all()
    assert red.sum() == 100
