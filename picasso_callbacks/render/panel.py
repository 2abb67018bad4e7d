"""The composite picture of one probe: header, probe, probabilities, and a grid of heatmaps.

The layout hangs only on the number of targets, heatmaps and classes and on the image's shape, so that the picture does
not jump while someone drags the slider.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from picasso_callbacks.render.color_bar import HEIGHT as BAR_HEIGHT
from picasso_callbacks.render.color_bar import draw_color_bar
from picasso_callbacks.render.colors import FAINT_INK, INK, LINE, RIGHT, WRONG, luminance
from picasso_callbacks.render.contents import Heatmap, Panel
from picasso_callbacks.render.maps import draw_map
from picasso_callbacks.render.probabilities import draw_bars, percent, prediction
from picasso_callbacks.render.resize import fit_box, resize_image
from picasso_callbacks.render.sheet import Sheet, text_width, wrap_text

# TensorBoard shows a card 350 pixels wide and skips pixels instead of averaging them: at twice that width it takes
# every second one, and strokes two pixels wide survive.
WIDTH = 700
_MARGIN = 16
_GAP = 15
_NAME_TEXT, _TEXT, _TITLE_TEXT, _NOTE_TEXT = 28, 25, 24, 21
_LONGEST_MOMENT = "step 8888888"
_ARROW = 16
_BAND_HEAD = _TITLE_TEXT + 10 + _NOTE_TEXT + 10  # the titles and the first target's name
_MAPS_HEIGHT = 1065  # what the rows of one column may take together
_TALLEST = 1.5  # a cell's height, in column widths


def draw_panel(panel: Panel) -> np.ndarray:
    """One picture of everything: the probe, its probabilities, and each method's map of each target.

    Returns:
        uint8 `[h, WIDTH, 3]`, of the same size at every epoch.
    """
    return _compose(panel, bars=True)


def draw_probabilities(panel: Panel) -> np.ndarray:
    """The probe and its probabilities alone; as `draw_panel`, uint8 `[h, WIDTH, 3]`."""
    return _compose(dataclasses.replace(panel, heatmaps=()), bars=True)


def draw_heatmap(panel: Panel, index: int) -> np.ndarray:
    """The probe beside the maps of `panel.heatmaps[index]` alone; as `draw_panel`, uint8 `[h, WIDTH, 3]`."""
    return _compose(dataclasses.replace(panel, heatmaps=(panel.heatmaps[index],)), bars=False)


def _compose(panel: Panel, bars: bool) -> np.ndarray:
    """Columns of one width: the probe and the first heatmaps, then the other heatmaps in a second band."""
    targets, heatmaps = len(panel.targets), panel.heatmaps
    sheet = Sheet(WIDTH, height=3 * _MAPS_HEIGHT + 100 * (10 + targets))
    columns = 2 if len(heatmaps) < 2 else 3
    width = (WIDTH - 2 * _MARGIN - (columns - 1) * _GAP) // columns
    lefts = [_MARGIN + column * (width + _GAP) for column in range(columns)]
    cell = fit_box(panel.image.shape, min(round(_TALLEST * width), _MAPS_HEIGHT // max(targets, 1)), width)

    top = _draw_header(sheet, panel)
    image_top = top + _BAND_HEAD if heatmaps else top
    image = resize_image(panel.image, cell)
    sheet.picture(lefts[0], image_top, image)
    shown = luminance(image)
    bottom = image_top + cell[0]
    if heatmaps:
        sheet.text(lefts[0], top - 3, "probe", _TITLE_TEXT)
    if bars and heatmaps:
        bottom = draw_bars(sheet, lefts[0], bottom + _GAP, width, panel)
    elif bars:
        bottom = max(bottom, draw_bars(sheet, lefts[1], top, width, panel))
    for first, lefts_of_band in ((0, lefts[1:]), (columns - 1, lefts)):
        band = heatmaps[first : first + len(lefts_of_band)]
        if band:
            top = bottom + _GAP if first else top
            bottom = max(bottom, _draw_band(sheet, top, lefts_of_band, width, shown, panel, band))
    return sheet.cut(_draw_notes(sheet, bottom + _GAP, panel))


def _draw_header(sheet: Sheet, panel: Panel) -> int:
    right = WIDTH - _MARGIN
    sheet.text(right, _MARGIN - 4, panel.moment, _NAME_TEXT, align=1)
    room = right - _MARGIN - text_width(_LONGEST_MOMENT, _NAME_TEXT)
    sheet.text(_MARGIN, _MARGIN - 4, panel.name, _NAME_TEXT, width=room)
    top = _MARGIN + 34
    says = prediction(panel.probabilities)
    x: float = _MARGIN
    if panel.marked is not None:
        sheet.arrow(_MARGIN, top + 6, _ARROW, RIGHT)
        x = sheet.text(x + _ARROW + 4, top, "label", _TEXT, FAINT_INK) + 7
        words = ", ".join(panel.class_names[each] for each in panel.marked) or "none"
        x = sheet.text(x, top, words, _TEXT, RIGHT, width=230) + 22
    if says is not None and panel.probabilities is not None:
        color = INK if panel.label is None else RIGHT if says == panel.label else WRONG
        value = percent(float(panel.probabilities[says]))
        x = sheet.text(x, top, "says", _TEXT, FAINT_INK) + 7
        x = (
            sheet.text(x, top, panel.class_names[says], _TEXT, color, width=right - x - text_width(value, _TEXT) - 9)
            + 9
        )
        sheet.text(x, top, value, _TEXT, color)
    if panel.warning is not None:
        top += _TEXT + 9
        color, words = FAINT_INK, "no shortcut seen"
        if panel.warning or panel.unsure:
            color = WRONG if panel.warning else INK
            words = f"hangs on {panel.warning}" if panel.warning else f"too few probes to tell: {panel.unsure}"
        sheet.text(_MARGIN, top, words, _TEXT, color, width=right - _MARGIN)
    sheet.box(_MARGIN, top + _TEXT + 12, right - _MARGIN, 1, LINE)
    return top + _TEXT + 12 + _GAP


def _draw_band(
    sheet: Sheet,
    top: int,
    lefts: Sequence[int],
    width: int,
    shown: np.ndarray,
    panel: Panel,
    heatmaps: Sequence[Heatmap],
) -> int:
    """A column for each heatmap, a row for each target, over what is shown of the probe, its luminance; the colour bars
    below. Returns where they end."""
    for left, heatmap in zip(lefts, heatmaps, strict=False):
        sheet.text(left, top - 3, heatmap.title, _TITLE_TEXT, width=width)
    top += _TITLE_TEXT + 10
    for row, (target, name) in enumerate(zip(panel.targets, panel.target_names, strict=True)):
        _draw_target(sheet, lefts[0], top, len(heatmaps) * (width + _GAP) - _GAP, panel, target, name)
        top += _NOTE_TEXT + 10
        for left, heatmap in zip(lefts, heatmaps, strict=False):
            draw_map(sheet, left, top, shown, heatmap.values[row], heatmap.scale)
        top += len(shown) + 10
    for left, heatmap in zip(lefts, heatmaps, strict=False):
        draw_color_bar(sheet, left, top + 2, width, heatmap)
    return top + 2 + BAR_HEIGHT


def _draw_target(sheet: Sheet, left: int, top: int, width: int, panel: Panel, target: int, name: str) -> None:
    known = panel.probabilities is not None and target < len(panel.probabilities)
    value = percent(float(panel.probabilities[target])) if known else ""  # type: ignore[index]
    x = sheet.text(left, top, "target", _NOTE_TEXT, FAINT_INK) + 7
    room = left + width - x - text_width(value, _NOTE_TEXT) - 8
    x = sheet.text(x, top, name, _NOTE_TEXT, width=room) + 8
    sheet.text(x, top, value, _NOTE_TEXT, FAINT_INK)


def _draw_notes(sheet: Sheet, top: int, panel: Panel) -> int:
    """Notes in small text; a method says the same at every epoch. Returns where they end."""
    if not panel.heatmaps and not panel.notes:
        return top
    noted = [*panel.notes, *(f"{each.title}: {' '.join(each.notes)}" for each in panel.heatmaps if each.notes)]
    lines = wrap_text("  ".join(noted), _NOTE_TEXT, WIDTH - 2 * _MARGIN, lines=8)
    for row, line in enumerate(lines):
        sheet.text(_MARGIN, top + row * (_NOTE_TEXT + 6), line, _NOTE_TEXT, FAINT_INK)
    return top + len(lines) * (_NOTE_TEXT + 6) + _GAP if lines else top
