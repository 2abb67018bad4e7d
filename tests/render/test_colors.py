import itertools

import cmap
import numpy as np
import pytest

from picasso_callbacks.explanation import Scale
from picasso_callbacks.render.color_bar import beyond, number, ticks
from picasso_callbacks.render.colors import greys, luminance, overlay
from picasso_callbacks.render.contents import Heatmap
from picasso_callbacks.render.maps import map_label, map_picture
from picasso_callbacks.render.resize import fit_box, resize_map, thumbnail
from picasso_callbacks.render.sheet import text_width

SIGNED = Scale(limit=12.0, signed=True, knee=1.0, neutral=0.05)
UNSIGNED = Scale(limit=2.0, signed=False)


def color(value: float, luminance: float = 0.5, scale: Scale = SIGNED) -> list[int]:
    grey = greys(np.full((1, 1), luminance, "float32"), scale)
    return overlay(np.full((1, 1), value, "float32"), grey, scale)[0, 0].tolist()


def colormap(name: str, position: float) -> list[int]:
    return [round(255 * part) for part in list(cmap.Colormap(name)(position))[:3]]


@pytest.mark.parametrize("luminance", [0.0, 0.3, 1.0])
def test_the_limit_has_the_colormaps_end_color_whatever_the_probe_looks_like(luminance):
    assert color(12, luminance) == colormap("colorbrewer:RdBu_r", 1.0)
    assert color(-12, luminance) == colormap("colorbrewer:RdBu_r", 0.0)
    assert color(2, luminance, UNSIGNED) == colormap("matplotlib:inferno", 1.0)


@pytest.mark.parametrize("scale", [SIGNED, UNSIGNED])
def test_zero_is_the_grey_probe(scale):
    shades = [color(0, each, scale) for each in (0.0, 0.5, 1.0)]
    assert all(max(shade) - min(shade) <= 1 for shade in shades)
    assert shades[0][0] < shades[1][0] < shades[2][0]


def test_values_beyond_the_limit_look_like_the_limit():
    assert color(1e30) == color(12)
    assert color(-1e30) == color(-12)


def test_more_evidence_is_redder_and_more_against_is_bluer():
    for_it = [np.subtract(color(value)[0], color(value)[2]) for value in (0, 0.5, 2)]
    against = [np.subtract(color(-value)[2], color(-value)[0]) for value in (0, 0.5, 2)]
    assert for_it == sorted(for_it)
    assert for_it[2] > 50
    assert against == sorted(against)
    assert against[2] > 50


def test_a_number_has_the_same_color_in_every_map():
    image = np.full((2, 2, 3), 90, "uint8")
    quiet = np.array([[0.5, 0], [0, 0]], "float32")
    loud = np.array([[0.5, 11], [-9, 30]], "float32")
    pictures = [map_picture(values, image, SIGNED, (20, 20)) for values in (quiet, loud)]
    assert pictures[0][:10, :10].tolist() == pictures[1][:10, :10].tolist()
    assert pictures[0][:10, 10:].tolist() != pictures[1][:10, 10:].tolist()


def test_what_is_not_a_number_is_hatched_and_the_rest_is_as_before():
    image = np.full((2, 2, 3), 90, "uint8")
    values = np.array([[np.nan, 1], [np.inf, -np.inf]], "float32")
    picture = map_picture(values, image, SIGNED, (40, 40))
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
    image = np.arange(48, dtype="uint8").reshape(4, 4, 3)
    zero, noise = np.zeros((4, 4), "float32"), np.full((4, 4), 0.04, "float32")
    assert np.array_equal(map_picture(noise, image, SIGNED, (8, 8)), map_picture(zero, image, SIGNED, (8, 8)))


def test_a_hot_pixel_at_the_top_right_appears_at_the_top_right():
    values = np.zeros((2, 4), "float32")
    values[0, 3] = 12
    picture = map_picture(values, np.zeros((2, 4, 3), "uint8"), SIGNED, (20, 40))
    red = (picture == color(12)).all(-1)
    assert red[:10, 30:].all()
    assert red.sum() == 100


def test_luminance_of_white_black_and_green():
    image = np.array([[[255, 255, 255], [0, 0, 0], [0, 255, 0]]], "uint8")
    np.testing.assert_allclose(luminance(image), [[1, 0, 0.587]], atol=1e-6)


def test_thumbnail_is_the_mean_of_blocks():
    values = np.random.default_rng(0).normal(size=(3, 128, 64)).astype("float32")
    blocks = values.reshape(3, 64, 2, 32, 2).mean((2, 4))
    np.testing.assert_allclose(thumbnail(values), blocks, atol=1e-6)


def test_thumbnail_of_a_small_map_is_a_copy():
    values = np.ones((2, 28, 20), "float32")
    small = thumbnail(values)
    values[:] = 5
    assert small.shape == (2, 28, 20)
    assert small.max() == 1


def test_thumbnail_keeps_the_aspect_and_not_a_number():
    values = np.zeros((1, 300, 100), "float32")
    values[0, 0, 0] = np.nan
    small = thumbnail(values)
    assert small.shape == (1, 64, 21)
    assert np.isnan(small[0, 0, 0])
    assert np.isfinite(small[0, 10:]).all()


def test_an_enlarged_map_repeats_its_values():
    assert resize_map(np.array([[1.0, 2.0]]), (2, 4)).tolist() == [[1, 1, 2, 2], [1, 1, 2, 2]]


def test_fit_box_keeps_the_aspect():
    assert fit_box((28, 28), 300, 200) == (200, 200)
    assert fit_box((300, 100), 300, 200) == (300, 100)
    assert fit_box((1, 1000), 300, 200) == (1, 200)


def test_ticks_have_both_ends_and_zero_and_numbers_between_them():
    assert [tick[0] for tick in ticks(SIGNED, 213)] == [-12, -1, 0, 1, 12]
    assert [tick[0] for tick in ticks(SIGNED, 327)] == [-12, -3, -1, 0, 1, 3, 12]
    assert [tick[0] for tick in ticks(UNSIGNED, 213)] == [0, 1, 2]
    assert next(tick[0] for tick in ticks(UNSIGNED.with_limit(0.0), 213)) == 0


@pytest.mark.parametrize("limit", [1e-9, 0.00317, 1.0, 12.0, 123456.0])
@pytest.mark.parametrize("knee", [None, 0.1, 1.0])
@pytest.mark.parametrize("width", [60, 120, 213, 327])
def test_numbers_on_the_bar_never_touch(limit, knee, width):
    placed = ticks(Scale(limit=limit, signed=True, knee=knee), width)
    for (value, start, _), (_, next_start, _) in itertools.pairwise(placed):
        assert start + text_width(number(value), 21) < next_start


def test_beyond_is_the_value_that_the_bar_cannot_show():
    def extreme(*values, scale=SIGNED):
        return beyond(Heatmap("occlusion", np.array(values).reshape(1, 1, -1), scale))

    assert extreme(-12.0, 12.0) is None
    assert extreme(3.0, 14.25, -13.0) == 14.25
    assert extreme(13.0, -20.0) == -20
    assert extreme(-1.0, 1.0, scale=UNSIGNED) == -1
    assert extreme(np.nan, np.inf) is None


def test_numbers_are_short():
    assert [number(each) for each in (0, 12.0, -3.0, 0.25, 0.0137, 123.4, 3.2e-5)] == (
        ["0", "12", "-3", "0.25", "0.014", "123", "3.2e-05"]
    )
    assert number(14.234, 3) == "14.2"
