"""Regions: exchanging a named part of the picture, wherever it lies in each probe."""

from __future__ import annotations

import numpy as np

SURROUNDINGS = "surroundings"
"""What is called everything but the expected region; the other regions are parts of it."""


def spread_region(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Each image with the rest of it filled plausibly from its region, so that the region fits any other shape.

    Outside of the region every pixel gets what the region looks like nearby: averages over ever larger squares, the
    finest of which touches the region (the pull-push of Gortler et al., "The Lumigraph", SIGGRAPH 1996).

    Args:
        images: float `[N, H, W, C]`.
        masks: bool `[N, H, W]`.

    Returns:
        float64 `[N, H, W, C]`, equal to `images` where `masks` is true.
    """
    weights = masks[..., None].astype("float64")
    return np.where(masks[..., None], images, _pull_push(images * weights, weights))


def _pull_push(colors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    height, width = colors.shape[1:3]
    if min(height, width) <= 1:
        total = np.maximum(weights.sum(axis=(1, 2), keepdims=True), 1e-12)
        return np.broadcast_to(colors.sum(axis=(1, 2), keepdims=True) / total, colors.shape)
    coarse = _pull_push(_halve(colors), _halve(weights))
    fine = coarse.repeat(2, axis=1).repeat(2, axis=2)[:, :height, :width]
    return np.where(weights > 0, colors / np.maximum(weights, 1e-12), fine)


def _halve(values: np.ndarray) -> np.ndarray:
    """Sums of 2 x 2 pixels; a last odd row or column stands alone."""
    height, width = values.shape[1:3]
    even = np.pad(values, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)))
    return even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]


def elsewhere(masks: np.ndarray) -> np.ndarray:
    """Each mask moved to where it overlaps itself least: a control of the same size and shape, bool `[N, H, W]`.

    Masks leave on one side and come back on the other. Nine moves, by thirds of the sides, are compared.
    """
    height, width = masks.shape[1:]
    moves = [(y * height // 3, x * width // 3) for y in range(3) for x in range(3) if y or x]
    moved = np.stack([np.roll(masks, move, axis=(1, 2)) for move in moves])
    best = (moved & masks).sum(axis=(2, 3)).argmin(axis=0)
    return moved[best, np.arange(len(masks))]
