import numpy as np
import pytest

from picasso_callbacks.render.sheet import Sheet, fit_text, text_width, wrap_text


def written(text: str) -> np.ndarray:
    sheet = Sheet(400, 60)
    sheet.text(10, 10, text, 24, width=380)
    return sheet.cut(60)


NAMES = [
    "<script>alert(1)</script>",
    "😀🚜",
    "戦車",
    "café Ωµ",
    "a\nb\tc",
    "x" * 300,
    "نص",
    "\ud800",
    "\ufff0",
    "👩‍👩‍👧‍👦",
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_every_name_is_drawn(name):
    assert (written(name) != written("")).any()


def test_all_names_look_different():
    assert len({written(name).tobytes() for name in NAMES}) == len(NAMES)


def test_a_text_stays_in_its_room():
    ink = (written("W" * 300) < 255).any((0, 2)).nonzero()[0]
    assert ink.min() >= 9
    assert ink.max() <= 391


def test_a_short_text_is_not_cut():
    assert fit_text("tank", 20, 200) == "tank"


def test_a_long_text_keeps_both_ends():
    text = fit_text("start" + "-" * 300 + "finish", 20, 200)
    assert text.startswith("start")
    assert "…" in text
    assert text.endswith("finish")
    assert 150 < text_width(text, 20) <= 200


def test_no_room_leaves_an_ellipsis():
    assert fit_text("tank", 20, 3) == "…"


def test_wrapped_text_has_every_word_once():
    lines = wrap_text("one two three four five six seven", 20, 120, lines=9)
    assert " ".join(lines) == "one two three four five six seven"
    assert len(lines) > 1
    assert all(text_width(line, 20) <= 120 for line in lines)


def test_wrapped_text_never_has_more_lines_than_asked_for():
    assert len(wrap_text("word " * 100, 20, 120, lines=2)) == 2
