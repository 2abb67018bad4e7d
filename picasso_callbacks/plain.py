"""Plain: words from anywhere, said so that they are only read. A name can't move the cursor, begin a line or end it."""

from __future__ import annotations

import contextlib
import logging
import numbers
import sys
import unicodedata
from typing import TextIO

_OBEYED = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories of characters that a terminal obeys, that turn the order of others, or that are no text."""

_JOINERS = "\u200c\u200d"
"""Format characters that words and emoji are written with."""


def readable(words: object) -> str:
    r"""Words, or a path, on one line, with what would be obeyed rather than read as an escape: `\x1b`, `\u202e`."""
    words = str(words)
    if words.isprintable():
        return words
    return "".join(_escaped(each) if unicodedata.category(each) in _OBEYED else each for each in words)


def _escaped(character: str) -> str:
    return character if character in _JOINERS else character.encode("unicode_escape").decode("ascii")


def tell(*lines: str, to: TextIO | None = None) -> None:
    """Prints lines, of which each stays one. That nobody can read them, or not these letters, is no error.

    Args:
        *lines: What to say.
        to: Where; `None`: on the standard output.
    """
    stream = sys.stdout if to is None else to
    if stream is None:  # as of programs without a console
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    text = "\n".join(map(readable, lines)).encode(encoding, "backslashreplace").decode(encoding)
    with contextlib.suppress(OSError, ValueError):  # a pipe that was closed, or a file
        print(text, file=stream, flush=True)


class _Readable(logging.Filter):
    """What a line of the log is about comes from users' names and paths; its own words don't."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(one if isinstance(one, numbers.Number) else readable(one) for one in record.args)
        if record.exc_info and not record.exc_text:
            traceback = logging.Formatter().formatException(record.exc_info)
            record.exc_text = "\n".join(map(readable, traceback.split("\n")))
        return True


logger = logging.getLogger("picasso_callbacks")
logger.addFilter(_Readable())
