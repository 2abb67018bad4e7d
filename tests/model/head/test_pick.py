"""Outputs: which of several is explained, how it is said, and with which loss it is trained."""

import logging

import keras
import numpy as np
import pytest
from helpers.models import from_logits

from picasso_callbacks import Picasso, Probes, explain
from picasso_callbacks.model.head.pick import loss_of

SIZE = (1, 2, 1)
PROBES = Probes(np.array([[[1.0, 3.0]], [[2.0, 0.5]]], dtype="float32")[..., None])
FLAT = PROBES.images.reshape(2, 2)
KIND = np.exp(FLAT) / np.exp(FLAT).sum(axis=1, keepdims=True)


def several(structure):
    """The softmax of the two pixels, and their sum, in a dict, list or tuple."""
    image = keras.Input(SIZE)
    flat = keras.layers.Flatten()(image)
    kind = keras.layers.Softmax(name="kind")(flat)
    amount = keras.layers.Lambda(lambda x: keras.ops.sum(x, axis=1, keepdims=True), name="amount", output_shape=(1,))
    return keras.Model(image, structure(kind, amount(flat)))


STRUCTURES = {
    "dict": lambda kind, amount: {"kind": kind, "amount": amount},
    "list": lambda kind, amount: [kind, amount],
    "tuple": lambda kind, amount: (kind, amount),
}

each_structure = pytest.mark.parametrize(
    "structure",
    [pytest.param(one, id=name) for name, one in STRUCTURES.items()],
)


def ask(model, **settings):
    return explain(model, PROBES, methods="class_probabilities", **settings)


@each_structure
def test_the_first_output_by_default_with_a_notice(structure, caplog):
    with caplog.at_level(logging.WARNING, "picasso_callbacks"):
        report = ask(several(structure))
    np.testing.assert_allclose(report.probabilities, KIND, rtol=1e-5)
    [record] = caplog.records
    assert "'kind', 'amount']; the first is explained. Pass output=... for another." in record.getMessage()


@each_structure
@pytest.mark.parametrize("output", [0])
def test_an_output_by_its_index(structure, output, caplog):
    np.testing.assert_allclose(ask(several(structure), output=output).probabilities, KIND, rtol=1e-5)
    assert not caplog.records


@each_structure
@pytest.mark.parametrize("output", ["kind"])
def test_an_output_that_was_asked_for_needs_no_notice(structure, output, caplog):
    np.testing.assert_allclose(ask(several(structure), output=output).probabilities, KIND, rtol=1e-5)
    assert not caplog.records


def test_a_single_output_in_a_dict_needs_no_notice(caplog):
    image = keras.Input(SIZE)
    model = keras.Model(image, {"kind": keras.layers.Softmax()(keras.layers.Flatten()(image))})
    np.testing.assert_allclose(ask(model).probabilities, KIND, rtol=1e-5)
    assert not caplog.records


@each_structure
def test_another_output_by_its_index(structure):
    report = ask(several(structure), output=1, decode_prob="value")
    np.testing.assert_allclose(report.class_scores, [[4], [2.5]])


@each_structure
@pytest.mark.parametrize("output", ["amount"])
def test_another_output_by_name(structure, output):
    report = ask(several(structure), output=output, decode_prob="value")
    assert report.probabilities is None
    np.testing.assert_allclose(report.class_scores, [[4], [2.5]])


def test_the_logits_are_those_of_the_output_that_is_explained():
    image = keras.Input(SIZE)
    flat = keras.layers.Flatten()(image)
    one, other = keras.layers.Dense(2, "softmax", name="one"), keras.layers.Dense(2, "softmax", name="other")
    model = keras.Model(image, [one(flat), other(flat)])
    for layer, kernel in (one, [[50, 0], [0, 60]]), (other, [[-70, 0], [0, -80]]):
        layer.set_weights([np.array(kernel), np.zeros(2)])
    for output, expected in (0, [[50, 0], [0, 60]]), (1, [[70, 0], [0, 80]]):
        report = explain(model, PROBES, output=output, methods="saliency_map", targets=[0, 1])
        np.testing.assert_array_equal(report["saliency_map"].values[0, :, 0], expected)


@pytest.mark.parametrize("output", ["colour", 2, -3])
def test_an_unknown_output_lists_the_known_ones(output):
    with pytest.raises(
        ValueError, match=r"output is .*; expected one of \[('kind', 'amount'|'amount', 'kind'), 0, 1\]"
    ):
        ask(several(STRUCTURES["dict"]), output=output)


@pytest.mark.parametrize("output", ["colour", 1])
def test_an_unknown_output_of_a_model_with_one(output):
    model = keras.Sequential([keras.Input(SIZE), keras.layers.Flatten(), keras.layers.Softmax()])
    with pytest.raises(ValueError, match=r"output is .*, but the model has one output. Pass output=None"):
        ask(model, output=output)


@pytest.mark.parametrize("output", [0, None])
def test_a_single_output_may_be_named(output):
    model = keras.Sequential([keras.Input(SIZE), keras.layers.Flatten(), keras.layers.Softmax(name="kind")])
    np.testing.assert_allclose(ask(model, output=output).probabilities, KIND, rtol=1e-5)


class Nested(keras.Model):
    def call(self, inputs):
        flat = keras.ops.reshape(inputs, (-1, 2))
        return {"heads": {"kind": keras.ops.softmax(flat)}, "flat": flat}


def test_nested_outputs_are_refused_and_decode_prob_reads_them():
    with pytest.raises(ValueError, match=r"expected one of \['heads', 'flat'.*nested, pass decode_prob="):
        ask(Nested())
    report = ask(Nested(), decode_prob=lambda outputs: outputs["heads"]["kind"])
    np.testing.assert_allclose(report.probabilities, KIND, rtol=1e-5)


def test_decode_prob_gets_all_outputs_unless_one_is_chosen(caplog):
    model = several(STRUCTURES["dict"])
    assert not caplog.records
    np.testing.assert_allclose(ask(model, decode_prob=lambda outputs: outputs["kind"]).probabilities, KIND, rtol=1e-5)
    share = lambda amount: keras.ops.concatenate([amount / 10, 1 - amount / 10], axis=1)  # noqa: E731
    np.testing.assert_allclose(
        ask(model, output="amount", decode_prob=share).probabilities, [[0.4, 0.6], [0.25, 0.75]], rtol=1e-5
    )


def test_a_wrong_output_stops_a_fit_before_its_first_step(tmp_path):
    model = several(STRUCTURES["dict"])
    model.compile("sgd", {"kind": "categorical_crossentropy", "amount": "mse"})
    with pytest.raises(ValueError, match="output is 'colour'"):
        model.fit(
            PROBES.images,
            {"kind": KIND, "amount": FLAT[:, :1]},
            callbacks=[Picasso(tmp_path, PROBES, output="colour")],
            verbose=0,
        )


@each_structure
def test_the_loss_of_the_output_says_how_it_is_read(structure):
    model = several(structure)
    is_dict = isinstance(model.output, dict)
    losses = {"kind": "categorical_crossentropy", "amount": "mse"}
    model.compile("sgd", losses if is_dict else list(losses.values()))
    assert ask(model, output="amount").probabilities is None
    np.testing.assert_allclose(ask(model, output=0).probabilities, KIND, rtol=1e-5)


def test_loss_of():
    class Model:
        output_names = ("kind", "amount")

    model, logits = Model(), from_logits()
    assert loss_of(model, None) is None
    for loss in {"kind": logits, "amount": "mse"}, [logits, "mse"]:
        model.loss = loss
        assert loss_of(model, None) is logits
        assert loss_of(model, 0) is logits
        assert loss_of(model, "kind") is logits
        for output in "amount", 1:
            assert loss_of(model, output) is keras.losses.get("mse")
    model.loss = logits
    assert loss_of(model, None) is logits
