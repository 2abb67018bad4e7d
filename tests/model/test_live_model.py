"""The live model: new weights answer at once."""

import re

import keras
import numpy as np
import pytest
from helpers.brute_force import assert_maps_agree, brute_force, log_odds

from picasso_callbacks import PartialOcclusion, Picasso, Probes, SaliencyMap, explain
from picasso_callbacks.methods.base import Look
from picasso_callbacks.model.live_model import LiveModel


class CountsTraces(keras.layers.Layer):
    """Passes its input on, and counts how often its Python is run."""

    traces = 0

    def call(self, inputs):
        CountsTraces.traces += 1
        return inputs


def test_new_weights_answer_at_the_next_look_without_a_new_trace():
    size = (4, 6, 1)
    model = keras.Sequential(
        [keras.Input(size), CountsTraces(), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")]
    )
    images = np.random.default_rng(9).random((3, *size), dtype="float32")
    live = LiveModel(model, Probes(images))
    targets = np.tile([1, 0], (3, 1))
    methods = [PartialOcclusion((2, 3), (2, 3)), SaliencyMap()]

    def ask():
        look = Look(live, live.scores(), targets)
        return [method.explain(look).values for method in methods]

    ask()
    traces = CountsTraces.traces
    weights = np.random.default_rng(10).normal(size=(24, 2)).astype("float32")
    model.set_weights([weights, np.zeros(2)])
    occlusion, saliency = ask()
    if keras.config.backend() != "torch":  # which runs Python each time
        assert CountsTraces.traces == traces
    odds = lambda x: log_odds(x.reshape(len(x), -1) @ weights)  # noqa: E731
    hidden = brute_force(odds, images, np.full_like(images, 0.5), targets, (2, 3), (2, 3))
    assert_maps_agree(occlusion, hidden, odds, images, targets)
    np.testing.assert_array_equal(saliency[0, 0], np.abs(weights[:, 1]).reshape(4, 6))


class Noisy(keras.Model):
    """Adds noise to its logits, whether it trains or not."""

    def __init__(self, noise):
        super().__init__()
        self.flatten, self.dense = keras.layers.Flatten(), keras.layers.Dense(3)
        self.softmax, self.noise = keras.layers.Softmax(), noise
        self.seeds = keras.random.SeedGenerator(1)

    def call(self, inputs):
        logits = self.dense(self.flatten(inputs))
        return self.softmax(logits + self.noise * keras.random.normal(keras.ops.shape(logits), seed=self.seeds))


class ByTheBatch(keras.Model):
    """Compares each image with the others of its batch."""

    def __init__(self):
        super().__init__()
        self.flatten, self.dense = keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")
        self.normal = keras.layers.BatchNormalization()

    def call(self, inputs):
        return self.dense(self.normal(self.flatten(inputs), training=True))


@pytest.mark.parametrize("make", [lambda: Noisy(0.5), ByTheBatch])
def test_a_model_whose_answers_differ_is_explained_with_a_note_that_says_by_how_much(make, caplog):
    probes = Probes(np.random.default_rng(0).random((6, 4, 6, 1), dtype="float32"))
    report = explain(make(), probes, shortcuts=False)
    [note] = report.notes
    off = float(re.search(r"differ by up to (\S+) nats from call to call", note)[1])
    assert 0.1 < off < 10
    assert [record.getMessage() for record in caplog.records] == [f"Picasso: {note}"]
    assert report.image(0).size[1] > explain(Noisy(0.0), probes, shortcuts=False).image(0).size[1]  # it is on the card


def test_one_probe_and_a_large_target_beside_hide_nothing():
    probes = Probes(np.random.default_rng(0).random((1, 4, 6, 1), dtype="float32"))
    large = lambda outputs: 1e5 * keras.ops.sum(outputs, axis=-1)  # noqa: E731
    assert explain(Noisy(0.5), probes, targets=[0, large], shortcuts=False).notes


def test_a_steady_model_has_no_notes():
    probes = Probes(np.random.default_rng(0).random((6, 4, 6, 1), dtype="float32"))
    assert explain(Noisy(0.0), probes, shortcuts=False).notes == ()


class Departs(keras.callbacks.Callback):
    """Outputs that are probabilities when training begins and none from epoch 1 on."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            self.model.layers[-1].bias.assign([63000.0, -1.0])


def test_outputs_that_are_no_probabilities_any_more_are_said_to_be_none(tmp_path, caplog):
    dense = keras.layers.Dense(2, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(0.5))
    model = keras.Sequential([keras.Input((4, 6, 1)), keras.layers.Flatten(), dense])
    model.compile(keras.optimizers.SGD(0.0), lambda truth, output: keras.ops.mean(output))
    images = np.random.default_rng(0).random((6, 4, 6, 1), dtype="float32")
    picasso = Picasso(tmp_path, Probes(images), methods=["class_probabilities"], on_error="raise")
    model.fit(images, np.zeros((6, 2)), epochs=4, verbose=0, callbacks=[Departs(), picasso])
    [told] = [record.getMessage() for record in caplog.records if record.name == "picasso_callbacks"]
    assert "no probabilities: they leave 0..1, or a sum of 1, by up to 6.3e+04. Pass decode_prob='value'" in told
