"""What the callback does about errors while the network trains."""

import keras
import numpy as np
import pytest
from helpers.event_files import event_files, steps
from helpers.small_training import AtEpochEnd, CountsBatches, ZerosUntil, compiled, fit, probes, zeros

from picasso_callbacks import Picasso

PROBABILITIES = ["class_probabilities"]


def final_weights(*callbacks):
    model = compiled()
    assert fit(model, *callbacks, epochs=5).epoch == [0, 1, 2, 3, 4]
    return model.get_weights()


def only_warning(caplog):
    """The one record that the library logged."""
    [record] = [record for record in caplog.records if record.name.startswith("picasso")]
    return record


def raise_it():
    raise RuntimeError("the method's own words")


def test_a_method_that_fails_is_reported_once_and_the_rest_goes_on(tmp_path, caplog):
    failing = ZerosUntil(3, raise_it)  # the rehearsal and two epochs
    weights = final_weights(Picasso(tmp_path, probes(), methods=[failing, "class_probabilities"]))
    record = only_warning(caplog)
    assert "zeros_until" in record.getMessage()
    assert "the method's own words" in str(record.exc_info[1])
    assert record.exc_info[2] is not None
    assert failing.looks == 4  # never asked again
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1, 2, 3, 4]
    assert steps(tmp_path, "picasso", "picasso_probability/") == [0, 1, 2, 3, 4]
    np.testing.assert_equal(weights, final_weights())


@pytest.mark.parametrize("answer", [None, zeros((1, 2, 3, 4))])
def test_a_method_that_answers_wrongly_is_reported_once(tmp_path, caplog, answer):
    final_weights(Picasso(tmp_path, probes(), methods=[ZerosUntil(2, lambda: answer), "class_probabilities"]))
    assert "zeros_until" in only_warning(caplog).getMessage()
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1, 2, 3, 4]


def test_when_drawing_fails_numbers_are_still_written(tmp_path, caplog):
    undrawable = ZerosUntil(3, lambda: zeros((1, 2, 8, 8), scale=None))
    weights = final_weights(Picasso(tmp_path, probes(), methods=[undrawable, "class_probabilities"]))
    assert "drawing" in only_warning(caplog).getMessage()
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1]
    assert steps(tmp_path, "picasso", "picasso_probability/") == [0, 1, 2, 3, 4]
    np.testing.assert_equal(weights, final_weights())


class PutsAFileInTheWay(keras.callbacks.Callback):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_train_begin(self, logs=None):
        self.path.write_text("in the way")


def test_a_disk_that_fails_is_reported_once_and_training_goes_on(tmp_path, caplog):
    picasso = Picasso(tmp_path, probes(), methods=PROBABILITIES)
    weights = final_weights(picasso, PutsAFileInTheWay(tmp_path / "picasso"))
    assert "disk" in only_warning(caplog).getMessage()
    np.testing.assert_equal(weights, final_weights())


def test_a_full_disk_leaves_what_was_written_before_readable(tmp_path, caplog):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(model, epoch):
        picasso._recorder._worker.drain()
        [file] = event_files(tmp_path)
        resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 100, before[1]))

    try:
        picasso = Picasso(tmp_path, probes())
        final_weights(picasso, AtEpochEnd(fill, at=(1,)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "disk" in only_warning(caplog).getMessage()
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1]


def test_an_every_that_fails_is_reported_once_and_the_last_epoch_is_looked_at(tmp_path, caplog):
    final_weights(Picasso(tmp_path, probes(), methods=PROBABILITIES, every=lambda epoch: 1 / (2 - epoch) > 0))
    assert "every" in only_warning(caplog).getMessage()
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1, 4]


def test_errors_are_raised_where_that_is_wanted(tmp_path):
    failing = ZerosUntil(2, raise_it)
    count = CountsBatches()
    with pytest.raises(RuntimeError, match="the method's own words"):
        fit(compiled(), Picasso(tmp_path, probes(), methods=[failing], on_error="raise"), count, epochs=5)
    assert count.batches == 2 * 3


@pytest.mark.parametrize("part", ["drawing", "disk"])
def test_errors_of_the_other_thread_are_raised_where_that_is_wanted(tmp_path, part):
    undrawable = ZerosUntil(2 if part == "drawing" else 9, lambda: zeros((1, 2, 8, 8), scale=None))
    picasso = Picasso(tmp_path, probes(), methods=[undrawable], on_error="raise")
    others = [PutsAFileInTheWay(tmp_path / "picasso")] if part == "disk" else []
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever it was, it must not be lost
        fit(compiled(), picasso, *others, epochs=5)


@pytest.mark.parametrize("layout", ["composite", "separate"])
def test_a_diverged_network_is_shown(tmp_path, caplog, layout):
    def diverge(model, epoch):
        model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])

    weights = final_weights(AtEpochEnd(diverge, at=(2,)), Picasso(tmp_path, probes(), layout=layout))
    assert np.isnan(weights[0]).all()
    assert not [record for record in caplog.records if record.name.startswith("picasso")]
    assert steps(tmp_path, "picasso", "picasso_probability/") == [0, 1, 2, 3, 4]
    card = "picasso/" if layout == "composite" else "picasso_saliency_map/"
    assert steps(tmp_path, "picasso", card) == [0, 1, 2, 3, 4]
