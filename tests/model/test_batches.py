"""Batches: many questions in batches of one size."""

import numpy as np
import pytest

from picasso_callbacks.model.batches import Batches


class Squares:
    """Answers a row with its square and its half, and notes what it was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, rows):
        self.asked.append(rows.tolist())
        return rows**2, rows[:, None] / 2


@pytest.mark.parametrize(("limit", "count", "size"), [(10, 10, 10), (10, 11, 6), (10, 3, 3), (4, 9, 3), (1, 5, 1)])
def test_rows_are_split_evenly(limit, count, size):
    assert Batches(limit).size(count) == size


def test_the_last_batch_is_padded_with_the_last_row():
    ask = Squares()
    squares, halves = Batches(3).collect(ask, 7)
    assert ask.asked == [[0, 1, 2], [3, 4, 5], [6, 6, 6]]
    np.testing.assert_array_equal(squares, [0, 1, 4, 9, 16, 25, 36])
    np.testing.assert_array_equal(halves, np.arange(7)[:, None] / 2)


def test_in_a_rehearsal_the_first_answer_stands_for_all():
    ask, batches = Squares(), Batches(3)
    with batches.rehearsal():
        squares, halves = batches.collect(ask, 7)
    assert ask.asked == [[0, 1, 2], [0, 1, 2]]
    assert squares.tolist() == [0] * 7
    assert halves.shape == (7, 1)
    assert batches.rehearsed_seconds > 0
    assert batches.collect(ask, 3)[0].tolist() == [0, 1, 4]


def test_a_rehearsal_ends_when_it_fails():
    batches = Batches(3)
    with pytest.raises(ZeroDivisionError), batches.rehearsal():
        1 / 0  # noqa: B018
    assert batches.collect(Squares(), 5)[0].tolist() == [0, 1, 4, 9, 16]


@pytest.mark.parametrize("limit", [1, 7, 41, 128, 1000])
def test_rounded_rows_make_batches_of_few_sizes_and_are_at_most_an_eighth_more(limit):
    batches, counts = Batches(limit), np.arange(1, 5000)
    rounded = np.array([batches.rounded(int(count)) for count in counts])
    assert (rounded >= counts).all()
    evenly = np.array([batches.size(int(count)) for count in counts]) * -(-counts // limit)
    assert (rounded <= 1.125 * evenly).all()
    sizes = {batches.size(int(count)) for count in rounded}
    assert max(sizes) <= limit
    assert len(sizes) <= min(limit, 8 * (1 + np.log2(limit)))


@pytest.mark.parametrize(("count", "rounded"), [(15, 15), (17, 18), (33, 36), (100, 104), (129, 144), (383, 384)])
def test_rows_are_rounded_to_four_binary_digits(count, rounded):
    assert Batches(128).rounded(count) == rounded
