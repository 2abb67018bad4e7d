"""Occlusion geometry: windows that together cover an image, and averaging their numbers back to a map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from picasso_callbacks.averaging import average, axis_weights
from picasso_callbacks.typing import Length, is_integer


def check_length(argument: str, length: Length | Sequence[Length]) -> tuple[Length, Length]:
    """Returns `length` as a (vertical, horizontal) pair, or raises a `ValueError` that names `argument`."""
    listed = isinstance(length, (Sequence, np.ndarray)) and not isinstance(length, (str, bytes))
    pair: tuple[Any, ...] = (length, length)
    if listed and getattr(length, "shape", True) != ():
        pair = tuple(length)  # type: ignore[arg-type]
    if len(pair) != 2 or not all(_is_length(side) for side in pair):
        raise ValueError(
            f"{argument} is {length!r}; expected an int of pixels >= 1, a float fraction of each side in (0, 1], "
            f"or a (height, width) pair of those."
        )
    vertical, horizontal = pair
    return vertical, horizontal


def _is_length(side: object) -> bool:
    if is_integer(side):
        return side >= 1
    return isinstance(side, (float, np.floating)) and 0 < float(side) <= 1


class Windows:
    """All places of one window on an image of `size` pixels, row by row.

    Windows start at every multiple of the stride and, where that leaves a border uncovered, once more flush with it.
    Fractions are taken of each side, windows rounded up and starts down, so that a window of 1/4 and a stride of 1/8
    make 7 x 7 = 49 windows on an image of any size from 8 x 8.

    Args:
        size: (height, width) of the image in pixels.
        window: The window's side: int pixels, a float fraction of each side, or a (height, width) pair.
        stride: The distance of neighbouring windows, likewise. It may exceed the window, and then leaves gaps.

    Raises:
        ValueError: A window that is larger than the image.

    Example:

        windows = Windows((28, 28), window=1/4, stride=1/8)
        len(windows)               # 49
        windows.masks([0, 48])     # bool [2, 28, 28]: the first and the last window
    """

    def __init__(self, size: tuple[int, int], window: Length | Sequence[Length], stride: Length | Sequence[Length]):
        self.size = size
        windows, strides = check_length("window", window), check_length("stride", stride)
        for side, length in zip(size, windows, strict=True):
            if is_integer(length) and length > side:
                raise ValueError(
                    f"window={window!r} is larger than the image of {size[0]} x {size[1]} pixels that it slides over; "
                    f"expected at most the image's own size. Pass a smaller window, or a fraction such as 1/4."
                )
        self._rows, self._columns = (_hidden(*axis) for axis in zip(size, windows, strides, strict=True))
        self._weights = [axis_weights(self.places_along(axis), size[axis]) for axis in (0, 1)]

    def __len__(self) -> int:
        return len(self._rows) * len(self._columns)

    @property
    def gaps(self) -> bool:
        """Whether some pixel lies in no window, as happens when the stride is larger than the window."""
        return not (self._rows.any(axis=0).all() and self._columns.any(axis=0).all())

    @property
    def key(self) -> bytes:
        """The same for all windows that hide the same pixels of images of one size."""
        return self._rows.tobytes() + b"x" + self._columns.tobytes()

    def axes(self) -> tuple[tuple[int, np.ndarray, np.ndarray], ...]:
        """Along each axis: the image's side, and the first pixel and the end of each place, int `[places]`."""
        return tuple((side, *self.places_along(axis).T) for axis, side in enumerate(self.size))

    def places_along(self, axis: int) -> np.ndarray:
        """The first pixel and the end of each place along an axis, 0 or 1: int `[places, 2]`."""
        hidden = (self._rows, self._columns)[axis]
        starts = hidden.argmax(axis=1)
        return np.stack([starts, starts + hidden[0].sum()], axis=1)

    def places(self, indices: Sequence[int] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which place along each axis the windows with these `indices` take: two int32 arrays."""
        rows, columns = np.divmod(np.asarray(indices, dtype="int32"), np.int32(len(self._columns)))
        return rows, columns

    def masks(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """The windows with these `indices`, as masks: bool `[len(indices), H, W]`, true inside the window."""
        rows, columns = self.places(indices)
        return self._rows[rows][:, :, None] & self._columns[columns][:, None, :]

    def average(self, values: np.ndarray) -> np.ndarray:
        """Spreads a number for each window over the pixels that the window hides.

        Args:
            values: float `[..., M]`, a number for each of the M windows.

        Returns:
            float32 `[..., H, W]`: for each pixel the mean over the windows that hide it; a pixel in a gap takes the
            value of the nearest window.
        """
        grids = np.reshape(values, (*np.shape(values)[:-1], len(self._rows), len(self._columns)))
        return average(grids, *self._weights)


def _hidden(side: int, window: Length, stride: Length) -> np.ndarray:
    """What each window hides along one axis: bool [windows, side]."""
    length = int(window) if is_integer(window) else math.ceil(round(window * side, 6))
    step = stride if is_integer(stride) else stride * side
    count = math.floor(round((side - length) / step, 6)) + 1
    starts = [math.floor(round(i * step, 6)) for i in range(count)]
    if starts[-1] + length < side:
        starts.append(side - length)
    first = np.unique(starts)[:, None]
    pixels = np.arange(side)
    return (pixels >= first) & (pixels < first + length)
