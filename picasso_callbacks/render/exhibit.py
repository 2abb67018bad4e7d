"""The exhibit: exchanges behind an alarm, each as probe, donor, the probe with the donor's cue, and the answers."""

from __future__ import annotations

import numpy as np

from picasso_callbacks.render.colors import FAINT_INK, INK, LINE, WRONG
from picasso_callbacks.render.contents import Exhibit
from picasso_callbacks.render.outline import outlined
from picasso_callbacks.render.panel import HEIGHT, WIDTH
from picasso_callbacks.render.resize import fit_box, resize_image
from picasso_callbacks.render.sheet import Sheet, text_width

_MARGIN, _GAP = 12, 8
_NAME_TEXT, _TEXT = 26, 22
_WIDEST = 130


def draw_exhibit(exhibit: Exhibit) -> np.ndarray:
    """A row for each exchange; uint8 `[h, WIDTH, 3]`, in the shape of a card."""
    rows, right = exhibit.rows, WIDTH - _MARGIN
    sheet = Sheet(WIDTH, 2 * HEIGHT)
    sheet.text(right, _MARGIN - 4, exhibit.moment, _NAME_TEXT, align=1)
    room = right - _MARGIN - text_width(exhibit.moment, _NAME_TEXT) - 20
    sheet.text(_MARGIN, _MARGIN - 4, exhibit.title, _NAME_TEXT, width=room)
    top = _MARGIN + _NAME_TEXT + 10
    size = fit_box(rows[0].probe.shape, (HEIGHT - top - _TEXT - _MARGIN) // max(len(rows), 4) - _GAP, _WIDEST)
    width = max(size[1], 90)
    lefts = [_MARGIN + column * (width + _GAP) for column in range(3)]
    for left, words in zip(lefts, ("probe", "donor", "both"), strict=True):
        sheet.text(left, top - 4, words, _TEXT, FAINT_INK, width=width)
    top += _TEXT + 4
    words_left = lefts[-1] + width + 2 * _GAP
    for number, row in enumerate(rows):
        if number and row.control:
            sheet.box(_MARGIN, top - _GAP // 2, right - _MARGIN, 1, LINE)
        pictures = (row.probe, None), (row.donor, row.donor_mask), (row.both, row.mask)
        for left, (pixels, mask) in zip(lefts, pictures, strict=True):
            shown = resize_image(pixels, size)
            sheet.picture(left, top, shown if mask is None else outlined(shown, mask, WRONG, 2))
        middle = top + (size[0] - 2 * (_TEXT + 5)) // 2 - 2
        sheet.text(words_left, middle, row.answers, _TEXT, WRONG if row.changed else INK, width=right - words_left)
        sheet.text(words_left, middle + _TEXT + 5, row.words, _TEXT, FAINT_INK, width=right - words_left)
        top += size[0] + _GAP
    return sheet.cut(top + _MARGIN - _GAP)
