"""The class probabilities: which classes are shown, and a bar for each."""

from __future__ import annotations

import numpy as np

from picasso_callbacks.render.colors import BAR, FAINT_INK, INK, RIGHT, RIGHT_BAR, WRONG, WRONG_BAR
from picasso_callbacks.render.contents import Panel
from picasso_callbacks.render.names import fit_names
from picasso_callbacks.render.sheet import Sheet, drawable, text_width

ROW = 29
_TEXT = 22
_MARK = 16
ALL_CLASSES, FEW_CLASSES = 10, 4  # the most rows beside a probe, and below it


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


def predictions(probabilities: np.ndarray | None, exclusive: bool) -> list[int]:
    """The classes that a model says, likeliest first: the likeliest, and where they are independent, all above 1/2."""
    likeliest = prediction(probabilities)
    if likeliest is None or probabilities is None:
        return []
    known = np.nan_to_num(probabilities, nan=-1.0)
    more = [] if exclusive else [int(i) for i in np.argsort(-known, kind="stable") if known[i] > 0.5 and i != likeliest]
    return [likeliest, *more]


def is_right(panel: Panel) -> bool | None:
    """Whether the model says just what the probe is labelled with; `None` where either is not known."""
    says = predictions(panel.probabilities, panel.exclusive)
    if panel.labels is None or not says or panel.probabilities is None:
        return None
    if not panel.exclusive and panel.probabilities[says[0]] <= 0.5:
        says = []
    return set(says) == set(panel.labels)


def label_words(panel: Panel) -> str:
    """The classes that the probe is labelled with, or the true values, in words; empty where that is not known."""
    if panel.true_values is not None:
        return ", ".join(f"{value:.4g}" for value in panel.true_values)
    if panel.labels is None:
        return ""
    return ", ".join(panel.class_names[each] for each in panel.labels) or "none"


def rows(panel: Panel, most: int) -> int:
    """How many rows `draw_bars` draws."""
    shown = panel.plain_values if panel.probabilities is None else panel.probabilities
    each = 1 if panel.true_values is None else 2
    return 0 if shown is None else each * min(len(shown), most // each)


def shown_classes(panel: Panel, most: int) -> list[int]:
    """Every class in its own order, so that bars keep their places from epoch to epoch.

    Where the classes are more than `most`: the label, the targets and the likeliest others, likeliest first.
    """
    assert panel.probabilities is not None
    if len(panel.probabilities) <= most:
        return list(range(len(panel.probabilities)))
    likeliest = np.argsort(-np.nan_to_num(panel.probabilities, nan=-1.0), kind="stable").tolist()
    classes = [each for each in panel.targets if each < len(likeliest)]  # others are contrasts and functions
    chosen = list(dict.fromkeys([*(panel.labels or ()), *classes, *likeliest]))[:most]
    return [each for each in likeliest if each in chosen]


def draw_bars(sheet: Sheet, left: int, top: int, width: int, panel: Panel, most: int) -> int:
    """A row for each shown class, `most` at most: name, bar, percentage. An arrow marks each label.

    Returns:
        Where the rows end.
    """
    if panel.probabilities is None:
        return top if panel.plain_values is None else _draw_values(sheet, left, top, width, panel, most)
    says, shown = predictions(panel.probabilities, panel.exclusive), shown_classes(panel, most)
    room = width - _MARK - text_width("88 %", _TEXT) - 18
    names = fit_names([panel.class_names[each] for each in shown], _TEXT, room)
    left, width = left + _MARK, width - _MARK
    bar_width = width - text_width(">99.9 %", _TEXT) - 8
    for row, (index, name) in enumerate(zip(shown, names, strict=True)):
        y = top + row * ROW
        probability = float(panel.probabilities[index])
        light, dark = BAR, INK
        if index in says and panel.labels is not None:
            light, dark = (RIGHT_BAR, RIGHT) if index in panel.labels else (WRONG_BAR, WRONG)
        length = bar_width * min(max(np.nan_to_num(probability), 0.0), 1.0)
        sheet.box(left, y, max(length, 2), ROW - 3, light)
        value = drawable(percent(probability))
        sheet.text(left + width - 4, y, value, _TEXT, dark, align=1)
        sheet.text(left + 6, y, name, _TEXT, dark, width=width - text_width(value, _TEXT) - 18)
        if index in (panel.labels or ()):
            sheet.arrow(left - _MARK, y + 5, 14, RIGHT)
    return top + len(shown) * ROW


def _draw_values(sheet: Sheet, left: int, top: int, width: int, panel: Panel, most: int) -> int:
    """A row for each of the first outputs, where they are plain numbers, and one for its true value if that is known.

    Returns:
        Where the rows end.
    """
    assert panel.plain_values is not None
    truth = panel.true_values
    for row, value in enumerate(panel.plain_values[: most if truth is None else most // 2]):
        text = drawable(f"{value:.4g}")
        sheet.text(left + width - 4, top, text, _TEXT, INK, align=1)
        sheet.text(left, top, panel.class_names[row], _TEXT, INK, width=width - text_width(text, _TEXT) - 12)
        top += ROW
        if truth is not None:
            sheet.text(left + width - 4, top, drawable(f"true {truth[row]:.4g}"), _TEXT, FAINT_INK, align=1)
            top += ROW
    return top
