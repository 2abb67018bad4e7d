"""The numbers on a colour bar."""

import itertools

import numpy as np
import pytest
from helpers.pictures import SIGNED, UNSIGNED

from picasso_callbacks.explanation import Scale
from picasso_callbacks.render.color_bar import HEIGHT, beyond, draw_color_bar, number, ticks
from picasso_callbacks.render.contents import Heatmap
from picasso_callbacks.render.sheet import Sheet, text_width


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
        assert start + text_width(number(value), 22) < next_start


def test_beyond_is_the_value_that_the_bar_cannot_show():
    def extreme(*values, scale=SIGNED):
        return beyond(Heatmap("occlusion", np.array(values).reshape(1, 1, -1), scale))

    assert extreme(-12.0, 12.0) is None
    assert extreme(3.0, 14.25, -13.0) == 14.25
    assert extreme(13.0, -20.0) == -20
    assert extreme(-1.0, 1.0, scale=UNSIGNED) == -1
    assert extreme(np.nan, np.inf) is None


def drawn(value, width, scale=SIGNED, unit="nats"):
    sheet = Sheet(width, 100)
    draw_color_bar(sheet, 0, 0, width, Heatmap("occlusion", np.full((1, 1, 1), value, "float32"), scale, unit))
    return sheet.cut(HEIGHT)


@pytest.mark.parametrize("width", [60, 88, 150, 229, 470])
@pytest.mark.parametrize("unit", ["nats", ""])
def test_what_the_ends_mean_is_never_replaced_by_the_value_beyond_them(width, unit):
    without, with_extreme = drawn(1.0, width, unit=unit), drawn(-123.0, width, unit=unit)
    ends = slice(None, round(text_width("−", 22))), slice(-round(text_width("+", 22)), None)
    for end in ends:
        np.testing.assert_array_equal(without[-24:, end], with_extreme[-24:, end])
        assert (without[-24:, end] < 200).any()
    if width >= 150:
        assert (without != with_extreme).any()


def test_the_unit_is_below_a_bar_without_sides():
    assert (drawn(1.0, 229, UNSIGNED) != drawn(1.0, 229, UNSIGNED, unit="")).any()


def test_numbers_are_short():
    assert [number(each) for each in (0, 12.0, -3.0, 0.25, 0.0137, 123.4, 3.2e-5)] == (
        ["0", "12", "-3", "0.25", "0.014", "123", "3.2e-05"]
    )
    assert number(14.234, 3) == "14.2"
