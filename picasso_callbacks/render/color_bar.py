"""The colour bar under a column: which colour means which number."""

from __future__ import annotations

import functools
import math

import numpy as np

from picasso_callbacks.explanation import Scale
from picasso_callbacks.render.colors import FAINT_INK, INK, LINE, overlay
from picasso_callbacks.render.contents import Heatmap
from picasso_callbacks.render.sheet import Sheet, text_width

THICKNESS = 14
_TEXT = 22
_GAP = 9  # pixels between two numbers
_A_VALUE = "-88.8"
HEIGHT = THICKNESS + 2 * (_TEXT + 5)


def draw_color_bar(sheet: Sheet, left: int, top: int, width: int, heatmap: Heatmap) -> None:
    """The bar, its numbers, what its ends mean, and the largest value where it lies beyond them."""
    scale = heatmap.scale
    sheet.picture(left, top, _bar(scale, width))
    numbers_top = top + THICKNESS + 5
    for value, start, middle in ticks(scale, width):
        sheet.box(left + middle, top + THICKNESS, 1, 4, FAINT_INK)
        sheet.text(left + start, numbers_top, number(value), _TEXT)
    _draw_legend(sheet, left, numbers_top + _TEXT + 4, width, heatmap)


@functools.lru_cache(256)
def ticks(scale: Scale, width: int) -> tuple[tuple[float, float, float], ...]:
    """`(value, where its number starts, where it is)` in pixels from the bar's left end, none of them touching."""
    placed: list[tuple[float, float, float]] = []
    for value in _candidates(scale):
        pair = [_place(each, scale, width) for each in ([value, -value] if scale.signed and value else [value])]
        if not any(_touch(new, old) for new in pair for old in placed) and not (len(pair) == 2 and _touch(*pair)):
            placed += pair
    return tuple(sorted(placed))


def number(value: float, digits: int = 2) -> str:
    """`value` in few digits: `0.25`, `12`, `3.2e-05`."""
    return (
        f"{value:.{max(digits, 1 + int(math.log10(abs(value))))}g}" if 1 <= abs(value) < 1e4 else f"{value:.{digits}g}"
    )


def _candidates(scale: Scale) -> list[float]:
    """Numbers that a reader would like to see, the most wanted first."""
    assert scale.limit is not None
    wanted = [scale.limit, 0.0]
    if scale.knee is None or scale.limit <= 0:
        return [*wanted, scale.limit / 2]
    decades = range(math.floor(math.log10(scale.limit)), math.floor(math.log10(scale.knee)) - 2, -1)
    return wanted + [step * 10.0**decade for decade in decades for step in (3, 1) if step * 10.0**decade < scale.limit]


def _place(value: float, scale: Scale, width: int) -> tuple[float, float, float]:
    position = float(scale.positions(np.array([value]))[0])
    middle = (width - 1) * ((position + 1) / 2 if scale.signed else position)
    size = text_width(number(value), _TEXT)
    return value, min(max(middle - size / 2, 0), width - size), middle


def _touch(one: tuple[float, float, float], other: tuple[float, float, float]) -> bool:
    first, second = sorted((one, other), key=lambda tick: tick[1])
    return first[1] + text_width(number(first[0]), _TEXT) + _GAP > second[1]


def beyond(heatmap: Heatmap) -> float | None:
    """The value furthest beyond the bar's ends, `None` where every value is on the bar."""
    limit = heatmap.scale.limit
    assert limit is not None
    known = heatmap.values[np.isfinite(heatmap.values)]
    if not known.size:
        return None
    low, high = float(known.min()), float(known.max())
    over, under = high - limit, (-limit if heatmap.scale.signed else 0.0) - low
    if max(over, under) <= 1e-3 * limit:
        return None
    return high if over >= under else low


def _draw_legend(sheet: Sheet, left: int, top: int, width: int, heatmap: Heatmap) -> None:
    """What the bar's ends mean, always; between them the unit, or the value beyond, in what words there is room for."""
    extreme = beyond(heatmap)
    words = ("", "")
    if heatmap.scale.signed:
        words = ("against", "for") if heatmap.unit else ("lowers", "raises")
        if text_width("".join(words), _TEXT) + text_width(_A_VALUE, _TEXT) + 2 * _GAP > width:
            words = ("−", "+")
    wordings = [heatmap.unit]
    if extreme is not None:
        value = number(extreme, 3)
        said = f"{'max' if extreme > 0 else 'min'} {value}"
        wordings = [f"{said} {heatmap.unit}", said, value]
    room = width - text_width("".join(words), _TEXT) - (2 * _GAP if heatmap.scale.signed else 0)
    middle = next((each for each in wordings if text_width(each, _TEXT) <= room), "")
    sheet.text(left, top, words[0], _TEXT, FAINT_INK)
    sheet.text(left + width, top, words[1], _TEXT, FAINT_INK, align=1)
    centre = (width + text_width(words[0], _TEXT) - text_width(words[1], _TEXT)) / 2
    sheet.text(left + centre, top, middle, _TEXT, FAINT_INK if extreme is None else INK, align=0.5)


@functools.lru_cache(32)
def _bar(scale: Scale, width: int) -> np.ndarray:
    """uint8 `[THICKNESS, width, 3]`: every colour, from over the probe's darkest grey to over its lightest."""
    positions = np.linspace(-1 if scale.signed else 0, 1, width, dtype="float32")
    luminance = np.linspace(0, 255, THICKNESS).astype("uint8")
    linear = Scale(limit=1.0, signed=scale.signed)
    shape = (THICKNESS, width)
    picture = overlay(np.broadcast_to(positions, shape), np.broadcast_to(luminance[:, None], shape), linear)
    picture[[0, -1]] = LINE
    return picture
