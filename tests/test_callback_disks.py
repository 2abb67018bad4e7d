"""Trainings whose disk fails, hangs or moves away: real file systems, and what is on them afterwards."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import keras
import numpy as np
import pytest
from helpers.event_files import event_files, read, steps
from helpers.small_training import AtEpochEnd, compiled, fit, probes

from picasso_callbacks import Picasso, load
from picasso_callbacks.log import recorder, runs


@pytest.fixture
def messages(caplog):
    return lambda: [record.getMessage() for record in caplog.records if record.name.startswith("picasso")]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True)


@contextlib.contextmanager
def mounted(place, *command):
    """Mounts a file system of its own at `place`, where this user may."""
    place.mkdir()
    try:
        run(*command, str(place))
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"needs a file system of its own ({error})")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MB in memory."""
    with mounted(tmp_path / "small", "mount", "-t", "tmpfs", "-o", "size=1m", "none") as place:
        yield place


@pytest.fixture
def freezable(tmp_path):
    """A file system in a file, which `fsfreeze` can stop as a server that is away would."""
    if shutil.which("fsfreeze") is None or shutil.which("mkfs.ext4") is None:
        pytest.skip("needs fsfreeze and mkfs.ext4")
    image = tmp_path / "image"
    with open(image, "wb") as file:
        file.truncate(16 << 20)
    run("mkfs.ext4", "-q", str(image))
    with mounted(tmp_path / "disk", "mount", "-o", "loop", str(image)) as place:
        thaw_at_last = ["fsfreeze", "--unfreeze", str(place)]
        watchdog = threading.Timer(60, lambda: subprocess.run(thaw_at_last, capture_output=True, check=False))
        watchdog.start()  # what waits for a frozen disk can't be killed
        try:
            yield place
        finally:
            watchdog.cancel()
            subprocess.run(thaw_at_last, capture_output=True, check=False)


def watching(log_dir, **settings):
    return Picasso(log_dir, probes(), **{"methods": ["class_probabilities"], **settings})


def final_weights(*callbacks, epochs):
    model = compiled()
    assert fit(model, *callbacks, epochs=epochs).epoch == list(range(epochs))
    return model.get_weights()


def assert_unharmed(*callbacks, epochs):
    """Trains with these callbacks, and without."""
    np.testing.assert_equal(final_weights(*callbacks, epochs=epochs), final_weights(epochs=epochs))


def at_ends(picasso, **events):
    """A callback that calls each of `events`, named `epoch_3`, once the look of that epoch is written."""

    def call(model, epoch):
        event = events.get(f"epoch_{epoch}")
        if event is not None:
            picasso._recorder._worker.drain()
            event()

    return AtEpochEnd(call)


def fill(place):
    def write():
        with contextlib.suppress(OSError), open(place / "filler", "wb", buffering=0) as file:
            while True:
                file.write(b"0" * 4096)

    return write


def remount(place, how):
    return lambda: run("mount", "-o", f"remount,{how}", str(place))


@pytest.mark.fault(
    "a full disk that is enlarged; read-only, then writable",
    injected="a file system of 1 MB in memory, for five of nine epochs",
    outcome="written again at the next look, told in a line each; the filmstrip shows all epochs",
    lost="those five",
    training="the same, bit for bit",
)
@pytest.mark.parametrize("fault", ["full", "read-only"])
def test_writing_goes_on_when_the_disk_does(small_disk, messages, fault):
    fail, mend = {
        "full": (fill(small_disk), remount(small_disk, "size=8m")),
        "read-only": (remount(small_disk, "ro"), remount(small_disk, "rw")),
    }[fault]
    picasso = watching(small_disk)
    # More often in a row than anything else may fail.
    assert_unharmed(picasso, at_ends(picasso, epoch_1=fail, epoch_6=mend), epochs=9)
    failed, works, said = messages()  # one line each, though two files are written
    assert failed.startswith(f"Picasso: writing to {small_disk}/picasso failed; it is tried again")
    assert works == f"Picasso: writing to {small_disk}/picasso works again."
    assert said == f"Picasso: 5 of 9 looks were not written to {small_disk}/picasso."
    assert steps(small_disk, "picasso", "picasso/") == [0, 1, 7, 8]
    assert steps(small_disk, "picasso", "picasso_filmstrip/") == [8]
    assert load(small_disk)["picasso"].steps.tolist() == [0, 1, 7, 8]
    assert len(list((small_disk / "picasso").iterdir())) <= 6  # none for each failure


@pytest.mark.fault(
    "permissions taken and given back",
    injected="another user, for two of five epochs",
    outcome="same",
    lost="those two",
    training="the same, bit for bit",
)
@pytest.mark.skipif(not hasattr(os, "seteuid") or os.geteuid() != 0, reason="gives rights up and takes them back")
def test_writing_goes_on_when_permissions_do(messages):
    nobody = 65534
    with tempfile.TemporaryDirectory() as place:  # pytest's own are closed to others
        os.chown(place, nobody, nobody)
        picasso = watching(place)
        run = Path(place, "picasso")

        def close():
            for path in (*event_files(place), run):
                path.chmod(0o500)

        changes = at_ends(picasso, epoch_0=close, epoch_2=lambda: run.chmod(0o700))
        os.seteuid(nobody)
        try:
            assert_unharmed(picasso, changes, epochs=5)
        finally:
            os.seteuid(0)
        assert any("works again" in message for message in messages())
        assert steps(place, "picasso", "picasso/") == [0, 3, 4]


@pytest.mark.fault(
    "the directory is deleted",
    injected="between two epochs",
    outcome="made again",
    lost="at most one, and what was deleted",
    training="the same, bit for bit",
)
def test_a_directory_that_was_deleted_is_made_again(tmp_path):
    picasso = watching(tmp_path)
    gone = lambda: shutil.rmtree(tmp_path / "picasso")  # noqa: E731
    assert_unharmed(picasso, at_ends(picasso, epoch_1=gone), epochs=5)
    assert steps(tmp_path, "picasso", "picasso/")[-2:] == [3, 4]
    assert steps(tmp_path, "picasso", "picasso_filmstrip/") == [4]


@pytest.mark.fault(
    "`os.chdir` with a relative `log_dir`",
    injected="between two epochs",
    outcome="written where it began",
    lost="none",
    training="the same, bit for bit",
)
@pytest.mark.parametrize("relative", ["logs", os.path.join("..", "logs")])
def test_a_relative_log_dir_stays_where_it_was(tmp_path, monkeypatch, relative):
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert_unharmed(watching(relative), AtEpochEnd(lambda *_: os.chdir(tmp_path / "there"), at=(1,)), epochs=3)
    assert steps(tmp_path / "here" / relative, "picasso", "picasso/") == [0, 1, 2]
    assert not list((tmp_path / "there").iterdir())


def freeze(place):
    return lambda: run("fsfreeze", "--freeze", str(place))


def thaw(place):
    return lambda: run("fsfreeze", "--unfreeze", str(place))


@pytest.mark.fault(
    "a disk that hangs before training",
    injected="a frozen file system (ext4)",
    outcome="an error after 10 s that names the `log_dir`",
    lost="none",
    training="not begun",
)
def test_a_disk_that_is_frozen_before_training_is_an_error_of_the_constructor(freezable, monkeypatch):
    monkeypatch.setattr(runs, "CHECK_SECONDS", 0.5)
    freeze(freezable)()
    begin = time.monotonic()
    with pytest.raises(ValueError, match=rf"log_dir .*{freezable}/logs/picasso.* did not answer .* another log_dir"):
        watching(freezable / "logs")
    assert time.monotonic() - begin < 5
    thaw(freezable)()
    fit(compiled(), watching(freezable / "logs"))
    assert steps(freezable / "logs", "picasso", "picasso/") == [0, 1, 2]


@pytest.mark.fault(
    "a disk that hangs",
    injected="a frozen file system (ext4), for eight of twelve epochs",
    outcome="looks wait 5 s together, then not at all; they come back with the disk",
    lost="those while it hung, but two: one was being written, one waited",
    training="the same, bit for bit",
)
def test_a_disk_that_hangs_costs_looks_and_not_the_training(freezable, messages, monkeypatch):
    monkeypatch.setattr(recorder, "LOOK_SECONDS", 0.3)
    picasso = watching(freezable)
    seconds = {}

    def call(model, epoch):
        seconds[epoch] = time.monotonic()
        if epoch == 1:
            picasso._recorder._worker.drain()
            freeze(freezable)()
        if epoch == 9:
            thaw(freezable)()
            picasso._recorder._worker.drain()

    assert_unharmed(picasso, AtEpochEnd(call), epochs=12)
    assert seconds[9] - seconds[1] < 5
    failed, works, said = messages()
    assert failed.startswith(f"Picasso: handing looks to {freezable}/picasso failed; it is tried again")
    assert works == f"Picasso: handing looks to {freezable}/picasso works again."
    # Of epochs 2 to 9, the first was being written and the second waited.
    assert said == f"Picasso: 6 of 12 looks were not written to {freezable}/picasso."
    assert steps(freezable, "picasso", "picasso/") == [0, 1, 2, 3, 10, 11]
    assert load(freezable)["picasso"].steps.tolist() == [0, 1, 2, 3, 10, 11]
    assert steps(freezable, "picasso", "picasso_filmstrip/") == [11]


@pytest.mark.fault(
    "it still hangs at the end",
    injected="frozen until after `fit`",
    outcome="`fit` waits 10 s at most, the program's end another 10; the next `fit` is written",
    lost="those of that time, but what was queued if it answers yet",
    training="the same, bit for bit",
)
def test_the_end_of_a_training_waits_a_bounded_time_and_the_next_one_is_written(freezable, messages, monkeypatch):
    monkeypatch.setattr(recorder, "LOOK_SECONDS", 0.3)
    monkeypatch.setattr(recorder, "END_SECONDS", 0.3)
    picasso = watching(freezable)
    model = compiled()
    begin = time.monotonic()
    fit(model, picasso, at_ends(picasso, epoch_0=freeze(freezable)), epochs=4)
    assert time.monotonic() - begin < 10
    assert messages()[-1] == (
        f"Picasso: 3 of 4 looks were not written to {freezable}/picasso. "
        "Those still queued are written if it answers before the program ends."
    )
    thaw(freezable)()
    fit(model, picasso, initial_epoch=4, epochs=6)
    assert steps(freezable, "picasso", "picasso/") == [0, 1, 2, 4, 5]
    assert {run for run, _, _ in read(freezable)} == {"picasso"}
    plain = compiled()
    fit(plain, epochs=4)
    fit(plain, initial_epoch=4, epochs=6)
    np.testing.assert_equal(model.get_weights(), plain.get_weights())


@pytest.mark.fault(
    "a disk that hangs from the first look",
    injected="frozen for seven of nine epochs",
    outcome="looks come back with the disk",
    lost="those while it hung, but two",
    training="the same, bit for bit",
)
def test_the_first_look_may_meet_a_disk_that_hangs(freezable, monkeypatch):
    monkeypatch.setattr(recorder, "LOOK_SECONDS", 0.3)
    picasso = watching(freezable)

    class Freezes(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            freeze(freezable)()

        def on_epoch_end(self, epoch, logs=None):
            if epoch == 6:
                thaw(freezable)()
                picasso._recorder._worker.drain()

    assert_unharmed(picasso, Freezes(), epochs=9)
    assert steps(freezable, "picasso", "picasso/") == [0, 1, 7, 8]


@pytest.mark.fault(
    "Ctrl-C while `fit` waits for the last pictures, then `fit` again",
    injected="a real signal; a frozen file system",
    outcome="both trainings are written",
    lost="none",
    training="interrupted; the next is complete",
)
@pytest.mark.parametrize(("initial_epoch", "written"), [(3, {"picasso": [0, 1, 2, 3, 4]}), (0, {"picasso": [0, 1, 2]})])
def test_a_fit_after_ctrl_c_while_the_last_one_waited_for_its_pictures(freezable, initial_epoch, written):
    picasso, model = watching(freezable), compiled()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    begins = AtEpochEnd(lambda *_: threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT)).start(), at=(2,))
    try:
        with pytest.raises(KeyboardInterrupt):
            fit(model, picasso, at_ends(picasso, epoch_0=freeze(freezable)), begins, epochs=3)
    finally:
        signal.signal(signal.SIGINT, before)
    thaw(freezable)()
    fit(model, picasso, initial_epoch=initial_epoch, epochs=5)
    if initial_epoch == 0:
        written = {**written, "picasso_2": [0, 1, 2, 3, 4]}
    assert {run: steps(freezable, run, "picasso/") for run in written} == written
