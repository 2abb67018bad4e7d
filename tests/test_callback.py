"""What the callback writes, and when."""

import time

import keras
import numpy as np
import pytest
from helpers.event_files import read, scalar, steps
from helpers.small_training import CLASS_NAMES, AtEpochEnd, compiled, fit, probes

from picasso_callbacks import Picasso

PROBABILITIES = ["class_probabilities"]


"""The quickest method, for tests of everything around it."""


def test_cards_scalars_and_filmstrips(tmp_path):
    fit(compiled(), Picasso(tmp_path, probes(2)))
    names = ["left 00", "middle 01"]
    assert set(read(tmp_path)) == {
        *{("picasso", f"picasso/{name}", step) for name in names for step in range(3)},
        *{
            ("picasso", f"picasso_probability/{name}/{of}", step)
            for name in names
            for of in CLASS_NAMES
            for step in range(3)
        },
        *{
            ("picasso", f"picasso_answers/{of}", step)
            for of in ("right", "probability of the label")
            for step in range(3)
        },
        *{("picasso", f"picasso_filmstrip/{name}", 2) for name in names},
        *{("picasso", "picasso_stable_since", step) for step in (1, 2)},
    }


@pytest.mark.parametrize(
    ("every", "looked_at"),
    [(1, [0, 1, 2, 3, 4, 5]), (2, [0, 2, 4, 5]), (4, [0, 4, 5]), (lambda epoch: epoch in (1, 3), [1, 3, 5])],
)
def test_every_names_the_epochs_and_the_last_is_always_looked_at(tmp_path, every, looked_at):
    fit(compiled(), Picasso(tmp_path, probes(), methods=PROBABILITIES, every=every), epochs=6)
    assert steps(tmp_path, "picasso", "picasso/") == looked_at


@pytest.mark.parametrize("position", ["before", "after"])
def test_the_epoch_at_which_early_stopping_stops_is_looked_at(tmp_path, position):
    stop = keras.callbacks.EarlyStopping(
        monitor="loss", min_delta=1e6, patience=2, start_from_epoch=1, restore_best_weights=True
    )
    weights = {}
    record = AtEpochEnd(lambda model, epoch: weights.update({epoch: model.get_weights()}))
    picasso = Picasso(tmp_path, probes(), methods=PROBABILITIES, every=100)
    model = compiled()
    history = fit(model, record, *((stop, picasso) if position == "before" else (picasso, stop)), epochs=20)
    last = history.epoch[-1]
    assert 0 < last < 19
    assert steps(tmp_path, "picasso", "picasso/") == [0, last]

    # The picture of an epoch is of its weights, though better ones were put back after it.
    model.set_weights(weights[last])
    expected = model.predict(probes().images, verbose=0)[0, 0]
    found = scalar(read(tmp_path)["picasso", "picasso_probability/left 00/left", last])
    assert found == pytest.approx(expected, rel=1e-5)


def test_steps_are_the_epochs_of_keras(tmp_path):
    fit(compiled(), Picasso(tmp_path, probes(), methods=PROBABILITIES), epochs=7, initial_epoch=5)
    assert steps(tmp_path, "picasso", "picasso/") == [5, 6]
    assert steps(tmp_path, "picasso", "picasso_filmstrip/") == [6]


def test_the_line_that_opens_tensorboard_is_printed_once(tmp_path, capsys):
    log_dir = tmp_path / "my logs"
    picasso = Picasso(log_dir, probes(), methods=PROBABILITIES)
    stop = AtEpochEnd(lambda model, epoch: setattr(model, "stop_training", True))
    model = compiled()
    fit(model, stop, picasso, epochs=3)
    fit(model, stop, picasso, epochs=3)
    printed = capsys.readouterr().out
    assert printed.count("tensorboard --logdir") == 1
    assert f"tensorboard --logdir '{log_dir}'\n" in printed


@pytest.mark.slow
def test_a_long_training_does_not_get_slower(tmp_path):
    """An epoch, its look and its pictures in processor time, early and late in 300 epochs."""
    ends = []
    fit(
        compiled(),
        Picasso(tmp_path, probes(4)),
        AtEpochEnd(lambda model, epoch: ends.append(time.process_time())),
        epochs=300,
    )
    seconds = np.diff(ends)
    assert np.median(seconds[-50:]) < 1.5 * np.median(seconds[5:55])


def test_this_file_s_model_learns():
    """Or the tests above would compare epochs that are all alike."""
    losses = fit(compiled(), epochs=5).history["loss"]
    assert losses[-1] < 0.9 * losses[0]
