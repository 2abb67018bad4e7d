"""What the callback does about errors while the network trains."""

import importlib

import keras
import numpy as np
import pytest
from helpers.event_files import read, scalar, steps
from helpers.small_training import AtEpochEnd, CountsBatches, ZerosUntil, compiled, fit, probes, zeros

from picasso_callbacks import Picasso

PROBABILITIES = ["class_probabilities"]


def final_weights(*callbacks):
    model = compiled()
    assert fit(model, *callbacks, epochs=5).epoch == [0, 1, 2, 3, 4]
    return model.get_weights()


def assert_unharmed(picasso, *others):
    """Trains with the callback and others, and with the others alone."""
    np.testing.assert_equal(final_weights(picasso, *others), final_weights(*others))


def warnings(caplog):
    """What the library logged."""
    return [record for record in caplog.records if record.name.startswith("picasso")]


def raise_it():
    raise RuntimeError("the method's own words")


@pytest.mark.fault(
    "a method that fails",
    injected="at every look from the second",
    outcome="given up after three looks in a row; the others go on",
    lost="none, but its maps",
    training="the same, bit for bit",
)
def test_a_method_that_fails_is_given_up_after_three_looks_and_the_rest_goes_on(tmp_path, caplog):
    failing = ZerosUntil(2, raise_it)  # the rehearsal and an epoch
    assert_unharmed(Picasso(tmp_path, probes(), methods=[failing, "class_probabilities"]))
    failed, given_up = warnings(caplog)
    assert "zeros_until failed; it is tried again" in failed.getMessage()
    assert "the method's own words" in str(failed.exc_info[1])
    assert failed.exc_info[2] is not None
    assert "zeros_until failed 3 times in a row and is switched off" in given_up.getMessage()
    assert failing.looks == 5  # not asked again at the last epoch
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1, 2, 3, 4]
    assert steps(tmp_path, "picasso", "picasso_probability/") == [0, 1, 2, 3, 4]


@pytest.mark.fault(
    "a method that returns what it should not",
    injected="same",
    outcome="same",
    lost="none, but its maps",
    training="the same, bit for bit",
)
@pytest.mark.parametrize("answer", [None, zeros((1, 2, 3, 4))])
def test_a_method_that_answers_wrongly_is_reported(tmp_path, caplog, answer):
    assert_unharmed(Picasso(tmp_path, probes(), methods=[ZerosUntil(2, lambda: answer), "class_probabilities"]))
    assert all("zeros_until" in record.getMessage() for record in warnings(caplog))
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1, 2, 3, 4]


@pytest.mark.fault(
    "a map that can't be drawn",
    injected="at one epoch",
    outcome="drawn again at the next",
    lost="that card",
    training="the same, bit for bit",
)
def test_what_failed_at_one_epoch_is_there_at_the_next(tmp_path, caplog):
    answers = iter([zeros((1, 2, 8, 8), scale=None), zeros((1, 2, 8, 8)), zeros((1, 2, 8, 8))])
    undrawable = ZerosUntil(3, lambda: next(answers))
    assert_unharmed(Picasso(tmp_path, probes(), methods=[undrawable, "class_probabilities"]))
    failed, works = warnings(caplog)
    assert "drawing failed" in failed.getMessage()
    assert works.getMessage() == "Picasso: drawing works again."
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1, 3, 4]


@pytest.mark.fault(
    "maps that can't be drawn",
    injected="at every look from the third",
    outcome="scalars and numbers are written",
    lost="those cards",
    training="the same, bit for bit",
)
def test_when_drawing_fails_numbers_are_still_written(tmp_path, caplog):
    undrawable = ZerosUntil(3, lambda: zeros((1, 2, 8, 8), scale=None))
    assert_unharmed(Picasso(tmp_path, probes(), methods=[undrawable, "class_probabilities"]))
    assert all("Picasso: drawing failed" in record.getMessage() for record in warnings(caplog))
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1]
    assert steps(tmp_path, "picasso", "picasso_probability/") == [0, 1, 2, 3, 4]


@pytest.mark.fault(
    "drawing, encoding or the scalars fail, with `MemoryError` or `SystemExit`",
    injected="at one epoch",
    outcome="that part alone is missing at that look",
    lost="that part",
    training="the same, bit for bit",
)
@pytest.mark.parametrize("function", ["encode", "draw_panel", "scalars_of"])
@pytest.mark.parametrize("error", [MemoryError("too large"), SystemExit("of a library")])
def test_each_part_beside_the_training_fails_by_itself(tmp_path, caplog, monkeypatch, function, error):
    """Such an error is not at hand, so it is raised in place of the real function, at the look of epoch 1."""
    module, part = {
        "encode": ("events", "encoding"),
        "draw_panel": ("cards", "drawing"),
        "scalars_of": ("recorder", "scalars"),
    }[function]
    place = importlib.import_module(f"picasso_callbacks.log.{module}")
    real = getattr(place, function)
    failing = [False]

    def sometimes(*args):
        if failing[0]:
            raise error
        return real(*args)

    def begin(model, epoch):
        picasso._recorder._worker.drain()
        failing[0] = epoch == 0

    monkeypatch.setattr(place, function, sometimes)
    picasso = Picasso(tmp_path, probes(), methods=PROBABILITIES)
    np.testing.assert_equal(final_weights(picasso, AtEpochEnd(begin)), final_weights())
    failed, works = warnings(caplog)
    assert failed.getMessage().startswith(f"Picasso: {part} failed;")
    assert works.getMessage() == f"Picasso: {part} works again."
    pictures, numbers = ("picasso/", "picasso_probability/")
    if part == "scalars":
        pictures, numbers = numbers, pictures
    assert steps(tmp_path, "picasso", pictures) == [0, 2, 3, 4]
    assert steps(tmp_path, "picasso", numbers) == [0, 1, 2, 3, 4]


@pytest.mark.fault(
    "a user's `every` fails",
    injected="at one epoch, and after it says no",
    outcome="told; the last epoch is looked at",
    lost="that one",
    training="the same, bit for bit",
)
def test_an_every_that_fails_is_reported_and_the_last_epoch_is_looked_at(tmp_path, caplog):
    assert_unharmed(Picasso(tmp_path, probes(), methods=PROBABILITIES, every=lambda epoch: 1 / (2 - epoch) > 0))
    failed, _works = warnings(caplog)
    assert "every failed" in failed.getMessage()
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1, 4]


@pytest.mark.fault(
    "a method that fails, with `on_error='raise'`",
    injected="at the second epoch",
    outcome="raised",
    lost="",
    training="ended, as asked for",
)
def test_errors_are_raised_where_that_is_wanted(tmp_path):
    failing = ZerosUntil(2, raise_it)
    count = CountsBatches()
    with pytest.raises(RuntimeError, match="the method's own words"):
        fit(compiled(), Picasso(tmp_path, probes(), methods=[failing], on_error="raise"), count, epochs=5)
    assert count.batches == 2 * 3


class PutsAFileInTheWay(keras.callbacks.Callback):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_train_begin(self, logs=None):
        self.path.write_text("in the way")


@pytest.mark.fault(
    "drawing or the disk fails, with `on_error='raise'`",
    injected="a map that can't be drawn; a file in the way",
    outcome="raised",
    lost="",
    training="ended, as asked for",
)
@pytest.mark.parametrize("part", ["drawing", "disk"])
def test_errors_of_the_other_thread_are_raised_where_that_is_wanted(tmp_path, part):
    undrawable = ZerosUntil(2 if part == "drawing" else 9, lambda: zeros((1, 2, 8, 8), scale=None))
    picasso = Picasso(tmp_path / "logs", probes(), methods=[undrawable], on_error="raise")
    others = [PutsAFileInTheWay(tmp_path / "logs")] if part == "disk" else []
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever it was, it must not be lost
        fit(compiled(), picasso, *others, epochs=5)


def calibrated(outputs):
    """Neither a softmax nor a sigmoid of anything that the model knows."""
    return outputs**2 / keras.ops.sum(outputs**2, axis=-1, keepdims=True)


@pytest.mark.fault(
    "NaN weights",
    injected="at one epoch, also with `decode_prob` and `layout='separate'`",
    outcome="drawn as they are, `picasso_dependence` is NaN",
    lost="none",
    training="the same, bit for bit",
)
@pytest.mark.parametrize("settings", [{}, {"layout": "separate"}, {"decode_prob": calibrated}])
def test_a_network_that_diverged_for_an_epoch_is_shown(tmp_path, caplog, settings):
    weights = {}

    def diverge(model, epoch):
        weights[epoch] = model.get_weights()
        model.set_weights([np.full_like(weight, np.nan) for weight in weights[epoch]])

    def mend(model, epoch):
        model.set_weights(weights[epoch])

    picasso = Picasso(tmp_path, probes(), **settings)
    around = AtEpochEnd(diverge, at=(2,)), AtEpochEnd(mend, at=(2,))
    np.testing.assert_equal(final_weights(around[0], picasso, around[1]), final_weights(*around))
    assert not warnings(caplog)
    probabilities = {
        step: scalar(value) for (_, tag, step), value in read(tmp_path).items() if tag.endswith("left 00/left")
    }
    assert [np.isnan(probabilities[step]) for step in range(5)] == [False, False, True, False, False]
    card = "picasso_saliency_map/" if settings.get("layout") == "separate" else "picasso/"
    assert steps(tmp_path, "picasso", card) == [0, 1, 2, 3, 4]
