"""Sizes: small pictures are enlarged with hard pixel edges, large ones are averaged."""

from __future__ import annotations

import numpy as np
from PIL import Image


def fit_box(shape: tuple[int, ...], height: int, width: int) -> tuple[int, int]:
    """The largest `(h, w)` inside `height` x `width` that has the aspect of `shape` `(h, w, ...)`."""
    scale = min(height / shape[0], width / shape[1])
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def resize_image(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """uint8 `[h, w, 3]` to uint8 `[*size, 3]`."""
    if size[0] >= 2 * image.shape[0]:
        filter = Image.Resampling.NEAREST
    else:
        filter = Image.Resampling.LANCZOS
    return np.asarray(Image.fromarray(np.ascontiguousarray(image)).resize(size[::-1], filter))


def resize_map(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """float `[H, W]` to float32 `[*size]`: each pixel repeats a value or is the mean of those under it.

    Numbers are averaged, never colours. A mean over a non-finite value is non-finite.
    """
    picture = Image.fromarray(np.ascontiguousarray(values, dtype="float32"))
    with np.errstate(invalid="ignore"):
        return np.asarray(picture.resize(size[::-1], Image.Resampling.BOX))


def thumbnail(values: np.ndarray, size: int = 64) -> np.ndarray:
    """Shrinks maps by averaging, to keep an epoch's maps until the filmstrip is drawn.

    Args:
        values: float32 `[K, H, W]`.
        size: The longer side of the result, in pixels. Smaller maps are copied as they are.

    Returns:
        float32 `[K, h, w]` with the aspect of `values` and `max(h, w) <= size`.
    """
    height, width = values.shape[1:]
    if max(height, width) <= size:
        return np.array(values, dtype="float32")
    small = fit_box((height, width), size, size)
    return np.stack([resize_map(each, small) for each in values])
