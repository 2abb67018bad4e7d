"""Scores: log-odds and probabilities that don't saturate."""

import dataclasses

import numpy as np
import pytest

from picasso_callbacks.model.head.scores import Scores, sigmoid, softmax


def scores(logits, competing=True):
    logits = np.array(logits, dtype="float32")
    return Scores(logits, softmax(logits) if competing else sigmoid(logits), competing)


def test_log_odds_of_a_softmax_by_hand():
    # p = 1/6, 2/6, 3/6, so the odds are 1/5, 1/2 and 1
    given = scores(np.log([[1, 2, 3]]) + 7)
    np.testing.assert_allclose(given.log_odds(np.array([[0, 1, 2]])), np.log([[1 / 5, 1 / 2, 1]]), atol=1e-6)
    np.testing.assert_allclose(given.probability(np.array([[2, 0]])), [[1 / 2, 1 / 6]], rtol=1e-6)


def test_log_odds_of_two_classes_is_the_difference_of_their_logits():
    np.testing.assert_array_equal(scores([[3, -2], [0, 4]]).log_odds(np.array([[0], [0]])), [[5], [-4]])


def test_each_input_has_its_own_classes():
    given = scores([[3, -2], [0, 4]])
    np.testing.assert_array_equal(given.log_odds(np.array([[0, 1], [1, 0]])), [[5, -5], [4, -4]])


def test_log_odds_of_independent_classes_are_their_logits():
    given = scores([[3.5, -2, 100]], competing=False)
    np.testing.assert_array_equal(given.log_odds(np.array([[0, 2]])), [[3.5, 100]])
    assert given.probability(np.array([[0]]))[0, 0] == pytest.approx(1 / (1 + np.exp(-3.5)))


def test_log_odds_go_on_where_float32_probabilities_are_one():
    given = scores([[60, 0, 0]])
    assert given.probability(np.array([[0]])) == 1
    assert given.log_odds(np.array([[0]])) == pytest.approx(60 - np.log(2))
    assert scores([[90000, -90000]]).log_odds(np.array([[1]])) == -180000


def test_log_odds_change_no_logits():
    given = scores([[1, 2, 3]])
    given.log_odds(np.array([[0, 2]]))
    np.testing.assert_array_equal(given.logits, [[1, 2, 3]])


def test_dtypes_are_float32():
    given = scores([[1, 2, 3]])
    assert given.log_odds(np.array([[0]])).dtype == np.float32
    assert given.probability(np.array([[0]])).dtype == np.float32


def test_rows():
    given = scores([[1, 2], [3, 4], [5, 6]])
    assert len(given) == 3
    assert given.classes == 2
    assert given[:2].off is None
    some = dataclasses.replace(given, off=np.array([0, 0.1, 0.2]))[1:]
    np.testing.assert_array_equal(some.logits, [[3, 4], [5, 6]])
    np.testing.assert_array_equal(some.probabilities, given.probabilities[1:])
    np.testing.assert_array_equal(some.off, [0.1, 0.2])


def test_contrasts_are_their_own_log_odds_and_no_rival_of_the_classes():
    # p = 1/6, 2/6, 3/6; "2 and not 0" is ln 3 nats, of probability 3/6 - 1/6.
    z = np.log([[1, 2, 3]])
    columns = np.concatenate([z, z[:, 2:] - z[:, :1], [[40.0]]], axis=1)
    given = Scores(columns.astype("float32"), softmax(z), True, contrasts=((2, 0), None))
    assert given.classes == 3
    np.testing.assert_allclose(given.log_odds(np.array([[3, 0, 4]])), [[np.log(3), np.log(1 / 5), 40]], atol=1e-6)
    np.testing.assert_allclose(given.probability(np.array([[3, 0, 4]])), [[2 / 6, 1 / 6, 40]], atol=1e-6)


def test_plain_numbers_are_ranked_by_themselves_and_have_no_probability():
    given = Scores(np.array([[3.0, -2.0]], dtype="float32"), None, False)
    np.testing.assert_array_equal(given.ranking, [[3, -2]])
    np.testing.assert_array_equal(given.log_odds(np.array([[1]])), [[-2]])
    with pytest.raises(ValueError, match="plain numbers, not probabilities; use score='log_odds'"):
        given.probability(np.array([[0]]))


def test_softmax_and_sigmoid_by_hand():
    np.testing.assert_allclose(softmax(np.log([[1.0, 3.0]])), [[0.25, 0.75]], rtol=1e-6)
    np.testing.assert_allclose(sigmoid(np.log([3.0, 1.0, 1 / 3])), [0.75, 0.5, 0.25], rtol=1e-6)


def test_softmax_and_sigmoid_without_overflow():
    with np.errstate(over="raise", invalid="raise"):
        np.testing.assert_array_equal(softmax(np.array([[1e5, -1e5]], dtype="float32")), [[1, 0]])
        np.testing.assert_array_equal(sigmoid(np.array([1e5, -1e5], dtype="float32")), [1, 0])
