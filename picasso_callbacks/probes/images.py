"""Images as they may come in, and the one form in which the library keeps them."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from PIL import Image

from picasso_callbacks.plain import readable


def as_numpy(value: Any, argument: str) -> np.ndarray:
    """NumPy arrays, lists, and TensorFlow, JAX and torch tensors on any device, as a NumPy array."""
    if "Ragged" in type(value).__name__:
        raise ValueError(
            f"{argument} are a {type(value).__name__}, expected one size for all. Resize them, then stack them."
        )
    if isinstance(value, (list, tuple)) and len(value) and hasattr(value[0], "shape"):
        items = [as_numpy(item, argument) for item in value]
        shapes = sorted({item.shape for item in items})
        if len(shapes) > 1:
            raise ValueError(
                f"{argument} have different shapes, {shapes[0]} and {shapes[1]}. Resize them to one shape."
            )
        return np.stack(items)
    if hasattr(
        value, "detach"
    ):  # torch: NumPy can read neither what is on a GPU, nor what has a gradient, nor bfloat16
        value = value.detach().cpu()
        value = value.float() if str(value.dtype) == "torch.bfloat16" else value
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{argument} are {type(value).__name__}, which NumPy can't read as one array ({error}). "
            "Pass an array, or a list of arrays that all have the same shape."
        ) from error
    return array.astype("float32") if array.dtype.name == "bfloat16" else array


def as_word(word: Any) -> Any:
    """A name that came as bytes, as some datasets have them, as text; all else as it is."""
    try:
        return word.decode() if isinstance(word, bytes) else word
    except UnicodeDecodeError:
        raise ValueError(f"Probes: labels hold {word!r}, expected names as text, or as bytes in UTF-8.") from None


LARGEST = float(np.finfo("float32").max)
"""Models are asked in float32."""

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
"""What is ever opened, whatever a file is called: Pillow would start Ghostscript for PostScript named .jpg."""


@contextlib.contextmanager
def open_image(file: pathlib.Path, argument: str) -> Iterator[Image.Image]:
    """An image file, and a `ValueError` with its name for all that goes wrong while it is read."""
    try:
        with Image.open(file, formats=FORMATS) as opened:
            yield opened
    except Exception as error:  # a broken file may bring Pillow to raise anything
        raise ValueError(
            f"{argument}: {readable(file)} can't be read as an image ({error}). Remove it or repair it."
        ) from error


def read_only(array: np.ndarray) -> np.ndarray:
    """The array itself, which from now on can't be written to."""
    array.flags.writeable = False
    return array


def as_images(images: Any, argument: str = "Probes: images") -> np.ndarray:
    """A read-only copy of `images`, `[P, H, W, C]` in their own dtype; grey ones come as `[P, H, W]` too."""
    array = as_numpy(images, argument)
    if array.dtype.kind not in "buif":
        raise ValueError(f"{argument} have dtype {array.dtype}, expected booleans, integers or floats.")
    _check_shape(array.shape, argument)
    _check_finite(array, argument)
    array = np.array(array if array.ndim == 4 else array[..., np.newaxis])
    array.flags.writeable = False
    return array


def _check_shape(shape: tuple[int, ...], argument: str) -> None:
    expected = f"{argument} have shape {shape}, expected [P, H, W, C] or, for grey images, [P, H, W]."
    if 0 in shape:
        raise ValueError(f"{expected} There is nothing to see in an empty array.")
    if len(shape) == 2:
        raise ValueError(f"{expected} One image: pass images[np.newaxis]. Flattened images: reshape them.")
    if len(shape) not in (3, 4):
        raise ValueError(expected)
    if len(shape) == 3 and shape[2] in (1, 3, 4) and min(shape[:2]) >= 8:
        raise ValueError(
            f"{expected} This looks like one image [H, W, C]: pass images[np.newaxis]. "
            "If it is many grey images, pass images[..., np.newaxis]."
        )
    if len(shape) == 4 and shape[1] in (1, 3, 4) and shape[3] > 16:
        raise ValueError(f"{expected} This looks like [P, C, H, W]: pass np.moveaxis(images, 1, -1).")


def is_finite(array: np.ndarray) -> bool:
    """Whether all would be finite in float32, in which models are asked."""
    return array.dtype.kind != "f" or bool(_finite(array).all())


def _finite(array: np.ndarray) -> np.ndarray:
    return np.abs(array) <= np.float64(LARGEST)


def _check_finite(array: np.ndarray, argument: str) -> None:
    if is_finite(array):
        return
    broken = ~_finite(array.reshape(len(array), -1))
    what = "numbers too large for float32" if np.isfinite(array).all() else "NaN or infinity"
    raise ValueError(
        f"{argument} contain {what} ({np.count_nonzero(broken)} values, the first in image "
        f"{np.flatnonzero(broken.any(axis=1))[0]}). Leave these images out, or mend them with np.nan_to_num."
    )


def as_value_range(value_range: Any, images: np.ndarray) -> tuple[float, float]:
    """The `(low, high)` that was said, or else the one that `images` imply, as documented in `Probes`."""
    if value_range is None:
        return _implied_range(images)
    ends = list(value_range) if isinstance(value_range, (list, tuple, np.ndarray)) else []
    numbers = all(isinstance(end, (int, float, np.number)) and not np.iscomplexobj(end) for end in ends)
    if len(ends) == 2 and numbers and -LARGEST <= ends[0] < ends[1] <= LARGEST:
        return float(ends[0]), float(ends[1])
    raise ValueError(f"Probes: value_range is {value_range!r}, expected two finite numbers (low, high), low < high.")


def _implied_range(images: np.ndarray) -> tuple[float, float]:
    low, high = float(images.min()), float(images.max())
    if images.dtype == np.bool_:
        return 0.0, 1.0
    if images.dtype == np.uint8:
        return 0.0, 255.0
    if images.dtype.name not in ("uint16", "int16"):
        for (black, white), threshold in ((0, 1), -np.inf), ((-1, 1), -np.inf), ((0, 255), 32):
            # Resizing and augmentation overshoot: 1.02 must not turn a 0..1 image into a nearly black 0..255 one.
            slack = (white - black) / 20
            if black - slack <= low and threshold < high <= white + slack:
                return float(black), float(white)
    if low == high:
        margin = max(0.5, abs(low) / 2)
        return low - margin, high + margin
    return low, high


def as_extra(extra: Any, count: int) -> dict[str | int, np.ndarray | None] | None:
    """Extra inputs by name or place as read-only copies `[count, ...]`; `None` marks the image input."""
    if extra is None:
        return None
    if isinstance(extra, (list, tuple)):
        extra = dict(enumerate(extra))
    if not isinstance(extra, Mapping) or len({type(name) for name in extra} | {str, int}) > 2:
        raise ValueError(
            f"Probes: extra is {type(extra).__name__}; expected a dict of arrays by the inputs' names, or a list of "
            "all inputs in the model's order, with None for the image."
        )
    return {name: None if value is None else _as_extra_input(name, value, count) for name, value in extra.items()}


def _as_extra_input(name: str | int, value: Any, count: int) -> np.ndarray:
    array = np.array(as_numpy(value, f"Probes: extra[{name!r}]"))
    if array.ndim == 0 or len(array) not in (1, count) or array.dtype.kind not in "biuf":
        raise ValueError(
            f"Probes: extra[{name!r}] is {array.dtype} {array.shape}; expected numbers [{count}, ...], one for each "
            f"probe, or [1, ...], one for all."
        )
    array = array.astype("float32") if array.dtype.kind == "f" else array
    array = np.repeat(array, count, axis=0) if len(array) < count else array
    array.flags.writeable = False
    return array
