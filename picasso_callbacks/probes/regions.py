"""Named regions of probes: from masks, boxes or folders of mask images to one form."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from picasso_callbacks.plain import tell
from picasso_callbacks.probes.images import as_numpy, open_image

SUFFIXES = (".bmp", ".png", ".tif", ".tiff")


def as_regions(regions: Any, names: Sequence[str], size: tuple[int, int]) -> dict[str, np.ndarray] | None:
    """Regions by name as read-only masks, bool `[P, H, W]`; all false where a probe lacks the region.

    Args:
        regions: For each name masks `[P, H, W]`; or a list with a mask `[H, W]`, a box `(top, left, height, width)` or
            `None` for each probe; or the path of a folder with a mask image for each probe that has the region, white
            inside, whose file name without its ending is the probe's name, or the end of it after a space or a sign.
        names: The probes' names.
        size: (height, width) of the images.

    Raises:
        ValueError: Something else, or masks of another size.
    """
    if regions is None:
        return None
    if not isinstance(regions, Mapping) or not all(isinstance(name, str) for name in regions):
        raise ValueError(f"Probes: regions is {type(regions).__name__}; expected a dict of masks by name.")
    return {name: _as_masks(f"Probes: regions[{name!r}]", value, names, size) for name, value in regions.items()}


def _as_masks(argument: str, value: Any, names: Sequence[str], size: tuple[int, int]) -> np.ndarray:
    if isinstance(value, (str, os.PathLike)):
        value = _read_masks(argument, pathlib.Path(value), names)
    if not isinstance(value, (list, tuple)) and not getattr(value, "shape", ()):
        raise ValueError(
            f"{argument} is a {type(value).__name__}; expected masks [P, H, W], a list with a mask, a box or None for "
            "each probe, or the path of a folder."
        )
    if len(value) != len(names):
        raise ValueError(f"{argument} has {len(value)} entries; expected one for each of {len(names)} probes.")
    masks = np.stack([_as_mask(argument, one, size) for one in value])
    if not masks.any():
        raise ValueError(f"{argument} is empty in every probe; expected it to be true somewhere.")
    masks.flags.writeable = False
    return masks


def _as_mask(argument: str, value: Any, size: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(size, dtype=bool)
    if value is None:
        return mask
    array = as_numpy(value, argument)
    numbers = array.dtype.kind in "biuf" and np.isfinite(array).all()
    if array.shape == (4,) and numbers and array.dtype.kind != "b" and (array == np.floor(array)).all():
        top, left, height, width = (int(number) for number in array)
        mask[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)] = True
        return mask
    if array.shape != size or not numbers:
        came = repr(value) if array.shape == (4,) else f"a mask of shape {array.shape}"
        came += "" if numbers else f" of {array.dtype}, not all of it finite numbers"
        raise ValueError(
            f"{argument} holds {came}; expected {size}, the probes' height and width, in finite numbers, or a box "
            "(top, left, height, width) in whole pixels."
        )
    return array.astype(bool)


def _read_masks(argument: str, folder: pathlib.Path, names: Sequence[str]) -> list[np.ndarray | None]:
    files = [path for path in sorted(folder.glob("*")) if path.suffix.lower() in SUFFIXES and path.is_file()]
    masks: list[np.ndarray | None] = []
    without: list[str] = []
    black: list[str] = []
    for name in names:
        found = [path for path in files if _ends_in(name, path.stem)]
        longest = max(found, key=lambda path: len(path.stem), default=None)
        masks.append(None if longest is None else _read_mask(argument, longest))
        if longest is None:
            without.append(name)
        elif not masks[-1].any():  # type: ignore[union-attr]
            black.append(longest.name)
    if len(without) == len(names) and not os.path.isdir(folder):
        raise ValueError(
            f"{argument} is {os.fspath(folder)!r}, which is no folder (looked for in {os.getcwd()!r}); expected one of "
            "mask images, white inside, named as the probes."
        )
    if len(without) == len(names):
        raise ValueError(
            f"{argument} is {os.fspath(folder)!r}, in which no PNG, BMP or TIFF file is named as a probe, such as "
            f"{names[0]!r}, or as the end of its name after a space or a sign; expected one for each probe that has "
            "the region."
        )
    if len(without) + len(black) == len(names):
        raise ValueError(
            f"{argument} is {os.fspath(folder)!r}, in which {black[0]} and all others are dark everywhere; "
            "expected masks that are white inside, above half of what a file can hold. Masks of 0 and 1: multiply them "
            "by 255."
        )
    for few, what in ((without, "no mask"), (black, "a mask that is dark everywhere")):
        if few:
            tell(
                f"{argument.replace('Probes', 'Picasso', 1)}: {len(few)} of {len(names)} probes have {what} in "
                f"{os.fspath(folder)}, such as {few[0]!r}; they count as lacking the "
                "region."
            )
    return masks


def _read_mask(argument: str, file: pathlib.Path) -> np.ndarray:
    """bool `[H, W]`, true where the image is brighter than half of what the file can hold; transparent is dark."""
    with open_image(file, argument) as opened:
        if opened.mode[0] in "IF":  # deeper than 8 bits
            values = np.asarray(opened.convert("F"))
            sixteen = opened.mode.startswith("I;16") or opened.format == "PNG"
            ranges = [65535] if sixteen else [most for most in (1, 255, 65535) if most >= values.max()]
            return values > (ranges[0] if ranges else values.max()) / 2
        shown = opened.convert("RGBA")
        black = Image.new("RGBA", shown.size, (0, 0, 0, 255))
        return np.asarray(Image.alpha_composite(black, shown).convert("L")) > 127


def _ends_in(name: str, ending: str) -> bool:
    """Whether a name is or ends in this one: `tank 1` ends in `1`, and `tank 11` does not."""
    return name.endswith(ending) and not name.removesuffix(ending)[-1:].isalnum()
