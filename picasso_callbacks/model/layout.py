"""Layout: which elements of a model's input belong to which pixel of a map."""

from __future__ import annotations

import numpy as np
from PIL import Image

from picasso_callbacks.model.arrangement import Arrangement
from picasso_callbacks.problems import naming
from picasso_callbacks.typing import Postprocess


class Layout:
    """Carries masks from maps to inputs, and input-shaped numbers from inputs to maps.

    Args:
        shape: The shape of one input, without the batch.
        arrangement: Where its rows, columns and channels are; `None` where it is no image.
        postprocess: Rearranges input-shaped arrays `[N, *shape]` into `[N, h, w]` or `[N, h, w, c]`, for inputs that
            are not images. It is asked once where each element goes, and must do nothing else than rearrange.

    Attributes:
        size: (h, w) of the maps.
        plain: Whether inputs are images `(h, w, c)`, laid out as maps are.

    Raises:
        ValueError: The input is not an image and there is no `postprocess`, or it does more than rearrange.
    """

    def __init__(self, shape: tuple[int, ...], arrangement: Arrangement | None, postprocess: Postprocess | None = None):
        self._shape = shape
        if postprocess is not None:
            self._places = _ask_where(postprocess, shape)
        elif arrangement is not None:
            self._places = np.arange(np.prod(shape)).reshape(shape)
            if arrangement == "no channels":
                self._places = self._places[..., None]
            elif arrangement == "channels first":
                self._places = np.moveaxis(self._places, 0, -1)
        else:
            raise ValueError(_no_image(shape))
        self.size: tuple[int, int] = self._places.shape[:2]
        self.plain = self._places.shape == shape and bool((self._places.ravel() == np.arange(self._places.size)).all())

    def input_masks(self, masks: np.ndarray) -> np.ndarray:
        """Masks over pixels `[N, h, w]`, of any type, as masks over inputs: `[N, *shape]`, or 1 where all are alike."""
        if self.plain:
            return masks[..., None]
        flat = np.zeros((len(masks), int(np.prod(self._shape))), dtype=masks.dtype)
        flat[:, self._places] = masks[..., None]
        return flat.reshape(-1, *self._shape)

    def to_maps(self, arrays: np.ndarray) -> np.ndarray:
        """Input-shaped numbers `[N, *shape]` as `[N, h, w, c]`."""
        if self.plain:
            return arrays
        return arrays.reshape(len(arrays), -1)[:, self._places]


def resized(maps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Maps `[N, h, w]` at another size, bilinear: float32 `[N, *size]`."""
    maps = maps.astype("float32", copy=False)
    if maps.shape[1:] == size or not len(maps):
        return maps
    height, width = size
    scaled = (Image.fromarray(one).resize((width, height), Image.Resampling.BILINEAR) for one in maps)
    return np.stack([np.asarray(one) for one in scaled])


def _no_image(shape: tuple[int, ...]) -> str:
    """What to do about inputs that are no pictures, for those that people have."""
    said = f"Picasso: the model's input has shape {shape} without the batch, which is no image"
    if len(shape) in (2, 3):
        said += " that lies as the probes do: made of patches, turned or mirrored"
    text = (
        f"{said}; expected (h, w, c), (c, h, w) or, of grey probes, (h, w). Pass preprocess=..., which makes such "
        f"inputs of images [N, H, W, C], and postprocess=..., which brings arrays [N, *{shape}] back to [N, h, w] or "
        "[N, h, w, c]."
    )
    if len(shape) == 4:
        d, h, w, c = shape
        text += (
            f" For volumes or video (depth, height, width, channels): probes [P, {h}, {w}, {d * c}], "
            f"preprocess=lambda x: np.moveaxis(x.reshape(-1, {h}, {w}, {d}, {c}), 3, 1), "
            f"postprocess=lambda x: np.moveaxis(x, 1, 3).reshape(-1, {h}, {w}, {d * c})."
        )
    if len(shape) == 2:
        text += (
            f" For signals (time, channels): probes [P, 1, {shape[0]}, {shape[1]}], preprocess=lambda x: x[:, 0], "
            "postprocess=lambda x: x[:, None]."
        )
    return text


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
