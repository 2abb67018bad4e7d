"""How outputs that are written down are read, without a model around them."""

import keras
import numpy as np
import pytest

from picasso_callbacks.model.head.find_head import find_head
from picasso_callbacks.model.head.scores import sigmoid, softmax

Z = np.array([[1, 2, -1], [0, 3, 1]], "float32")


def read(*about, **more):
    head = find_head(*about, **more)
    return head.reading, head.source


def test_every_row_has_to_sum_to_one():
    for sums in ([1, 1.01], [1.01, 1], [0.99, 1]):
        with pytest.raises(ValueError, match="not to 1"):
            find_head(np.array([[one / 2, one / 2] for one in sums], "float32"), None, None)
    assert read(np.array([[0.5, 0.5], [0.25, 0.75]], "float32"), None, None) == ("softmax", "probabilities")


@pytest.mark.parametrize("output", [[[0.5, 0.5], [-0.01, 1]], [[0.5, 0.5], [0, 1.01]]])
def test_outputs_beyond_0_and_1_are_no_probabilities(output):
    for loss in (None, "binary"):
        with pytest.raises(ValueError, match="no probabilities"):
            find_head(np.array(output, "float32"), None, None, loss and keras.losses.BinaryCrossentropy())


def test_a_coarse_type_is_allowed_more():
    output = np.array([[0.5, 0.503]], "float32")
    assert read(output, None, None, precision=2**-10) == ("softmax", "probabilities")
    with pytest.raises(ValueError, match="not to 1"):
        find_head(output, None, None, precision=2**-12)


@pytest.mark.parametrize(("steps", "source"), [(3.9, "logits"), (4.1, "probabilities")])
def test_a_coarse_type_may_be_four_of_its_steps_off_its_activation(steps, source):
    equal = np.zeros((2, 2), "float32")
    output = equal + 0.5 / (1 + steps * 0.01)
    for name, loss in (("softmax", None), ("sigmoid", keras.losses.BinaryCrossentropy())):
        assert read(output, equal, None, loss, precision=0.01) == (name, source)


def test_sums_may_be_a_ten_thousandth_off():
    assert read(np.array([[0.5, 0.50009]], "float32"), None, None) == ("softmax", "probabilities")
    with pytest.raises(ValueError, match="not to 1"):
        find_head(np.array([[0.5, 0.50011]], "float32"), None, None)


def test_more_classes_are_allowed_more():
    # 2e-7 for each: of a thousand 2e-4.
    output = np.full((1, 1000), 1e-3)
    assert read(output * 1.00019, None, None) == ("softmax", "probabilities")
    with pytest.raises(ValueError, match="not to 1"):
        find_head(output * 1.00021, None, None)


def test_a_sigmoid_that_a_user_decodes_is_recognised():
    z = np.array([[2.0], [-1.0]], "float32")
    for decode in (sigmoid, lambda outputs: np.concatenate([1 - sigmoid(outputs), sigmoid(outputs)], axis=1)):
        assert read(z, None, decode) == ("binary", "outputs")
    both = np.concatenate([z, -z], axis=1)
    assert read(both, None, lambda outputs: sigmoid(outputs[:, 0])) == ("decoded", "probabilities")
    assert read(sigmoid(z), z, lambda outputs: outputs) == ("binary", "logits")


def test_what_a_user_decodes_is_recognised_by_its_numbers():
    assert read(Z, None, softmax) == ("softmax", "outputs")
    assert read(Z, None, sigmoid) == ("sigmoid", "outputs")
    assert read(softmax(Z), Z, lambda outputs: outputs) == ("softmax", "logits")
    assert read(softmax(Z), None, lambda outputs: outputs) == ("softmax", "probabilities")
    assert read(sigmoid(Z), None, lambda outputs: outputs) == ("sigmoid", "probabilities")
    assert read(Z, None, lambda outputs: softmax(outputs / 2)) == ("decoded", "probabilities")
    assert find_head(Z, None, lambda outputs: softmax(outputs / 2)).exclusive
    assert not find_head(Z, None, lambda outputs: sigmoid(outputs / 2)).exclusive


def test_the_users_word_holds_whatever_the_graph_says():
    assert read(sigmoid(Z), None, "softmax", is_sigmoid=True) == ("softmax", "outputs")
    assert read(sigmoid(Z), None, "sigmoid", is_sigmoid=True) == ("sigmoid", "probabilities")
    assert read(Z, None, "sigmoid") == ("sigmoid", "outputs")


def test_a_softmax_stays_one_under_a_binary_loss():
    loss = keras.losses.BinaryCrossentropy()
    assert read(softmax(Z), Z, None, loss) == ("softmax", "logits")
    assert read(sigmoid(Z), Z, None, loss) == ("sigmoid", "logits")


def test_numbers_of_either_activation_are_what_the_loss_says():
    equal = np.zeros((2, 2), "float32")
    assert read(equal + 0.5, equal, None, keras.losses.CategoricalCrossentropy()) == ("softmax", "logits")
    assert read(equal + 0.5, equal, None, keras.losses.BinaryCrossentropy()) == ("sigmoid", "logits")


def test_whose_compute_loss_is_their_own_may_give_the_loss_anything():
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    assert read(Z, None, None, loss) == ("softmax", "outputs")
    with pytest.raises(ValueError, match="its own compute_loss may give it others"):
        find_head(Z, None, None, loss, own_loss=True)
    with pytest.raises(ValueError, match="there is one for each image or position"):
        find_head(Z[:, :1], None, None, loss)


@pytest.mark.parametrize(
    ("sums", "told"), [(1.004, r"1\.004\.\.1\.004 over"), (1.0004567, r"1\.000457\.\.1\.000457 over")]
)
def test_sums_are_told_with_as_many_digits_as_it_takes(sums, told):
    with pytest.raises(ValueError, match=told):
        find_head(np.full((2, 2), sums / 2), None, None)


@pytest.mark.parametrize("output", [np.float32(0.5), {"a": 1}, [0.5]])
def test_what_is_no_array_of_answers_is_refused(output):
    with pytest.raises(ValueError, match=r"expected \[N, classes\]"):
        find_head(output, None, None)
