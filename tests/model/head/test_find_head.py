"""Head: how outputs are read as probabilities and scores; models that can't be read say what mends it."""

import keras
import numpy as np
import pytest
from helpers.models import from_logits, linear

from picasso_callbacks.model.live_model import LiveModel
from picasso_callbacks.options import Options
from picasso_callbacks.probes import Probes

SIZE = (1, 3, 1)
PIXELS = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 4.0]], dtype="float32")
PROBES = Probes(PIXELS.reshape(2, *SIZE))
EYE = np.eye(3)


def read(model, decode_prob=None, probes=PROBES):
    return LiveModel(model, probes, Options(decode_prob=decode_prob))


def softmax(x):
    return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def assert_reads(live, reading, probabilities, log_odds, source=None):
    scores, every = live.scores(), np.tile(np.arange(live.classes), (2, 1))
    assert live.head.reading == reading
    assert source is None or live.head.source == source
    np.testing.assert_allclose(scores.probabilities, probabilities, atol=1e-6)
    np.testing.assert_allclose(scores.log_odds(every), log_odds, atol=2e-5)


def odds(p):
    return np.log(p) - np.log(1 - p)


def test_softmax():
    p = softmax(PIXELS.astype("float64"))
    live = read(linear(SIZE, EYE, "softmax"))
    assert_reads(live, "softmax", p, odds(p), "logits")
    assert live.head.description == "logits before the softmax"


def test_one_sigmoid_unit_is_two_classes():
    z = PIXELS[:, :1] - 2 * PIXELS[:, 2:]
    p = np.concatenate([1 - sigmoid(z), sigmoid(z)], axis=1)
    live = read(linear(SIZE, [[1], [0], [-2]], "sigmoid"))
    assert live.classes == 2
    assert_reads(live, "binary", p, np.concatenate([-z, z], axis=1), "logits")


def test_one_sigmoid_unit_without_a_class_axis():
    image = keras.Input(SIZE)
    z = keras.layers.Flatten()(image)[:, 0]
    model = keras.Model(image, keras.ops.sigmoid(z))
    p = sigmoid(PIXELS[:, 0])
    assert_reads(read(model), "binary", np.stack([1 - p, p], axis=1), np.stack([-PIXELS[:, 0], PIXELS[:, 0]], axis=1))


def test_independent_classes():
    model = linear(SIZE, EYE, "sigmoid", bias=-1, loss="binary_crossentropy")
    z = PIXELS - 1
    assert_reads(read(model), "sigmoid", sigmoid(z), z, "logits")


def test_independent_classes_are_seen_in_their_logits_whatever_the_loss():
    assert_reads(read(linear(SIZE, EYE, "sigmoid", bias=-1)), "sigmoid", sigmoid(PIXELS - 1), PIXELS - 1, "logits")


@pytest.mark.parametrize(
    "loss", ["binary_crossentropy", keras.losses.BinaryFocalCrossentropy(), {"out": "bce"}, ["bce"]]
)
def test_independent_classes_without_logits_are_seen_in_the_loss(loss):
    image = keras.Input(SIZE)
    p = keras.layers.Flatten(name="out")(keras.ops.sigmoid(image) * 1.0)
    model = keras.Model(image, p)
    model.compile(loss=loss)
    assert_reads(read(model), "sigmoid", sigmoid(PIXELS), PIXELS, "probabilities")


def test_an_untrained_network_that_fits_both_is_decided_by_its_loss():
    weights = np.zeros((3, 2))
    assert read(linear(SIZE, weights, "sigmoid", loss="binary_crossentropy")).head.reading == "sigmoid"
    assert read(linear(SIZE, weights, "softmax", loss="categorical_crossentropy")).head.reading == "softmax"


@pytest.mark.parametrize("loss", [from_logits(), keras.losses.SparseCategoricalCrossentropy(from_logits=True)])
def test_linear_outputs_are_logits_if_the_loss_says_so(loss):
    p = softmax(PIXELS.astype("float64"))
    assert_reads(read(linear(SIZE, EYE, loss=loss)), "softmax", p, odds(p), "outputs")


def test_linear_outputs_of_independent_classes():
    model = linear(SIZE, EYE, loss=keras.losses.BinaryCrossentropy(from_logits=True))
    assert_reads(read(model), "sigmoid", sigmoid(PIXELS), PIXELS, "outputs")


def test_one_linear_unit():
    model = linear(SIZE, [[1], [0], [0]], loss=keras.losses.BinaryCrossentropy(from_logits=True))
    z = PIXELS[:, :1]
    assert_reads(
        read(model),
        "binary",
        np.concatenate([1 - sigmoid(z), sigmoid(z)], axis=1),
        np.concatenate([-z, z], axis=1),
        "outputs",
    )


@pytest.mark.parametrize(
    ("decode_prob", "reading", "function"),
    [
        ("softmax", "softmax", softmax),
        ("sigmoid", "sigmoid", sigmoid),
        (keras.ops.softmax, "softmax", softmax),
        (keras.ops.sigmoid, "sigmoid", sigmoid),
        (lambda outputs: softmax(np.asarray(outputs)), "softmax", softmax),
    ],
    ids=["'softmax'", "'sigmoid'", "ops.softmax", "ops.sigmoid", "NumPy"],
)
def test_decode_prob_says_how_linear_outputs_are_read(decode_prob, reading, function):
    p = function(PIXELS.astype("float64"))
    assert_reads(read(linear(SIZE, EYE), decode_prob), reading, p, odds(p), "outputs")


def test_decode_prob_of_the_outputs_themselves():
    p = softmax(PIXELS.astype("float64"))
    assert_reads(read(linear(SIZE, EYE, "softmax"), lambda outputs: outputs), "softmax", p, odds(p))


def test_decode_prob_of_the_users_own():
    # Three outputs shared out by their size: no softmax, no sigmoid.
    share = lambda outputs: outputs / keras.ops.sum(outputs, axis=1, keepdims=True)  # noqa: E731
    live = read(linear(SIZE, EYE + 0.1), share)
    outputs = PIXELS @ (EYE + 0.1)
    p = outputs / outputs.sum(axis=1, keepdims=True)
    assert_reads(live, "decoded", p, odds(p))
    assert "decode_prob" in live.head.description


def test_decode_prob_picks_one_of_several_outputs():
    image = keras.Input(SIZE)
    flat = keras.layers.Flatten()(image)
    model = keras.Model(image, {"a size": flat * 3, "class": keras.ops.softmax(flat)})
    with pytest.raises(ValueError, match=r"outputs range from 0 to 12, so they are no probabilities"):
        read(model)
    p = softmax(PIXELS.astype("float64"))
    assert_reads(read(model, lambda outputs: outputs["class"]), "decoded", p, odds(p))


def test_decode_prob_does_not_saturate_where_one_of_several_outputs_does():
    image = keras.Input(SIZE)
    flat = keras.layers.Flatten()(image)
    model = keras.Model(image, [flat, keras.ops.softmax(flat * 16)])
    live = read(model, lambda outputs: outputs[1])
    z = 16 * PIXELS.astype("float64")
    others = np.stack([np.log(np.exp(np.delete(z, c, axis=1)).sum(axis=1)) for c in range(3)], axis=1)
    every = np.tile(np.arange(3), (2, 1))
    np.testing.assert_allclose(live.scores().log_odds(every), z - others, rtol=1e-5)


def test_decode_prob_of_one_column_is_two_classes():
    live = read(linear(SIZE, EYE), lambda outputs: outputs[:, 2] / 10)
    np.testing.assert_allclose(live.scores().probabilities, [[1, 0], [0.6, 0.4]], atol=1e-6)


def test_outputs_that_are_no_probabilities_are_refused_with_what_mends_it():
    message = r"outputs range from 0 to 4, so they are no probabilities.*decode_prob=.*'softmax' or.*from_logits=True"
    with pytest.raises(ValueError, match=message):
        read(linear(SIZE, EYE))


@pytest.mark.parametrize("loss", [None, "categorical_crossentropy"])
def test_outputs_that_do_not_sum_to_one_are_refused_with_what_mends_it(loss):
    model = linear(SIZE, EYE, bias=0.5, loss=loss)
    probes = Probes(PROBES.images / 10)
    with pytest.raises(
        ValueError, match=r"sum to 1.8\S*..2\S* over the 3 classes, not to 1.*binary cross-entropy.*decode_prob="
    ):
        read(model, probes=probes)


@pytest.mark.parametrize("activation", ["relu", "tanh", "softplus"])
def test_other_activations_are_no_probabilities(activation):
    with pytest.raises(ValueError, match="decode_prob="):
        read(linear(SIZE, EYE * 3, activation))


def test_an_output_without_rows_is_refused():
    image = keras.Input(SIZE)
    with pytest.raises(ValueError, match=r"expected \[N, classes\].*Pass decode_prob="):
        read(keras.Model(image, keras.ops.mean(image)))


def test_outputs_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match=r"of the model's outputs for the probes, \d+ of \d+ are not finite"):
        read(linear(SIZE, EYE * np.nan, "softmax"))


@pytest.mark.parametrize(
    ("decode_prob", "message"),
    [
        (lambda outputs: outputs * 10, r"decode_prob returned numbers from 0 to 40; expected probabilities in 0\.\.1"),
        (lambda outputs: outputs * np.nan, r"decode_prob returned numbers from nan to nan; expected probabilities"),
        (lambda outputs: outputs[:1], r"decode_prob returned shape \(1, 3\); expected \[N, classes\] with N = 2"),
        (lambda outputs: outputs[..., None], r"decode_prob returned shape \(2, 3, 1\); expected \[N, classes\]"),
    ],
)
def test_a_decode_prob_that_gives_no_probabilities_is_refused(decode_prob, message):
    with pytest.raises(ValueError, match=message):
        read(linear(SIZE, EYE), decode_prob)


def test_a_softmax_of_one_unit_is_refused():
    with pytest.raises(ValueError, match="softmax over a single class is always 1; expected two classes or a sigmoid"):
        read(linear(SIZE, [[1], [0], [0]]), "softmax")


@pytest.mark.parametrize("shape", [(2, 2, 3, 1), (2, 1, 4, 1), (2, 1, 3, 3)])
def test_probes_of_another_size_than_the_model_takes_are_refused(shape):
    message = (
        r"probes have shape \(2, .*\) but the model takes \(None, 1, 3, 1\). Resize the probes or pass preprocess="
    )
    with pytest.raises(ValueError, match=message):
        read(linear(SIZE, EYE, "softmax"), probes=Probes(np.zeros(shape)))


@pytest.mark.parametrize("decode_prob", [None, lambda outputs: outputs])
def test_gradients_are_of_the_logits_also_where_the_softmax_is_saturated(decode_prob):
    live = read(linear(SIZE, EYE * 100, "softmax"), decode_prob)
    gradients = live.gradients(np.array([[0], [1]]))
    np.testing.assert_array_equal(gradients.reshape(2, 3), [[100, 0, 0], [0, 100, 0]])


def test_gradients_of_a_single_sigmoid_unit_point_opposite_ways_for_its_two_classes():
    model = linear(SIZE, [[1], [0], [-2]], loss=keras.losses.BinaryCrossentropy(from_logits=True))
    gradients = read(model).gradients(np.array([[0, 1], [1, 0]])).reshape(2, 2, 3)
    np.testing.assert_array_equal(gradients, [[[-1, 0, 2], [1, 0, -2]], [[1, 0, -2], [-1, 0, 2]]])


def test_gradients_through_the_users_own_decode_prob():
    # p = x / 10, so the log-odds log(x / (10 - x)) grow by 10 / (x (10 - x)) with x.
    live = read(linear(SIZE, EYE), lambda outputs: outputs / 10)
    gradients = live.gradients(np.array([[1], [2]])).reshape(2, 3)
    np.testing.assert_allclose(gradients, [[0, 10 / 16, 0], [0, 0, 10 / 24]], rtol=1e-5)


@pytest.mark.parametrize("bias", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("loss", [None, lambda truth, output: keras.ops.mean(output)])
def test_one_unit_is_no_probability_because_it_lies_in_0_to_1(loss, bias):
    model = linear(SIZE, [[0.01], [0], [0.02]], bias=bias, loss=loss)
    with pytest.raises(ValueError, match=r"decode_prob='value' where .* 'sigmoid' where"):
        read(model, probes=Probes(PROBES.images * 0))
    assert read(model, "value").head.reading == "value"
    assert read(model, "sigmoid").head.reading == "binary"


class OfOnesOwn(keras.losses.Loss):
    """Called as one of Keras' is, and doing something else."""

    def __init__(self):
        super().__init__(name="binary_crossentropy")

    def call(self, truth, output):
        return keras.ops.square(truth - output)


def test_the_name_of_a_loss_of_ones_own_says_nothing():
    def mean_squared_error(truth, output):
        return keras.losses.binary_crossentropy(truth, output, from_logits=True)

    for loss in (OfOnesOwn(), mean_squared_error):
        with pytest.raises(ValueError, match="decode_prob="):
            read(linear(SIZE, [[0.01], [0], [0.02]], bias=0.3, loss=loss))


def test_sums_of_one_by_chance_are_narrow():
    almost = linear(SIZE, np.zeros((3, 2)), bias=[0.3, 0.7005])
    with pytest.raises(ValueError, match="not to 1"):
        read(almost)
    assert read(linear(SIZE, np.zeros((3, 2)), bias=[0.3, 0.7])).head.reading == "softmax"


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("classes", [2, 10, 100])
def test_tolerances_follow_the_type_that_is_computed_in(dtype, classes):
    for seed in range(8):
        keras.utils.set_random_seed(seed)
        dense = keras.layers.Dense(classes, activation="softmax", dtype=dtype)
        model = keras.Sequential([keras.Input(SIZE), keras.layers.Flatten(), dense])
        assert read(model).head.reading == "softmax"


class Weighted(keras.losses.BinaryCrossentropy):
    """Derived from a loss of Keras."""


def test_a_loss_is_known_by_its_class_whatever_it_is_called():
    for loss, reading in (
        (Weighted(from_logits=True), "sigmoid"),
        (keras.losses.BinaryCrossentropy(from_logits=True, name="tags"), "sigmoid"),
        (keras.losses.CategoricalCrossentropy(from_logits=True, name="binary_or_not"), "softmax"),
        (keras.losses.MeanSquaredError(name="age"), "value"),
        ("mean_squared_error", "value"),
        (keras.losses.mean_squared_error, "value"),
    ):
        assert read(linear(SIZE, EYE, loss=loss)).head.reading == reading


class Focal(keras.losses.Loss):
    """Says that outputs are logits, and not whether classes compete."""

    from_logits = True

    def call(self, truth, output):
        return keras.ops.mean(output)


def test_logits_of_a_loss_of_ones_own_may_compete_or_not():
    with pytest.raises(ValueError, match="decode_prob='softmax' or 'sigmoid'"):
        read(linear(SIZE, EYE, loss=Focal()))
    assert read(linear(SIZE, [[1], [0], [-2]], loss=Focal())).head.reading == "binary"


def test_a_softmax_of_many_classes_that_is_clipped_sums_to_nearly_one():
    image = keras.Input(SIZE)
    z = keras.layers.Dense(2000, kernel_initializer="random_normal")(keras.layers.Flatten()(image)) * 30
    model = keras.Model(image, keras.ops.clip(keras.ops.softmax(z), 1e-7, 1.0))
    assert read(model).head.reading == "softmax"


@pytest.mark.parametrize("loss", ["mse", "mae", keras.losses.Huber(), keras.losses.MeanSquaredError(name="age")])
@pytest.mark.parametrize("units", [1, 3])
def test_a_sigmoid_under_the_loss_of_a_regression_may_be_either(loss, units):
    model = linear(SIZE, EYE[:, :units], "sigmoid", loss=loss)
    with pytest.raises(ValueError, match=r"come from a sigmoid, and its loss is .*Pass decode_prob='sigmoid' where .*"):
        read(model)
    plain = read(model, "value")
    assert plain.head.reading == "value"
    np.testing.assert_allclose(plain.scores().logits, sigmoid(PIXELS[:, :units]), rtol=1e-5)
    z = PIXELS[:, :units] if units == 3 else np.concatenate([-PIXELS[:, :1], PIXELS[:, :1]], axis=1)
    reading = "sigmoid" if units == 3 else "binary"
    for said in ("sigmoid", lambda outputs: outputs):
        assert_reads(read(model, said), reading, sigmoid(z), z, "logits")


def test_a_dense_sigmoid_under_the_loss_of_a_regression_may_be_either():
    image = keras.Input((2, 3, 1))
    model = keras.Model(image, keras.layers.Conv2D(1, 1, activation="sigmoid")(image))
    model.compile(loss="mse")
    dense = Probes(np.zeros((2, 2, 3, 1)))
    with pytest.raises(ValueError, match="decode_prob='value'"):
        read(model, probes=dense)
    assert read(model, "value", dense).head.reading == "value"
    assert read(model, "sigmoid", dense).head.reading == "binary"


def test_a_sigmoid_that_only_the_graph_tells_of_may_be_either_too():
    image = keras.Input(SIZE)
    model = keras.Model(image, keras.ops.sigmoid(keras.layers.Flatten()(image)))
    model.compile(loss="mse")
    with pytest.raises(ValueError, match="come from a sigmoid, and its loss is mean_squared_error"):
        read(model)
    assert_reads(read(model, "sigmoid"), "sigmoid", sigmoid(PIXELS), PIXELS)


def test_a_softmax_under_the_loss_of_a_regression_makes_probabilities():
    p = softmax(PIXELS.astype("float64"))
    assert_reads(read(linear(SIZE, EYE, "softmax", loss="mse")), "softmax", p, odds(p), "logits")


def test_two_untrained_units_may_be_anything_under_the_loss_of_a_regression():
    model = linear(SIZE, np.zeros((3, 2)), "sigmoid", loss="mse")
    with pytest.raises(ValueError, match=r"a softmax or sigmoid, .*decode_prob='softmax' or 'sigmoid' where"):
        read(model)
    for said in ("softmax", "sigmoid", "value"):
        assert read(model, said).head.reading == said


def test_a_word_for_another_activation_than_the_outputs_have_been_through_is_refused():
    for activation, other in (("sigmoid", "softmax"), ("softmax", "sigmoid")):
        model = linear(SIZE, EYE, activation)
        with pytest.raises(ValueError, match=f"through a {activation} already. Pass decode_prob='{activation}'"):
            read(model, other)
        assert read(model, activation).head.reading == activation
