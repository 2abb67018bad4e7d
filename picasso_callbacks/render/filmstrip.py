"""The filmstrip: one picture of a whole training, a column for each look."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from picasso_callbacks.render.color_bar import HEIGHT as BAR_HEIGHT
from picasso_callbacks.render.color_bar import draw_color_bar
from picasso_callbacks.render.colors import BAR, FAINT_INK, INK, LINE, RIGHT, RIGHT_BAR, WRONG, WRONG_BAR, luminance
from picasso_callbacks.render.contents import Frame, Heatmap
from picasso_callbacks.render.maps import map_picture
from picasso_callbacks.render.names import fit_names
from picasso_callbacks.render.probabilities import percent, prediction
from picasso_callbacks.render.resize import fit_box, resize_image
from picasso_callbacks.render.sheet import Sheet, text_width

_MARGIN = 16
_GAP = 4
_SIDE = 200  # the column of titles and colour bars
_NARROWEST, _WIDEST, _IDEAL_WIDTH = 64, 128, 1100
_TALLEST = 2.0
_TEXT, _SMALL_TEXT = 22, 18
_LINE = 28
_BARS_HEIGHT = 64


def draw_filmstrip(
    name: str,
    image: np.ndarray,
    class_names: Sequence[str],
    label: int | None,
    frames: Sequence[Frame],
    unit: str = "epoch",
    looks: int | None = None,
) -> np.ndarray:
    """The first target's maps of one probe over the training, and what the model said.

    Every column uses the last frame's scale of a method, so that one colour means one number along the strip.

    Args:
        name: The probe's name.
        image: uint8 `[h, w, 3]`, the probe as a person sees it.
        class_names: One for each class.
        label: The probe's class index, or `None`.
        frames: At least one, in the order of their steps.
        unit: What these are: `"epoch"` or `"step"`.
        looks: Of how many looks these are a part; by default they are all.

    Returns:
        uint8 `[h, w, 3]`.
    """
    if not frames:
        raise ValueError("draw_filmstrip: frames is empty; expected at least one.")
    room = (_IDEAL_WIDTH - 2 * _MARGIN - _SIDE) // len(frames) - _GAP
    # A wide probe gets wider columns, or its maps would be thin lines.
    stretch = min(max(image.shape[1] / image.shape[0], 1.0), 4.0) ** 0.5
    width = round(min(max(room, _NARROWEST * stretch), _WIDEST * stretch))
    cell = fit_box(image.shape, round(_TALLEST * width), width)
    lefts = [_MARGIN + _SIDE + column * (width + _GAP) for column in range(len(frames))]
    last = {heatmap.title: heatmap for frame in frames for heatmap in frame.heatmaps}
    strip = _Strip(Sheet(max(lefts[-1] + width + _MARGIN, 620), height=900 + len(last) * (cell[0] + 120)), lefts, width)

    of_all = f"{len(frames)} of {looks} {unit}s" if looks is not None and looks > len(frames) else ""
    top = _draw_header(strip, name, image, class_names, label, of_all)
    top = strip.numbers(top, unit, [_short(frame.step) for frame in frames])
    top = strip.spans(top, "target", [class_names[frame.targets[0]] if frame.targets else "" for frame in frames])
    for title, heatmap in last.items():
        top = _draw_method(strip, top + 6, title, heatmap, image, cell, frames)
    if any(frame.probabilities is not None for frame in frames):
        top = _draw_probabilities(strip, top + 6, class_names, label, frames)
    return strip.sheet.cut(top + _MARGIN)


class _Strip:
    """The columns, and the kinds of rows that text can make of them."""

    def __init__(self, sheet: Sheet, lefts: Sequence[int], width: int):
        self.sheet, self.lefts, self.width = sheet, lefts, width

    def title(self, top: int, text: str) -> None:
        self.sheet.text(_MARGIN, top, text, _SMALL_TEXT, FAINT_INK, width=_SIDE - 12)

    def numbers(self, top: int, title: str, texts: Sequence[str], colors: Sequence[tuple[int, int, int]] = ()) -> int:
        """A row of short texts, each in the middle of its column."""
        self.title(top, title)
        for column, (left, text) in enumerate(zip(self.lefts, texts, strict=True)):
            color = colors[column] if colors else INK
            self.sheet.text(left + self.width / 2, top, text, _SMALL_TEXT, color, width=self.width + _GAP, align=0.5)
        return top + _LINE

    def spans(
        self, top: int, title: str, names: Sequence[str], color: Callable[[int], tuple[int, int, int]] = lambda _: INK
    ) -> int:
        """A row of names, each written once over all the columns that share it; what is cut reads like no other."""
        self.title(top, title)
        start = 0
        for column in range(1, len(names) + 1):
            if column == len(names) or names[column] != names[start]:
                left, right = self.lefts[start], self.lefts[column - 1] + self.width
                self.sheet.box(left, top + _LINE - 5, right - left, 2, color(start))
                shown, *_ = fit_names([names[start], *names], _SMALL_TEXT, right - left)
                self.sheet.text(left, top, shown, _SMALL_TEXT, color(start))
                start = column
        return top + _LINE


def _draw_header(
    strip: _Strip, name: str, image: np.ndarray, class_names: Sequence[str], label: int | None, of_all: str
) -> int:
    sheet, height = strip.sheet, 96
    size = fit_box(image.shape, height, _SIDE - 16)
    sheet.picture(_MARGIN, _MARGIN, resize_image(image, size))
    left, right = strip.lefts[0], sheet.width - _MARGIN
    sheet.text(right, _MARGIN, of_all, _TEXT, FAINT_INK, align=1)
    sheet.text(left, _MARGIN, name, _TEXT, width=right - left - text_width(of_all, _TEXT) - 12)
    if label is not None:
        x = sheet.text(left, _MARGIN + 34, "label", _TEXT, FAINT_INK) + 7
        sheet.text(x, _MARGIN + 34, class_names[label], _TEXT, RIGHT, width=right - x)
    sheet.box(_MARGIN, _MARGIN + height + 10, right - _MARGIN, 1, LINE)
    return _MARGIN + height + 20


def _draw_method(
    strip: _Strip,
    top: int,
    title: str,
    last: Heatmap,
    image: np.ndarray,
    cell: tuple[int, int],
    frames: Sequence[Frame],
) -> int:
    strip.sheet.text(_MARGIN, top - 2, title, _SMALL_TEXT, width=_SIDE - 16)
    shown = luminance(resize_image(image, cell))
    bar = Heatmap(title, _all_values(title, frames), last.scale, last.unit)
    draw_color_bar(strip.sheet, _MARGIN, top + _LINE - 2, _SIDE - 20, bar)
    height = max(cell[0], _LINE - 2 + BAR_HEIGHT)
    for left, frame in zip(strip.lefts, frames, strict=True):
        for heatmap in frame.heatmaps:
            if heatmap.title == title:
                picture = map_picture(heatmap.values[0], shown, last.scale)
                strip.sheet.picture(left + (strip.width - cell[1]) // 2, top + (height - cell[0]) // 2, picture)
    return top + height


def _short(step: int) -> str:
    """A number that fits over a narrow column: seven digits don't."""
    return str(step) if step < 1_000_000 else f"{step / 1000:.0f}k"


def _all_values(title: str, frames: Sequence[Frame]) -> np.ndarray:
    return np.concatenate([h.values[0].ravel() for frame in frames for h in frame.heatmaps if h.title == title])


def _draw_probabilities(
    strip: _Strip, top: int, class_names: Sequence[str], label: int | None, frames: Sequence[Frame]
) -> int:
    """The probability of the label - without one, of the first target - and the class that the model named."""
    says = [prediction(frame.probabilities) for frame in frames]
    colors, values = [], []
    strip.title(top + _BARS_HEIGHT // 2 - 10, "probability of")
    strip.title(top + _BARS_HEIGHT // 2 + 14, "target" if label is None else class_names[label])
    for left, frame, named in zip(strip.lefts, frames, says, strict=True):
        shown = label if label is not None else frame.targets[0] if frame.targets else None
        probability = float("nan")
        if frame.probabilities is not None and shown is not None and shown < len(frame.probabilities):
            probability = float(frame.probabilities[shown])
        light = BAR if label is None else RIGHT_BAR if named == label else WRONG_BAR
        length = _BARS_HEIGHT * min(max(np.nan_to_num(probability), 0.0), 1.0)
        strip.sheet.box(left, top + _BARS_HEIGHT - length, strip.width, length, light)
        strip.sheet.box(left, top + _BARS_HEIGHT, strip.width, 1, FAINT_INK)
        colors.append(INK if label is None else RIGHT if named == label else WRONG)
        values.append(percent(probability))
    top = strip.numbers(top + _BARS_HEIGHT + 4, "", values, colors)
    names = ["n/a" if named is None else class_names[named] for named in says]
    return strip.spans(top, "model says", names, lambda column: colors[column])
