"""Any text is drawn, whatever fonts a machine has."""

from picasso_callbacks.render.fonts import drawable, font, runs


def test_control_characters_and_newlines_are_spaces():
    assert drawable(" a\nb\x00\r\n c\u2028d ") == "a b c d"


def test_what_no_font_draws_is_spelt_out():
    assert drawable("a\ufff0") == "a[U+FFF0]"
    assert drawable("\ud800") == "[U+D800]"


def test_plain_letters_use_the_font_that_every_machine_has():
    assert runs("tank 93 %") == (("embedded", "tank 93 %"),)


def test_a_missing_font_is_none():
    assert font("NoSuchFont.ttf", 20) is None
