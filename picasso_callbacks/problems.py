"""Problems: an error after training has begun switches one part off, is told once, and never ends the training."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

logger = logging.getLogger("picasso_callbacks")

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
    """Runs parts of a look, and keeps a part that failed from being tried again.

    Args:
        raises: `True`: errors are raised, those of other threads by the next `raise_kept`. `False`: they are logged.
    """

    def __init__(self, raises: bool):
        self._raises = raises
        self.forget()

    def forget(self) -> None:
        """Gives every part another chance, as a new training does."""
        self._off: set[str] = set()
        self._kept: list[Exception] = []

    def attempt(self, part: str, function: Callable[..., T], *args: Any) -> T | None:
        """What `function(*args)` returns, or `None` if `part` fails now or failed before."""
        if part in self._off:
            return None
        try:
            return function(*args)
        except Exception as error:
            self._off.add(part)
            if self._raises:
                self._kept.append(error)
            else:
                logger.warning(
                    "Picasso: %s failed and is switched off for the rest of this training, which goes on.",
                    part,
                    exc_info=error,
                )
            return None

    def raise_kept(self) -> None:
        """Raises the first error kept, if errors are to be raised and there was one."""
        if self._kept:
            error, self._kept = self._kept[0], []
            raise error
