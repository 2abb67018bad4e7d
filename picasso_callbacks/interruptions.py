"""Interruptions: what a signal raises during a look ends it, whatever stands between."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Raises at the end what a signal's handler raised within, if it was lost there, or became another error.

    A handler runs wherever the program happens to be. In a finalizer Python ignores what it raises; TensorFlow turns it
    into a `SystemError` where it lists what Python returned to it, about once in twelve times during a look. Taken for
    an error of that look, Ctrl-C would be told of and the training would go on.
    """
    raised: list[BaseException] = []
    with _watching(raised):
        try:
            yield
        except BaseException as error:
            if raised and error is not raised[-1]:
                raise raised[-1] from error
            raise
    if raised:
        raise raised[-1]


@contextlib.contextmanager
def _watching(raised: list[BaseException]) -> Iterator[None]:
    """Lists what the handlers of signals raise; they run in the main thread only, and only there can be set."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    watched = {
        number: _Handler(found, raised) for number in signal.valid_signals() if callable(found := _handler_of(number))
    }
    try:
        for number, handler in watched.items():
            signal.signal(number, handler)
        yield
    finally:
        for number, handler in watched.items():
            if signal.getsignal(number) is handler:  # else someone has set another meanwhile
                signal.signal(number, handler.handler)


def _handler_of(number: int) -> Any:
    """The handler of a signal; of one that an interruption left watched, the one within."""
    found = signal.getsignal(number)
    return found.handler if isinstance(found, _Handler) else found


class _Handler:
    """Calls a handler and keeps what it raises."""

    def __init__(self, handler: Callable[[int, FrameType | None], Any], raised: list[BaseException]):
        self.handler = handler
        self._raised = raised

    def __call__(self, number: int, frame: FrameType | None) -> Any:
        try:
            return self.handler(number, frame)
        except BaseException as error:
            self._raised.append(error)
            raise
