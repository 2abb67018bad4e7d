"""Arrangement: where rows, columns and channels are in a model's image input. Known, or found out by numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from picasso_callbacks.probes import Probes, in_units_of

Arrangement = Literal["channels last", "channels first", "no channels"]

Shape = tuple[int, ...]

PICTURES = 4
"""How many probes are changed to see where inputs change."""

APART = 0.1
"""So far apart, in parts of a side, lie changes of two halves, which are 0.5 apart in the picture itself."""

_USUAL = (1, 3, 4)
"""Numbers of channels that most pictures have."""


def fits(shape: Shape, expected: tuple[int | None, ...]) -> bool:
    """Whether an input of `shape` goes where `expected` is, without the batch; `None` stands for any length."""
    return len(shape) == len(expected) and all(e in (None, s) for s, e in zip(shape, expected, strict=True))


def arrangement_for(image: Shape, expected: tuple[int | None, ...] | None) -> Arrangement | None:
    """How images of shape `image`, (H, W, C), go where `expected` is; `None` if they don't."""
    for arrangement in ("channels last", "no channels", "channels first"):
        arranged = _shape_in(image, arrangement)
        if arranged is not None and (expected is None or fits(arranged, expected)):
            return arrangement
    return None


def arrange(images: np.ndarray, arrangement: Arrangement | None) -> np.ndarray:
    """Images `[N, H, W, C]` arranged so."""
    if arrangement == "no channels":
        return images[..., 0]
    return np.moveaxis(images, -1, 1) if arrangement == "channels first" else images


def find_arrangement(prepare: Callable[[np.ndarray], np.ndarray], probes: Probes, shape: Shape) -> Arrangement | None:
    """How inputs are arranged that somebody else's function makes of images.

    Each half of some pictures is changed a little, and it is looked where the input changes: with the left and the
    right half at places apart along its columns, with the upper and the lower along its rows. A half that was cropped
    away tells nothing; where nothing tells anything, the shape does.

    Args:
        prepare: Makes inputs `[N, *shape]` of images `[N, H, W, C]`.
        probes: For some pictures.
        shape: The shape of one input.

    Returns:
        The arrangement, or `None` if the input is no picture that lies as the probes do: made of patches, turned or
        mirrored.
    """
    pictures = probes.images[:PICTURES]
    inputs = prepare(_with_halves_changed(pictures, probes)).astype("float64").reshape(-1, len(pictures), *shape)
    with np.errstate(invalid="ignore"):
        changes = np.nan_to_num(np.abs(inputs[1:] - inputs[0]), posinf=0.0, neginf=0.0).sum(axis=1)
    candidates: list[Arrangement] = ["channels last", "channels first"] if len(shape) == 3 else ["no channels"]
    told = {one: _told(changes, one, pictures.shape[1:3]) for one in candidates}
    found = [one for one in candidates if False not in told[one] and True in told[one]]
    if len(found) == 1:
        return found[0]
    if not found and any(answer is not None for answers in told.values() for answer in answers):
        return None
    return _by_shape(candidates, shape, pictures.shape[1:])


def _told(changes: np.ndarray, arrangement: Arrangement, size: Shape) -> list[bool | None]:
    """For columns and rows: whether the changes of both halves lie apart as they should; `None` if nobody can tell."""
    rows, columns = (1, 2) if arrangement == "channels first" else (0, 1)
    left, right, above, below = changes
    pairs = ((left, right, columns, size[1]), (above, below, rows, size[0]))
    return [None if side == 1 else _apart(first, second, axis) for first, second, axis, side in pairs]


def _apart(first: np.ndarray, second: np.ndarray, axis: int) -> bool | None:
    """Whether one change lies before another along an axis; `None` if one of them is nowhere."""
    if not first.any() or not second.any():
        return None
    return _centre(second, axis) - _centre(first, axis) >= APART


def _centre(change: np.ndarray, axis: int) -> float:
    """Where a change lies along an axis, 0..1."""
    profile = change.sum(axis=tuple(other for other in range(change.ndim) if other != axis))
    return float(((np.arange(len(profile)) + 0.5) * profile).sum() / profile.sum() / len(profile))


def _by_shape(candidates: list[Arrangement], shape: Shape, image: Shape) -> Arrangement:
    """The arrangement by the probes' sides, or else by their channels, or by which axis is as short as channels are."""
    sides = {"channels last": shape[:2], "channels first": shape[1:], "no channels": shape}
    channels = {"channels last": shape[-1], "channels first": shape[0], "no channels": 1}
    same = [one for one in candidates if sides[one] == image[:2]]
    same = same or [one for one in candidates if channels[one] == image[2]]
    if len(same) == 1 or len(candidates) == 1:
        return (same or candidates)[0]
    first, last = shape[0] in _USUAL, shape[-1] in _USUAL
    return "channels first" if first and not last else "channels last"


def _shape_in(image: Shape, arrangement: str) -> Shape | None:
    height, width, channels = image
    if arrangement == "no channels":
        return (height, width) if channels == 1 else None
    return image if arrangement == "channels last" else (channels, height, width)


def _with_halves_changed(pictures: np.ndarray, probes: Probes) -> np.ndarray:
    """Pictures as they are, then with the left, right, upper and lower half changed: its outer part up, the inner down.

    So a picture keeps its mean, which some preprocessing takes away from all of it.
    """
    low, high = probes.value_range
    images = pictures.astype("float64")
    amount = np.maximum(images.std(axis=(1, 2, 3), keepdims=True) / 4, (high - low) / 256)
    columns, rows = (_up_and_down(side) for side in images.shape[2:0:-1])
    signs = [*columns[:, None, :, None], *rows[:, :, None, None]]
    versions = [images, *(np.clip(images + sign * amount, low, high) for sign in signs)]
    return in_units_of(probes.images, np.concatenate(versions))


def _up_and_down(side: int) -> np.ndarray:
    """For the first and the last half of a side: 1 in its outer part, -1 in the inner one, else 0; `[2, side]`."""
    first = np.zeros(side)
    first[: side // 2] = -1
    first[: (side // 2 + 1) // 2] = 1
    return np.stack([first, first[::-1]])
