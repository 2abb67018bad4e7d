"""The budget in real trainings, whose looks and epochs sleep so that both take a known time at least."""

import re
import time

import keras
from helpers.event_files import steps
from helpers.small_training import ZerosUntil, compiled, fit, probes, zeros

from picasso_callbacks import Picasso
from picasso_callbacks.training import budget

EPOCHS = 60
LOOK_SECONDS, EPOCH_SECONDS = 0.2, 0.05


class SlowMethod(ZerosUntil):
    """Takes its time, and says how often it was asked while training went on."""

    def __init__(self):
        super().__init__(0, self._zeros)

    def explain(self, look):
        self._shape = (*look.targets.shape, 8, 8)
        return super().explain(look) if self.looks else self._rehearse()

    def _rehearse(self):
        self.looks = 1
        return zeros(self._shape)

    def _zeros(self):
        time.sleep(LOOK_SECONDS)
        return zeros(self._shape)


class SlowEpochs(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.begin = time.perf_counter()

    def on_epoch_begin(self, epoch, logs=None):
        time.sleep(EPOCH_SECONDS)

    def on_train_end(self, logs=None):
        self.seconds = time.perf_counter() - self.begin


def looked_at(log_dir, epochs=EPOCHS, **settings):
    """The steps looked at in a training, and how many of `LOOK_SECONDS` it would have taken without looks."""
    model, clock = compiled(), SlowEpochs()
    fit(model, epochs=1)  # compiles, which would pay for many looks
    fit(model, Picasso(log_dir, probes(), methods=[SlowMethod()], **settings), clock, epochs=epochs)
    found = steps(log_dir, "picasso", "picasso/")
    return found, clock.seconds / LOOK_SECONDS - len(found)


def test_looks_keep_to_the_budget(tmp_path, capsys):
    found, trained = looked_at(tmp_path, budget=0.2)
    assert found[0] == 0
    assert found[-1] == EPOCHS - 1
    assert 2 <= len(found) <= 0.2 * trained
    printed = re.findall(
        r"Picasso: looks take [\d.e+]+ % of the training time; with budget=0\.2 .*", capsys.readouterr().out
    )
    assert len(printed) == 1
    assert re.search(r"it looks every \d+(st|nd|rd|th) epoch or so\.", printed[0])


def test_without_a_budget_every_epoch_is_looked_at(tmp_path, capsys):
    found, _ = looked_at(tmp_path, epochs=8, budget=None)
    assert found == list(range(8))
    assert "% of the training" not in capsys.readouterr().out


def test_dear_looks_are_told_of_once(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(budget, "DEAR_SECONDS", LOOK_SECONDS)
    found, _ = looked_at(tmp_path, epochs=4)
    assert found == list(range(4))
    told = re.findall(
        r"Picasso: looks take (\d+) % of the training time so far\. budget=0\.05", capsys.readouterr().out
    )
    assert len(told) == 1
    assert 20 <= int(told[0]) <= 100 * LOOK_SECONDS / EPOCH_SECONDS + 50


def test_of_what_every_names_the_budget_takes_some(tmp_path):
    found, trained = looked_at(tmp_path, budget=0.3, every=3)
    assert {step % 3 for step in found[:-1]} == {0}
    assert found[-1] == EPOCHS - 1
    assert len(found) <= 0.3 * trained


def test_steps_within_a_budget(tmp_path, capsys):
    found, trained = looked_at(tmp_path, budget=0.3, every="2 steps")
    assert found[0] == 2
    assert found[-1] == 3 * EPOCHS
    assert {step % 2 for step in found} == {0}
    assert len(found) <= 0.3 * trained
    assert re.search(r"it looks every \d+ steps or so\.", capsys.readouterr().out)


def test_a_fit_after_another_has_a_budget_of_its_own(tmp_path):
    model, picasso = compiled(), Picasso(tmp_path, probes(), methods=[SlowMethod()], budget=1e-6)
    fit(model, picasso, epochs=5)
    fit(model, picasso, initial_epoch=5, epochs=10)
    assert steps(tmp_path, "picasso", "picasso/") == [0, 4, 5, 9]
