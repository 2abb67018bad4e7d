"""Cards together: two beside each other, or all of them on one sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from picasso_callbacks.render.colors import INK
from picasso_callbacks.render.resize import resize_image
from picasso_callbacks.render.sheet import Sheet, wrap_text

_GAP = 24
_TEXT = 30
_LINES = 12
_MOST_PIXELS = 40e6
"""What viewers still open at ease; more cards are made smaller."""


def draw_pair(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Two cards side by side, uint8 `[H, W, 3]`."""
    return _rows([one, other], columns=2)


def draw_sheet(cards: Sequence[np.ndarray], words: str) -> np.ndarray:
    """All cards in rows, in a shape near 4 : 3, and the words above them; uint8 `[H, W, 3]`.

    Args:
        cards: uint8 `[h, w, 3]`, one or more.
        words: At most a dozen lines are shown.
    """
    height, width = max(len(card) for card in cards), max(card.shape[1] for card in cards)
    columns = min(len(cards), max(1, round(math.sqrt(len(cards) * height / width * 4 / 3))))
    size = len(cards) * height * width
    if size > _MOST_PIXELS:
        scale = math.sqrt(_MOST_PIXELS / size)
        cards = [resize_image(card, (round(len(card) * scale), round(card.shape[1] * scale))) for card in cards]
    sheet = _rows(cards, columns)
    lines = wrap_text(words, _TEXT, sheet.shape[1] - 2 * _GAP, _LINES)
    top = Sheet(sheet.shape[1], 2 * _GAP + len(lines) * (_TEXT + 10))
    for row, line in enumerate(lines):
        top.text(_GAP, _GAP + row * (_TEXT + 10), line, _TEXT, INK)
    return np.concatenate([top.cut(2 * _GAP + len(lines) * (_TEXT + 10)), sheet])


def _rows(cards: Sequence[np.ndarray], columns: int) -> np.ndarray:
    height, width = max(len(card) for card in cards), max(card.shape[1] for card in cards)
    rows = math.ceil(len(cards) / columns)
    image = Image.new("RGB", (columns * (width + _GAP) - _GAP, rows * (height + _GAP) - _GAP), (255, 255, 255))
    for index, card in enumerate(cards):
        row, column = divmod(index, columns)
        image.paste(Image.fromarray(card), (column * (width + _GAP), row * (height + _GAP)))
    return np.asarray(image)
