"""Sheet: white paper of a given width that is cut where the drawing ends."""

from __future__ import annotations

import functools

import numpy as np
from PIL import Image, ImageDraw

from picasso_callbacks.render.colors import INK, PAPER, Color
from picasso_callbacks.render.fonts import drawable, font, is_emoji, runs

ELLIPSIS = "…"


class Sheet:
    """White paper to draw on; y grows downwards, all lengths are pixels."""

    def __init__(self, width: int, height: int):
        self.width = width
        self._image = Image.new("RGB", (width, height), PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def cut(self, height: int) -> np.ndarray:
        """uint8 `[height, width, 3]`: the upper part of the paper."""
        return np.asarray(self._image.crop((0, 0, self._image.width, height)))

    def picture(self, left: int, top: int, pixels: np.ndarray) -> None:
        """Puts uint8 `[h, w, 3]` down."""
        self._image.paste(Image.fromarray(pixels), (left, top))

    def box(self, left: float, top: float, width: float, height: float, color: Color) -> None:
        """A filled rectangle; nothing where it is thinner than half a pixel."""
        x, y, columns, rows = (round(each) for each in (left, top, width, height))
        if columns and rows:
            self._draw.rectangle((x, y, x + columns - 1, y + rows - 1), fill=color)

    def arrow(self, left: int, top: int, size: int, color: Color) -> None:
        """A filled triangle that points right."""
        self._draw.polygon([(left, top), (left + size * 0.8, top + size / 2), (left, top + size)], fill=color)

    def text(
        self,
        left: float,
        top: int,
        text: str,
        size: int,
        color: Color = INK,
        width: float | None = None,
        align: float = 0,
    ) -> float:
        """One line of text.

        Args:
            left, top: Where the line begins; its baseline lies `size` below `top`.
            text: Anything.
            size: Font size.
            color: Of the letters.
            width: What the text has to fit into, else its middle is cut out. `None`: as much as it needs.
            align: 0 begins at `left`, 0.5 is centred on it, 1 ends there.

        Returns:
            Where the text ends.
        """
        text = drawable(text) if width is None else fit_text(text, size, width)
        x = left - align * text_width(text, size)
        for family, part in runs(text):
            if is_emoji(family):
                for character in part:
                    x += self._emoji(round(x), top, character, family, size)
            else:
                (right, down), letters = _letters(family, part, size)
                self._draw.bitmap((round(x) + right, top + size + down), letters, fill=color)
                x += _part_width(family, part, size)
        return x

    def _emoji(self, left: int, top: int, character: str, family: str, size: int) -> float:
        picture = _emoji_picture(family, character, size)
        self._image.paste(picture, (left, top + size // 12), picture)
        return _part_width(family, character, size)


def fit_text(text: str, size: int, width: float) -> str:
    """`text`, made drawable, with its middle cut out where it is wider than `width`."""
    text = drawable(text)
    if text_width(text, size) <= width:
        return text
    fits, too_many = 0, len(text)
    while too_many - fits > 1:
        kept = (fits + too_many) // 2
        if text_width(_without_middle(text, kept), size) <= width:
            fits = kept
        else:
            too_many = kept
    return _without_middle(text, fits)


def wrap_text(text: str, size: int, width: float, lines: int) -> list[str]:
    """`text` in at most `lines` lines; the last one is cut where it does not fit."""
    wrapped = [""]
    for word in drawable(text).split():
        longer = f"{wrapped[-1]} {word}".strip()
        if text_width(longer, size) <= width or len(wrapped) == lines:
            wrapped[-1] = longer
        else:
            wrapped.append(word)
    return [fit_text(line, size, width) for line in wrapped]


def text_width(text: str, size: int) -> float:
    """The width of drawable text."""
    return sum(_part_width(family, part, size) for family, part in runs(text))


def _without_middle(text: str, kept: int) -> str:
    tail = kept // 2
    return text[: kept - tail].rstrip() + ELLIPSIS + text[len(text) - tail :].lstrip()


@functools.lru_cache(4096)
def _part_width(family: str, part: str, size: int) -> float:
    if is_emoji(family):
        return len(part) * 1.2 * size
    face = font(family, size)
    assert face is not None
    return face.getlength(part)


@functools.lru_cache(4096)
def _letters(family: str, part: str, size: int) -> tuple[tuple[int, int], Image.Image]:
    """How much ink is where, and where that begins seen from the baseline's left end. Most texts come at every look.

    What is far above or below the line, as marks on marks are, is cut off.
    """
    face = font(family, size)
    assert face is not None
    left, top, right, bottom = (round(edge) for edge in face.getbbox(part, anchor="ls"))
    top, bottom = max(top, round(-1.4 * size)), min(bottom, round(0.6 * size))
    letters = Image.new("L", (max(right - left, 1), max(bottom - top, 1)))
    ImageDraw.Draw(letters).text((-left, -top), part, font=face, fill=255, anchor="ls")
    return (left, top), letters


@functools.lru_cache(256)
def _emoji_picture(family: str, character: str, size: int) -> Image.Image:
    face = font(family, size)
    assert face is not None
    left, top, right, bottom = (round(edge) for edge in face.getbbox(character))
    picture = Image.new("RGBA", (right - left, bottom - top))
    ImageDraw.Draw(picture).text((-left, -top), character, font=face, embedded_color=True, fill=INK)
    side = round(1.15 * size)
    return picture.resize((side, side), Image.Resampling.LANCZOS)
