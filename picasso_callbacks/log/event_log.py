"""EventLog: pictures, numbers and texts in a TensorBoard event file, without TensorFlow.

TensorBoard's own `EventFileWriter` imports TensorFlow where it is installed, which users of JAX and torch would pay for
in seconds and GPU memory, and can wait for ever once its thread has met a full disk. So the records are made here; the
file access, the protocol buffers and the plugins' metadata are TensorBoard's.
"""

from __future__ import annotations

import itertools
import os
import socket
import struct
import time

import google_crc32c
import numpy as np
from tensorboard.compat.proto.event_pb2 import Event, SourceMetadata
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_FLOAT, DT_STRING
from tensorboard.compat.tensorflow_stub.io import gfile
from tensorboard.plugins.image import metadata as image_metadata
from tensorboard.plugins.scalar import metadata as scalar_metadata
from tensorboard.plugins.text import metadata as text_metadata

from picasso_callbacks.encode import encode

_numbers = itertools.count()


class EventLog:
    """The event file of one run's directory, opened with the first thing written to it.

    What was written when `flush` returns can be read, whatever then happens to the process. An error of the disk is
    raised as it is, by the write that it struck; the next write begins a new file, since nothing after a torn record
    can be read. One thread writes; two logs of the same directory have two files.

    Args:
        directory: The run's directory; it is made when needed. A URL such as `gs://bucket/run` works where TensorBoard
            can read it: with `boto3`, or `fsspec` and its package for the store.

    Example:

    ```python
    log = EventLog("logs/picasso")
    log.image("picasso/tank 3", step=0, pixels=np.zeros((240, 720, 3), "uint8"))
    log.close()
    ```
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self._directory = os.fspath(directory)
        self._file: gfile.GFile | None = None

    def image(self, tag: str, step: int, pixels: np.ndarray, description: str = "") -> None:
        """Writes a picture, uint8 `[H, W, 3]`, with a `description` in Markdown."""
        height, width = pixels.shape[:2]
        strings = [str(width).encode(), str(height).encode(), encode(pixels)]
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=len(strings))])
        tensor = TensorProto(dtype=DT_STRING, tensor_shape=shape, string_val=strings)
        self._summary(tag, step, tensor, image_metadata.create_summary_metadata(None, description))

    def scalar(self, tag: str, step: int, value: float) -> None:
        """Writes a number."""
        tensor = TensorProto(dtype=DT_FLOAT, tensor_shape=TensorShapeProto(), float_val=[value])
        self._summary(tag, step, tensor, scalar_metadata.create_summary_metadata(None, None))

    def text(self, tag: str, step: int, markdown: str) -> None:
        """Writes a text in Markdown."""
        tensor = TensorProto(dtype=DT_STRING, tensor_shape=TensorShapeProto(), string_val=[markdown.encode()])
        self._summary(tag, step, tensor, text_metadata.create_summary_metadata(None, None))

    def flush(self) -> None:
        """Returns when all that was written can be read."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Flushes and closes the file. A later write begins another."""
        if self._file is not None:
            file, self._file = self._file, None
            file.close()

    def _summary(self, tag: str, step: int, tensor: TensorProto, metadata: SummaryMetadata) -> None:
        value = Summary.Value(tag=tag, metadata=metadata, tensor=tensor)
        event = Event(wall_time=time.time(), step=step, summary=Summary(value=[value]))
        try:
            if self._file is None:
                self._file = _open(self._directory)
            self._file.write(_record(event))
        except BaseException:
            self._file = None
            raise


def check_writable(directory: str | os.PathLike[str]) -> None:
    """Raises a `ValueError` if an `EventLog` could not be written to `directory`. Creates nothing.

    A store behind a URL is not asked, only whether TensorBoard knows its kind.
    """
    path = os.fspath(directory)
    if "://" in path:
        _check_store(path)
        return
    parent = os.path.abspath(path)
    while not os.path.lexists(parent):
        parent = os.path.dirname(parent)
    if not os.path.isdir(parent):
        raise ValueError(
            f"Picasso: log_dir would write to {path!r}, but {parent!r} is not a directory. "
            "Pass another log_dir or move that file away."
        )
    if not os.access(parent, os.W_OK | os.X_OK):
        raise ValueError(
            f"Picasso: log_dir would write to {path!r}, but this user may not write to {parent!r}. "
            "Pass another log_dir or change its permissions."
        )


def run_directory(directory: str, number: int) -> str:
    """Where run `number` is written, from 1: `logs/picasso`, `logs/picasso_2`, ..."""
    return directory if number == 1 else f"{directory}_{number}"


def count_runs(directory: str) -> int:
    """The number of the last run of `run_directory(directory, ...)` that was written; 0 if there is none."""
    number = 0
    while _has_events(run_directory(directory, number + 1)):
        number += 1
    return number


def _has_events(directory: str) -> bool:
    return gfile.isdir(directory) and any("tfevents" in name for name in gfile.listdir(directory))


def _check_store(url: str) -> None:
    try:
        gfile.get_filesystem(url)
    except ValueError as error:
        raise ValueError(
            f"Picasso: log_dir would write to {url!r}, a store that TensorBoard does not know here ({error}). "
            "Install fsspec and its package for this store (s3fs, gcsfs, ...), or pass a local log_dir."
        ) from error


def _open(directory: str) -> gfile.GFile:
    """A new event file, with the event that names its version."""
    gfile.makedirs(directory)
    # TensorBoard knows event files by "tfevents" and reads them in the order of their names.
    name = f"events.out.tfevents.{time.time():010.0f}.{socket.gethostname()}.{os.getpid()}.{next(_numbers)}.picasso"
    file = gfile.GFile(gfile.get_filesystem(directory).join(directory, name), "wb")
    source = SourceMetadata(writer="picasso_callbacks.log.event_log")
    file.write(_record(Event(wall_time=time.time(), file_version="brain.Event:2", source_metadata=source)))
    return file


def _record(event: Event) -> bytes:
    """`event` as a record: length, checksum of the length, data, checksum of the data."""
    data = event.SerializeToString()
    length = struct.pack("<Q", len(data))
    return b"".join([length, _checksum(length), data, _checksum(data)])


def _checksum(data: bytes) -> bytes:
    """The CRC-32C as records store it: rotated and offset, since a checksum of checksums is weak.

    TensorBoard's own, a loop over bytes in Python, takes 43 ms for a picture of 150 kB, google-crc32c 0.01 ms.
    """
    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
