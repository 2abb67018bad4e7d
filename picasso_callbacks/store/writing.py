"""Store: records of arrays, appended to a file and found again by its index."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import socket
import time
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from tensorboard.compat.tensorflow_stub.io import gfile

DATA, INDEX = ".picasso", ".picasso-index"
"""The endings of the two files; their names are otherwise the same."""

ENTRY = np.dtype(
    [("kind", "S8"), ("step", "<i8"), ("offset", "<u8"), ("length", "<u8"), ("crc", "<u4"), ("format", "<u4")]
)
"""An entry of the index: 40 bytes."""

FORMAT = 1

SEGMENT = 32 << 20
"""Bytes after which the next file is begun. A remote store that can't append is sent the whole file at each flush."""

_numbers = itertools.count()


class Store:
    """Appends records to the store of one run, in a pair of files that is opened with the first of them.

    What was written when `flush` returns can be read, whatever then happens to the process: the index names only what
    is whole. An error of the disk is raised as it is, by the write that it struck; the next write begins another pair.
    One thread writes; a process that is forked has files of its own.

    Args:
        directory: The run's directory, as of `EventLog`.
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self._directory = directory
        self._data: gfile.GFile | None = None
        self._index: gfile.GFile | None = None
        self._offset = 0
        self._process = os.getpid()

    def write(self, kind: str, step: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Appends a record.

        Args:
            kind: What it is, up to eight letters.
            step: Of which look.
            arrays: By name; no objects.
        """
        record = to_npz(arrays)
        entry = np.array([(kind.encode(), step, self._offset, len(record), zlib.crc32(record), FORMAT)], ENTRY)
        try:
            if self._data is None or self._index is None or self._process != os.getpid():
                self._open()
                entry["offset"] = 0
            self._data.write(record)  # type: ignore[union-attr]
            self._data.flush()  # type: ignore[union-attr]
            self._index.write(entry.tobytes())  # type: ignore[union-attr]
            self._offset += len(record)
        except BaseException:
            if self._offset == 0:  # nothing is left behind, however often it is tried
                self._remove()
            self._data = self._index = None
            raise
        if self._offset > SEGMENT:
            self.close()

    def flush(self) -> None:
        """Returns when all that was written can be read."""
        if self._index is not None:
            self._index.flush()

    def close(self) -> None:
        """Flushes and closes the files. A later write begins others."""
        files, self._data, self._index = (self._data, self._index), None, None
        for file in files:
            if file is not None:
                file.close()

    def _open(self) -> None:
        self._data = self._index = None
        self._offset, self._process, directory = 0, os.getpid(), os.fspath(self._directory)
        gfile.makedirs(directory)
        # Read in the order of their names.
        name = f"{time.time_ns():020d}.{socket.gethostname()}.{os.getpid()}.{next(_numbers)}"
        path = gfile.get_filesystem(directory).join(directory, name)
        self._data, self._index = gfile.GFile(path + DATA, "wb"), gfile.GFile(path + INDEX, "wb")

    def _remove(self) -> None:
        for file in (self._data, self._index):
            if file is not None:
                with contextlib.suppress(OSError):
                    os.remove(file.filename)


def to_npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Arrays as the bytes of an `.npz` file, the last axis the fastest, which is all that the player reads."""
    file = io.BytesIO()
    np.savez_compressed(file, **{name: np.asarray(array, order="C") for name, array in arrays.items()})  # type: ignore[arg-type]
    return file.getvalue()


def from_npz(data: bytes) -> dict[str, np.ndarray]:
    """The arrays in the bytes of an `.npz` file.

    Raises:
        ValueError: It is none, or holds objects, which could run code.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)):  # else NumPy would take it for something else
            pass
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return dict(arrays)
    except Exception as error:  # what was not written here may bring NumPy to raise anything
        raise ValueError(
            f"a record can't be read ({error}). Expected arrays of numbers in an .npz file; objects, which could run "
            "code, are never loaded."
        ) from error


def to_text(words: Any) -> np.ndarray:
    """What JSON can say as an array: uint8, UTF-8. What is no number is `null`, as JSON knows none."""
    return np.frombuffer(json.dumps(_finite(words), allow_nan=False).encode(), dtype="uint8")


def _finite(words: Any) -> Any:
    if isinstance(words, dict):
        return {str(name): _finite(value) for name, value in words.items()}
    if isinstance(words, (list, tuple)):
        return [_finite(value) for value in words]
    if isinstance(words, (float, np.floating)):
        return float(words) if np.isfinite(words) else None
    return words.item() if isinstance(words, (np.integer, np.bool_)) else words
