"""Looks between batches: when they are taken, that they show the weights of then, and that they change nothing."""

import itertools

import keras
import numpy as np
import pytest
from helpers.event_files import read, scalar, steps
from helpers.random_training import random_layers, seed
from helpers.small_training import CLASS_NAMES, CountsBatches, compiled, data, fit, probes

from picasso_callbacks import Picasso

PROBABILITIES = ["class_probabilities"]
BATCHES = 3
"""Of an epoch of `fit`."""


class AfterBatches(keras.callbacks.Callback):
    """Predictions of the probes after each batch, by the number of batches done."""

    def __init__(self, images):
        super().__init__()
        self.images, self.predictions = images, {}

    def on_train_batch_end(self, batch, logs=None):
        predictions = self.model(self.images, training=False)
        self.predictions[len(self.predictions) + 1] = keras.ops.convert_to_numpy(predictions)


@pytest.mark.parametrize(
    ("every", "looked_at"), [("2 steps", [2, 4, 6, 8, 9]), ("3 steps", [3, 6, 9]), ("100 steps", [9])]
)
def test_steps_are_those_of_batches(tmp_path, every, looked_at):
    fit(compiled(), Picasso(tmp_path, probes(), methods=PROBABILITIES, every=every), epochs=3)
    assert steps(tmp_path, "picasso", "picasso/") == looked_at
    assert steps(tmp_path, "picasso", "picasso_probability/") == looked_at
    assert steps(tmp_path, "picasso", "picasso_filmstrip/") == [9]


@pytest.mark.parametrize("alone", [True, False])
def test_a_look_shows_the_weights_of_its_step(tmp_path, alone):
    """Also where no other callback makes Keras wait for batches."""
    watched = probes(2)
    after = AfterBatches(watched.images)
    fit(compiled(), after, epochs=3)
    beside = [] if alone else [CountsBatches(), AfterBatches(watched.images)]
    fit(compiled(), *beside, Picasso(tmp_path, watched, methods=PROBABILITIES, every="2 steps"), epochs=3)
    written = read(tmp_path)
    for step in (2, 4, 6, 8, 9):
        for name, expected in zip(watched.names, after.predictions[step], strict=True):
            found = [scalar(written["picasso", f"picasso_probability/{name}/{of}", step]) for of in CLASS_NAMES]
            np.testing.assert_allclose(found, expected, rtol=1e-5)
    for one, next_one in itertools.pairwise(after.predictions.values()):
        assert np.abs(one - next_one).max() > 1e-3  # or this test would see no difference


def test_training_is_the_same_with_looks_between_batches(tmp_path):
    def train(*callbacks):
        seed()
        model = keras.Sequential([keras.Input((8, 8, 1)), *random_layers()])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        history = fit(model, *callbacks, epochs=3, shuffle=True, validation_data=data())
        variables = [*model.variables, *model.optimizer.variables]
        return history.history, [keras.ops.convert_to_numpy(variable) for variable in variables]

    without = train()
    watched = train(Picasso(tmp_path, probes(2), every="1 step"))
    assert steps(tmp_path, "picasso", "picasso/") == list(range(1, 10))
    np.testing.assert_equal(watched, without)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="Keras does not do this on torch")
def test_executions_of_several_batches(tmp_path):
    model = compiled()
    model.compile("sgd", "sparse_categorical_crossentropy", steps_per_execution=2)
    fit(model, Picasso(tmp_path, probes(), methods=PROBABILITIES, every="3 steps"), epochs=3)
    assert steps(tmp_path, "picasso", "picasso/") == [3, 6, 9]  # an epoch is an execution of two and one of one


def test_steps_go_on_in_a_fit_that_goes_on(tmp_path):
    model = compiled()
    picasso = Picasso(tmp_path, probes(), methods=PROBABILITIES, every="2 steps")
    fit(model, picasso, epochs=1)
    fit(model, picasso, initial_epoch=1, epochs=3)
    assert steps(tmp_path, "picasso", "picasso/") == [2, 3, 4, 6, 8, 9]
    fit(model, picasso, epochs=1)
    assert steps(tmp_path, "picasso_2", "picasso/") == [2, 3]


def test_steps_go_on_in_another_process_s_fit(tmp_path):
    fit(compiled(), Picasso(tmp_path, probes(), methods=PROBABILITIES, every="2 steps"), initial_epoch=5, epochs=7)
    assert steps(tmp_path, "picasso", "picasso/") == [16, 18, 20, 21]


def test_epochs_of_unknown_length(tmp_path):
    """Keras announces a batch before it knows that there is none."""

    def three_batches():
        images, labels = data()
        for _ in range(BATCHES):
            yield images[:4], labels[:4]

    with pytest.warns(UserWarning, match="ran out of data"):
        compiled().fit(
            three_batches(),
            callbacks=[Picasso(tmp_path, probes(), methods=PROBABILITIES, every="2 steps")],
            verbose=0,
        )
    first, last = steps(tmp_path, "picasso", "picasso/")
    assert first == 2
    assert last in (BATCHES, BATCHES + 1)


def test_training_that_is_stopped_within_an_epoch(tmp_path):
    class StopsAfterFour(CountsBatches):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = self.batches == 4

    fit(compiled(), StopsAfterFour(), Picasso(tmp_path, probes(), methods=PROBABILITIES, every="100 steps"), epochs=9)
    assert steps(tmp_path, "picasso", "picasso/") == [4]


def test_the_ends_of_batches_are_not_waited_for(tmp_path):
    """Keras dispatches batches asynchronously where no callback has these."""
    for every in (1, "2 steps"):
        picasso = Picasso(tmp_path, probes(), every=every)
        for hook in (picasso.on_batch_end, picasso.on_train_batch_end):
            assert hook._is_default
