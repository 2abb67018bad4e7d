"""Words of anybody: what a terminal would obey is shown as an escape."""

import io
import logging
import sys

import pytest

from picasso_callbacks.plain import logger, readable, tell


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("tank 3, 日本語 🦜 é", "tank 3, 日本語 🦜 é"),
        (
            "👩\u200d👩\u200d👧 \u06a9\u200c\u0647",
            "👩\u200d👩\u200d👧 \u06a9\u200c\u0647",
        ),  # joined as they are written
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("two\nlines\r\tand \x00 \x7f \x9b", r"two\nlines\r\tand \x00 \x7f \x9b"),
        ("\u202egnp.exe \u2066 \u200f \u2028", r"\u202egnp.exe \u2066 \u200f \u2028"),
        ("half \ud800 a pair", r"half \ud800 a pair"),
        (r"a \x1b that was written", r"a \x1b that was written"),
    ],
)
def test_what_would_be_obeyed_is_spelt_out(words, shown):
    assert readable(words) == shown


def test_lines_are_printed(capsys):
    tell("one \x1b[31m", "two\nlines")
    assert capsys.readouterr().out == "one \\x1b[31m\ntwo\\nlines\n"


def test_letters_that_the_output_does_not_know_are_escaped(monkeypatch):
    file = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(file, encoding="ascii"))
    tell("雪 é \ud800")
    assert file.getvalue() == b"\\u96ea \\xe9 \\ud800\n"


def test_an_output_that_is_closed_or_gone_is_no_error(monkeypatch):
    file = io.StringIO()
    file.close()
    tell("unheard", to=file)
    monkeypatch.setattr(sys, "stdout", None)
    tell("unheard")


def test_lines_of_the_log_say_what_came_and_no_more(caplog):
    try:
        raise ValueError("\x1b[2J of a method\nof somebody's")
    except ValueError:
        logger.warning("Picasso: %s failed %d times.", "a\x1b[31m\nb", 3, exc_info=True)
    [record] = caplog.records
    written = logging.Formatter("%(message)s").format(record)
    assert written.startswith("Picasso: a\\x1b[31m\\nb failed 3 times.\nTraceback")
    assert "\x1b" not in written
    assert "\\x1b[2J of a method" in written
