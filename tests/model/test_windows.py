"""Windows: where they lie, what they cover, and how their numbers become a map."""

import numpy as np
import pytest

from picasso_callbacks.model.windows import Windows, check_length


def picture(mask):
    return ["".join(".#"[int(hidden)] for hidden in row) for row in mask]


def spans(windows):
    """(top, left, height, width) of each window."""
    found = []
    for mask in windows.masks(range(len(windows))):
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        found.append((rows[0], columns[0], len(rows), len(columns)))
    return found


def test_windows_run_row_by_row_and_end_flush_with_the_borders():
    windows = Windows((3, 5), window=2, stride=2)
    assert len(windows) == 6
    assert [picture(mask) for mask in windows.masks(range(6))] == [
        ["##...", "##...", "....."],
        ["..##.", "..##.", "....."],
        ["...##", "...##", "....."],
        [".....", "##...", "##..."],
        [".....", "..##.", "..##."],
        [".....", "...##", "...##"],
    ]


def test_masks_come_in_the_order_asked_for():
    masks = Windows((2, 2), window=1, stride=1).masks(np.array([3, 0]))
    assert masks.dtype == bool
    assert [picture(mask) for mask in masks] == [["..", ".#"], ["#.", ".."]]


def test_no_second_window_where_the_last_stride_ends_at_the_border():
    assert [left for _, left, _, _ in spans(Windows((1, 6), (1, 2), (1, 2)))] == [0, 2, 4]


def test_height_comes_before_width():
    assert spans(Windows((4, 9), window=(2, 3), stride=(2, 6)))[:2] == [(0, 0, 2, 3), (0, 6, 2, 3)]
    assert spans(Windows((4, 12), window=0.5, stride=1.0)) == [(0, 0, 2, 6), (0, 6, 2, 6), (2, 0, 2, 6), (2, 6, 2, 6)]


def test_fractions_round_windows_up_and_starts_down():
    # A quarter of 10 is 2.5, an eighth 1.25: windows of 3 pixels from 0, 1.25, 2.5, ... and one flush with the border.
    assert [left for _, left, _, _ in spans(Windows((1, 10), (1, 0.25), (1, 0.125)))] == [0, 1, 2, 3, 5, 6, 7]
    assert spans(Windows((1, 10), (1, 0.25), (1, 0.125)))[0][3] == 3


def test_fractions_are_not_at_the_mercy_of_binary_rounding():
    assert spans(Windows((1, 10), (1, 0.7), (1, 0.1)))[0][3] == 7
    assert spans(Windows((1, 27), (1, np.float32(1 / 3)), (1, 1 / 3))) == [(0, 0, 1, 9), (0, 9, 1, 9), (0, 18, 1, 9)]


@pytest.mark.parametrize("side", [*range(8, 70), 224, 299, 512])
def test_the_defaults_make_49_windows_at_any_size(side):
    assert len(Windows((side, side), 1 / 4, 1 / 8)) == 49


@pytest.mark.parametrize("window", [1, 3, 7, 1 / 4, 1 / 3, 1.0])
@pytest.mark.parametrize("stride", [1, 2, 3, 5, 1 / 8, 1 / 3, 0.03])
@pytest.mark.parametrize("size", [(7, 8), (13, 10), (20, 31)])
def test_every_pixel_is_covered_unless_the_stride_exceeds_the_window(size, window, stride):
    windows = Windows(size, window, stride)
    hidden = windows.masks(range(len(windows))).sum(axis=0)
    assert windows.gaps == (hidden == 0).any()
    assert len(spans(windows)) == len(set(spans(windows)))
    _, _, height, width = spans(windows)[0]
    pixels = [stride if isinstance(stride, int) else np.ceil(stride * side) for side in size]
    if pixels[0] <= height and pixels[1] <= width:
        assert not windows.gaps


def test_a_window_as_large_as_the_image():
    for window in ((3, 5), 1.0):
        windows = Windows((3, 5), window, stride=1)
        assert len(windows) == 1
        assert windows.masks([0]).all()
        np.testing.assert_array_equal(windows.average([2.5]), np.full((3, 5), 2.5))


def test_overlapping_windows_are_averaged():
    windows = Windows((1, 5), window=(1, 2), stride=(1, 2))  # from 0, 2 and 3: the last two share a pixel
    np.testing.assert_array_equal(windows.average([1.0, 3.0, 7.0]), [[1, 1, 3, 5, 7]])


def test_averages_in_both_directions_without_transposing():
    windows = Windows((2, 3), window=(1, 2), stride=1)
    np.testing.assert_array_equal(windows.average([1.0, 3.0, 10.0, 30.0]), [[1, 2, 3], [10, 20, 30]])


def test_pixels_in_gaps_take_the_nearest_window():
    windows = Windows((1, 8), window=(1, 2), stride=(1, 6))
    assert windows.gaps
    np.testing.assert_array_equal(windows.average([1.0, 5.0]), [[1, 1, 1, 1, 5, 5, 5, 5]])


def test_a_gap_between_rows_and_columns_takes_the_nearest_corner():
    windows = Windows((4, 4), window=1, stride=3)
    expected = [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
    np.testing.assert_array_equal(windows.average([1.0, 2.0, 3.0, 4.0]), expected)


def test_a_stride_beyond_the_image_leaves_the_two_border_windows():
    assert [left for _, left, _, _ in spans(Windows((1, 6), (1, 2), (1, 100)))] == [0, 4]


def test_leading_axes_stay_and_the_map_is_float32():
    windows = Windows((2, 3), 1, 1)
    maps = windows.average(np.arange(4 * 5 * 6).reshape(4, 5, 6))
    assert maps.shape == (4, 5, 2, 3)
    assert maps.dtype == np.float32
    np.testing.assert_array_equal(maps.reshape(-1), np.arange(120))


def test_averages_a_constant_to_itself():
    windows = Windows((11, 17), window=(3, 5), stride=(2, 7))
    np.testing.assert_array_equal(windows.average(np.full(len(windows), 0.1)), np.full((11, 17), np.float32(0.1)))


@pytest.mark.parametrize("window", [(4, 1), (1, 6), 4])
def test_a_window_larger_than_the_image_is_refused(window):
    with pytest.raises(ValueError, match=r"window=.* is larger than the image of 3 x 5 pixels.*Pass a smaller window"):
        Windows((3, 5), window, 1)


@pytest.mark.parametrize(
    "length",
    [
        0,
        -1,
        0.0,
        1.5,
        -0.5,
        float("nan"),
        True,
        None,
        "3",
        "3 ",
        (1,),
        (1, 2, 3),
        (1, 0),
        [2, 1.5],
        np.array([1, 2, 3]),
    ],
)
def test_what_is_no_length_is_refused(length):
    with pytest.raises(ValueError, match=r"stride is .*expected an int of pixels >= 1, a float fraction"):
        check_length("stride", length)


def test_lengths_come_back_as_pairs():
    assert check_length("window", 3) == (3, 3)
    assert check_length("window", 0.25) == (0.25, 0.25)
    assert check_length("window", [4, 0.5]) == (4, 0.5)
    assert check_length("window", np.array([4, 5])) == (4, 5)
    assert check_length("window", (np.int64(4), np.float32(0.5))) == (4, 0.5)
