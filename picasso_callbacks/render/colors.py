"""From numbers to colours: one colour means one number, on every probe and at every epoch.

A heatmap lies over the probe, which is drawn in few greys: as a faint shadow under signed maps, whose neutral is white,
and as a faint light under unsigned ones, whose neutral is black. The probe fades with the distance from 0 and is gone
at the bar's end. Blue to red and black to yellow keep their order under every common form of colour blindness.
"""

from __future__ import annotations

import functools

import cmap
import numpy as np
from PIL import Image

from picasso_callbacks.explanation import Scale

Color = tuple[int, int, int]

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


def luminance(image: np.ndarray) -> np.ndarray:
    """uint8 `[h, w, 3]` to uint8 `[h, w]`."""
    return np.asarray(Image.fromarray(image).convert("L"))


def overlay(values: np.ndarray, luminance: np.ndarray, scale: Scale) -> np.ndarray:
    """Colours of `values` over the probe.

    Args:
        values: float32 `[h, w]`. Non-finite ones become a grey hatch.
        luminance: uint8 `[h, w]`, the probe's.
        scale: With its limit set.

    Returns:
        uint8 `[h, w, 3]`: the probe in few greys where a value is 0, the colormap's end where it is at the scale's
        limit.
    """
    known = np.isfinite(values)
    whole = bool(known.all())
    steps = np.rint(scale.positions(values if whole else np.where(known, values, 0)) * _STEPS).astype("int32")
    picture = _table(scale.signed).take((steps + _STEPS) * 256 + luminance)
    picture = picture.view("uint8").reshape(*values.shape, 4)[..., :3]
    if not whole:
        rows, columns = np.nonzero(~known)
        picture[rows, columns] = _HATCH[(rows + columns) // _HATCH_PIXELS % 2]
    return np.ascontiguousarray(picture)


@functools.cache
def _table(signed: bool) -> np.ndarray:
    """Every colour, uint32 `[(2 * _STEPS + 1) * 256]` of four bytes, by step from -1 to 1 and the probe's luminance."""
    positions = np.linspace(-1, 1, 2 * _STEPS + 1)
    if signed:
        colors = cmap.Colormap("colorbrewer:RdBu_r")((positions + 1) / 2)
    else:
        colors = cmap.Colormap("matplotlib:inferno")(np.maximum(positions, 0))
    colors = np.rint(np.asarray(colors)[:, None, :3] * 255)
    probe = np.linspace(*(_LIGHT_GREYS if signed else _DARK_GREYS), 256)[:, None]
    left_of_it = (1 - np.abs(positions) ** 0.7)[:, None, None]
    table = np.zeros((2 * _STEPS + 1, 256, 4), "uint8")
    table[..., :3] = np.rint(np.clip(colors + left_of_it * (probe - colors[_STEPS]), 0, 255))
    return table.view("uint32").ravel()
