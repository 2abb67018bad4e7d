"""Fits that follow one another, and fits that end before their time."""

import copy
import csv
import itertools
import multiprocessing
import os
import pickle
import re
import signal
import subprocess
import threading

import keras
import numpy as np
import pytest
from helpers import processes
from helpers.event_files import event_files, picture, read, steps
from helpers.small_training import AtEpochEnd, CountsBatches, compiled, data, fit, probes

from picasso_callbacks import Picasso


def watching(log_dir, **settings):
    return Picasso(log_dir, probes(), **{"methods": ["class_probabilities"], **settings})


def test_a_second_fit_from_the_start_is_another_run(tmp_path):
    model, picasso = compiled(), watching(tmp_path)
    for _ in range(3):
        fit(model, picasso, epochs=2)
    for run in ("picasso", "picasso_2", "picasso_3"):
        assert steps(tmp_path, run, "picasso/") == [0, 1]
        assert steps(tmp_path, run, "picasso_filmstrip/") == [1]


def test_a_fit_that_goes_on_goes_on_in_the_same_run(tmp_path):
    model, picasso = compiled(), watching(tmp_path)
    fit(model, picasso, epochs=2)
    fit(model, picasso, initial_epoch=2, epochs=4)
    assert {run for run, _, _ in read(tmp_path)} == {"picasso"}
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1, 2, 3]


def test_a_fit_that_goes_on_shows_what_one_fit_would(tmp_path):
    """One colour means one number, and the filmstrip has all epochs, also where the epochs are of two fits."""

    def shrink(model, epoch):
        model.set_weights([weight / 10 for weight in model.get_weights()])

    def watched(log_dir, *ends):
        model, picasso = compiled(learning_rate=0.0), watching(log_dir, methods=["saliency_map"])
        for start, end in itertools.pairwise((0, *ends)):
            fit(model, picasso, AtEpochEnd(shrink, at=(0,)), initial_epoch=start, epochs=end)
        pictures = ("picasso/", "picasso_filmstrip/")
        return {at: picture(value) for at, value in read(log_dir).items() if at[1].startswith(pictures)}

    at_once, in_two = watched(tmp_path / "one", 3), watched(tmp_path / "two", 1, 3)
    assert in_two.keys() >= at_once.keys()
    for at, pixels in at_once.items():
        np.testing.assert_array_equal(in_two[at], pixels, err_msg=str(at))


def test_one_object_watches_one_model_after_another(tmp_path):
    picasso = watching(tmp_path)
    fit(compiled(), picasso, epochs=2)
    other = compiled()
    other.set_weights([np.zeros_like(weight) for weight in other.get_weights()])
    fit(other, picasso, epochs=1)
    written = read(tmp_path)
    assert {run for run, _, _ in written} == {"picasso", "picasso_2"}
    assert steps(tmp_path, "picasso_2", "picasso/") == [0]


def test_an_object_that_did_not_fit_one_model_fits_another(tmp_path):
    picasso = watching(tmp_path)
    with pytest.raises(ValueError, match="class_names"):
        fit(compiled(classes=4), picasso)
    fit(compiled(), picasso)
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1, 2]


def interrupt(model, epoch):
    raise KeyboardInterrupt


def test_fit_after_an_interrupted_fit(tmp_path):
    model, picasso = compiled(), watching(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        fit(model, picasso, AtEpochEnd(interrupt, at=(1,)), epochs=5)
    fit(model, picasso, epochs=5, initial_epoch=2)
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1, 2, 3, 4]
    fit(model, picasso, epochs=1)
    assert steps(tmp_path, "picasso_2", "picasso/") == [0]


def test_nothing_looked_at_is_nothing_written(tmp_path):
    fit(compiled(), watching(tmp_path), epochs=3, initial_epoch=3)
    with pytest.raises(KeyboardInterrupt):
        fit(compiled(), AtEpochEnd(interrupt), watching(tmp_path))
    assert not event_files(tmp_path)


def test_evaluate_and_predict_are_not_watched(tmp_path, capsys):
    model, picasso = compiled(), watching(tmp_path)
    model.evaluate(*data(), callbacks=[picasso], verbose=0)
    model.predict(data()[0], callbacks=[picasso], verbose=0)
    assert not event_files(tmp_path)
    assert not capsys.readouterr().out


def test_steps_go_on_when_training_is_resumed_from_a_backup(tmp_path):
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    with pytest.raises(KeyboardInterrupt):
        fit(compiled(), watching(tmp_path / "logs"), backup, AtEpochEnd(interrupt, at=(2,)), epochs=5)
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    history = fit(compiled(), watching(tmp_path / "logs"), backup, epochs=5)
    assert history.epoch == [3, 4]
    assert steps(tmp_path / "logs", "picasso", "picasso/") == [0, 1, 2, 3, 4]


def test_no_thread_is_left(tmp_path):
    before = threading.enumerate()
    fit(compiled(), watching(tmp_path))
    assert "picasso-worker" not in [thread.name for thread in threading.enumerate() if thread not in before]


def test_a_copy_is_an_object_of_its_own(tmp_path):
    """Tuners copy callbacks for each trial."""
    picasso = watching(tmp_path)
    fit(compiled(), copy.deepcopy(picasso), epochs=1)
    fit(compiled(), picasso, epochs=1)
    assert {run for run, _, _ in read(tmp_path)} == {"picasso", "picasso_2"}


def test_a_training_loop_of_ones_own(tmp_path):
    model, picasso = compiled(), watching(tmp_path)
    picasso.set_model(model)
    picasso.on_train_begin()
    for epoch in range(2):
        model.train_on_batch(*data())
        picasso.on_epoch_end(epoch)
    picasso.on_train_end()
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1]


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorBoard of Keras wants TensorFlow's graphs")
def test_tensorboard_of_keras_beside_it(tmp_path):
    fit(compiled(), keras.callbacks.TensorBoard(tmp_path), watching(tmp_path), validation_data=data())
    written = read(tmp_path)
    assert {run for run, _, _ in written} == {"picasso", "train", "validation"}
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1, 2]
    assert steps(tmp_path, "validation", "epoch_loss") == [0, 1, 2]


PROGRAM = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a program in the background of a shell ignores it
import keras
import numpy as np
from picasso_callbacks.callback import Picasso
from picasso_callbacks.probes import Probes

class AtEpochEnd(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 3:
            ENDING

def compiled():
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model

SETUP
model = compiled()
images, labels = np.random.default_rng(0).uniform(0, 1, (8, 8, 8, 1)).astype("float32"), np.arange(8) % 3
picasso = Picasso(LOG_DIR, Probes(images[:2], labels=labels[:2]))
model.fit(images, labels, batch_size=4, epochs=6, callbacks=[picasso, AtEpochEnd()], verbose=0)
"""


def run(log_dir, ending="pass", setup="") -> subprocess.CompletedProcess[str]:
    """Trains for 6 epochs in a process of its own; `ending` is what happens at the end of epoch 3."""
    return processes.run(
        PROGRAM.replace("ENDING", ending).replace("SETUP", setup).replace("LOG_DIR", repr(str(log_dir)))
    )


@pytest.mark.slow
def test_a_program_that_is_interrupted_has_written_all_that_it_looked_at(tmp_path):
    done = run(tmp_path, ending="os.kill(os.getpid(), signal.SIGINT)")
    assert re.search("KeyboardInterrupt", done.stderr)
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1, 2, 3]
    assert len(event_files(tmp_path)) == 1


@pytest.mark.slow
def test_what_was_written_survives_a_kill(tmp_path):
    # So small a network trains faster than it is drawn; one whose epochs take a second needs no waiting.
    done = run(tmp_path, ending="picasso._recorder._worker.drain(); os.kill(os.getpid(), signal.SIGKILL)")
    assert done.returncode == -signal.SIGKILL
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1, 2, 3]


MIRRORED = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert strategy.num_replicas_in_sync == 2
create = compiled
def compiled():
    with strategy.scope():
        return create()
"""


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a strategy of TensorFlow")
def test_a_model_mirrored_on_two_devices(tmp_path):
    done = run(tmp_path, setup=MIRRORED)
    assert done.returncode == 0, done.stderr
    assert "failed" not in done.stderr
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1, 2, 3, 4, 5]


def runs(log_dir):
    """The steps of each run."""
    names = dict.fromkeys(run for run, _, _ in read(log_dir))
    return {name: steps(log_dir, name, "picasso/") for name in names}


def test_copies_of_the_callback_write_runs_of_their_own(tmp_path):
    """As a tuner makes them, one for each trial."""
    picasso = watching(tmp_path)
    for _ in range(3):
        fit(compiled(), copy.deepcopy(picasso), epochs=2)
    assert runs(tmp_path) == {"picasso": [0, 1], "picasso_2": [0, 1], "picasso_3": [0, 1]}


def test_a_training_that_begins_in_a_used_directory_is_a_run_of_its_own(tmp_path, capsys):
    for _ in range(2):
        fit(compiled(), watching(tmp_path), epochs=2)
    assert runs(tmp_path) == {"picasso": [0, 1], "picasso_2": [0, 1]}
    told = re.findall("Picasso: .* holds runs already; this training writes to (.*)\\.", capsys.readouterr().out)
    assert told == [str(tmp_path / "picasso_2")]


def test_a_training_that_is_resumed_by_a_new_object_goes_on_in_the_last_run(tmp_path):
    model = compiled()
    for _ in range(2):
        fit(model, watching(tmp_path), epochs=2)
    fit(model, watching(tmp_path), initial_epoch=2, epochs=4)
    assert runs(tmp_path) == {"picasso": [0, 1], "picasso_2": [0, 1, 2, 3]}


def test_a_training_that_is_resumed_where_nothing_was_written_begins_the_first_run(tmp_path):
    fit(compiled(), watching(tmp_path), initial_epoch=3, epochs=5)
    assert runs(tmp_path) == {"picasso": [3, 4]}


@pytest.mark.fault(
    "two callbacks of one directory, or one twice",
    injected="in one `fit`",
    outcome="an error",
    lost="none",
    training="not begun",
    times=2,
)
def test_two_callbacks_that_would_write_to_one_directory_are_refused_before_training(tmp_path):
    count, other = CountsBatches(), os.path.relpath(tmp_path)
    for two in ([watching(tmp_path), watching(other)], [watching(tmp_path)] * 2):
        with pytest.raises(ValueError, match="Picasso: two callbacks of this training write to"):
            fit(compiled(), count, *two)
    assert count.batches == 0
    assert not list(tmp_path.iterdir())


def test_two_callbacks_with_directories_of_their_own(tmp_path):
    fit(compiled(), watching(tmp_path / "a"), watching(tmp_path / "b"))
    assert {run for run, _, _ in read(tmp_path)} == {"a/picasso", "b/picasso"}


@pytest.mark.fault(
    "two callbacks of one directory",
    injected="in two trainings at once",
    outcome="a run each",
    lost="none",
    training="both complete",
)
def test_two_trainings_at_once_in_one_directory_have_a_run_each(tmp_path):
    """Both begin before either has written."""
    one, other = compiled(), compiled()
    inner = watching(tmp_path)
    outer = AtEpochEnd(lambda *_: fit(other, inner, epochs=3), at=(0,))
    fit(one, outer, watching(tmp_path), epochs=2)
    assert runs(tmp_path) == {"picasso": [0, 1, 2], "picasso_2": [0, 1]}


def pickled(picasso):
    return pickle.loads(pickle.dumps(picasso))


def shortcuts_watching(log_dir):
    return Picasso(log_dir, probes(12), shortcuts=True)


def test_a_callback_may_be_pickled_before_and_after_a_training(tmp_path):
    before = pickled(shortcuts_watching(tmp_path))
    history = fit(compiled(), before, epochs=2)
    assert len(history.history["picasso_dependence"]) == 2
    fit(compiled(), pickled(before), epochs=1)
    assert runs(tmp_path) == {"picasso": [0, 1], "picasso_2": [0]}


def spawned(picasso):
    fit(compiled(), picasso, epochs=2)


@pytest.mark.slow
def test_a_callback_may_be_passed_to_a_process(tmp_path):
    process = multiprocessing.get_context("spawn").Process(target=spawned, args=(shortcuts_watching(tmp_path),))
    process.start()
    process.join(120)
    assert process.exitcode == 0
    assert runs(tmp_path) == {"picasso": [0, 1]}


def test_every_epoch_has_an_entry_in_the_history(tmp_path):
    def spoil(model, epoch):
        model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])

    logger = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    picasso = Picasso(tmp_path, probes(12), every=2)
    fit(compiled(), AtEpochEnd(spoil, at=(2,)), picasso, logger, epochs=5)
    with open(tmp_path / "log.csv", encoding="utf-8") as file:
        column = [float(row["picasso_dependence"]) for row in csv.DictReader(file)]
    assert np.isnan(column).tolist() == [False, False, True, True, True]
