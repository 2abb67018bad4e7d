"""The class probabilities: which classes are shown, and a bar for each."""

from __future__ import annotations

import numpy as np

from picasso_callbacks.render.colors import BAR, INK, RIGHT, RIGHT_BAR, WRONG, WRONG_BAR
from picasso_callbacks.render.contents import Panel
from picasso_callbacks.render.sheet import Sheet, drawable, text_width

_ROW = 29
_TEXT = 22
_MARK = 16
ALL_CLASSES = 10  # up to here every class has its row
_TOP_CLASSES = 8


def percent(probability: float) -> str:
    """`"93 %"`; a decimal near the ends, where a whole number would hide the difference; `"n/a"` if not finite."""
    if not np.isfinite(probability):
        return "n/a"
    if 0 < probability < 0.0005:
        return "<0.1 %"
    if 0.9995 <= probability < 1:
        return ">99.9 %"
    if 0 < probability < 0.0095 or 0.995 < probability < 1:
        return f"{100 * probability:.1f} %"
    return f"{100 * probability:.0f} %"


def prediction(probabilities: np.ndarray | None) -> int | None:
    """The class with the highest finite probability."""
    if probabilities is None or not np.isfinite(probabilities).any():
        return None
    return int(np.nanargmax(np.where(np.isfinite(probabilities), probabilities, np.nan)))


def shown_classes(panel: Panel) -> list[int]:
    """Every class in its own order, so that bars keep their places from epoch to epoch.

    Where the classes are more than `ALL_CLASSES`: the label, the targets and the likeliest others, likeliest first.
    """
    assert panel.probabilities is not None
    count = len(panel.probabilities)
    if count <= ALL_CLASSES:
        return list(range(count))
    likeliest = np.argsort(-np.nan_to_num(panel.probabilities, nan=-1.0), kind="stable")
    marked = [*(panel.marked or ()), *panel.targets]
    rows = max(_TOP_CLASSES, len(panel.targets) + 2)
    chosen = list(dict.fromkeys([*marked, *likeliest.tolist()]))[:rows]
    return [each for each in likeliest.tolist() if each in chosen]


def draw_bars(sheet: Sheet, left: int, top: int, width: int, panel: Panel) -> int:
    """A row for each shown class: name, bar, percentage. An arrow marks each label.

    Returns:
        Where the rows end.
    """
    if panel.probabilities is None:
        return top if panel.plain_values is None else _draw_values(sheet, left, top, width, panel)
    says = prediction(panel.probabilities)
    left, width = left + _MARK, width - _MARK
    bar_width = width - text_width(">99.9 %", _TEXT) - 8
    for row, index in enumerate(shown_classes(panel)):
        y = top + row * _ROW
        probability = float(panel.probabilities[index])
        light, dark = BAR, INK
        if index == says and panel.label is not None:
            light, dark = (RIGHT_BAR, RIGHT) if says == panel.label else (WRONG_BAR, WRONG)
        length = bar_width * min(max(np.nan_to_num(probability), 0.0), 1.0)
        sheet.box(left, y, max(length, 2), _ROW - 3, light)
        value = drawable(percent(probability))
        sheet.text(left + width - 4, y, value, _TEXT, dark, align=1)
        sheet.text(left + 6, y, panel.class_names[index], _TEXT, dark, width=width - text_width(value, _TEXT) - 18)
        if index in (panel.marked or ()):
            sheet.arrow(left - _MARK, y + 5, 14, RIGHT)
    return top + len(shown_classes(panel)) * _ROW


def _draw_values(sheet: Sheet, left: int, top: int, width: int, panel: Panel) -> int:
    """A row for each of the first outputs, where they are plain numbers, and one for its true value if that is known.

    Returns:
        Where the rows end.
    """
    assert panel.plain_values is not None
    for row, value in enumerate(panel.plain_values[:ALL_CLASSES]):
        text = drawable(f"{value:.4g}")
        sheet.text(left + width - 4, top, text, _TEXT, INK, align=1)
        sheet.text(left, top, panel.class_names[row], _TEXT, INK, width=width - text_width(text, _TEXT) - 12)
        top += _ROW
        if panel.true_values is not None:
            sheet.text(left + width - 4, top, drawable(f"true {panel.true_values[row]:.4g}"), _TEXT, RIGHT, align=1)
            top += _ROW
    return top
