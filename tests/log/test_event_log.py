import io
import os
import signal

import numpy as np
import PIL.Image
import pytest
from helpers.processes import run
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from tensorboard.util import tensor_util

from picasso_callbacks.log import events
from picasso_callbacks.log.event_log import EventLog


def events_in(directory):
    """The events of all files in `directory`, as TensorBoard reads them."""
    return [event for path in sorted(directory.iterdir()) for event in LegacyEventFileLoader(str(path)).Load()]


def values(directory):
    """The summary values in `directory` by tag and step."""
    return {(value.tag, event.step): value for event in events_in(directory) for value in event.summary.value}


def decode(value):
    return np.asarray(PIL.Image.open(io.BytesIO(value.tensor.string_val[2])))


def tensorflow_values(directory, write):
    """What `write(tf.summary)` writes."""
    summary = pytest.importorskip("tensorflow").summary
    with summary.create_file_writer(str(directory)).as_default():
        write(summary)
    return values(directory)


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (20, 3, 3), "uint8").repeat(10, axis=1)  # exact in a file


def test_pictures_numbers_and_texts_are_read_back(tmp_path, pixels):
    log = EventLog(tmp_path / "logs" / "picasso")
    log.write(events.image("picasso/a", np.int64(3), pixels))
    log.write(events.image("picasso/a", 4, 255 - pixels))
    log.write(events.scalar("picasso_probability/a/tank", 3, np.float32(0.25)))
    log.write(events.text("picasso_verdict", 4, "looks at the **sky** 🌥"))
    log.close()

    read = values(tmp_path / "logs" / "picasso")
    assert set(read) == {
        ("picasso/a", 3),
        ("picasso/a", 4),
        ("picasso_probability/a/tank", 3),
        ("picasso_verdict", 4),
    }
    np.testing.assert_array_equal(decode(read["picasso/a", 3]), pixels)
    np.testing.assert_array_equal(decode(read["picasso/a", 4]), 255 - pixels)
    assert tensor_util.make_ndarray(read["picasso_probability/a/tank", 3].tensor) == np.float32(0.25)
    assert tensor_util.make_ndarray(read["picasso_verdict", 4].tensor).item().decode() == "looks at the **sky** 🌥"


def test_a_picture_is_written_as_tf_summary_writes_it(tmp_path, pixels):
    log = EventLog(tmp_path / "ours")
    log.write(events.image("picasso/a", 3, pixels, description="What *it* sees"))
    ours = values(tmp_path / "ours")["picasso/a", 3]
    theirs = tensorflow_values(
        tmp_path / "theirs", lambda tf: tf.image("picasso/a", pixels[None], 3, description="What *it* sees")
    )["picasso/a", 3]
    assert ours.metadata == theirs.metadata
    assert ours.tensor.dtype == theirs.tensor.dtype
    assert ours.tensor.tensor_shape == theirs.tensor.tensor_shape
    assert ours.tensor.string_val[:2] == theirs.tensor.string_val[:2] == [b"30", b"20"]
    np.testing.assert_array_equal(decode(ours), decode(theirs))


def test_numbers_and_texts_are_written_as_tf_summary_writes_them(tmp_path):
    log = EventLog(tmp_path / "ours")
    log.write(events.scalar("a", 1, 0.1))
    log.write(events.text("b", 2, "*text*"))
    theirs = tensorflow_values(tmp_path / "theirs", lambda tf: (tf.scalar("a", 0.1, 1), tf.text("b", "*text*", 2)))
    ours = values(tmp_path / "ours")
    assert ours["b", 2] == theirs["b", 2]
    assert ours["a", 1].metadata == theirs["a", 1].metadata
    # TensorBoard reads a float from float_val and, as TensorFlow writes it, from tensor_content.
    assert tensor_util.make_ndarray(ours["a", 1].tensor) == tensor_util.make_ndarray(theirs["a", 1].tensor)
    assert ours["a", 1].tensor.tensor_shape == theirs["a", 1].tensor.tensor_shape


def test_the_file_begins_with_its_version(tmp_path):
    EventLog(tmp_path).write(events.scalar("a", 0, 0.0))
    (path,) = tmp_path.iterdir()
    assert path.name.startswith("events.out.tfevents.")
    assert events_in(tmp_path)[0].file_version == "brain.Event:2"


def test_nothing_written_leaves_nothing_behind(tmp_path):
    log = EventLog(tmp_path / "logs")
    log.flush()
    log.close()
    assert list(tmp_path.iterdir()) == []


def test_two_logs_of_a_directory_have_two_files(tmp_path):
    first, second = EventLog(tmp_path), EventLog(tmp_path)
    first.write(events.scalar("a", 0, 0.0))
    second.write(events.scalar("a", 1, 0.0))
    first.write(events.scalar("a", 2, 0.0))
    assert len(list(tmp_path.iterdir())) == 2
    assert set(values(tmp_path)) == {("a", 0), ("a", 1), ("a", 2)}


def test_a_closed_log_begins_another_file(tmp_path):
    log = EventLog(tmp_path)
    for step in range(2):
        log.write(events.scalar("a", step, 0.0))
        log.close()
    assert len(list(tmp_path.iterdir())) == 2
    assert set(values(tmp_path)) == {("a", 0), ("a", 1)}


def test_files_are_read_in_the_order_of_their_making(tmp_path):
    """Also those of one second, whose numbers grow from one digit to two and more."""
    log = EventLog(tmp_path)
    for step in range(120):
        log.write(events.scalar("a", step, 0.0))
        log.close()
    assert list(values(tmp_path)) == [("a", step) for step in range(120)]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
def test_a_killed_process_leaves_what_it_had_flushed(tmp_path):
    program = f"""
import os, signal
import numpy as np
from picasso_callbacks.log import events
from picasso_callbacks.log.event_log import EventLog
log = EventLog({str(tmp_path)!r})
for step in range(3):
    log.write(events.image("picasso/a", step, np.full((4, 5, 3), step, "uint8")))
log.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert run(program, bare=True).returncode == -signal.SIGKILL
    read = values(tmp_path)
    assert set(read) == {("picasso/a", 0), ("picasso/a", 1), ("picasso/a", 2)}
    assert (decode(read["picasso/a", 2]) == 2).all()


def test_a_torn_record_costs_only_itself(tmp_path):
    log = EventLog(tmp_path)
    log.write(events.scalar("a", 0, 0.0))
    log.write(events.scalar("a", 1, 0.0))
    (path,) = tmp_path.iterdir()
    os.truncate(path, path.stat().st_size - 3)
    assert set(values(tmp_path)) == {("a", 0)}


def test_a_log_goes_on_in_a_new_file_after_its_directory_was_deleted(tmp_path):
    log = EventLog(tmp_path / "logs")
    log.write(events.scalar("a", 0, 0.0))
    (path,) = (tmp_path / "logs").iterdir()
    path.unlink()
    path.parent.rmdir()
    with pytest.raises(FileNotFoundError):
        log.write(events.scalar("a", 1, 0.0))
    log.write(events.scalar("a", 2, 0.0))
    assert set(values(tmp_path / "logs")) == {("a", 2)}


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_an_error_of_the_write_it_struck(tmp_path):
    log = EventLog(tmp_path)
    log.write(events.scalar("a", 0, 0.0))
    (path,) = tmp_path.iterdir()
    path.unlink()
    path.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        log.write(events.image("picasso/a", 1, np.zeros((4, 5, 3), "uint8")))
    path.unlink()
    log.write(events.scalar("a", 2, 0.0))
    assert set(values(tmp_path)) == {("a", 2)}


def test_a_file_in_the_directorys_place_is_an_error(tmp_path):
    (tmp_path / "logs").write_text("not a directory")
    with pytest.raises(OSError, match="logs"):
        EventLog(tmp_path / "logs").write(events.scalar("a", 0, 0.0))


def test_a_store_behind_a_url_is_written(tmp_path, pixels):
    fsspec = pytest.importorskip("fsspec")
    url = "memory://bucket/run/picasso"
    log = EventLog(url)
    log.write(events.image("picasso/a", 0, pixels))
    log.flush()
    log.write(events.scalar("a", 1, 0.5))
    log.close()
    (name,) = fsspec.filesystem("memory").ls("/bucket/run/picasso", detail=False)
    (tmp_path / "copy").write_bytes(fsspec.filesystem("memory").cat(name))
    assert set(values(tmp_path)) == {("picasso/a", 0), ("a", 1)}


def test_no_framework_is_imported(tmp_path):
    program = f"""
import sys
import numpy as np
from picasso_callbacks.log import events
from picasso_callbacks.log.event_log import EventLog
log = EventLog({str(tmp_path)!r})
log.write(events.image("picasso/a", 0, np.zeros((4, 5, 3), "uint8")))
log.write(events.scalar("b", 0, 0.0))
log.write(events.text("c", 0, ""))
log.close()
print(*{{"tensorflow", "keras", "jax", "torch"}} & set(sys.modules))
"""
    ended = run(program, bare=True)
    assert (ended.stdout.strip(), ended.returncode) == ("", 0), ended.stderr
