"""The store: what is flushed can be read, whatever then happens; what is torn or damaged is not."""

import io
import pathlib
import pickle
import re
import subprocess
import sys
import zlib

import fsspec
import numpy as np
import pytest

from picasso_callbacks import load
from picasso_callbacks.store import (
    HeldRecords,
    Records,
    Store,
    find_runs,
    from_npz,
    read_entries,
    run_name,
    to_npz,
    to_text,
)
from picasso_callbacks.store.writing import ENTRY


def written(directory, steps, **more):
    store = Store(directory)
    for step in steps:
        store.write("numbers", step, {"values": np.full(3, step, "float32"), **more})
    store.flush()
    return store


def numbers(directory):
    """The first value of each look that can be read, by step."""
    records = Records(read_entries(str(directory)))
    found = {step: records.arrays("numbers", step) for step in records.steps()}
    return {step: float(arrays["values"][0]) for step, arrays in found.items() if arrays}


def only(directory, ending):
    [path] = pathlib.Path(directory).glob(f"*{ending}")
    return path


def test_what_was_flushed_can_be_read_while_the_file_is_open(tmp_path):
    written(tmp_path, [0, 1, 5])
    assert numbers(tmp_path) == {0: 0, 1: 1, 5: 5}


def test_nothing_is_made_before_something_is_written(tmp_path):
    Store(tmp_path / "run").close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [".picasso", ".picasso-index"])
def test_whatever_is_cut_off_only_whole_looks_are_read(tmp_path, ending):
    """As a full disk or a copy that was interrupted leaves it: cut at every byte."""
    written(tmp_path, [0, 1, 2]).close()
    path = only(tmp_path, ending)
    whole = path.read_bytes()
    seen = set()
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        found = numbers(tmp_path)
        assert found == {step: step for step in range(len(found))}
        seen.add(len(found))
    assert seen == {0, 1, 2, 3}


def test_a_damaged_record_is_not_read(tmp_path):
    written(tmp_path, [0, 1]).close()
    path = only(tmp_path, ".picasso")
    data = bytearray(path.read_bytes())
    data[60] ^= 255
    path.write_bytes(data)
    assert numbers(tmp_path) == {1: 1}


class Runs:
    """Writes a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return pathlib.Path.write_text, (self.path, "ran")


@pytest.mark.parametrize("form", ["npz", "npy", "pickle"])
def test_objects_are_never_loaded(tmp_path, monkeypatch, form):
    """A store from somewhere else, whole by its index, that would run code if anything in it were unpickled."""
    ran, objects = tmp_path / "ran", np.empty(1, dtype=object)
    objects[0] = Runs(ran)
    file = io.BytesIO()
    if form == "npz":
        np.savez(file, about=objects)
    elif form == "npy":
        np.save(file, objects)
    else:
        pickle.dump(objects[0], file)
    monkeypatch.setattr("picasso_callbacks.store.writing.to_npz", lambda arrays: file.getvalue())
    store = Store(tmp_path / "logs")
    for kind in ("training", "numbers", "maps"):
        store.write(kind, 0, {})
    store.close()
    with pytest.raises(
        ValueError, match=r"\.picasso': a record can't be read .* objects, which could run code, are never"
    ):
        load(tmp_path)
    assert not ran.exists()
    loaded = np.load(io.BytesIO(file.getvalue()), allow_pickle=True)
    if form == "npz":
        assert loaded["about"].tolist() == [3]  # characters written
    assert ran.exists()  # it would have


def test_a_process_that_is_killed_leaves_what_it_flushed_and_the_next_goes_on(tmp_path):
    program = (
        "import os, signal, numpy as np\nfrom picasso_callbacks.store import Store\n"
        f"store = Store({str(tmp_path)!r})\n"
        "for step in range(3): store.write('numbers', step, {'values': np.full(3, step, 'float32')}); store.flush()\n"
        "store._data.write(b'half a record')\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == -9
    assert numbers(tmp_path) == {0: 0, 1: 1, 2: 2}
    written(tmp_path, [2, 3])
    assert numbers(tmp_path) == {0: 0, 1: 1, 2: 2, 3: 3}


def test_a_look_that_was_taken_again_replaces_itself(tmp_path):
    written(tmp_path, [0, 1]).close()
    store = Store(tmp_path)
    store.write("numbers", 1, {"values": np.full(3, 7, "float32")})
    store.close()
    assert numbers(tmp_path) == {0: 0, 1: 7}


def test_what_is_said_of_a_training_is_what_was_said_last(tmp_path):
    store = Store(tmp_path)
    for step in (0, 5):
        store.write("training", step, {"values": np.array([step])})
    store.close()
    assert Records(read_entries(str(tmp_path))).arrays("training", 0)["values"].tolist() == [5]


def test_small_records_are_read_once_and_maps_at_each_question(tmp_path):
    store = Store(tmp_path)
    for kind in ("numbers", "maps"):
        store.write(kind, 0, {"values": np.ones(3)})
    store.close()
    records = Records(read_entries(str(tmp_path)))
    before = {kind: records.arrays(kind, 0) for kind in ("numbers", "maps")}
    only(tmp_path, ".picasso").write_bytes(b"")
    assert records.arrays("numbers", 0) is before["numbers"]
    assert records.arrays("maps", 0) == {}


def test_whether_there_is_anything_new(tmp_path):
    store = written(tmp_path, [0])
    records = Records(read_entries(str(tmp_path)))
    assert not records.update(read_entries(str(tmp_path)))
    store.write("numbers", 1, {"values": np.ones(3)})
    store.flush()
    assert records.update(read_entries(str(tmp_path)))
    assert records.steps() == [0, 1]


def test_records_that_are_in_no_file():
    records = HeldRecords({("numbers", 4): {"values": np.arange(3)}, ("maps", 4): {}})
    assert records.steps() == [4]
    assert records.arrays("numbers", 4)["values"].tolist() == [0, 1, 2]
    assert records.data("numbers", 5) is None
    assert records.arrays("numbers", 5) == {}


def test_a_run_is_called_by_its_place_below_the_log_directory(tmp_path):
    assert run_name(str(tmp_path / "a" / "b"), str(tmp_path)) == "a/b"
    assert run_name(str(tmp_path), str(tmp_path)) == "."


def test_an_error_is_raised_by_the_write_that_it_strikes_and_the_next_begins_another_file(tmp_path):
    store = written(tmp_path, [0])

    def full(data):
        raise OSError("No space left on device")

    store._data.write = full
    with pytest.raises(OSError, match="No space left"):
        store.write("numbers", 1, {"values": np.ones(3, "float32")})
    store.write("numbers", 2, {"values": np.full(3, 2, "float32")})
    store.flush()
    assert numbers(tmp_path) == {0: 0, 2: 2}


def test_a_large_store_is_several_files(tmp_path, monkeypatch):
    monkeypatch.setattr("picasso_callbacks.store.writing.SEGMENT", 1000)
    noise = np.random.default_rng(0).random(200).astype("float32")
    written(tmp_path, range(5), noise=noise)
    assert len(list(tmp_path.glob("*.picasso"))) > 1
    assert numbers(tmp_path) == {step: step for step in range(5)}


def test_a_remote_store_that_cannot_append(tmp_path):
    """Read in parts, too: the second record alone."""
    directory = f"memory://store-{tmp_path.name}/picasso"
    store = written(directory, [0, 1])
    assert numbers(directory) == {0: 0, 1: 1}
    store.write("numbers", 2, {"values": np.full(3, 2, "float32")})
    store.close()
    assert numbers(directory) == {0: 0, 1: 1, 2: 2}
    assert len(fsspec.filesystem("memory").find(f"/store-{tmp_path.name}")) == 2


def test_the_index_is_as_other_programs_know_it(tmp_path):
    written(tmp_path, [7]).close()
    [entry] = np.frombuffer(only(tmp_path, ".picasso-index").read_bytes(), "S8,<i8,<u8,<u8,<u4,<u4").tolist()
    data = only(tmp_path, ".picasso").read_bytes()
    assert entry == (b"numbers", 7, 0, len(data), zlib.crc32(data), 1)


def test_objects_are_neither_written_nor_read(tmp_path):
    with pytest.raises(ValueError, match="Object arrays"):
        from_npz(to_npz({"values": np.array([{}], dtype=object)}))


def test_the_last_axis_is_the_fastest():
    """What the player reads, and what fancy indexing does not always make."""
    turned = np.arange(6.0).reshape(2, 3).T
    assert from_npz(to_npz({"turned": turned}))["turned"].flags.c_contiguous


def test_text_is_json_without_nan():
    assert to_text({"a": [np.float32("nan"), np.int64(3), np.bool_(True)], "名": "x"}).tobytes() == (
        b'{"a": [null, 3, true], "\\u540d": "x"}'
    )


def test_runs_are_found_by_their_index(tmp_path):
    written(tmp_path / "a" / "picasso", [0])
    written(tmp_path / "b", [0])
    (tmp_path / "c").mkdir()
    assert list(find_runs(str(tmp_path))) == [str(tmp_path / "a" / "picasso"), str(tmp_path / "b")]


def test_the_program_in_the_docs_reads_it(tmp_path):
    written(tmp_path, [0, 4]).close()
    page = (pathlib.Path(__file__).parents[2] / "docs" / "store.md").read_text("utf-8")
    program = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[1]
    names: dict = {}
    exec(program, names)
    read = list(names["records"](str(only(tmp_path, ".picasso")).removesuffix(".picasso")))
    assert [(kind, int(step), arrays["values"].tolist()) for kind, step, arrays in read] == [
        (b"numbers", 0, [0, 0, 0]),
        (b"numbers", 4, [4, 4, 4]),
    ]
    assert names["entry"] == ENTRY
