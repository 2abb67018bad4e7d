"""Which font draws which character.

Pillow's embedded font is the same on every machine but knows only plain Latin letters. What it lacks is looked for in
well-known system fonts; what no font has is spelt out as `[U+1F600]`: a name is never a row of equal boxes.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from PIL import ImageFont

EMBEDDED = "embedded"
_TEXT_FONTS = (
    EMBEDDED,
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "Arial Unicode.ttf",
    "arial.ttf",
    "NotoSansCJK-Regular.ttc",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "Hiragino Sans GB.ttc",
    "AppleSDGothicNeo.ttc",
    "msyh.ttc",
    "YuGothM.ttc",
    "malgun.ttf",
    "seguisym.ttf",
    "Apple Symbols.ttf",
)
# Emoji fonts hold bitmaps of one size; Segoe's outlines do not mind being asked for that size.
_EMOJI_FONTS = {"NotoColorEmoji.ttf": 109, "Apple Color Emoji.ttc": 160, "seguiemj.ttf": 109}
_FIRST_EMOJI = 0x1F000
LONGEST, ACCENTS = 2000, 2
"""How many characters of a text are looked at, and how many accents are drawn on one; others would leave the line."""

_NOT_A_CHARACTER = "\uffff"  # every font draws its box for missing glyphs here


def is_emoji(family: str) -> bool:
    """Whether the family's glyphs are coloured and come in one size."""
    return family in _EMOJI_FONTS


@functools.cache
def font(family: str, size: int) -> ImageFont.FreeTypeFont | None:
    """The family at `size` pixels (emoji: at its own size), or `None` where the machine lacks it."""
    if family == EMBEDDED:
        embedded = ImageFont.load_default(size)
        if not isinstance(embedded, ImageFont.FreeTypeFont):
            raise ImportError(
                "render: this Pillow was built without FreeType. Run pip install --force-reinstall pillow."
            )
        return embedded
    try:
        return ImageFont.truetype(family, _EMOJI_FONTS.get(family, size))
    except OSError:
        return None


@functools.lru_cache(4096)
def runs(text: str) -> tuple[tuple[str, str], ...]:
    """Splits drawable text into `(family, characters)`: a word stays in one font where one font can draw it."""
    found: list[tuple[str, str]] = []
    for word in re.findall(r"\s+|\S+", text):
        parts = [word] if _family(word) else list(word)
        for part in parts:
            family = _family(part) or EMBEDDED
            if found and found[-1][0] == family:
                part = found.pop()[1] + part
            found.append((family, part))
    return tuple(found)


@functools.lru_cache(4096)
def drawable(text: str) -> str:
    """`text` on one line, with what no font can draw spelt out, and few accents on a letter.

    Of a text longer than any card the middle is left out before it is looked at.
    """
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]}…{text[-LONGEST // 2 :]}"
    characters: list[str] = []
    accents = 0
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        accents = accents + 1 if category in ("Mn", "Me") else 0
        if accents > ACCENTS:
            continue
        if category in ("Cc", "Zl", "Zp", "Zs"):
            characters.append(" ")
        elif category != "Cf" and unicodedata.name(character, "")[:18] != "VARIATION SELECTOR":
            characters.append(character if _family(character) else _spelt(character))
    return re.sub(" +", " ", "".join(characters)).strip()


def _spelt(character: str) -> str:
    plain = "".join(each for each in unicodedata.normalize("NFKD", character) if not unicodedata.combining(each))
    if plain.isascii() and plain.isprintable() and plain:
        return plain
    return f"[U+{ord(character):04X}]"


@functools.lru_cache(4096)
def _family(word: str) -> str | None:
    """The first family that has every glyph of `word`."""
    families = (*_TEXT_FONTS, *_EMOJI_FONTS)
    if ord(word[0]) >= _FIRST_EMOJI:
        families = (*_EMOJI_FONTS, *_TEXT_FONTS)
    return next((each for each in families if all(_has_glyph(each, character) for character in word)), None)


@functools.lru_cache(65536)
def _has_glyph(family: str, character: str) -> bool:
    face = font(family, 20)
    if face is None or unicodedata.category(character) == "Cs":  # half a surrogate pair is no text for Pillow
        return False
    if character == " ":
        return True
    glyph = face.getmask(character)
    return glyph.getbbox() is not None and (glyph.size, bytes(glyph)) != _missing(family)


@functools.cache
def _missing(family: str) -> tuple[tuple[int, int], bytes]:
    face = font(family, 20)
    assert face is not None
    glyph = face.getmask(_NOT_A_CHARACTER)
    return glyph.size, bytes(glyph)
