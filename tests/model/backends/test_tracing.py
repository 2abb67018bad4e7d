"""The model's Python code runs when a function is traced: counted here, it says how often that happens."""

import keras
import pytest
from helpers import small_training

from picasso_callbacks import Picasso, available_methods

pytestmark = pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="torch runs the model's Python code at every call"
)


@keras.saving.register_keras_serializable("tests")
class CountsCalls(keras.layers.Layer):
    """Passes its input on, and counts how often its Python code runs."""

    def __init__(self):
        super().__init__()
        self.tally = []

    def call(self, inputs):
        _calls.append(None)
        return inputs


_calls: list[None] = []


class Ledger(keras.callbacks.Callback):
    """Notes how often the model was traced so far. One stands before Picasso in the list, one after it."""

    def __init__(self):
        super().__init__()
        self.at_begin: list[int] = []
        self.at_epochs: list[int] = []

    def on_train_begin(self, logs=None):
        self.at_begin.append(len(_calls))

    def on_epoch_end(self, epoch, logs=None):
        self.at_epochs.append(len(_calls))


def watched_model():
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), CountsCalls(), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def traces(model, picasso, epochs):
    """How often Picasso traced the model: (when training began, at the end of each epoch)."""
    before, after = Ledger(), Ledger()
    small_training.fit(model, before, picasso, after, epochs=epochs)
    return after.at_begin[0] - before.at_begin[0], [
        b - a for a, b in zip(before.at_epochs, after.at_epochs, strict=True)
    ]


def test_the_model_is_traced_when_training_begins_and_never_after(tmp_path):
    model = watched_model()
    at_begin, at_epochs = traces(model, Picasso(tmp_path / "short", small_training.probes(2)), 5)
    assert at_begin == 3  # scores, scores under masks, gradients
    assert at_epochs == [0] * 5


def test_no_method_traces_the_model_after_training_began(tmp_path):
    methods = [name for name in available_methods() if name != "attention_rollout"]
    keras.utils.set_random_seed(1)
    convolution = keras.layers.Conv2D(4, 3, activation="relu")
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            CountsCalls(),
            convolution,
            *(keras.layers.Flatten(), keras.layers.Dense(3, "softmax")),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    at_begin, at_epochs = traces(model, Picasso(tmp_path, small_training.probes(2), methods=methods), 3)
    # Scores, the same under masks, gradients, each for every size of a batch; guided ones, and those by a map; which
    # layers return a map, and what it holds.
    assert at_begin <= 12
    assert at_epochs == [0] * 3


@pytest.mark.slow
def test_fifty_epochs_take_as_many_traces_as_five(tmp_path):
    at_begin, at_epochs = traces(watched_model(), Picasso(tmp_path, small_training.probes(2)), 50)
    assert at_begin == 3
    assert at_epochs == [0] * 50


def test_a_second_fit_traces_once_more(tmp_path):
    model, picasso = watched_model(), Picasso(tmp_path, small_training.probes(2))
    assert traces(model, picasso, 2) == (3, [0, 0])
    assert traces(model, picasso, 2) == (3, [0, 0])
