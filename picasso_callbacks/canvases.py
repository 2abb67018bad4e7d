"""Canvases: what a hidden pixel becomes. Whole images, in the probes' own units."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from picasso_callbacks.probes import Probes

Canvas = str | np.ndarray

BLUR = 1 / 8
"""Standard deviation of the blurred canvas, as a fraction of each side."""


def make_canvases(canvas: Canvas, probes: Probes) -> np.ndarray:
    """Builds a canvas for each probe.

    Args:
        canvas: `"grey"`: the middle of `probes.value_range`; `"black"` and `"white"`: its ends; `"mean"`: the probe's
            own mean colour; `"blur"`: the probe, blurred until only its coarse layout is left (a Gaussian of 1/8 of
            each side); or an image `[H, W, C]` or an image for each probe `[P, H, W, C]`, in the probes' units.
        probes: The probes.

    Returns:
        `[P, H, W, C]` in the dtype of `probes.images`; float32 for boolean ones, which know no grey.

    Raises:
        ValueError: An unknown name, or an image of another shape.
    """
    images = probes.images
    if isinstance(canvas, str):
        check_canvas(canvas)
        canvases = _PAINTERS[canvas](images.astype("float64"), *probes.value_range)
    else:
        canvases = np.asarray(canvas)
        if canvases.shape not in (images.shape, images.shape[1:]):
            raise ValueError(
                f"canvas has shape {canvases.shape}; expected that of a probe, {images.shape[1:]}, or of all probes, "
                f"{images.shape}."
            )
        if not np.isfinite(canvases).all():
            raise ValueError("canvas holds NaN or infinite numbers; expected finite ones.")
    if images.dtype == bool:
        return np.broadcast_to(canvases, images.shape).astype("float32")
    if np.issubdtype(images.dtype, np.integer):
        limits = np.iinfo(images.dtype)
        canvases = np.clip(np.rint(canvases), limits.min, limits.max)
    return np.broadcast_to(canvases, images.shape).astype(images.dtype)


def check_canvas(canvas: Canvas) -> None:
    """Raises a `ValueError` for what cannot be a canvas, whatever the probes."""
    if isinstance(canvas, str) and canvas not in _PAINTERS:
        raise ValueError(f"canvas={canvas!r} is unknown; expected one of {sorted(_PAINTERS)}, or an image array.")
    if not isinstance(canvas, str) and np.ndim(canvas) not in (3, 4):
        raise ValueError(
            f"canvas is {type(canvas).__name__} with {np.ndim(canvas)} dimensions; expected one of "
            f"{sorted(_PAINTERS)}, an image [H, W, C] or an image for each probe [P, H, W, C]."
        )


def _blur(images: np.ndarray, low: float, high: float) -> np.ndarray:
    rows, columns = (_gaussian(side, BLUR * side) for side in images.shape[1:3])
    return np.einsum("yh,phwc,xw->pyxc", rows, images, columns, optimize=True)


def _gaussian(side: int, sigma: float) -> np.ndarray:
    """A blur along one axis as a matrix [side, side]; rows sum to 1, so borders don't darken."""
    offsets = np.subtract.outer(np.arange(side), np.arange(side))
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    return weights / weights.sum(axis=1, keepdims=True)


_PAINTERS: dict[str, Callable[[np.ndarray, float, float], np.ndarray]] = {
    "grey": lambda images, low, high: np.full_like(images, (low + high) / 2),
    "black": lambda images, low, high: np.full_like(images, low),
    "white": lambda images, low, high: np.full_like(images, high),
    "mean": lambda images, low, high: np.broadcast_to(images.mean(axis=(1, 2), keepdims=True), images.shape),
    "blur": _blur,
}
_PAINTERS["gray"] = _PAINTERS["grey"]
