"""Reads image files from class folders, from a flat folder, or as a table labels them, with Pillow alone."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from picasso_callbacks.plain import readable, tell
from picasso_callbacks.probes.images import open_image
from picasso_callbacks.probes.label_table import LabelTable
from picasso_callbacks.typing import is_integer

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
SKIPPED = (".avif", ".heic", ".heif", ".jfif", ".jp2", ".jpe", ".pgm", ".ppm", ".tga")
"""Endings of pictures, too, of which it is said that they are not read."""

PILLOW_MODES = {"rgb": "RGB", "rgba": "RGBA", "grayscale": "L"}

DEEP = "are grey with more than 8 bits, and stay so"
REDUCED = "have colours of 16 bits, of which 8 are read, as Pillow and Keras do"
TURNED = "say that they are to be turned (EXIF), and are not, as Keras does not"

_ORIENTATION = 0x0112

Folder = tuple[np.ndarray, "list[Any] | None", list[str], "Sequence[str] | None"]


def read_folder(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    image_size: tuple[int, int] | None,
    count: int | None,
    color_mode: str,
    class_names: Sequence[str] | None,
    labels: Any,
) -> Folder:
    """The arguments of `Probes`: images `[P, H, W, C]`, labels or `None`, names, class names or `None`."""
    _check(image_size, count, color_mode)
    paths = [Path(one) for one in ([path] if isinstance(path, (str, os.PathLike)) else path)]
    if labels is None:
        of_file, class_names = _labels_by_folders(paths, class_names)
    else:
        of_file, class_names = _labels_by_table(_the_folder(paths), labels, class_names)
    files = _evenly(of_file, count)
    where = ", ".join(map(str, paths[:3])) + ", ..." * (len(paths) > 3)
    if len(files) < len(of_file):
        tell(f"Picasso: took {len(files)} of {len(of_file)} images in {where}; count=... takes more or fewer.")
    images = _read_all(files, where, image_size, color_mode)
    for folder in paths:
        _tell_skipped(folder)
    known = [of_file[file] for file in files]
    names = [_name(label, file, class_names) for label, file in zip(known, files, strict=True)]
    return images, None if None in known else known, names, class_names


def _labels_by_folders(
    paths: Sequence[Path], class_names: Sequence[str] | None
) -> tuple[dict[Path, Any], Sequence[str] | None]:
    """The files in folders, and files named themselves, which have no labels; and the classes of all."""
    of_file: dict[Path, Any] = {}
    classes = set[str]()
    for path in paths:
        if path.is_file() and path.suffix.lower() in SUFFIXES:
            of_file.setdefault(path, None)
        else:
            found, names = _labels_by_folder(_the_folder([path]), class_names)
            of_file |= found
            classes |= set(names or ())
    labelled = sum(label is not None for label in of_file.values())
    if 0 < labelled < len(of_file):
        tell(
            f"Picasso: {len(of_file) - labelled} of {len(of_file)} images are in no class folder, so that labels are "
            "left out."
        )
    return of_file, class_names or sorted(classes) or None


def _the_folder(paths: Sequence[Path]) -> Path:
    if len(paths) != 1:
        raise ValueError(f"Probes.from_directory: path is {len(paths)} paths; expected one folder where labels=... is.")
    if not paths[0].is_dir():
        raise ValueError(
            f"Probes.from_directory: path is {str(paths[0])!r}, expected a folder that exists, or in a list also an "
            f"image file ending in {', '.join(SUFFIXES)}."
        )
    return paths[0]


def _labels_by_folder(path: Path, class_names: Sequence[str] | None) -> tuple[dict[Path, Any], Sequence[str] | None]:
    """The files with their folders as labels; of a flat folder with `None`."""
    folders = _class_folders(path, class_names)
    if not folders:
        return dict.fromkeys(_some(_image_files(path, "*"), path)), class_names
    if class_names is None:
        class_names = [folder.name for folder in folders]
    return {file: folder.name for folder in folders for file in _image_files(folder, "**/*")}, class_names


def _labels_by_table(
    path: Path, labels: Any, class_names: Sequence[str] | None
) -> tuple[dict[Path, Any], Sequence[str] | None]:
    """The files that a table has a label for, with these."""
    table = LabelTable(labels, class_names)
    files = _some(_image_files(path, "**/*"), path)
    of_file = table.label_files(files, path)
    without = [file for file in files if file not in of_file]
    if without:
        tell(
            f"Picasso: {len(without)} of {len(files)} images in {path} have no label in labels and are left out, such "
            f"as {without[0].relative_to(path).as_posix()}."
        )
    return of_file, table.class_names


def _tell_skipped(path: Path) -> None:
    skipped = sorted({file.suffix for file in path.glob("**/*") if file.suffix.lower() in SKIPPED})
    if skipped:
        tell(
            f"Picasso: files ending in {', '.join(skipped)} in {path} are skipped; those read end in "
            f"{', '.join(SUFFIXES)}."
        )


def _some(files: list[Path], path: Path) -> list[Path]:
    if not files:
        raise ValueError(
            f"Probes.from_directory: no image in {readable(path)}, expected files ending in {', '.join(SUFFIXES)}."
        )
    return files


def _read_all(files: list[Path], where: str, image_size: tuple[int, int] | None, color_mode: str) -> np.ndarray:
    """`[P, H, W, C]`; what a person may not expect of the files is printed."""
    remarks: Counter[str] = Counter()
    images = [_read(file, image_size, color_mode, remarks) for file in files]
    for file, image in zip(files, images, strict=True):
        if image.shape != images[0].shape:
            raise ValueError(
                f"Probes.from_directory: {readable(files[0])} has (height, width) {images[0].shape[:2]}, but "
                f"{readable(file)} has {image.shape[:2]}. Pass image_size=(height, width)."
            )
        if image.dtype != images[0].dtype:
            raise ValueError(
                f"Probes.from_directory: {readable(files[0])} holds {images[0].dtype}, but {readable(file)} "
                f"{image.dtype}; expected one type, since these are other ranges. Convert the files, or read them as "
                "fit does and pass the arrays."
            )
    stack = np.stack(images)
    for remark, times in remarks.items():
        tell(f"Picasso: {times} of {len(files)} images taken from {where} {remark}.")
    if DEEP in remarks:
        tell(
            f"Picasso: they are {stack.dtype} from {stack.min():.6g} to {stack.max():.6g}. Are they as fit gets its "
            "images? keras.utils.image_dataset_from_directory makes 8 bits of PNG files: pass its dataset to "
            "Probes.from_dataset if that is what fit gets."
        )
    return stack


def _check(image_size: object, count: int | None, color_mode: str) -> None:
    if color_mode not in PILLOW_MODES:
        raise ValueError(f"Probes.from_directory: color_mode is {color_mode!r}, expected one of {list(PILLOW_MODES)}.")
    if count is not None and not (is_integer(count) and count > 0):
        raise ValueError(f"Probes.from_directory: count is {count!r}, expected an integer > 0, or None for all images.")
    if image_size is None:
        return
    sides = image_size if isinstance(image_size, (tuple, list)) else ()
    if len(sides) != 2 or not all(is_integer(side) and side > 0 for side in sides):
        raise ValueError(
            f"Probes.from_directory: image_size is {image_size!r}, expected image_size=(height, width) in pixels."
        )


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


def _evenly(of_file: Mapping[Path, Any], count: int | None) -> list[Path]:
    """The first file of each label, then the second of each, until there are `count`; label by label.

    True values, numbers that are not all whole, are nothing to be even about.
    """
    groups: dict[str, list[Path]] = {}
    true_values = any(isinstance(label, float) and not label.is_integer() for label in of_file.values())
    for file, label in of_file.items():
        groups.setdefault("" if true_values else str(label), []).append(file)
    order = [(place, group) for group, files in enumerate(groups.values()) for place in range(len(files))]
    listed = list(groups.values())
    return [listed[group][place] for group, place in sorted((g, p) for p, g in sorted(order)[:count])]


def _name(label: Any, file: Path, class_names: Sequence[str] | None) -> str:
    """The file's name, after that of its class unless it begins so already."""
    if is_integer(label) and class_names is not None and label < len(class_names):
        label = class_names[label]
    return f"{label} {file.stem}" if isinstance(label, str) and not file.stem.startswith(label) else file.stem


def _read(file: Path, image_size: tuple[int, int] | None, color_mode: str, remarks: Counter[str]) -> np.ndarray:
    """`[H, W, C]`: uint8; or where grey has more than 8 bits, uint16, int32 or float32 as it is in the file."""
    with open_image(file, "Probes.from_directory") as opened:
        _remark(opened, remarks)
        image, dtype = _decoded(opened, color_mode)
    if image_size is not None:
        height, width = image_size
        image = image.resize((int(width), int(height)), Image.Resampling.BILINEAR)
    pixels = np.asarray(image).astype(dtype).reshape(image.height, image.width, -1)
    return np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 and color_mode == "rgb" else pixels


def _remark(opened: Image.Image, remarks: Counter[str]) -> None:
    """Counts what a person may not expect of a file that has not been decoded yet."""
    if opened.mode[0] in "IF":
        remarks[DEEP] += 1
    elif any(";16" in str(tile) for tile in getattr(opened, "tile", ())):
        remarks[REDUCED] += 1
    if opened.format != "TIFF" and opened.getexif().get(_ORIENTATION, 1) not in (0, 1):  # those Pillow turns itself
        remarks[TURNED] += 1


def _decoded(opened: Image.Image, color_mode: str) -> tuple[Image.Image, str]:
    """An image as `keras.utils.load_img` decodes it, but of more than 8 bits in every colour mode; and its dtype."""
    if opened.mode[0] not in "IF":
        shown = opened.convert("RGBA") if opened.mode in ("P", "PA") else opened
        return shown.convert(PILLOW_MODES[color_mode]), "uint8"
    if color_mode == "rgba":
        raise ValueError("grey of more than 8 bits has no rgba; expected color_mode='grayscale' or 'rgb'")
    if opened.mode == "F":
        return opened.copy(), "float32"
    # Older Pillow opens PNG files of 16 bits as it does others of 32.
    sixteen = opened.mode != "I" or opened.format == "PNG"
    return opened.convert("I"), "uint16" if sixteen else "int32"
