"""Reads image files from class folders, or from a flat folder, with Pillow alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from picasso_callbacks.typing import is_integer

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")
PILLOW_MODES = {"rgb": "RGB", "rgba": "RGBA", "grayscale": "L"}


def read_folder(
    path: str | os.PathLike[str],
    image_size: tuple[int, int] | None,
    count: int | None,
    color_mode: str,
    class_names: Sequence[str] | None,
) -> tuple[np.ndarray, list[int] | None, list[str], Sequence[str] | None]:
    """The arguments of `Probes`: uint8 images `[P, H, W, C]`, labels or `None`, names, class names or `None`."""
    _check(path, image_size, count, color_mode)
    folders = _class_folders(Path(path), class_names)
    groups = [_image_files(folder, "**/*") for folder in folders] if folders else [_image_files(Path(path), "*")]
    if folders:
        class_names = [folder.name for folder in folders] if class_names is None else class_names
    files, there = _evenly(groups, count), sum(map(len, groups))
    if len(files) < there:
        print(f"Picasso: took {len(files)} of {there} images in {path}; count=... takes more or fewer.", flush=True)
    if not files:
        raise ValueError(f"Probes.from_directory: no image in {path}, expected files ending in {', '.join(SUFFIXES)}.")
    images = [_read(file, image_size, color_mode) for file in files]
    for file, image in zip(files, images, strict=True):
        if image.shape != images[0].shape:
            raise ValueError(
                f"Probes.from_directory: {files[0]} has (height, width) {images[0].shape[:2]}, but {file} has "
                f"{image.shape[:2]}. Pass image_size=(height, width)."
            )
    if not folders or class_names is None:
        return np.stack(images), None, [file.stem for file in files], class_names
    words = [file.relative_to(path).parts[0] for file in files]
    labels = [list(class_names).index(word) for word in words]
    return np.stack(images), labels, [_name(word, file) for word, file in zip(words, files, strict=True)], class_names


def _check(path: str | os.PathLike[str], image_size: object, count: int | None, color_mode: str) -> None:
    if not Path(path).is_dir():
        raise ValueError(f"Probes.from_directory: path is {str(path)!r}, expected a folder that exists.")
    if color_mode not in PILLOW_MODES:
        raise ValueError(f"Probes.from_directory: color_mode is {color_mode!r}, expected one of {list(PILLOW_MODES)}.")
    if count is not None and not (is_integer(count) and count > 0):
        raise ValueError(f"Probes.from_directory: count is {count!r}, expected an integer > 0, or None for all images.")
    if image_size is None:
        return
    sides = image_size if isinstance(image_size, (tuple, list)) else ()
    if len(sides) != 2 or not all(is_integer(side) and side > 0 for side in sides):
        raise ValueError(f"Probes.from_directory: image_size is {image_size!r}, expected (height, width) in pixels.")


def _class_folders(path: Path, class_names: Sequence[str] | None) -> list[Path]:
    """The folders in `path`, sorted, if one of them holds an image; else the folder is a flat one."""
    folders = sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    if not any(_image_files(folder, "**/*") for folder in folders):
        return []
    unknown = [folder.name for folder in folders if class_names is not None and folder.name not in class_names]
    if unknown:
        raise ValueError(f"Probes.from_directory: folder {unknown[0]!r} is not one of class_names {class_names}.")
    return folders


def _image_files(folder: Path, pattern: str) -> list[Path]:
    return sorted(
        file
        for file in folder.glob(pattern)
        if file.suffix.lower() in SUFFIXES
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )


def _evenly(groups: list[list[Path]], count: int | None) -> list[Path]:
    """The first of each group, then the second of each, until there are `count`; in the order of the groups."""
    order = [(place, group) for group, files in enumerate(groups) for place in range(len(files))]
    return [groups[group][place] for group, place in sorted((g, p) for p, g in sorted(order)[:count])]


def _name(its_class: str, file: Path) -> str:
    return file.stem if file.stem.startswith(its_class) else f"{its_class} {file.stem}"


def _read(file: Path, image_size: tuple[int, int] | None, color_mode: str) -> np.ndarray:
    """uint8 `[H, W, C]`."""
    try:
        with Image.open(file) as opened:
            image = _eight_bit(ImageOps.exif_transpose(opened)).convert(PILLOW_MODES[color_mode])
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"Probes.from_directory: {file} can't be read as an image ({error}). Remove it or repair it."
        ) from error
    if image_size is not None:
        height, width = image_size
        image = image.resize((int(width), int(height)), Image.Resampling.BILINEAR)
    return np.asarray(image).reshape(image.height, image.width, -1)


def _eight_bit(image: Image.Image) -> Image.Image:
    """`image` with 8 bit a channel, and palettes looked up."""
    if image.mode.startswith("I"):  # 16-bit grey; Pillow's own conversion would clip everything above 255 to white
        return Image.fromarray((np.asarray(image).astype("int64").clip(0, 65535) >> 8).astype("uint8"))
    return image.convert("RGBA") if image.mode in ("P", "PA") else image
