"""Models that are saved before, during and after a training that is watched, and trainings that go on from there."""

import os
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
from helpers.event_files import read, steps
from helpers.small_training import AtEpochEnd, data, probes

from picasso_callbacks import Picasso, load


def compiled():
    """With what a look must not touch: dropout, statistics, moments of the optimizer, metrics."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    layers = [
        *(keras.Input((8, 8, 1)), keras.layers.Conv2D(3, 3), keras.layers.BatchNormalization()),
        *(keras.layers.Flatten(), keras.layers.Dropout(0.3), keras.layers.Dense(3, activation="softmax")),
    ]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(model, *callbacks, epochs=4, **settings):
    return model.fit(*data(), batch_size=4, epochs=epochs, shuffle=False, callbacks=callbacks, verbose=0, **settings)


def saved(path):
    """All that a saved model has."""
    model = keras.saving.load_model(path)
    variables = [*model.variables, *model.optimizer.variables]
    saved = [variable for variable in variables if variable.name != "seed_generator_state"]  # Keras draws another
    return [np.asarray(keras.ops.convert_to_numpy(variable)) for variable in saved]


def assert_same_files(one, other):
    names = sorted(path.relative_to(one) for path in one.rglob("*.keras"))
    assert names
    assert names == sorted(path.relative_to(other) for path in other.rglob("*.keras"))
    for name in names:
        np.testing.assert_equal(saved(one / name), saved(other / name), err_msg=str(name))


def save_as(folder, name):
    folder.mkdir(exist_ok=True)
    return lambda model, epoch: model.save(folder / f"{name}_{epoch}.keras")


@pytest.mark.slow
def test_what_is_saved_is_what_would_be_without(tmp_path):
    """Before, at the ends of epochs on either side of the look, by Keras between batches, and after."""

    def train(name, watches):
        folder, model = tmp_path / name, compiled()
        save_as(folder, "begin")(model, 0)
        checkpoints = [
            keras.callbacks.ModelCheckpoint(folder / "best.keras", monitor="loss", save_best_only=True),
            keras.callbacks.ModelCheckpoint(folder / "batch_{epoch}_{batch}.keras", save_freq=2),
        ]
        watch = [Picasso(tmp_path / "logs", probes(6), trust=True, on_error="raise")] if watches else []
        before, after = (AtEpochEnd(save_as(folder, f"{side}_look")) for side in ("before", "after"))
        fit(model, before, checkpoints[0], *watch, checkpoints[1], after, epochs=2)
        save_as(folder, "end")(model, 0)
        return folder

    assert_same_files(train("without", watches=False), train("with", watches=True))
    assert steps(tmp_path / "logs", "picasso", "picasso/") == [0, 1]


def test_a_model_that_was_saved_in_mid_training_goes_on_as_it_would(tmp_path):
    def in_two(watch):
        fit(compiled(), *watch(), AtEpochEnd(lambda model, _: model.save(tmp_path / "half.keras"), at=(1,)), epochs=2)
        model = keras.saving.load_model(tmp_path / "half.keras")
        fit(model, *watch(), initial_epoch=2, epochs=4)
        return model.get_weights()

    without = in_two(lambda: [])
    np.testing.assert_equal(in_two(lambda: [Picasso(tmp_path / "logs", probes(3))]), without)
    assert {run for run, _, _ in read(tmp_path / "logs")} == {"picasso"}
    assert steps(tmp_path / "logs", "picasso", "picasso/") == [0, 1, 2, 3]


def train_with_backup(folder, killed_after, stop, watch=None):
    """Trains for six epochs, those that are left; calls `stop` at the end of epoch 2, before or after its backup."""
    backup = keras.callbacks.BackupAndRestore(os.path.join(folder, "backup"))
    looks, stops = [] if watch is None else [watch], AtEpochEnd(stop, at=(2,))
    callbacks = {"look": [*looks, stops, backup], "backup": [*looks, backup, stops], "nothing": [*looks, backup]}
    model = compiled()
    history = fit(model, *callbacks[killed_after], epochs=6)
    return {"epochs": history.epoch, **{str(number): value for number, value in enumerate(model.get_weights())}}


PROGRAM = """
import os, signal, sys
import numpy as np
from helpers.small_training import probes
from picasso_callbacks import Picasso
from test_callback_checkpoints import train_with_backup
folder, killed_after = sys.argv[1:]
picasso = Picasso(folder + "/logs", probes(3))

def kill(*_):
    picasso._recorder._worker.drain()  # so small a network trains faster than it is drawn
    os.kill(os.getpid(), signal.SIGKILL)

np.savez(folder + "/left.npz", **train_with_backup(folder, killed_after, kill, picasso))
"""


def in_a_process(folder, killed_after):
    search = os.pathsep.join([os.path.dirname(__file__), *map(os.path.abspath, filter(None, sys.path))])
    command, environment = [sys.executable, "-c", PROGRAM, str(folder), killed_after], {"PYTHONPATH": search}
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=120)


def interrupt(model, epoch):
    raise KeyboardInterrupt


@pytest.mark.fault(
    "`kill -9`, and `fit` again with `BackupAndRestore`",
    injected="at the end of an epoch, before or after its backup",
    outcome="steps go on in the same run; an epoch that is trained again is looked at again",
    lost="none",
    training="goes on as it would without, bit for bit",
)
@pytest.mark.slow
@pytest.mark.parametrize(("killed_after", "goes_on_at"), [("backup", 3), ("look", 2)])
def test_a_training_that_was_killed_goes_on_from_its_backup(tmp_path, killed_after, goes_on_at):
    """As one without the callback, and its looks go on: nothing is lost, and what is looked at again is there once."""
    killed = in_a_process(tmp_path, killed_after)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert load(tmp_path / "logs")["picasso"].steps.tolist() == [0, 1, 2]
    ended = in_a_process(tmp_path, "nothing")
    assert ended.returncode == 0, ended.stderr
    assert list(load(tmp_path / "logs")) == ["picasso"]
    assert load(tmp_path / "logs")["picasso"].steps.tolist() == list(range(6))
    assert steps(tmp_path / "logs", "picasso", "picasso/") == list(range(6))
    with pytest.raises(KeyboardInterrupt):
        train_with_backup(tmp_path / "plain", killed_after, interrupt)
    without = train_with_backup(tmp_path / "plain", "nothing", interrupt)
    assert without["epochs"] == list(range(goes_on_at, 6))
    np.testing.assert_equal(dict(np.load(tmp_path / "left.npz")), without)
