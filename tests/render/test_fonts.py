"""Any text is drawn, whatever fonts a machine has."""

import numpy as np
import pytest

from picasso_callbacks.render.fonts import drawable, font, runs
from picasso_callbacks.render.sheet import Sheet


def test_control_characters_and_newlines_are_spaces():
    assert drawable(" a\nb\x00\r\n c\u2028d ") == "a b c d"


def test_what_no_font_draws_is_spelt_out():
    assert drawable("a\ufff0") == "a[U+FFF0]"
    assert drawable("\ud800") == "[U+D800]"


def test_plain_letters_use_the_font_that_every_machine_has():
    assert runs("tank 93 %") == (("embedded", "tank 93 %"),)


def test_a_missing_font_is_none():
    assert font("NoSuchFont.ttf", 20) is None


def test_a_letter_has_few_accents():
    assert drawable("a" + "\u0301" * 500) == drawable("a\u0301\u0301\u0301")  # the first is part of the letter


def test_of_a_text_longer_than_any_card_the_middle_is_left_out():
    assert drawable("a" * 50_000 + "b" * 50_000) == "a" * 1000 + "…" + "b" * 1000


@pytest.mark.parametrize("text", ["a" + "\u0301" * 500, "\u0301" * 500, "e\u0323\u0301\u0302" * 300, "ก" + "็" * 99])
def test_a_text_is_drawn_within_its_line(text):
    sheet = Sheet(300, 200)
    sheet.text(10, 100, text, 20, width=200)
    rows, columns = np.nonzero((sheet.cut(200) < 255).any(axis=2))
    assert rows.min() >= 100 - 8
    assert rows.max() < 120 + 12
    assert columns.max() < 10 + 200 + 1
