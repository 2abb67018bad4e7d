"""What is exchanged in models that read one place of plain pictures, in which everything can be worked out."""

import pytest
from helpers.plain_pictures import ALL, first_pixel, found, plain, regions, sigmoid, top_third


def test_the_third_that_is_read_carries_everything_and_the_others_nothing():
    cues = found(top_third(), plain())
    assert cues["top"].gap == pytest.approx(ALL, abs=1e-5)
    assert cues["top"].share == pytest.approx(1, abs=1e-5)
    assert cues["top"].flips.tolist() == [1] * 8
    for name in ("middle", "bottom", "texture"):
        assert cues[name].gap == pytest.approx(0, abs=1e-6)
        assert cues[name].share == pytest.approx(0, abs=1e-6)
        assert cues[name].flips.tolist() == [0] * 8


def test_corners_carry_their_part_of_the_third():
    # Two squares of 3 x 3 lie in the third of 4 x 12 pixels: its mean goes 18/48 of the way, log-odds from 3 to 3/4.
    corners = found(top_third(), plain())["corners"]
    assert corners.gap == pytest.approx(sigmoid(3) - sigmoid(3 - 6 * 18 / 48), abs=1e-5)
    assert corners.share == pytest.approx(18 / 48, abs=1e-5)
    assert corners.flips.tolist() == [0] * 8


def test_of_one_corner_pixel_only_what_holds_it_carries_anything():
    cues = found(first_pixel(), plain())
    for name in ("corners", "frame", "top", "colour", "layout"):
        assert cues[name].gap == pytest.approx(ALL, abs=1e-5), name
    for name in ("middle", "bottom", "texture"):
        assert cues[name].gap == pytest.approx(0, abs=1e-6), name


def test_the_region_that_is_read_carries_everything_and_the_others_nothing():
    cues = found(top_third(), plain(regions=regions()), expected="vehicle")
    assert list(cues) == ["sky", "hills", "surroundings", "texture"]
    assert [cues[name].share for name in cues] == pytest.approx([1, 0, 1, 0], abs=1e-5)
    assert [cues[name].gap for name in cues] == pytest.approx([ALL, 0, ALL, 0], abs=1e-5)
    assert [cues[name].area for name in cues] == pytest.approx([1 / 3, 1 / 3, 2 / 3, 1])


def test_a_part_of_that_size_elsewhere_is_the_control():
    cues = found(top_third(), plain(regions=regions()), expected="vehicle")
    assert cues["sky"].flips.tolist() == [1] * 8
    assert cues["sky"].control.tolist() == [0] * 8
    assert cues["surroundings"].control is None  # more than half of the picture has no elsewhere


def test_reading_the_expected_region_depends_on_nothing_else():
    cues = found(top_third(), plain(regions=regions()), expected="sky")
    assert [cues[name].gap for name in cues] == pytest.approx([0, 0, 0, 0], abs=1e-6)
