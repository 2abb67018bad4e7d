"""Problems: an error after training has begun is one part's alone, is told once, and never ends the training."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from picasso_callbacks.plain import logger

TRIES = 3
"""After so many failures in a row a part is given up."""

T = TypeVar("T")


@contextlib.contextmanager
def naming(part: str) -> Iterator[None]:
    """Says of an error within whose it is."""
    try:
        yield
    except Exception as error:
        raise ValueError(f"Picasso: {part} failed: {type(error).__name__}: {error}") from error


@contextlib.contextmanager
def spoken_by(name: str) -> Iterator[None]:
    """Errors of arguments within begin with `name`, as whoever was called is called, instead of with `Picasso`.

    The very error is raised, with its traceback and cause: a second one on top would say everything twice.
    """
    try:
        yield
    except ValueError as error:
        if len(error.args) == 1:  # not of a kind with other fields, such as UnicodeDecodeError
            error.args = (f"{name}: {str(error).replace('Picasso: ', '')}",)
        raise


class Problems:
    """Runs parts of a look. One that failed is tried again at the next looks, until it failed several times in a row.

    Of each part it is told once how it failed, with the traceback, once that it works again, and that it was given up.

    Args:
        raises: `True`: errors are raised, those of other threads by the next `raise_kept`. `False`: they are logged.
    """

    def __init__(self, raises: bool):
        self._raises = raises
        self.forget()

    def forget(self) -> None:
        """Gives every part another chance, as a new training does."""
        self._failures: dict[str, int] = {}
        self._told: set[tuple[str, str, type]] = set()
        self._kept: list[Exception] = []

    def attempt(self, part: str, function: Callable[..., T], *args: Any, tries: float = TRIES) -> T | None:
        """What `function(*args)` returns, or `None` if `part` fails now or was given up.

        Args:
            part: What it is called when it fails.
            function: What is attempted.
            *args: What it is called with.
            tries: After how many failures in a row it is given up.
        """
        failures = self._failures.get(part, 0)
        if failures >= tries:
            return None
        try:
            result = function(*args)
        except Exception as error:
            self._failures[part] = failures + 1
            if self._raises:
                self._kept.append(error)
            elif failures + 1 < tries:
                self._warn(part, "failed; it is tried again at the next looks, and the training goes on", error)
            else:
                off = "is switched off for the rest of this training, which goes on"
                self._warn(part, f"failed {failures + 1} times in a row and {off}", error)
            return None
        if self._failures.pop(part, 0):
            self._warn(part, "works again")
        return result

    def _warn(self, part: str, what: str, error: Exception | None = None) -> None:
        """Once for each kind of error: what fails and works by turns would say so for days."""
        told = part, what, type(error)
        if told not in self._told:
            self._told.add(told)
            logger.warning("Picasso: %s %s.", part, what, exc_info=error)

    def raise_kept(self) -> None:
        """Raises the first error kept, if errors are to be raised and there was one."""
        if self._kept:
            error, self._kept = self._kept[0], []
            raise error
