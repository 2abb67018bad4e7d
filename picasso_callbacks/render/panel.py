"""The composite picture of one probe: what is said of it, the probe and its probabilities, and a grid of heatmaps.

It has the shape of the cards of TensorBoard's dashboards, as far as its contents allow. The layout hangs only on the
number of targets, heatmaps and classes and on the image's shape, so that the picture does not jump while someone drags
the slider.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from picasso_callbacks.render.color_bar import HEIGHT as BAR_HEIGHT
from picasso_callbacks.render.color_bar import draw_color_bar
from picasso_callbacks.render.colors import FAINT_INK, INK, LINE, RIGHT, WRONG, luminance
from picasso_callbacks.render.contents import Heatmap, Panel
from picasso_callbacks.render.grid import GAP, METHOD_GAP, Grid, arrange
from picasso_callbacks.render.maps import draw_map
from picasso_callbacks.render.names import fit_names
from picasso_callbacks.render.outline import outlined
from picasso_callbacks.render.probabilities import ALL_CLASSES, FEW_CLASSES, ROW, draw_bars, percent, predictions
from picasso_callbacks.render.probabilities import rows as rows_of_bars
from picasso_callbacks.render.resize import fit_box, resize_image
from picasso_callbacks.render.sheet import Sheet, text_width, wrap_text

# The image dashboard shows a card 350 pixels wide and skips pixels instead of averaging them: at twice that width it
# takes every second one, strokes two pixels wide survive, and letters of 22 pixels are 11 high. Time Series has room
# for 374 x 215 pixels: what is higher than this becomes narrower there.
WIDTH, HEIGHT = 700, 402
_MARGIN = 12
_LEFT = 204  # the column of the probe and its probabilities
_GUTTER = 14
_NAME_TEXT, _TEXT, _SMALL_TEXT = 26, 24, 22
_LONGEST_MOMENT = "step 8888888"
_ARROW = 16
_LABEL_HEIGHT = _SMALL_TEXT + 5


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
    """The probe and its bars on the left, and on the right the heatmaps, or the bars where there are none."""
    heatmaps = panel.heatmaps
    sheet = Sheet(WIDTH, height=4 * HEIGHT + 100 * (len(heatmaps) + 1) * (len(panel.targets) + 1))
    top = _draw_header(sheet, panel)
    room = HEIGHT - top - _MARGIN
    below = rows_of_bars(panel, FEW_CLASSES) * ROW + GAP if bars and heatmaps else 0
    image = resize_image(panel.image, fit_box(panel.image.shape, room - below, _LEFT))
    sheet.picture(_MARGIN, top, image if panel.outline is None else outlined(image, panel.outline, WRONG))
    bottom, right = top + len(image), _MARGIN + _LEFT + _GUTTER
    width = WIDTH - _MARGIN - right
    if heatmaps:
        if bars:
            bottom = draw_bars(sheet, _MARGIN, bottom + GAP, _LEFT, panel, FEW_CLASSES)
        head = _SMALL_TEXT + 6
        grid = arrange(
            len(heatmaps), len(panel.targets), panel.image.shape, (room, width), head, _LABEL_HEIGHT, BAR_HEIGHT
        )
        shown, band_top = luminance(resize_image(panel.image, grid.cell)), top
        for first in range(0, len(heatmaps), grid.methods):
            band = heatmaps[first : first + grid.methods]
            ends = _draw_band(sheet, right, band_top, grid, shown, panel, band)
            bottom, band_top = max(bottom, ends), ends + METHOD_GAP
    elif bars:
        bottom = max(bottom, draw_bars(sheet, right, top, width, panel, ALL_CLASSES))
    return sheet.cut(_draw_notes(sheet, bottom + _MARGIN, panel))


def _draw_header(sheet: Sheet, panel: Panel) -> int:
    """The name and the moment, what the model says, and what is known of shortcuts: a line each."""
    right, top = WIDTH - _MARGIN, _MARGIN - 4
    sheet.text(right, top, panel.moment, _NAME_TEXT, align=1)
    sheet.text(_MARGIN, top, panel.name, _NAME_TEXT, width=right - _MARGIN - text_width(_LONGEST_MOMENT, _NAME_TEXT))
    top += _NAME_TEXT + 8
    if panel.labels is not None or panel.probabilities is not None:
        _draw_answer(sheet, top, panel)
        top += _TEXT + 8
    if panel.finding:
        color = WRONG if panel.alarm else FAINT_INK
        sheet.text(_MARGIN, top, panel.finding, _SMALL_TEXT, color, width=right - _MARGIN)
        top += _SMALL_TEXT + 8
    sheet.box(_MARGIN, top, right - _MARGIN, 1, LINE)
    return top + GAP


def _draw_answer(sheet: Sheet, top: int, panel: Panel) -> None:
    right, x = WIDTH - _MARGIN, float(_MARGIN)
    says = predictions(panel.probabilities, panel.exclusive)
    labels = panel.labels or ()
    words = 60 + 110 * (panel.labels is not None) + 75 * len(says)  # beside the names
    room = (right - _MARGIN - words) / max(len(labels) + len(says), 1)
    named = [*labels, *says]
    names = dict(zip(named, fit_names([panel.class_names[each] for each in named], _TEXT, room), strict=True))
    if panel.labels is not None:
        sheet.arrow(_MARGIN, top + 6, _ARROW, RIGHT)
        x = sheet.text(x + _ARROW + 4, top, "label", _TEXT, FAINT_INK) + 7
        x = sheet.text(x, top, ", ".join(names[index] for index in labels) or "none", _TEXT, RIGHT) + 22
    if says:
        x = sheet.text(x, top, "says", _TEXT, FAINT_INK) + 7
    for index in says:
        assert panel.probabilities is not None
        color = INK if panel.labels is None else RIGHT if index in labels else WRONG
        value = percent(float(panel.probabilities[index]))
        x = sheet.text(x, top, f"{names[index]} ({value})", _TEXT, color, width=max(right - x, 1)) + 14


def _draw_band(
    sheet: Sheet, left: int, top: int, grid: Grid, shown: np.ndarray, panel: Panel, heatmaps: Sequence[Heatmap]
) -> int:
    """Methods beside each other: title, maps over what is shown of the probe, colour bar. Returns where they end."""
    (height, width), labels_top = grid.cell, top + _SMALL_TEXT + 6
    single = grid.across == 1
    room = grid.width if single else width
    names = fit_names(panel.target_names, _SMALL_TEXT, room)
    values = [_chance(panel, target) for target in panel.targets]
    longest = max(text_width(f"{name} {value}", _SMALL_TEXT) for name, value in zip(names, values, strict=True))
    bars_top = labels_top + grid.rows * (_LABEL_HEIGHT + height)
    for column, heatmap in enumerate(heatmaps):
        x = left + column * (grid.width + METHOD_GAP)
        sheet.text(x, top - 3, heatmap.title, _SMALL_TEXT, width=grid.width)
        for index, name in enumerate(names):
            row, place = divmod(index, grid.across)
            y, x_of_map = labels_top + row * (_LABEL_HEIGHT + height), x + place * (width + GAP)
            words = f"{name} {values[index]}" if longest <= room else name  # of all maps or of none
            sheet.text(x_of_map, y - 3, words, _SMALL_TEXT, FAINT_INK)
            draw_map(sheet, x_of_map, y + _LABEL_HEIGHT, shown, heatmap.values[index], heatmap.scale)
        draw_color_bar(sheet, x, bars_top + 3, grid.width, heatmap)
    return bars_top + BAR_HEIGHT


def _chance(panel: Panel, target: int) -> str:
    known = panel.probabilities is not None and target < len(panel.probabilities)
    return f"({percent(float(panel.probabilities[target]))})" if known else ""  # type: ignore[index]


def _draw_notes(sheet: Sheet, top: int, panel: Panel) -> int:
    """Notes in small text; a method says the same at every epoch. Returns where they end."""
    noted = [*panel.notes, *(f"{each.title}: {' '.join(each.notes)}" for each in panel.heatmaps if each.notes)]
    if not noted:
        return top
    lines = wrap_text("  ".join(noted), _SMALL_TEXT, WIDTH - 2 * _MARGIN, lines=8)
    for row, line in enumerate(lines):
        sheet.text(_MARGIN, top - 4 + row * _LABEL_HEIGHT, line, _SMALL_TEXT, FAINT_INK)
    return top + len(lines) * _LABEL_HEIGHT + GAP
