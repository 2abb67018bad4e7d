"""Trainings whose disk is a server's: it takes seconds for each write, or is away. What is asked of it hangs."""

import re
import threading
import time

import numpy as np
import pytest
from helpers.event_files import steps
from helpers.slow_disk import mounted_slow_disk
from helpers.small_training import AtEpochEnd, compiled, fit, probes

from picasso_callbacks import Picasso, load
from picasso_callbacks.log import recorder, runs


@pytest.fixture
def disk(tmp_path):
    try:
        mounts = mounted_slow_disk(tmp_path)
        disk = mounts.__enter__()
    except OSError as error:
        pytest.skip(f"needs a file system of its own ({error})")
    yield disk
    mounts.__exit__(None, None, None)


@pytest.fixture
def messages(caplog):
    return lambda: [record.getMessage() for record in caplog.records if record.name.startswith("picasso")]


def watching(log_dir, **settings):
    return Picasso(log_dir, probes(), **{"methods": ["class_probabilities"], **settings})


@pytest.mark.fault(
    "a disk that takes 1 to 3 s for each write",
    injected="a file system in another process (FUSE), throughout",
    outcome="looks wait 5 s together until the disk has caught up, then not at all",
    lost="those for which there was no room; counted and said",
    training="the same, bit for bit",
)
@pytest.mark.slow
def test_a_disk_that_takes_seconds_for_each_write_costs_looks_and_a_bounded_time(disk, messages, monkeypatch):
    monkeypatch.setattr(recorder, "END_SECONDS", 3.0)
    epochs, waited = 16, []
    picasso, model = watching(disk.place), compiled()
    real = recorder.Recorder.record

    def timed(*args):
        begin = time.monotonic()
        real(*args)
        waited.append(time.monotonic() - begin)

    monkeypatch.setattr(recorder.Recorder, "record", timed)
    disk.slow(1, 3)
    ends = []
    fit(model, picasso, AtEpochEnd(lambda *_: (time.sleep(0.5), ends.append(time.monotonic()))), epochs=epochs)
    assert time.monotonic() - ends[-1] < recorder.END_SECONDS + 3  # a second until it is said what is waited for
    assert recorder.LOOK_SECONDS - 1 < sum(waited) < recorder.LOOK_SECONDS + 2  # all looks together, since none is fast
    failed, *_, said = messages()
    assert failed.startswith(f"Picasso: handing looks to {disk.place}/picasso failed; it is tried again")
    [lost] = re.findall(f"Picasso: ([0-9]+) of {epochs} looks were not written to {disk.place}/picasso", said)
    disk.slow(0, 0)
    picasso._recorder._worker.close()
    written = steps(disk.place, "picasso", "picasso/")
    assert load(disk.place)["picasso"].steps.tolist() == written
    assert len(written) <= epochs - int(lost) + 2  # which were queued
    assert len(written) >= max(epochs - int(lost), 2)
    again = compiled()
    fit(again, epochs=epochs)
    np.testing.assert_equal(model.get_weights(), again.get_weights())


@pytest.mark.fault(
    "a server that is away before training",
    injected="a file system (FUSE) whose process is stopped",
    outcome="an error after 10 s that names the `log_dir`; nothing is left there",
    lost="none",
    training="not begun",
)
def test_a_disk_that_hangs_before_training_is_an_error_of_the_constructor(disk, monkeypatch):
    monkeypatch.setattr(runs, "CHECK_SECONDS", 0.5)
    disk.hang()
    with pytest.raises(ValueError, match=f"log_dir .*{disk.place}/logs/picasso.* did not answer for 0.5 s; .* pass"):
        watching(disk.place / "logs")
    disk.answer()
    for thread in threading.enumerate():
        if thread.name == "picasso-check":
            thread.join()
    assert not list(disk.place.iterdir())
    fit(compiled(), watching(disk.place / "logs"))
    assert steps(disk.place / "logs", "picasso", "picasso/") == [0, 1, 2]


@pytest.mark.fault(
    "a server that is away from before `fit` until after it",
    injected="same",
    outcome="no question to it is waited for without a bound; the next `fit` is written",
    lost="all but what was queued; said",
    training="the same, bit for bit",
)
def test_a_training_begins_and_ends_on_a_disk_that_hangs(disk, messages, monkeypatch):
    """Not so much as the name of a directory is asked for on the training thread."""
    monkeypatch.setattr(recorder, "LOOK_SECONDS", 0.3)
    monkeypatch.setattr(recorder, "END_SECONDS", 0.3)
    picasso, begin = watching(disk.place), time.monotonic()
    disk.hang()
    model = compiled()
    fit(model, picasso, epochs=5)
    assert time.monotonic() - begin < 20
    assert messages()[-1].startswith(f"Picasso: 5 of 5 looks were not written to {disk.place}/picasso.")
    disk.answer()
    fit(model, picasso, initial_epoch=5, epochs=7)
    assert steps(disk.place, "picasso", "picasso/") == [0, 1, 5, 6]
    plain = compiled()
    fit(plain, epochs=5)
    fit(plain, initial_epoch=5, epochs=7)
    np.testing.assert_equal(model.get_weights(), plain.get_weights())
