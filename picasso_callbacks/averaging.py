"""Averaging: numbers of overlapping windows as numbers of pixels."""

from __future__ import annotations

import numpy as np


def axis_weights(places: np.ndarray, side: int) -> np.ndarray:
    """Weights that average along one axis: float64 `[windows, side]`, columns sum to 1.

    Args:
        places: int `[windows, 2]`, the first pixel of each window and its end.
        side: How many pixels there are. One that lies in no window takes the value of the nearest.
    """
    pixels = np.arange(side)
    starts, ends = places[:, :1], places[:, 1:]
    weights = ((pixels >= starts) & (pixels < ends)).astype("float64")
    for pixel in np.flatnonzero(~weights.any(axis=0)):
        distance = np.where(starts > pixel, starts - pixel, pixel - (ends - 1))
        weights[distance.argmin(), pixel] = 1.0
    return weights / weights.sum(axis=0)


def average(values: np.ndarray, row_weights: np.ndarray, column_weights: np.ndarray) -> np.ndarray:
    """A value for each pixel from a value for each window.

    Args:
        values: float `[..., rows, columns]`.
        row_weights, column_weights: From `axis_weights`, `[rows, H]` and `[columns, W]`.

    Returns:
        float32 `[..., H, W]`.
    """
    grids = np.asarray(values, dtype="float64").reshape(-1, len(row_weights), len(column_weights))
    averages = np.empty((len(grids), row_weights.shape[1], column_weights.shape[1]), dtype="float32")
    for one, grid in zip(averages, grids, strict=True):  # one at a time in float64
        one[:] = row_weights.T @ grid @ column_weights
    return averages.reshape(*np.shape(values)[:-2], *averages.shape[1:])
