"""What the callback says before it looks."""

import re

import keras
import numpy as np
import pytest
from helpers.event_files import event_files
from helpers.small_training import compiled, fit, probes

from picasso_callbacks import Picasso, Probes, explain
from picasso_callbacks.training.notices import announcement, mismatch_notice
from picasso_callbacks.training.schedule import make_schedule


def said(every, epochs, steps=None, look_bytes=1000, count=16):
    schedule = make_schedule(every)
    schedule.start(epochs, steps)
    return announcement("my logs", count, schedule, 0.123, 0.456, look_bytes)


def test_the_cost_of_a_look_and_how_to_watch():
    assert said(every=1, epochs=25) == [
        "Picasso: a look at 16 probes takes about 0.12 s, and 0.46 s of one processor beside the training, to draw and "
        "write.",
        "Picasso: to watch, run  tensorboard --logdir 'my logs'",
    ]


def test_large_event_files_are_announced():
    assert len(said(every=1, epochs=1000, look_bytes=1_000_000)) == 2
    assert said(every=2, epochs=2001, look_bytes=2_000_000)[2] == (
        "Picasso: up to 1001 looks will write about 2.0 GB of pictures to my logs. "
        "Fewer probes, every=... or budget=... make it less."
    )


def test_more_probes_than_a_person_looks_at_are_said_to_be_many():
    assert len(said(every=1, epochs=3, count=50)) == 2
    many = said(every=1, epochs=3, count=51)[2]
    assert many.startswith("Picasso: 51 probes are more than a person looks at")
    assert "count=24" in many


def test_a_training_says_what_its_end_waits_for(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("picasso_callbacks.log.worker.PATIENCE", 0.0)
    fit(compiled(), Picasso(tmp_path, probes(8)), epochs=2)
    assert "Picasso: drawing and writing what is left, and 8 filmstrips ..." in capsys.readouterr().out
    monkeypatch.setattr("picasso_callbacks.log.worker.PATIENCE", 60.0)
    fit(compiled(), Picasso(tmp_path / "other", probes(8)), epochs=2)
    assert "filmstrips" not in capsys.readouterr().out


@pytest.mark.parametrize("layout", ["composite", "separate"])
def test_the_size_foreseen_is_that_of_the_files(tmp_path, monkeypatch, layout):
    foreseen = []
    monkeypatch.setattr("picasso_callbacks.callback.announcement", lambda *args: foreseen.append(args[-1]) or [])
    fit(compiled(), Picasso(tmp_path, probes(8), layout=layout), epochs=20)
    (file,) = event_files(tmp_path)
    assert 0.7 < file.stat().st_size / (20 * foreseen[0]) < 1.5


def bright_or_dark(count, high):
    labels = np.arange(count) % 2
    images = np.random.default_rng(0).uniform(0, 0.4, (count, 6, 6, 1)) + 0.6 * labels[:, None, None, None]
    return (high * images).astype("float32"), labels


def trained_beside(tmp_path, probes, **settings):
    """A training that learns bright from dark, in 0..1, by a bias that drowns in images 255 times as bright."""
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense(2, activation="softmax", kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Flatten(), dense])
    model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
    picasso = Picasso(tmp_path, probes, methods=["class_probabilities"], shortcuts=False, on_error="raise", **settings)
    model.fit(*bright_or_dark(64, 1), batch_size=8, epochs=12, verbose=0, callbacks=[picasso])


def test_probes_in_another_range_than_the_training_are_told_of_once(tmp_path, caplog):
    images, labels = bright_or_dark(24, 255)
    trained_beside(tmp_path, Probes(images, labels=labels))
    [told] = [record.getMessage() for record in caplog.records if record.name == "picasso_callbacks"]
    assert re.match(r"Picasso: the training says \d+% accuracy, but of the labelled probes 12 of 24 are right", told)
    assert re.search(r"They range from \S+ to 2\d\d\S* in float32", told)


def test_probes_as_the_training_has_them_are_not_told_of(tmp_path, caplog):
    images, labels = bright_or_dark(24, 1)
    trained_beside(tmp_path, Probes(images, labels=labels))
    assert not [record for record in caplog.records if record.name == "picasso_callbacks"]


@pytest.mark.parametrize(
    ("right", "count", "logs", "told"),
    [
        (12, 24, {"accuracy": 0.95}, True),
        (12, 24, {"accuracy": 0.95, "val_accuracy": 0.6}, False),  # it has learnt its images by heart
        (20, 24, {"accuracy": 0.95}, False),
        (1, 2, {"accuracy": 0.95}, False),  # so few may be wrong by chance
        (0, 4, {"sparse_categorical_accuracy": 0.95}, True),
        (0, 24, {"loss": 0.1}, False),
        (0, 24, None, False),
    ],
)
def test_far_worse_than_in_training_and_more_than_chance(right, count, logs, told):
    labels = np.zeros(count, dtype=int)
    model = keras.Sequential([keras.Input((1, 1, 1)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    model.set_weights([np.array([[1.0, -1.0]]), np.zeros(2)])
    images = np.where(np.arange(count) < right, 1.0, -1.0).reshape(-1, 1, 1, 1)
    report = explain(model, Probes(images, labels=labels), methods=["class_probabilities"], shortcuts=False)
    assert (mismatch_notice(logs, report) is not None) == told


@pytest.mark.parametrize(("name", "told"), [("binary_accuracy", False), ("categorical_accuracy", True)])
def test_one_label_of_classes_that_do_not_exclude_each_other_tells_of_the_strongest_only(name, told):
    model = keras.Sequential([keras.Input((1, 1, 1)), keras.layers.Flatten(), keras.layers.Dense(3, "sigmoid")])
    model.set_weights([np.array([[2.0, 3.0, -1.0]]), np.zeros(3)])
    model.compile(loss="binary_crossentropy")
    given = Probes(np.ones((24, 1, 1, 1)), labels=np.zeros(24, dtype=int))
    report = explain(model, given, methods=["class_probabilities"], shortcuts=False)
    assert (mismatch_notice({name: 0.95}, report) is not None) == told
