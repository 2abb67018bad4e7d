"""A pixel is the mean of the windows that hide it, or the nearest window's number where none does."""

import numpy as np

from picasso_callbacks.averaging import average, axis_weights


def test_a_pixel_takes_equally_of_the_windows_that_hide_it():
    weights = axis_weights(np.array([[0, 2], [1, 3]]), 3)
    assert weights.tolist() == [[1, 0.5, 0], [0, 0.5, 1]]
    assert average(np.array([[4.0], [8.0]]), weights, np.ones((1, 1))).tolist() == [[4], [6], [8]]


def test_a_pixel_in_a_gap_takes_the_nearest_window():
    weights = axis_weights(np.array([[0, 1], [4, 5]]), 5)
    assert weights.tolist() == [[1, 1, 1, 0, 0], [0, 0, 0, 1, 1]]


def test_axes_before_the_last_two_stay():
    weights = axis_weights(np.array([[0, 1], [1, 2]]), 2)
    values = np.arange(24.0).reshape(2, 3, 2, 2)
    np.testing.assert_array_equal(average(values, weights, weights), values)
