"""Reading: which records there are, and what is in them, while more are being written."""

from __future__ import annotations

import dataclasses
import os
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from tensorboard.compat.tensorflow_stub import errors
from tensorboard.compat.tensorflow_stub.io import gfile

from picasso_callbacks.store.writing import DATA, ENTRY, FORMAT, INDEX, from_npz, to_npz


@dataclasses.dataclass(frozen=True)
class Entry:
    """Where a record is.

    Args:
        kind: `"training"`, `"numbers"` or `"maps"`.
        step: Of which look.
        path: The file.
        offset, length, crc: Which bytes of it, and their CRC-32.
    """

    kind: str
    step: int
    path: str
    offset: int
    length: int
    crc: int


class Records:
    """The records of one run: the last one of each kind and step, so that a look that was repeated replaces itself.

    Args:
        entries: In the order in which they were written.
    """

    def __init__(self, entries: Sequence[Entry]):
        self._small: dict[Entry, dict[str, np.ndarray]] = {}
        self.update(entries)

    def update(self, entries: Sequence[Entry]) -> bool:
        """Goes on with what has been written since; whether there is anything new. What was read is not read again."""
        before = getattr(self, "entries", {})
        self.entries = {(one.kind, one.step): one for one in entries}
        trainings = [one for one in entries if one.kind == "training"]
        if trainings:
            self.entries["training", 0] = trainings[-1]
        return self.entries != before

    def steps(self, kind: str = "numbers") -> list[int]:
        """The looks of which there is such a record, in order."""
        return sorted(step for of_kind, step in self.entries if of_kind == kind)

    def data(self, kind: str, step: int) -> bytes | None:
        """A record as the bytes of an `.npz` file; `None` where there is none, or it is damaged."""
        entry = self.entries.get((kind, step))
        data = b"" if entry is None else _read(entry.path, entry.offset, entry.length)
        return data if entry is not None and zlib.crc32(data) == entry.crc else None

    def arrays(self, kind: str, step: int) -> dict[str, np.ndarray]:
        """A record's arrays by name; none where there is no such record, or it is damaged."""
        entry = self.entries.get((kind, step))
        if entry is not None and entry in self._small:
            return self._small[entry]
        data = self.data(kind, step)
        try:
            arrays = {} if data is None else from_npz(data)
        except ValueError as error:
            raise ValueError(f"{entry.path if entry else ''!r}: {error}") from error
        if entry is not None and arrays and kind != "maps":
            self._small[entry] = arrays
        return arrays


class HeldRecords(Records):
    """Records that are in no file.

    Args:
        arrays: The arrays of each record by name, by kind and step.
    """

    def __init__(self, arrays: Mapping[tuple[str, int], Mapping[str, np.ndarray]]):
        super().__init__([Entry(*key, "", 0, 0, 0) for key in arrays])
        self._arrays = arrays

    def data(self, kind: str, step: int) -> bytes | None:
        return to_npz(self._arrays[kind, step]) if (kind, step) in self._arrays else None


def read_entries(directory: str, names: Sequence[str] | None = None) -> list[Entry]:
    """All that the indices in a run's directory name and that is there, in the order in which it was written.

    Args:
        directory: The run's.
        names: What is in it, if that is known.
    """
    filesystem, found = gfile.get_filesystem(directory), []
    for name in sorted(gfile.listdir(directory) if names is None else names):
        if name.rstrip("/").endswith(INDEX):
            path = filesystem.join(directory, name)
            data = path.removesuffix(INDEX) + DATA
            found += _entries(path, data)
    return found


def find_runs(log_dir: str) -> dict[str, list[str]]:
    """The directories under `log_dir`, or itself, that hold a store, and the names of what is in them."""
    filesystem, runs, left = gfile.get_filesystem(log_dir), {}, [log_dir]
    while left:
        directory = left.pop()
        try:
            names = gfile.listdir(directory)
        except (errors.NotFoundError, OSError):  # gone meanwhile, or not for this user
            continue
        if any(name.endswith(INDEX) for name in names):
            runs[directory] = names
        others = (name.rstrip("/") for name in names if not name.endswith((DATA, INDEX)) and _is_text(name))
        paths = (filesystem.join(directory, name) for name in others if "tfevents" not in name)
        left += [path for path in paths if gfile.isdir(path)]
    return dict(sorted(runs.items()))


def _is_text(name: str) -> bool:
    """Whether TensorBoard's file systems can open what has this name."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def run_name(directory: str, log_dir: str) -> str:
    """What a run is called: its directory below the log directory, `"."` for that itself."""
    return "." if directory == log_dir else os.path.relpath(directory, log_dir).replace(os.sep, "/")


def _entries(index: str, data: str) -> list[Entry]:
    try:
        rows, size = _read(index), gfile.stat(data).length
    except errors.NotFoundError:  # a file that was moved away, or not yet there
        return []
    whole = np.frombuffer(rows[: len(rows) // ENTRY.itemsize * ENTRY.itemsize], ENTRY)  # the last one may be torn
    return [
        Entry(kind.decode("ascii", "replace"), step, data, offset, length, crc)
        for kind, step, offset, length, crc, version in whole.tolist()
        if version == FORMAT and offset + length <= size
    ]


def _read(path: str, offset: int = 0, length: int | None = None) -> bytes:
    """Some bytes of a file, without those before them. Where to begin is told to each file system in its own words."""
    where = {"opaque_offset": offset, "byte_offset": offset} if offset else None
    data, _ = gfile.get_filesystem(path).read(path, True, length, where)
    return data[:length]  # S3 gives one byte more
