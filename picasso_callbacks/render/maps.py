"""One heatmap over its probe."""

from __future__ import annotations

import numpy as np

from picasso_callbacks.explanation import Scale
from picasso_callbacks.render.colors import INK, PAPER, overlay
from picasso_callbacks.render.resize import resize_map
from picasso_callbacks.render.sheet import Sheet, fit_text, text_width

_TEXT = 21


def map_picture(values: np.ndarray, luminance: np.ndarray, scale: Scale) -> np.ndarray:
    """A map over the probe.

    Args:
        values: float32 `[H, W]`.
        luminance: uint8 `[h, w]`, the probe's.
        scale: With its limit set.

    Returns:
        uint8 `[h, w, 3]`: the probe's greys alone where all values lie below the scale's neutral.
    """
    if _shows_nothing(values, scale):
        values = np.where(np.isfinite(values), 0, values)
    return overlay(resize_map(values, luminance.shape), luminance, scale)


def map_label(values: np.ndarray, scale: Scale) -> str:
    """What has to be said about a map that its colours do not say: that it shows nothing, or not everywhere."""
    known = np.isfinite(values)
    if not known.any():
        return "n/a"
    if not known.all():
        return "n/a in part"
    return "near 0 everywhere" if _shows_nothing(values, scale) else ""


def draw_map(sheet: Sheet, left: int, top: int, luminance: np.ndarray, values: np.ndarray, scale: Scale) -> None:
    """A map and its label, as large as the probe's uint8 `luminance` `[h, w]` over which it lies."""
    sheet.picture(left, top, map_picture(values, luminance, scale))
    height, width = luminance.shape
    label = fit_text(map_label(values, scale), _TEXT, width - 12)
    if label:
        sheet.box(left, top + height - 27, text_width(label, _TEXT) + 12, 27, PAPER)
        sheet.text(left + 6, top + height - 25, label, _TEXT, INK)


def _shows_nothing(values: np.ndarray, scale: Scale) -> bool:
    largest = np.abs(values[np.isfinite(values)]).max(initial=0.0)
    return bool(largest < scale.neutral or largest == 0)
