"""Of which models and scores shortcuts are told."""

import keras
import numpy as np
import pytest
from helpers.event_files import read
from helpers.models import linear
from helpers.shortcut_training import METHODS, compiled, data, fit, probes, warnings, watching

from picasso_callbacks import explain


class Spoils(keras.callbacks.Callback):
    """Sets the weights to NaN at the end of epoch 1."""

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            self.model.set_weights([np.full_like(values, np.nan) for values in self.model.get_weights()])


def test_of_scores_that_are_not_finite_nothing_is_said(tmp_path, caplog):
    history = fit(compiled(), Spoils(), watching(tmp_path), epochs=2)
    assert [warning.split(":")[0] for warning in warnings(caplog)] == ["Picasso, epoch 0"]
    assert np.isnan(history.history["picasso_dependence"]).tolist() == [False, True]


SILENT = {
    "unlabelled": {"labels": None, "class_names": None},
    "one class": {"labels": np.zeros(12, dtype=int), "class_names": None},
    "one probe of each": {"labels": np.arange(12), "class_names": None},
}


@pytest.mark.parametrize("case", SILENT)
def test_probes_that_can_not_tell_switch_it_off_in_silence(case, tmp_path, caplog):
    model = linear((12, 12, 1), np.zeros((144, 12)), "softmax", loss="sparse_categorical_crossentropy")
    model.fit(*data(), verbose=0, callbacks=[watching(tmp_path, probes=probes(**SILENT[case]), expected=None)])
    assert not [tag for _, tag, _ in read(tmp_path) if "dependence" in tag]
    assert not warnings(caplog)


def test_before_training_it_is_said_what_is_looked_for_or_why_not(tmp_path, capsys):
    fit(compiled(), watching(tmp_path), epochs=1)
    assert "Picasso: shortcuts are looked for: probes exchange 3 cues (sky, surroundings, texture)." in (
        capsys.readouterr().out
    )
    fit(compiled(), watching(tmp_path, probes=probes(labels=None, class_names=None), expected=None), epochs=1)
    assert "shortcuts are not looked for: the probes have no labels" in capsys.readouterr().out
    fit(compiled(), watching(tmp_path, shortcuts=False, expected=None), epochs=1)
    assert "shortcuts are not looked for: shortcuts=False." in capsys.readouterr().out


@pytest.mark.parametrize("on_alarm", ["stop", print])
def test_an_alarm_that_there_can_not_be_is_not_waited_for(on_alarm, tmp_path):
    unlabelled = probes(labels=None, class_names=None)
    for settings in ({"probes": unlabelled, "expected": None}, {"shortcuts": False, "expected": None}):
        with pytest.raises(ValueError, match="but there can be no alarm"):
            watching(tmp_path, on_alarm=on_alarm, **settings)


@pytest.mark.parametrize("settings", [{"shortcuts": True, "expected": None}, {"expected": "vehicle"}])
@pytest.mark.parametrize("case", SILENT)
def test_asked_for_it_says_why_not_before_the_first_step(case, settings, tmp_path):
    words = "labels" if case == "unlabelled" else "two or more probes of two or more classes"
    model = linear((12, 12, 1), np.zeros((144, 12)), "softmax", loss="sparse_categorical_crossentropy")
    before = model.get_weights()
    with pytest.raises(ValueError, match=words):
        model.fit(*data(), verbose=0, callbacks=[watching(tmp_path, probes=probes(**SILENT[case]), **settings)])
    assert all(np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True))


def test_plain_numbers_without_a_true_value_each_have_no_shortcuts():
    report = explain(linear((12, 12, 1), np.ones((144, 2))), probes(), methods=METHODS, decode_prob="value")
    assert (report.dependences, report.alarms, report.verdict) == ((), (), "")


def test_asked_for_of_plain_numbers_it_says_what_it_takes():
    model = linear((12, 12, 1), np.ones((144, 2)))
    with pytest.raises(ValueError, match="outputs are 2 plain numbers, and the probes have 1 true value each"):
        explain(model, probes(), methods=METHODS, decode_prob="value", expected="vehicle")


def test_before_a_training_of_plain_numbers_it_is_said_why_not(tmp_path, capsys):
    model = linear((12, 12, 1), np.zeros((144, 2)), loss="mse")
    callback = watching(tmp_path, expected=None, decode_prob="value")
    model.fit(data()[0], np.zeros((48, 2)), verbose=0, callbacks=[callback])
    assert "shortcuts are not looked for: the model's outputs are 2 plain numbers, and" in capsys.readouterr().out
