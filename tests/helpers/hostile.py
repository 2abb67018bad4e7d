"""Names that somebody hostile would choose, and what must come of them: nothing."""

import os
import pathlib
from typing import Any

MARK = "window.attacked=1"

NAMES = [
    f"<script>{MARK}</script>",
    f'"><img src=x onerror="{MARK}">',
    f"![x](javascript:{MARK}) [x](javascript:{MARK})",
    "![beacon](http://attack.invalid/beacon.png) <http://attack.invalid/>",
    f"</script><script>{MARK}</script><!--",
    f"</style></title></textarea><svg/onload={MARK}>",
    f"${{{MARK}}} {{{{{MARK}}}}} `{MARK}` \\u003cscript\\u003e",
    "../../../attacked",
    "/tmp/attacked",
    "..",
    "C:\\attacked\\..\\x",
    "nul \0 byte",
    "\x1b[2J\x1b]0;attacked\x07\x9b31m",
    "two\r\nlines\u2028and\x0bmore",
    "\u202egnp.exe\u200f \u2066x\u2069",
    "half \ud800 a \udcff character",
    "x" * 10_000,
    "# *not* _emphasis_ | `code` | [x]: y",
    "1. __proto__",
    "constructor",
    "",
    "%s %(name)s {0} %n",
]


def tree(folder: str | os.PathLike[str]) -> dict[str, int]:
    """All files below a folder, with their sizes."""
    return {str(path): path.stat().st_size for path in pathlib.Path(folder).rglob("*") if path.is_file()}


def raw(words: str) -> set[str]:
    """Characters in printed lines that a terminal would obey, or that turn the order of others."""
    return {each for each in words if each != "\n" and not each.isprintable() and each not in "\u200c\u200d"}


def guard(page: Any) -> list[str]:
    """What goes wrong on a page of Playwright's from now on: dialogs, and requests to somewhere else."""
    wrong: list[str] = []
    page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: wrong.append(request.url) if "//attack.invalid" in request.url else None)
    return wrong


def attacked(page: Any) -> bool:
    """Whether a script of a name has run, in the page or in a frame of it."""
    return any(frame.evaluate("() => 'attacked' in window") for frame in page.frames)
