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
    # Enlarged pictures repeat rows and columns; each needs its colours once.
    rows, of_row = _distinct(values, grey)
    columns, of_column = _distinct(values.T, grey.T)
    small = np.ix_(rows, columns)
    picture = _colors_of(values[small], grey[small], scale).take(of_row, axis=0).take(of_column, axis=1)
    known = np.isfinite(values)
    if not known.all():
        rows, columns = np.nonzero(~known)
        picture[rows, columns] = _HATCH[(rows + columns) // _HATCH_PIXELS % 2]
    return picture


def _colors_of(values: np.ndarray, grey: np.ndarray, scale: Scale) -> np.ndarray:
    steps = np.rint(scale.positions(np.where(np.isfinite(values), values, 0)) * _STEPS).astype(int) + _STEPS
    colors, fading = _lookup(scale.signed)
    picture = grey[..., None] - colors[_STEPS]
    picture *= fading.take(steps)[..., None]
    picture += colors.take(steps, axis=0)
    return np.rint(np.clip(picture, 0, 255, out=picture), out=picture).astype("uint8")


def _distinct(*arrays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows at which some array `[h, w]` differs from the row above, and for each row which of these it is like."""
    changes = np.ones(len(arrays[0]), dtype=bool)
    changes[1:] = np.any([(array[1:] != array[:-1]).any(axis=1) for array in arrays], axis=0)
    return np.flatnonzero(changes), np.cumsum(changes) - 1


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
