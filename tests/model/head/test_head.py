"""Scores and distances of outputs that are written down, for every way of reading them."""

import keras
import numpy as np
import pytest

from picasso_callbacks.model.head.head import Head, answers_in, decoded
from picasso_callbacks.model.head.reader import check_derived, position_weights


def scores(head, output, logits=None, weights=None):
    tensors = (
        None if one is None else keras.ops.convert_to_tensor(np.array(one, "float32")) for one in (output, logits)
    )
    return keras.ops.convert_to_numpy(head.class_scores(*tensors, weights))


def odds(p):
    return np.log(p) - np.log(1 - np.array(p))


P = [[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]]


@pytest.mark.parametrize(
    ("head", "output", "expected"),
    [
        (Head("softmax", "probabilities"), P, np.log(P)),
        (Head("sigmoid", "probabilities"), P, odds(P)),
        (Head("binary", "probabilities"), [[0.2], [0.9]], [[np.log(4), -np.log(4)], [-np.log(9), np.log(9)]]),
        (Head("binary", "outputs"), [0.5, -3], [[-0.5, 0.5], [3, -3]]),
        (Head("binary", "outputs"), [0.5], [[-0.5, 0.5]]),
        (Head("value", "outputs"), [4, -7], [[4], [-7]]),
        (Head("value", "outputs"), [[4, 1], [-7, 2]], [[4, 1], [-7, 2]]),
        (Head("decoded", "probabilities", decode=lambda p: p, exclusive=True), P, odds(P)),
        (
            Head("decoded", "probabilities", decode=lambda p: p),
            [[0.2, 0.9], [0.5, 0.75]],
            odds([[0.2, 0.9], [0.5, 0.75]]),
        ),
        (Head("decoded", "probabilities", decode=lambda p: p[:, 0]), [[0.2], [0.9]], odds([[0.8, 0.2], [0.1, 0.9]])),
        (Head("decoded", "probabilities", decode=lambda p: p), [[0.2], [0.9]], odds([[0.8, 0.2], [0.1, 0.9]])),
    ],
)
def test_scores_by_hand(head, output, expected):
    np.testing.assert_allclose(scores(head, output), expected, atol=1e-5)


def test_logits_are_taken_where_they_are_known():
    assert scores(Head("softmax", "logits"), P, [[1, 2, 3], [4, 5, 6]]).tolist() == [[1, 2, 3], [4, 5, 6]]
    assert scores(Head("binary", "logits"), [[0.5]], [[0]]).tolist() == [[0, 0]]


def test_positions_are_weighed():
    head, weights = Head("value", "outputs", dense=True), np.array([[0.25, 0.75], [1, 0]], "float32")
    assert scores(head, [[[1, 2], [5, 6]], [[3, 4], [7, 8]]], weights=weights).tolist() == [[4, 5], [3, 4]]


@pytest.mark.parametrize("saturated", [0.0, 1.0])
def test_probabilities_of_zero_and_one_have_finite_scores(saturated):
    for reading in ("softmax", "sigmoid"):
        found = scores(Head(reading, "probabilities"), [[saturated, 1 - saturated]])
        assert np.isfinite(found).all()
        assert abs(found[0, 0] - found[0, 1]) > 60


@pytest.mark.parametrize(
    ("reading", "output", "off"),
    [
        ("softmax", [[0.5, 0.6], [0.25, 0.5], [-0.25, 1.25], [1, 0]], [0.1, 0.25, 0.25, 0]),
        ("sigmoid", [[1.25, 0.5], [-0.5, 1.25], [1, 1], [0, 0]], [0.25, 0.5, 0, 0]),
        ("sigmoid", [[[[1.25, 0.5]], [[0.5, 2]]], [[[0.5, 0.5]], [[0, 0]]]], [1, 0]),
        ("binary", [1.5, 0.5], [0.5, 0]),
    ],
)
def test_how_far_outputs_are_from_probabilities(reading, output, off):
    found = Head(reading, "probabilities").off(np.array(output, "float32"))
    np.testing.assert_allclose(np.maximum(found, 0), off, atol=1e-6)


def decode(values, output=None):
    output = np.zeros((2, 3), "float32") if output is None else output
    return decoded(lambda _: np.array(values, "float32"), output)


def test_decoded_probabilities_may_be_a_little_off():
    assert decode([[-0.001, 1.001], [0.5, 0.5]]).shape == (2, 2)
    for off in (-0.003, 1.003):
        with pytest.raises(ValueError, match=r"decode_prob returned numbers from .*expected probabilities in"):
            decode([[off, 0.5], [0.5, 0.5]])


@pytest.mark.parametrize("values", [[0.25, 1], [[0.25], [1]]])
def test_one_decoded_column_is_yes_and_no(values):
    assert decode(values).tolist() == [[0.75, 0.25], [0, 1]]


@pytest.mark.parametrize("values", [[[0.5, 0.5]], [[0.5, 0.5]] * 3, [[[0.5], [0.5]]] * 2, 0.5])
def test_decoded_probabilities_of_another_shape_are_refused(values):
    with pytest.raises(ValueError, match=r"decode_prob returned shape .* expected \[N, classes\] with N = 2"):
        decode(values)


def test_decoded_nan_is_the_networks_own_or_refused():
    nan = [[np.nan, 0.5], [0.5, 0.5]]
    assert np.isnan(decode(nan, np.array([[np.inf], [1]]))[0, 0])
    with pytest.raises(ValueError, match="expected probabilities"):
        decode(nan)
    with pytest.raises(ValueError, match="expected probabilities"):
        decode([[np.nan, 7], [0.5, 0.5]], np.array([[np.inf], [1]]))


def test_answers_are_counted_in_any_nest():
    assert answers_in({"a": None, "b": [np.zeros((3, 2)), np.zeros(5)]}) == 3


@pytest.mark.parametrize("contrast", [(3, 0), (0, 3)])
def test_a_contrast_of_a_class_that_there_is_not_is_refused(contrast):
    with pytest.raises(ValueError, match=r"targets holds 3; expected class indices in 0\.\.2"):
        check_derived([contrast], np.zeros((2, 3)), 3, 2)
    check_derived([(2, 0), (0, 2)], np.zeros((2, 3)), 3, 2)


def test_a_mask_weighs_positions():
    output = np.zeros((5, 2, 2, 3))
    found = position_weights(output, np.array([[3, 1], [0, 0]]), 2)
    assert found.tolist() == [[0.75, 0.25, 0, 0]] * 2
    with pytest.raises(ValueError, match=r"true somewhere in each"):
        position_weights(output, np.array([[[1, 0], [0, 0]], [[0, 0], [0, 0]]]), 2)
