"""Canvases: what a hidden pixel becomes. Whole images, in the probes' own units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from picasso_callbacks.probes import Probes, as_numpy, in_units_of, is_finite
from picasso_callbacks.typing import Canvas

Gather = Callable[[Any, Any], Any]
"""As `Backend.gather`."""

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
        painted = images[:1] if canvas in _PLAIN else images  # of one colour, one serves all
        canvases = np.concatenate(
            [
                in_units_of(images, _PAINTERS[canvas](image[None].astype("float64"), *probes.value_range))
                for image in painted
            ]
        )
    else:
        canvases = np.array(check_canvas(canvas))  # a copy: the caller may change theirs
        if canvases.shape not in (images.shape, images.shape[1:]):
            raise ValueError(
                f"canvas has shape {canvases.shape}; expected that of a probe, {images.shape[1:]}, or of all probes, "
                f"{images.shape}."
            )
        canvases = in_units_of(images, canvases)
    return np.broadcast_to(canvases, images.shape)


def hide(gather: Gather, images: Any, canvases: Any, image_rows: Any, canvas_rows: Any, hidden: Any) -> Any:
    """Images of which some places are replaced by a canvas's, while tracing; takes no longer with more images.

    Args:
        gather: As `Backend.gather`.
        images: `[P, ...]`.
        canvases: `[M, ...]`.
        image_rows: int `[B]`, which image.
        canvas_rows: int `[B]`, which canvas.
        hidden: bool `[B, ...]`, true where the canvas shows, or float32, how much of it does, 0..1; its last axis may
            be 1.

    Returns:
        `[B, ...]`.
    """
    canvas, image = gather(canvases, canvas_rows), gather(images, image_rows)
    if keras.backend.standardize_dtype(hidden.dtype) == "bool":
        return keras.ops.where(hidden, canvas, image)
    return image + hidden * (canvas - image)


def hide_in_memory(
    images: np.ndarray,
    canvases: np.ndarray,
    image_rows: np.ndarray,
    canvas_rows: np.ndarray,
    hidden: np.ndarray,
    composed: np.ndarray | None = None,
) -> np.ndarray:
    """As `hide`, in NumPy, into `composed` if given: copies each image, and of its canvas what is hidden.

    Fast if images and canvases have the same type and no gaps in memory; canvases may be one that is broadcast.
    """
    if hidden.dtype != bool:
        composed = np.empty((len(image_rows), *images.shape[1:]), images.dtype) if composed is None else composed
        return _blend(images, canvases, image_rows, canvas_rows, hidden, composed)
    composed = np.take(images, image_rows, axis=0, out=composed, mode="clip")  # "raise" would copy twice
    into, dense = composed, canvases.strides[-1] == canvases.itemsize
    if images.ndim > 2 and hidden.shape[-1] == 1 < images.shape[-1] and canvases.dtype == images.dtype and dense:
        into, canvases, hidden = _pixels(composed), _pixels(canvases), hidden[..., 0]
    for image, row, mask in zip(into, canvas_rows.tolist(), hidden, strict=True):
        np.copyto(image, canvases[row], where=mask)
    return composed


def _blend(
    images: np.ndarray,
    canvases: np.ndarray,
    image_rows: np.ndarray,
    canvas_rows: np.ndarray,
    hidden: np.ndarray,
    composed: np.ndarray,
) -> np.ndarray:
    """`image + hidden * (canvas - image)`, where the same image and canvas often follow each other."""
    before = None
    for blended, share, *rows in zip(composed, hidden, image_rows.tolist(), canvas_rows.tolist(), strict=True):
        if rows != before:
            before, image = rows, images[rows[0]]
            way = canvases[rows[1]] - image
        if share.shape[-1] == 1:  # NumPy's own way to repeat so few takes three times as long
            for channel in range(blended.shape[-1]):
                blended[..., channel] = share[..., 0]
        else:
            blended[...] = share
        blended *= way
        blended += image
    return composed


def _pixels(images: np.ndarray) -> np.ndarray:
    """Images `[..., C]` as `[...]`, with a pixel an element: NumPy copies runs of them, but channels one by one."""
    return images.view(np.dtype((np.void, images.itemsize * images.shape[-1])))[..., 0]


def check_canvas(canvas: Canvas) -> Any:
    """The name, or the image as a NumPy array; a `ValueError` for what cannot be a canvas, whatever the probes."""
    if isinstance(canvas, str):
        if canvas not in _PAINTERS:
            raise ValueError(f"canvas={canvas!r} is unknown; expected one of {sorted(_PAINTERS)}, or an image array.")
        return canvas
    image = as_numpy(canvas, "canvas")
    if image.ndim not in (3, 4) or image.dtype.kind not in "buif":
        raise ValueError(
            f"canvas is {type(canvas).__name__} of {image.dtype} with {image.ndim} dimensions; expected one of "
            f"{sorted(_PAINTERS)}, an image [H, W, C] or an image for each probe [P, H, W, C]."
        )
    if not is_finite(image):
        raise ValueError("canvas holds NaN or infinite numbers; expected finite ones that fit float32.")
    return image


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
_PLAIN = ("grey", "gray", "black", "white")
