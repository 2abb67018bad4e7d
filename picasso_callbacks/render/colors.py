"""From numbers to colours: one colour means one number, on every probe and at every epoch.

A heatmap lies over the probe, which is drawn in few greys: as a faint shadow under signed maps, whose neutral is white,
and as a faint light under unsigned ones, whose neutral is black. The probe fades with the distance from 0 and is gone
at the bar's end. Blue to red and black to yellow keep their order under every common form of colour blindness.
"""

from __future__ import annotations

import functools

import cmap
import numpy as np

from picasso_callbacks.explanation import Scale

PAPER = (255, 255, 255)
INK = (33, 37, 43)
FAINT_INK = (106, 112, 122)
LINE = (222, 225, 230)
BAR = (214, 219, 227)
RIGHT = (0, 116, 88)
RIGHT_BAR = (158, 218, 199)
WRONG = (190, 66, 0)
WRONG_BAR = (252, 194, 160)

_STEPS = 127  # colours on each side of 0
_LIGHT_GREYS = (206.0, 250.0)
_DARK_GREYS = (0.0, 96.0)
_HATCH_PIXELS = 5
_HATCH = np.array([[112, 112, 112], [150, 150, 150]], dtype="uint8")


def greys(luminance: np.ndarray, scale: Scale) -> np.ndarray:
    """float32 luminance `[h, w]` in 0..1 to the few greys `[h, w]` that show the probe under a map."""
    low, high = _LIGHT_GREYS if scale.signed else _DARK_GREYS
    return (low + (high - low) * luminance).astype("float32")


def luminance(image: np.ndarray) -> np.ndarray:
    """uint8 `[h, w, 3]` to float32 `[h, w]` in 0..1."""
    return image @ np.array([0.299, 0.587, 0.114], dtype="float32") / np.float32(255)


def overlay(values: np.ndarray, grey: np.ndarray, scale: Scale) -> np.ndarray:
    """Colours of `values` over the probe.

    Args:
        values: float32 `[h, w]`. Non-finite ones become a grey hatch.
        grey: float32 `[h, w]` from `greys`.
        scale: With its limit set.

    Returns:
        uint8 `[h, w, 3]`: `grey` where a value is 0, the colormap's end where it is at the scale's limit.
    """
    known = np.isfinite(values)
    steps = np.rint(scale.positions(np.where(known, values, 0)) * _STEPS).astype(int) + _STEPS
    colors, fading = _lookup(scale.signed)
    picture = colors[steps] + fading[steps, None] * (grey[..., None] - colors[_STEPS])
    picture = np.rint(np.clip(picture, 0, 255)).astype("uint8")
    if not known.all():
        rows, columns = np.nonzero(~known)
        picture[rows, columns] = _HATCH[(rows + columns) // _HATCH_PIXELS % 2]
    return picture


@functools.cache
def _lookup(signed: bool) -> tuple[np.ndarray, np.ndarray]:
    """The colours `[2 * _STEPS + 1, 3]` and what is left of the probe `[2 * _STEPS + 1]`, by step from -1 to 1."""
    positions = np.linspace(-1, 1, 2 * _STEPS + 1)
    if signed:
        colors = cmap.Colormap("colorbrewer:RdBu_r")((positions + 1) / 2)
    else:
        colors = cmap.Colormap("matplotlib:inferno")(np.maximum(positions, 0))
    colors = np.rint(np.asarray(colors)[:, :3] * 255)
    return colors.astype("float32"), (1 - np.abs(positions) ** 0.7).astype("float32")
