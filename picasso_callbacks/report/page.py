"""Page: pieces of HTML for a notebook. Text inherits its colours, so that it is read in light and dark ones.

No scripts, no style sheets and nothing from elsewhere: what a notebook keeps is all that there is, and it can't reach
what stands around it. Every text from outside goes through `text`.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from PIL import Image, features

from picasso_callbacks.explanation import Explanation, Scale
from picasso_callbacks.render import Panel, label_words, number, overlay, percent, predictions, resize_image

PICTURED = 24
"""So many probes are shown as pictures, the others as rows of the table."""

_WIDTH = 400
_QUALITY = {"WEBP": 55, "JPEG": 40}
"""Of a card of photographs at this width WebP makes 14 kB, JPEG 21 with frayed letters, PNG 160."""

_STOPS = 13
_HEAD = 'style="text-align:left;padding:1px 12px 1px 0;vertical-align:bottom"'
_CELL = 'style="text-align:left;padding:1px 12px 1px 0;white-space:nowrap"'
_MARKED = 'style="background:rgba(235,110,30,.18)"'


def text(words: object) -> str:
    """Any text, with no markup left in it and nothing that is no valid Unicode."""
    return html.escape(str(words).encode("utf-8", "replace").decode("utf-8"))


def paragraph(words: str) -> str:
    """A paragraph of text; nothing if there is none."""
    return f'<p style="margin:6px 0">{text(words)}</p>' if words else ""


def page(parts: Iterable[str]) -> str:
    """The parts below each other."""
    return f'<div style="line-height:1.4">{"".join(parts)}</div>'


def picture(pixels: np.ndarray, alt: str) -> str:
    """A card, uint8 `[H, W, 3]`, small enough that a notebook can hold two dozen of them."""
    small = resize_image(pixels, (round(len(pixels) * _WIDTH / pixels.shape[1]), _WIDTH))
    kind = "WEBP" if features.check("webp") else "JPEG"
    file = io.BytesIO()
    Image.fromarray(small).save(file, kind, quality=_QUALITY[kind], **({} if kind == "WEBP" else {"subsampling": 0}))
    data = base64.b64encode(file.getvalue()).decode()
    size = f'width="{small.shape[1]}" height="{small.shape[0]}"'
    return f'<img alt="{text(alt)}" {size} style="margin:0" src="data:image/{kind.lower()};base64,{data}">'


def gallery(items: Iterable[str]) -> str:
    """Pictures beside each other, as many as the cell is wide."""
    return f'<div style="display:flex;flex-wrap:wrap;gap:10px;margin:8px 0">{"".join(items)}</div>'


def told(panel: Panel) -> str:
    """What a card says, for those who can't see it."""
    label = label_words(panel)
    return f"{panel.name}{label and f', label {label}'}{_says(panel)}"


def answer(panel: Panel) -> str:
    """What the model takes the probe for, with probabilities, or its first plain numbers; empty where it gives none."""
    if panel.probabilities is None:
        return ", ".join(f"{value:.4g}" for value in ([] if panel.plain_values is None else panel.plain_values[:4]))
    says = predictions(panel.probabilities, panel.exclusive)
    return ", ".join(f"{panel.class_names[each]} {percent(float(panel.probabilities[each]))}" for each in says)


def table(heads: Sequence[str], rows: Iterable[tuple[bool, Sequence[str]]]) -> str:
    """Rows of texts under their heads; those marked stand out. A wide table scrolls."""
    head = "".join(f"<th {_HEAD}>{text(each)}</th>" for each in heads)
    body = "".join(
        f"<tr {_MARKED if marked else ''}>{''.join(f'<td {_CELL}>{text(each)}</td>' for each in cells)}</tr>"
        for marked, cells in rows
    )
    scrolls, style = "overflow-x:auto;margin:8px 0", "border-collapse:collapse;table-layout:auto;margin:0"
    return f'<div style="{scrolls}"><table style="{style}"><tr>{head}</tr>{body}</table></div>'


def legend(panels: Sequence[Panel], maps: Mapping[str, Explanation]) -> str:
    """For each method what its colours mean, with numbers.

    Args:
        panels: What the cards show, one or more.
        maps: The methods' explanations by name, in the order of the cards' columns.
    """
    return gallery(
        _meaning([panel.heatmaps[column].scale for panel in panels], name, found)
        for column, (name, found) in enumerate(maps.items())
    )


def _meaning(scales: Sequence[Scale], name: str, found: Explanation) -> str:
    limits = [scale.limit or 0.0 for scale in scales]
    low, high = min(limits), max(limits)
    scale = scales[0].with_limit(high)
    if found.scale.signed:
        words = "Red speaks for the target, blue against it" if found.attribution else "Red is above 0, blue below"
    else:
        words = "Black is 0, yellow the largest value"
    if scale.knee is not None:
        words += "; stretched around 0"
    if low < high:
        words += f". Each probe's scale ends at its own largest value, {number(low)} to {number(high)}"
    positions = (-1.0, -0.5, 0.0, 0.5, 1.0) if scale.signed else (0.0, 0.5, 1.0)
    ticks = "".join(f"<span>{number(_value(scale, each))}</span>" for each in positions)
    bar = f"height:12px;background:linear-gradient(90deg,{','.join(_colors(scale))})"
    unit = f" ({found.unit})" if found.unit else ""
    return (
        f'<div style="width:{_WIDTH}px"><b>{text(name)}</b>: {text(found.title)}{text(unit)}<div style="{bar}"></div>'
        f'<div style="display:flex;justify-content:space-between;font-size:85%">{ticks}</div>'
        f'<div style="font-size:85%">{text(words)}. Score: {text(found.score)}.</div></div>'
    )


def _value(scale: Scale, position: float) -> float:
    """Which value lies at a position on the bar: `Scale.positions` the other way round."""
    assert scale.limit is not None
    if scale.knee is None:
        return position * scale.limit
    return float(scale.knee * np.sinh(position * np.arcsinh(scale.limit / scale.knee)))


def _colors(scale: Scale) -> list[str]:
    """Colours along the bar, over the grey that stands for nothing."""
    positions = np.linspace(-1 if scale.signed else 0, 1, _STOPS, dtype="float32")[None]
    grey = np.full(positions.shape, 255 if scale.signed else 0, "uint8")
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in overlay(positions, grey, Scale(1.0, scale.signed))[0].tolist()]


def _says(panel: Panel) -> str:
    said = answer(panel)
    return f", says {said}" if said else ""
