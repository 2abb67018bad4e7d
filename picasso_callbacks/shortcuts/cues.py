"""Cues: what of one image can be put into another. Images in, images out; no model.

The same images give and take at every look, so what can be taken apart once is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from picasso_callbacks.model import hide_in_memory

Exchange = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Puts a cue of some images into others, both given by their indices, int `[N]`: floats `[N, H, W, C]`."""

Prepare = Callable[[np.ndarray], Exchange]
"""Makes the exchange of a cue between images, float32 `[P, H, W, C]`."""


HARMLESS_PLACE = (0.04, 0.04, 0.2)
"""The gap, the mean of errors and the share of log-odds up to which honest networks depend on a place.

What is spread over the whole picture always carries a little of the object itself: its coarse layout the object's place
and size, its fine texture the object's edges. In its first epochs a network may know the edges only: it is unsure then,
so that they move little probability, but many answers.
"""


@dataclasses.dataclass(frozen=True)
class Cue:
    """Something that a label should not hang on, unless it is what the label means.

    Args:
        name: A word or two, for tags and `allowed=[...]`.
        phrase: How a sentence calls it: "swapping <phrase> changes ...".
        prepare: Makes its exchange between given images.
        suspicious: Whether an answer that depends on it is reported as a shortcut. Parts of the picture in which the
            object itself may be are measured only.
        area: The share of the picture that is exchanged, 0..1; 1 for what is everywhere.
        harmless: The gap, the mean of errors and the share of log-odds up to which honest networks depend on it.
        mask: bool `[H, W]`, or `[P, H, W]` for all P images: where it is; `None` for what is everywhere.
        column: Of what the images are that alone have it, if that is known: which column of their `Truth`.
    """

    name: str
    phrase: str
    prepare: Prepare
    suspicious: bool = True
    area: float = 1.0
    harmless: tuple[float, float, float] = HARMLESS_PLACE
    mask: np.ndarray | None = None
    column: int | None = None


def standard_cues(
    size: tuple[int, int], tags: list[tuple[int, int]], tag_size: tuple[int, int], texture: Cue | None = None
) -> list[Cue]:
    """The cues that are tried without masks.

    Args:
        size: (height, width) of the images.
        tags: Top left corners of small places at which the classes differ the same way in all images; see `find_tags`.
        tag_size: (height, width) of these places, which end where the images do.
        texture: The fine texture, by default `TEXTURE`.
    """
    small = [_box(size, corner, tag_size) for corner in tags]
    return [
        Cue("colour", "the colours and brightness", _colour, harmless=(0.14, 0.14, 0.2)),
        Cue("layout", "the coarse layout of light", _layout, harmless=(0.14, 0.14, 0.2)),
        texture or TEXTURE,
        _place("frame", "the frame", _frame(size)),
        _place("corners", "the corners", _corners(size)),
        *(_place(f"tag {n}", f"the small place {_where(mask)}", mask) for n, mask in enumerate(small, start=1)),
        *(_place(name, f"the {name} third", mask, suspicious=False) for name, mask in _thirds(size).items()),
    ]


def find_tags(images: np.ndarray, has: np.ndarray, tag_size: tuple[int, int], count: int) -> list[tuple[int, int]]:
    """Small places that tell classes apart at the same position in all images, as a watermark would.

    For each place and its mean colour: the square of a class's distance from all others over the variances of both; or,
    of classes of which an image has one each, the variance between classes over that within classes.

    Args:
        images: float `[N, H, W, C]`.
        has: bool `[N, C]`: which images are of which class, have which label, or a higher one of their numbers.
        tag_size: (height, width) of a place; one that is larger than the images is cut to their size.
        count: How many places to return; fewer where the images have no room, since they don't overlap.

    Returns:
        Their top left corners, the most telling first.
    """
    height, width = (min(sides) for sides in zip(tag_size, images.shape[1:3], strict=True))
    means = np.stack([_box_means(image, height, width) for image in images])
    least = 1e-3 * images.var() + 1e-12
    ratio = np.full(means.shape[1:3], -1.0)
    inside = [(means[group].mean(axis=0), means[group].var(axis=0)) for group in has.T]
    if (has.sum(axis=1) == 1).all():
        between, within = np.var([mean for mean, _ in inside], axis=0), np.mean([var for _, var in inside], axis=0)
        ratio = 2 * between.sum(axis=-1) / (within.sum(axis=-1) + least)
    for group, (mean, var) in zip(has.T, inside, strict=True):
        if 1 < group.sum() < len(group) - 1:
            rest = means[~group]
            ratio = np.maximum(ratio, ((mean - rest.mean(axis=0)) ** 2 / (var + rest.var(axis=0) + least)).sum(axis=-1))
    found: list[tuple[int, int]] = []
    while len(found) < count and ratio.max() >= 0:
        row, column = np.unravel_index(ratio.argmax(), ratio.shape)
        found.append((int(row), int(column)))
        ratio[max(row - height + 1, 0) : row + height, max(column - width + 1, 0) : column + width] = -1
    return found


def _box_means(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Means of `[H, W, C]` over all boxes, by top left corner: float64 `[H - height + 1, W - width + 1, C]`.

    From a table of the sums above and left of each place, so that a box takes four numbers, whatever its size.
    """
    table = np.pad(image.astype("float64"), ((1, 0), (1, 0), (0, 0))).cumsum(axis=0).cumsum(axis=1)
    rows = table[height:] - table[:-height]
    return (rows[:, width:] - rows[:, :-width]) / (height * width)


def _place(name: str, phrase: str, mask: np.ndarray, suspicious: bool = True) -> Cue:
    def prepare(images: np.ndarray) -> Exchange:
        def exchange(takers: np.ndarray, donors: np.ndarray) -> np.ndarray:
            masks = np.broadcast_to(mask[..., None], (len(takers), *mask.shape, 1))
            return hide_in_memory(images, images, takers, donors, masks)

        return exchange

    return Cue(name, phrase, prepare, suspicious, float(mask.mean()), mask=mask)


def _colour(images: np.ndarray) -> Exchange:
    """Each channel gets the donor's mean and contrast."""
    mean, deviation = (of(images, axis=(1, 2), keepdims=True, dtype="float64") for of in (np.mean, np.std))
    plain = (images - mean).astype(images.dtype)

    def exchange(takers: np.ndarray, donors: np.ndarray) -> np.ndarray:
        factor = deviation[donors] / (deviation[takers] + 1e-9)
        return plain[takers] * factor.astype(images.dtype) + mean[donors].astype(images.dtype)

    return exchange


def _layout(images: np.ndarray) -> Exchange:
    """The image reduced to 4 x 4 pixels, and smoothly enlarged again, takes the place of its own."""
    rows, columns = (_blur(side) for side in images.shape[1:3])
    coarse = np.stack([np.einsum("hy,yxc,wx->hwc", rows, image, columns, optimize=True) for image in images])
    return _exchange_of(images, np.ascontiguousarray(coarse, images.dtype))


def _texture(images: np.ndarray) -> Exchange:
    """What is finer than a pixel or two: the residual of a small blur."""
    return _exchange_of(images, _fine(images))


def _spread_texture(images: np.ndarray) -> Exchange:
    """The same, spread over the picture: its spectrum with the phases of one white noise added to its own.

    Before, what stands out is cut to the rest: beyond three standard deviations (by the median), if it is rarer than
    one pixel in ten. Those are edges, and spread they would drown what is everywhere, or that nothing is.
    """
    fine, size = _fine(images), images.shape[1:3]
    usual, rarer = np.quantile(np.abs(fine), (0.5, 0.9), axis=(1, 2), keepdims=True)
    level = np.maximum(3 * 1.4826 * usual, rarer)
    noise = np.fft.rfft2(np.random.default_rng(0).standard_normal(size))
    phases = np.where(noise.imag == 0, 1, noise / np.abs(noise))[..., None]  # every second pixel stays every second
    spectra = (np.fft.rfft2(one, axes=(0, 1)) * phases for one in np.clip(fine, -level, level))
    spread = np.stack([np.fft.irfft2(one, size, axes=(0, 1)) for one in spectra])
    rest, given = images - fine, spread.astype(images.dtype)
    return lambda takers, donors: rest[takers] + given[donors]


def _fine(images: np.ndarray) -> np.ndarray:
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    rows = (padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4
    return images - (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 4


def _blur(side: int, cells: int = 4) -> np.ndarray:
    """Means over `cells` equal parts, linearly interpolated between their centres: `[side, side]`."""
    edges = np.linspace(0, side, cells + 1)
    overlap = np.clip(
        np.minimum(edges[1:, None], np.arange(1, side + 1)) - np.maximum(edges[:-1, None], np.arange(side)), 0, None
    )
    position = np.clip((np.arange(side) + 0.5) / side * cells - 0.5, 0, cells - 1)
    enlarge = np.clip(1 - np.abs(position[:, None] - np.arange(cells)), 0, None)
    return enlarge @ (overlap / overlap.sum(axis=1, keepdims=True))


def _exchange_of(images: np.ndarray, part: np.ndarray) -> Exchange:
    """The exchange of an additive part of each image, both `[P, H, W, C]`."""
    rest = images - part
    return lambda takers, donors: rest[takers] + part[donors]


def _box(size: tuple[int, int], corner: tuple[int, int], box: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(size, dtype=bool)
    mask[corner[0] : corner[0] + box[0], corner[1] : corner[1] + box[1]] = True
    return mask


def _where(mask: np.ndarray) -> str:
    """Where a small place is, in words: by thirds of the picture, and in a corner where it comes near to one."""
    rows, columns = np.nonzero(mask)
    down, across = (rows.mean() + 0.5) / mask.shape[0], (columns.mean() + 0.5) / mask.shape[1]
    vertical = "top" if down < 1 / 3 else "bottom" if down > 2 / 3 else ""
    horizontal = "left" if across < 1 / 3 else "right" if across > 2 / 3 else ""
    if not vertical or not horizontal:
        return f"at the {vertical or horizontal}" if vertical or horizontal else "in the middle"
    near = all(min(one, 1 - one) < 0.2 for one in (down, across))
    return f"in the {vertical} {horizontal} corner" if near else f"at the {vertical} {horizontal}"


def _frame(size: tuple[int, int]) -> np.ndarray:
    """The outer eighth on all sides."""
    height, width = (max(side // 8, 1) for side in size)
    mask = np.ones(size, dtype=bool)
    mask[height:-height, width:-width] = False
    return mask


def _corners(size: tuple[int, int]) -> np.ndarray:
    """Squares of a quarter of each side in the corners."""
    height, width = (max(side // 4, 1) for side in size)
    rows, columns = np.arange(size[0]), np.arange(size[1])
    return ((rows < height) | (rows >= size[0] - height))[:, None] & ((columns < width) | (columns >= size[1] - width))


def _thirds(size: tuple[int, int]) -> dict[str, np.ndarray]:
    rows = np.arange(size[0]) * 3 // size[0]
    return {name: np.broadcast_to((rows == i)[:, None], size) for i, name in enumerate(("top", "middle", "bottom"))}


TEXTURE = Cue("texture", "the fine texture", _texture, harmless=(0.2, 0.25, 0.2))
"""The one cue of these that may lie on an object and not belong to it."""

SPREAD_TEXTURE = dataclasses.replace(TEXTURE, prepare=_spread_texture)
"""As far as it is the same everywhere, as a pattern, noise or traces of compression are.

Where images have several objects each, the texture as it lies puts the edges of a donor's into empty places, and an
honest network sees it there. (Phases hold the edges: Oppenheim & Lim, "The importance of phase in signals", 1981.)
"""
