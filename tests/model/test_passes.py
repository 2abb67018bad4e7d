"""Calling models as they want to be called, and what is said of those that can't be."""

import keras
import numpy as np
import pytest
from helpers.models import linear
from keras import layers, ops

from picasso_callbacks import PartialOcclusion, Picasso, Probes, explain

IMAGES = np.random.default_rng(0).random((4, 6, 8, 3), dtype="float32")
QUARTERS = PartialOcclusion(window=(3, 4), stride=(3, 4))


def probes(count=4):
    return Probes(IMAGES[:count], labels=[0, 1, 0, 1][:count], value_range=(0, 1))


def of_eight(recurrent):
    """A model that takes eight images, no more and no fewer."""
    image = keras.Input((6, 8, 3), batch_size=8)
    if recurrent:
        hidden = layers.GRU(5, stateful=True)(layers.Reshape((6, 24))(image))
    else:
        hidden = ops.reshape(image, (8, 144))
    return keras.Model(image, layers.Dense(2, activation="softmax")(hidden))


@pytest.mark.parametrize("count", [1, 3, 4])
def test_a_model_of_a_fixed_batch_size_is_asked_at_that_size(count):
    model = of_eight(recurrent=False)
    report = explain(model, probes(count), methods=[QUARTERS, "saliency_map"], targets=1, shortcuts=count == 4)
    padded = np.concatenate([IMAGES[:count]] * 8)[:8]
    hidden = padded.copy()
    hidden[:, :3, :4] = 0.5
    odds = lambda p: np.log(p[:count, 1]) - np.log(p[:count, 0])  # noqa: E731
    fall = odds(model.predict(padded, verbose=0)) - odds(model.predict(hidden, verbose=0))
    np.testing.assert_allclose(report["partial_occlusion"].values[:, 0, 0, 0], fall, atol=1e-5)
    assert report["saliency_map"].values.shape == (count, 1, 6, 8)
    assert bool(report.dependences) == (count == 4)


def test_the_state_of_a_stateful_layer_is_as_before(tmp_path):
    model = of_eight(recurrent=True)
    model.predict(np.concatenate([IMAGES, IMAGES]), verbose=0)
    before = [ops.convert_to_numpy(variable) for variable in model.variables]
    assert any(np.any(value) for value in before)
    explain(model, probes())
    np.testing.assert_equal([ops.convert_to_numpy(variable) for variable in model.variables], before)


class Returns(keras.Model):
    """Returns something beside its probabilities."""

    def __init__(self, beside):
        super().__init__()
        self.flatten, self.dense = layers.Flatten(), layers.Dense(2, activation="softmax")
        self.beside = beside

    def call(self, inputs):
        return self.beside(self.dense(self.flatten(inputs)))


@pytest.mark.parametrize(
    ("beside", "output"),
    [
        (lambda p: (p, None), None),
        (lambda p: (None, p), 1),
        (lambda p: {"probs": p, "name": "a string"}, "probs"),
        (lambda p: {"probs": p, "name": "a string", "nothing": None}, None),
    ],
)
def test_only_what_was_picked_has_to_be_numbers(beside, output):
    model, plain = Returns(beside), Returns(lambda p: p)
    plain(IMAGES)
    model(IMAGES)
    model.dense.set_weights(plain.dense.get_weights())
    found = explain(model, probes(), methods=[QUARTERS, "saliency_map"], targets=0, output=output, shortcuts=False)
    expected = explain(plain, probes(), methods=[QUARTERS, "saliency_map"], targets=0, shortcuts=False)
    for name in expected.explanations:
        np.testing.assert_allclose(found[name].values, expected[name].values, atol=1e-6)


def test_a_function_of_the_outputs_gets_none_for_what_is_no_number():
    model = Returns(lambda p: {"probs": p, "name": "a string"})
    model(IMAGES)
    report = explain(model, probes(), decode_prob=lambda outputs: outputs["probs"], shortcuts=False)
    assert report.probabilities.shape == (4, 2)


class NoTrainingArgument(keras.Model):
    """Layers that train unless they are told not to, and take others along, in a `call` that can't be told.

    `predict` does not tell it, either, so that it is no oracle.
    """

    def __init__(self):
        super().__init__()
        self.first = [layers.Resizing(5, 6), layers.RandomFlip(), layers.Conv2D(4, 3), layers.BatchNormalization()]
        self.last = [layers.Dropout(0.5), layers.Flatten(), layers.Dense(2, activation="softmax")]

    def call(self, inputs):
        for layer in (*self.first, *self.last):
            inputs = layer(inputs)
        return inputs


class WithinAGraph(layers.Layer):
    """The same, as a layer of a Functional model."""

    def __init__(self):
        super().__init__()
        self.flip, self.dropout = layers.RandomFlip(), layers.Dropout(0.5)

    def call(self, inputs):
        return self.dropout(self.flip(inputs))

    def compute_output_shape(self, shape):
        return shape


def within_a_graph():
    image = keras.Input((6, 8, 3))
    hidden = layers.Conv2D(4, 3, padding="same")(WithinAGraph()(image))
    return keras.Model(image, layers.Dense(2, activation="softmax")(layers.Flatten()(hidden)))


@pytest.mark.parametrize("make", [NoTrainingArgument, within_a_graph])
@pytest.mark.parametrize("incremental", [True, False])
def test_models_are_asked_in_inference_whether_or_not_their_call_can_be_told(make, incremental):
    model = make()
    report = explain(model, probes(), methods=[QUARTERS], targets=1, shortcuts=False, incremental=incremental)
    answers = ops.convert_to_numpy(model(IMAGES, training=False))
    np.testing.assert_allclose(report.probabilities, answers, atol=1e-6)
    hidden = IMAGES.copy()
    hidden[:, :3, :4] = 0.5
    odds = lambda p: np.log(p[:, 1]) - np.log(p[:, 0])  # noqa: E731
    fall = odds(answers) - odds(ops.convert_to_numpy(model(hidden, training=False)))
    np.testing.assert_allclose(report["partial_occlusion"].values[:, 0, 0, 0], fall, atol=1e-5)


class Raises(keras.Model):
    def call(self, inputs):
        raise KeyError("my own trouble")


class KnownBatch(keras.Model):
    """Needs to know how many images there are."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2, activation="softmax")

    def call(self, inputs):
        assert inputs.shape[0] is not None
        return self.dense(ops.reshape(inputs, (inputs.shape[0], 144)))


def test_a_call_that_needs_a_known_batch():
    assert explain(KnownBatch(), probes()).probabilities.shape == (4, 2)


class OnlyEagerly(KnownBatch):
    """Decides by numbers, which a traced call does not have."""

    def call(self, inputs):
        return super().call(inputs if float(ops.convert_to_numpy(inputs).max()) < 99 else -inputs)


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX traces whatever it differentiates: fit fails alone")
@pytest.mark.parametrize("built", [True, False])
def test_a_call_that_only_runs_eagerly(built, tmp_path):
    model = OnlyEagerly()
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    if built:
        model(IMAGES)
    picasso = Picasso(tmp_path, probes(), methods=[QUARTERS, "saliency_map"], on_error="raise")
    model.fit(IMAGES, np.array([0, 1, 0, 1]), verbose=0, callbacks=[picasso])
    report = explain(model, probes(), methods=[QUARTERS, "saliency_map"], shortcuts=False)
    np.testing.assert_allclose(report.probabilities, model.predict(IMAGES, verbose=0), atol=1e-6)


class WithoutCall(keras.Model):
    def train_step(self, *data):
        return {}


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Raises, r"KeyError: .?my own trouble.?\nIt is called as predict calls it"),
        (
            WithoutCall,
            r"does not have a `call\(\)` method implemented\.\nIt can't be asked about images: give it a call",
        ),
        (
            lambda: keras.Sequential([layers.Conv2D(2, 9), layers.Flatten(), layers.Dense(2, activation="softmax")]),
            r"\(4, 6, 8, 3\)(.|\n)*\nPass probes as fit gets its images, or preprocess=.*postprocess=",
        ),
    ],
)
def test_a_model_that_fails_is_quoted_and_the_advice_belongs_to_it(model, message, tmp_path):
    with pytest.raises(ValueError, match=message) as refused:
        explain(model(), probes())
    assert "\x1b" not in str(refused.value)
    assert "Arguments received" not in str(refused.value)


def test_a_fit_of_a_fixed_batch_size(tmp_path):
    model = of_eight(recurrent=False)
    model.compile("sgd", "sparse_categorical_crossentropy")
    images = np.concatenate([IMAGES, IMAGES])
    model.fit(
        images, np.arange(8) % 2, batch_size=8, verbose=0, callbacks=[Picasso(tmp_path, probes(), on_error="raise")]
    )
    assert list(tmp_path.rglob("*tfevents*"))


def test_a_layer_that_fails_on_a_part_of_its_input_is_computed_as_a_whole(caplog):
    mean = np.random.default_rng(1).random((6, 8, 3)).astype("float32")
    model = linear((6, 8, 3), np.random.default_rng(2).normal(size=(144, 2)), "softmax")
    model = keras.Sequential([keras.Input((6, 8, 3)), layers.Rescaling(1.0, offset=-mean), *model.layers])
    with caplog.at_level("INFO", "picasso_callbacks"):
        found = explain(model, probes(), methods=[PartialOcclusion(2, 1)], targets=1, shortcuts=False)
    expected = explain(model, probes(), methods=[PartialOcclusion(2, 1)], targets=1, shortcuts=False, incremental=False)
    np.testing.assert_allclose(found["partial_occlusion"].values, expected["partial_occlusion"].values, atol=1e-5)
