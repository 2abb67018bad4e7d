"""Reader: scores of a model's outputs, in tensors and in NumPy, and the weights of positions."""

import keras
import numpy as np
import pytest

from picasso_callbacks.model.head.head import Head
from picasso_callbacks.model.head.pick import Pick
from picasso_callbacks.model.head.reader import Reader, position_weights

ROWS = np.arange(2)


def reader(head, derived=(), weights=None):
    return Reader(head, Pick(keras.Sequential(), None, everything=head.reading == "decoded"), derived, weights)


def read(one, outputs, logits=None, rows=ROWS):
    return one.read(keras.tree.map_structure(keras.ops.convert_to_numpy, one.extract(outputs, logits, rows)))


def test_contrasts_and_functions_follow_the_classes():
    first = lambda outputs: outputs[:, 0] * 10  # noqa: E731
    one = reader(Head("softmax", "outputs"), [(2, 0), first, (0, 1)])
    scores = read(one, np.array([[1.0, 2.0, 5.0], [0.0, -1.0, 3.0]], dtype="float32"))
    assert scores.classes == 3
    assert scores.contrasts == ((2, 0), None, (0, 1))
    np.testing.assert_allclose(scores.logits, [[1, 2, 5, 4, 10, -1], [0, -1, 3, 3, 0, 1]])


def test_a_contrast_of_two_sides_of_one_sigmoid_unit():
    # The logits of no and yes are -z and z.
    scores = read(reader(Head("binary", "logits"), [(1, 0)]), np.array([[0.5], [0.5]]), np.array([[3.0], [-1.0]]))
    np.testing.assert_allclose(scores.logits, [[-3, 3, 6], [1, -1, -2]])


def test_plain_numbers_have_no_probabilities():
    scores = read(reader(Head("value", "outputs")), np.array([4.0, -7.0], dtype="float32"))
    assert scores.probabilities is None
    np.testing.assert_array_equal(scores.logits, [[4], [-7]])


def test_derived_targets_of_decoded_outputs():
    head = Head("decoded", "probabilities", decode=lambda outputs: outputs["p"], exclusive=True)
    p = np.array([[0.2, 0.8], [0.5, 0.5]], dtype="float32")
    scores = read(reader(head, [(1, 0), lambda outputs: outputs["size"]]), {"p": p, "size": np.array([7.0, 9.0])})
    np.testing.assert_allclose(scores.logits[:, :3], [[-np.log(4), np.log(4), 2 * np.log(4)], [0, 0, 0]], atol=1e-6)
    np.testing.assert_array_equal(scores.logits[:, 3], [7, 9])


@pytest.mark.parametrize(("exclusive", "certain"), [(True, 1e30), (False, 1e7)])
def test_decoded_probabilities_have_the_odds_that_they_have_in_tensors(exclusive, certain):
    head = Head("decoded", "probabilities", decode=lambda outputs: outputs, exclusive=exclusive)
    p = np.array([[0.25, 0.75], [1, 0], [0, 1]], dtype="float32")
    expected = np.log([[1 / 3, 3], [certain, 1e-30], [1e-30, certain]])
    np.testing.assert_allclose(read(reader(head), p).log_odds(np.array([[0, 1]] * 3)), expected, rtol=1e-6)
    np.testing.assert_allclose(head.class_scores(p, None), expected, rtol=1e-6)


def test_each_probe_has_its_own_positions():
    head = Head("value", "outputs", dense=True)
    weights = position_weights(np.zeros((2, 3, 1)), np.array([[1, 0, 0], [0, 1, 1]], dtype=bool), 2)
    outputs = np.array([[[1.0], [2.0], [6.0]]] * 4, dtype="float32")
    scores = read(reader(head, weights=weights), outputs, rows=np.array([0, 1, 1, 0]))
    np.testing.assert_allclose(scores.logits, [[1], [4], [4], [1]])


def test_without_a_mask_all_positions_count_alike():
    np.testing.assert_array_equal(position_weights(np.zeros((5, 2, 2, 3)), None, 2), np.full((2, 4), 0.25, "float32"))


@pytest.mark.parametrize("shape", [(2, 2), (3, 2, 2)])
def test_a_mask_for_all_probes_or_for_each(shape):
    mask = np.zeros(shape, dtype=bool)
    mask[..., 1, :] = True
    np.testing.assert_array_equal(position_weights(np.zeros((3, 2, 2, 4)), mask, 3), [[0, 0, 0.5, 0.5]] * 3)


@pytest.mark.parametrize("mask", [np.ones((2, 3)), np.ones((2, 2, 2)), np.ones(4), np.zeros((2, 2))])
def test_a_mask_of_another_shape_or_of_nothing_is_refused(mask):
    with pytest.raises(
        ValueError, match=r"output_mask has shape .*expected the positions of the model's output, \(2, 2"
    ):
        position_weights(np.zeros((3, 2, 2, 4)), mask, 3)
