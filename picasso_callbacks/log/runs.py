"""Runs: the directories that trainings are written to, `logs/picasso`, `logs/picasso_2`, ..."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading

from tensorboard.compat.tensorflow_stub.io import gfile

from picasso_callbacks.plain import tell

_LONGEST = 120
"""As long as the name of an event file may become."""

CHECK_SECONDS = 10.0
"""How long a disk may take to show that it can be written to."""


class Run:
    """The run of one training, as a path that is chosen when it is first asked for.

    A training that begins where there are runs already begins another, since TensorBoard would mix their steps; one
    that was resumed goes on in the last.

    Args:
        directory: Of the first run, such as `logs/picasso`; a path, or a URL.
        resumes: Whether the training goes on where another one ended.
    """

    def __init__(self, directory: str, resumes: bool = False):
        self._first, self._resumes = directory, resumes
        self._claimed = ""

    def __str__(self) -> str:
        """The directory, or while it is not chosen, that of the first run."""
        return self._claimed or self._first

    def __fspath__(self) -> str:
        """The directory, chosen when this is called first, and made: two trainings at once have one each."""
        if not self._claimed:
            number = _count(self._first)
            goes_on = self._resumes and number > 0
            self._claimed = _directory(self._first, number) if goes_on else _make_next(self._first, number)
            if number:
                what = "goes on in" if goes_on else "writes to"
                log_dir = os.path.dirname(self._first)
                tell(f"Picasso: {log_dir} holds runs already; this training {what} {self._claimed}.")
        return self._claimed


def check_writable(directory: str) -> str:
    """Raises a `ValueError` if runs could not be written to `directory`, or that takes too long. Leaves nothing behind.

    A store behind a URL is not asked, only whether TensorBoard knows its kind.

    Returns:
        Which place that is: the same for one that is named in another way.
    """
    if "://" in directory:
        _check_store(directory)
        return directory
    places, errors = list[str](), list[Exception]()

    def check() -> None:
        try:
            _check(directory)
            places.append(os.path.realpath(directory))
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=check, name="picasso-check", daemon=True)  # a call to a disk can't be ended
    thread.start()
    thread.join(CHECK_SECONDS)
    if errors:
        raise errors[0]
    if not places:
        raise ValueError(
            f"Picasso: log_dir would write to {directory!r}, but that disk did not answer for {CHECK_SECONDS:g} s; "
            "expected one that can be written to. Look whether it hangs or its server is away, or pass another log_dir."
        )
    return places[0]


def _check(directory: str) -> None:
    parent, missing = directory, list[str]()
    while not os.path.lexists(parent):
        parent, name = os.path.split(parent)
        missing.insert(0, name)
    if not os.path.isdir(parent):
        raise ValueError(
            f"Picasso: log_dir would write to {directory!r}, but {parent!r} is not a directory. "
            "Pass another log_dir or move that file away."
        )
    if not os.access(parent, os.W_OK | os.X_OK):
        raise ValueError(
            f"Picasso: log_dir would write to {directory!r}, but this user may not write to {parent!r}. "
            "Pass another log_dir or change its permissions."
        )
    try:
        directory.encode()  # TensorBoard opens no path that is no text
        _rehearse(parent, missing)
    except (OSError, ValueError) as error:  # ValueError: a NUL, or what can't be encoded
        shown = directory if len(directory) < 300 else f"{directory[:200]}...{directory[-50:]}"
        raise ValueError(
            f"Picasso: log_dir would write to {shown!r}, which can't be done there: "
            f"{getattr(error, 'strerror', None) or error}. Pass another log_dir."
        ) from error


def _rehearse(parent: str, missing: list[str]) -> None:
    """Makes directories and a file of such names, in a place where nobody sees them, and removes them."""
    trial = tempfile.mkdtemp(prefix=".picasso-", dir=parent)
    try:
        below = os.path.join(trial, *missing)
        os.makedirs(below, exist_ok=True)
        with open(os.path.join(below, "x" * _LONGEST), "wb"):
            pass
    finally:
        shutil.rmtree(trial, ignore_errors=True)


def _check_store(url: str) -> None:
    try:
        gfile.get_filesystem(url)
    except (ValueError, ImportError) as error:
        raise ValueError(
            f"Picasso: log_dir would write to {url!r}, a store that TensorBoard does not know here ({error}). "
            "Install fsspec and its package for this store (s3fs, gcsfs, ...), or pass a local log_dir."
        ) from error


def _directory(first: str, number: int) -> str:
    """Where run `number` is written, from 1."""
    return first if number == 1 else f"{first}_{number}"


def _count(first: str) -> int:
    """How many runs there are."""
    number = 0
    while gfile.exists(_directory(first, number + 1)):
        number += 1
    return number


def _make_next(first: str, number: int) -> str:
    """The first directory after run `number` that is not there yet. One process alone can make it."""
    while True:
        number += 1
        directory = _directory(first, number)
        if "://" in directory:  # a store may know no directories
            return directory
        try:
            os.makedirs(directory)
            return directory
        except FileExistsError:
            if not os.path.isdir(os.path.dirname(directory)):  # a file where log_dir should be
                raise
