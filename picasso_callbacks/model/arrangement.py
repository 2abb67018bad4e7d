"""Arrangement: where rows, columns and channels are in a model's image input. Known, or found out by numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from picasso_callbacks.probes import Probes, in_units_of

Arrangement = Literal["channels last", "channels first", "no channels"]

Shape = tuple[int, ...]

CLEAR = 0.6
"""Of what changes in an input when half of the picture does, so much lies in the same half of it: by chance, 0.5."""


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

    Half of a picture is changed, left and then above, and it is looked where the input changes.

    Args:
        prepare: Makes inputs `[N, *shape]` of images `[N, H, W, C]`.
        probes: For a picture, and what is black and white in it.
        shape: The shape of one input.

    Returns:
        The arrangement, or `None` if the input is no picture that lies as the probes do: made of patches, turned or
        mirrored.
    """
    candidates: list[Arrangement] = ["channels last", "channels first"] if len(shape) == 3 else ["no channels"]
    untouched, left, above = prepare(_halves_changed(probes)).astype("float64")
    found = []
    for arrangement in candidates:
        rows, columns = (0, 1) if arrangement != "channels first" else (1, 2)
        changes = (np.abs(above - untouched), rows), (np.abs(left - untouched), columns)
        sides = zip(changes, probes.images.shape[1:3], strict=True)
        if all(_share_of_first_half(change, axis, side) >= CLEAR for (change, axis), side in sides):
            found.append(arrangement)
    if len(found) > 1:  # of a single pixel, or where nothing changed, the shape has to tell
        found = [one for one in found if _shape_in(probes.images.shape[1:], one) == shape]
    return found[0] if len(found) == 1 else None


def _shape_in(image: Shape, arrangement: str) -> Shape | None:
    height, width, channels = image
    if arrangement == "no channels":
        return (height, width) if channels == 1 else None
    return image if arrangement == "channels last" else (channels, height, width)


def _halves_changed(probes: Probes) -> np.ndarray:
    """A probe; with the left half of it black where it was bright, and the other way round; and with the upper half."""
    low, high = probes.value_range
    image = probes.images[0]
    opposite = np.where(image.astype("float64") < (low + high) / 2, high, low)
    changed = np.stack([image.astype("float64")] * 3)
    height, width = image.shape[:2]
    changed[1, :, : width // 2] = opposite[:, : width // 2]
    changed[2, : height // 2] = opposite[: height // 2]
    return in_units_of(probes.images, changed)


def _share_of_first_half(change: np.ndarray, axis: int, of_probe: int) -> float:
    """How much of a change lies in the first half of an axis; its middle line by half. 1 where nothing can be told."""
    side, total = change.shape[axis], change.sum()
    if side == 1:
        return float(of_probe == 1)
    if total == 0:
        return 1.0
    profile = change.sum(axis=tuple(other for other in range(change.ndim) if other != axis))
    middle = profile[side // 2] / 2 if side % 2 else 0.0
    return float((profile[: side // 2].sum() + middle) / total)
