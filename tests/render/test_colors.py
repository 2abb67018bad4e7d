import numpy as np
import pytest
from helpers.pictures import SIGNED, UNSIGNED, color

from picasso_callbacks.render.colors import luminance


@pytest.mark.parametrize("scale", [SIGNED, UNSIGNED])
def test_zero_is_the_grey_probe(scale):
    shades = [color(0, each, scale) for each in (0.0, 0.5, 1.0)]
    assert all(max(shade) - min(shade) <= 1 for shade in shades)
    assert shades[0][0] < shades[1][0] < shades[2][0]


def test_more_evidence_is_redder_and_more_against_is_bluer():
    for_it = [np.subtract(color(value)[0], color(value)[2]) for value in (0, 0.5, 2)]
    against = [np.subtract(color(-value)[2], color(-value)[0]) for value in (0, 0.5, 2)]
    assert for_it == sorted(for_it)
    assert for_it[2] > 50
    assert against == sorted(against)
    assert against[2] > 50


def test_luminance_of_white_black_and_green():
    image = np.array([[[255, 255, 255], [0, 0, 0], [0, 255, 0]]], "uint8")
    np.testing.assert_array_equal(luminance(image), [[255, 0, round(255 * 0.587)]])
