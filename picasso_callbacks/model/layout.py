"""Layout: which elements of a model's input belong to which pixel of a map."""

from __future__ import annotations

import keras
import numpy as np

from picasso_callbacks.problems import naming
from picasso_callbacks.typing import Postprocess

_CHANNELS = (1, 3, 4)


class Layout:
    """Carries masks from maps to inputs, and input-shaped numbers from inputs to maps.

    Args:
        shape: The shape of one input, without the batch: `(h, w, c)`, `(c, h, w)`, `(h, w)`, or anything if
            `postprocess` is given.
        postprocess: Rearranges input-shaped arrays `[N, *shape]` into `[N, h, w]` or `[N, h, w, c]`, for inputs that
            are not images. It is asked once where each element goes, and must do nothing else than rearrange.

    Attributes:
        size: (h, w) of the maps.
        plain: Whether inputs are images `(h, w, c)`, laid out as maps are.

    Raises:
        ValueError: The input is not an image and there is no `postprocess`, or it does more than rearrange.
    """

    def __init__(self, shape: tuple[int, ...], postprocess: Postprocess | None = None):
        self._shape = shape
        if postprocess is not None:
            self._places = _ask_where(postprocess, shape)
        elif len(shape) in (2, 3):
            self._places = np.arange(np.prod(shape)).reshape(shape)
            if len(shape) == 2:
                self._places = self._places[..., None]
            elif _channels_first(shape):
                self._places = np.moveaxis(self._places, 0, -1)
        else:
            raise ValueError(
                f"Picasso: the model's input has shape {shape} without the batch, which is no image; expected (h, w, "
                f"c), (c, h, w) or (h, w). Pass postprocess=..., which brings input-shaped arrays [N, *{shape}] back "
                f"to [N, h, w] or [N, h, w, c]."
            )
        self.size: tuple[int, int] = self._places.shape[:2]
        self.plain = self._places.shape == shape and bool((self._places.ravel() == np.arange(self._places.size)).all())

    def input_masks(self, masks: np.ndarray) -> np.ndarray:
        """Masks over pixels, bool `[N, h, w]`, as masks over inputs: bool `[N, *shape]`, or 1 where all are alike."""
        if self.plain:
            return masks[..., None]
        flat = np.zeros((len(masks), int(np.prod(self._shape))), dtype=bool)
        flat[:, self._places] = masks[..., None]
        return flat.reshape(-1, *self._shape)

    def to_maps(self, arrays: np.ndarray) -> np.ndarray:
        """Input-shaped numbers `[N, *shape]` as `[N, h, w, c]`."""
        if self.plain:
            return arrays
        return arrays.reshape(len(arrays), -1)[:, self._places]


def arrange(images: np.ndarray, expected: tuple[int | None, ...] | None) -> np.ndarray:
    """Images `[N, H, W, C]` arranged as a model's input of shape `expected` is: with channels first, or without."""
    if expected is None or fits(images.shape[1:], expected):
        return images
    if images.shape[-1] == 1 and fits(images.shape[1:3], expected):
        return images[..., 0]
    channels_first = np.moveaxis(images, -1, 1)
    return channels_first if fits(channels_first.shape[1:], expected) else images


def fits(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    """Whether an input of `shape` goes where `expected` is, without the batch; `None` stands for any length."""
    return len(shape) == len(expected) and all(e in (None, s) for s, e in zip(shape, expected, strict=True))


def _channels_first(shape: tuple[int, ...]) -> bool:
    if (shape[0] in _CHANNELS) != (shape[-1] in _CHANNELS):
        return shape[0] in _CHANNELS
    return keras.config.image_data_format() == "channels_first"


def _ask_where(postprocess: Postprocess, shape: tuple[int, ...]) -> np.ndarray:
    """For each pixel and channel the element of the flattened input that `postprocess` puts there: int [h, w, c]."""
    count = int(np.prod(shape))
    with naming("postprocess"):
        places = np.asarray(postprocess(np.arange(count, dtype="float64").reshape(1, *shape)))
    if places.ndim not in (3, 4) or len(places) != 1:
        raise ValueError(
            f"Picasso: postprocess turned an array of shape {(1, *shape)} into {places.shape}; expected [N, h, w] or "
            f"[N, h, w, c] with N = 1."
        )
    found = np.unique(places)
    if len(found) != places.size or not np.isin(found, np.arange(count)).all():
        raise ValueError(
            "Picasso: postprocess changes the numbers that it is given; expected it to rearrange them only (reshape, "
            "transpose, crop), since it also serves masks and gradients."
        )
    places = places[0].astype(int)
    return places if places.ndim == 3 else places[..., None]
