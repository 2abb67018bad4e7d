"""EventLog: records in a TensorBoard event file.

TensorBoard's own `EventFileWriter` imports TensorFlow where it is installed, which users of JAX and torch would pay for
in seconds and GPU memory, and can wait for ever once its thread has met a full disk. The file access is TensorBoard's.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import time

from tensorboard.compat.tensorflow_stub.io import gfile

from picasso_callbacks.log.events import version

_numbers = itertools.count()


class EventLog:
    """The event file of one run's directory, opened with the first thing written to it.

    What was written when `flush` returns can be read, whatever then happens to the process. An error of the disk is
    raised as it is, by the write that it struck; the next write begins a new file, since nothing after a torn record
    can be read. One thread writes; two logs of the same directory, or of two processes, have two files.

    Args:
        directory: The run's directory; it is made when needed. A URL such as `gs://bucket/run` works where TensorBoard
            can read it: with `boto3`, or `fsspec` and its package for the store.

    Example:

    ```python
    log = EventLog("logs/picasso")
    log.write(events.image("picasso/tank 3", step=0, pixels=np.zeros((240, 720, 3), "uint8")))
    log.close()
    ```
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self._directory = directory
        self._file: gfile.GFile | None = None
        self._process = os.getpid()

    def write(self, *records: bytes) -> None:
        """Writes what the functions of `events` return."""
        file, self._file = self._file, None  # unless all goes well
        if file is not None and self._process == os.getpid():  # else this process was forked: the file is the other's
            file.write(b"".join(records))
        else:
            file = self._begin(records)
        self._file = file

    def flush(self) -> None:
        """Returns when all that was written can be read."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Flushes and closes the file. A later write begins another."""
        if self._file is not None:
            file, self._file = self._file, None
            file.close()

    def _begin(self, records: tuple[bytes, ...]) -> gfile.GFile:
        """A new file with these records; none is left behind where that fails, however often it is tried."""
        directory = os.fspath(self._directory)
        gfile.makedirs(directory)
        # TensorBoard knows event files by "tfevents" and reads them in the order of their names: that of their making,
        # also within a second, whose tenth file must not come before its second.
        made = f"{time.time():017.6f}.{next(_numbers):09d}"
        name = f"events.out.tfevents.{made}.{socket.gethostname()}.{os.getpid()}.picasso"
        path = gfile.get_filesystem(directory).join(directory, name)
        file = gfile.GFile(path, "wb")
        try:
            file.write(b"".join([version(), *records]))
        except BaseException:
            with contextlib.suppress(OSError):
                os.remove(path)
            raise
        self._process = os.getpid()
        return file
