"""Save: a report as files. All that is written besides the event log is written here."""

from __future__ import annotations

import html
import io
import math
import os
import pathlib
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from PIL import Image

from picasso_callbacks.encode import encode
from picasso_callbacks.plain import tell
from picasso_callbacks.render import draw_sheet

NUMBERS, WORDS = "numbers.npz", "verdict.txt"

_WRITTEN = "picasso_files"
"""Under this key the numbers name all files of a save, so that the next one knows which are its own."""

_NO_FOLDERS = (
    ".gif",
    ".pdf",
    ".svg",
    ".webp",
    ".tif",
    ".tiff",
    ".bmp",
    ".htm",
    ".csv",
    ".npz",
    ".json",
    ".txt",
    ".zip",
)


def save(
    path: str | os.PathLike[str],
    names: Sequence[str],
    draw: Callable[[int], np.ndarray],
    numbers: Mapping[str, np.ndarray],
    words: str,
    page: Callable[[], str],
) -> pathlib.Path:
    """Writes a folder, or one file if `path` ends as one does; `Report.save` says what is in them.

    Args:
        path: Where to.
        names: What each card is called.
        draw: The card at an index, uint8 `[H, W, 3]`.
        numbers: Arrays by name.
        words: What is said in words.
        page: The cards as HTML, without a document around it.

    Returns:
        The path.

    Raises:
        ValueError: The path ends as a file that this does not write.
        FileExistsError: The folder holds a file by the name of one to be written that no earlier save wrote.
    """
    path, kind = pathlib.Path(path), kind_of(path)
    if kind == ".html":
        data = _document(path.stem, page()).encode("utf-8", "replace")
    elif kind in (".png", ".jpg", ".jpeg"):
        data = _picture(draw_sheet([draw(index) for index in range(len(names))], words), kind)
    else:
        _save_folder(path, names, draw, numbers, words)
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def kind_of(path: str | os.PathLike[str]) -> str:
    """The ending, in lower case, by which `save` decides what it writes; a `ValueError` where that is nothing."""
    kind = pathlib.Path(path).suffix.lower()
    if kind in _NO_FOLDERS:
        raise ValueError(f"save: path is {os.fspath(path)!r}; expected a folder, or a file .png, .jpg or .html.")
    return kind


def save_page(path: pathlib.Path, page: str) -> pathlib.Path:
    """Writes a whole HTML document; returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(page.encode("utf-8", "replace"))
    return path


def _save_folder(
    folder: pathlib.Path,
    names: Sequence[str],
    draw: Callable[[int], np.ndarray],
    numbers: Mapping[str, np.ndarray],
    words: str,
) -> None:
    files = {}
    digits = max(2, math.ceil(math.log10(max(len(names), 1))))
    for index, name in enumerate(names):
        data = encode(draw(index))
        ending = "png" if data.startswith(b"\x89PNG") else "jpg"
        files[f"{index:0{digits}} {_as_file_name(name)}.{ending}"] = data
    files[WORDS] = f"{words}\n".encode("utf-8", "replace")
    written = [NUMBERS, *files]
    file = io.BytesIO()
    np.savez_compressed(file, **{_WRITTEN: np.array(written)}, **numbers)  # type: ignore[arg-type]
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"save: path is {os.fspath(folder)!r}, a file; expected a folder, or a name for one.")
    folder.mkdir(parents=True, exist_ok=True)
    there, own = set(os.listdir(folder)), _earlier(folder)
    for name in written:
        if name in there - own:
            raise FileExistsError(
                f"save: path is {os.fspath(folder)!r}, which holds a {name!r} that no earlier save wrote. Pass another "
                "folder, or move that file away."
            )
    for name in (own & there) - set(written):
        (folder / name).unlink()
    (folder / NUMBERS).write_bytes(file.getvalue())  # first, so that a save that is cut short can be repeated
    for name, data in files.items():
        (folder / name).write_bytes(data)
    if there - own:
        tell(f"Picasso: what else is in {os.fspath(folder)} stays: {len(there - own)} by other names.")


def _earlier(folder: pathlib.Path) -> set[str]:
    """The files that an earlier save wrote to this folder."""
    try:
        with np.load(folder / NUMBERS, allow_pickle=False) as numbers:
            return {name for name in numbers[_WRITTEN].tolist() if pathlib.PurePath(name).name == name}
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):  # none, or of something else
        return set()


def _as_file_name(name: str) -> str:
    """Letters of any script, digits and a few signs; all else becomes `_`, as no system forbids."""
    return re.sub(r"[^\w ().+=,-]+", "_", name)[:50].strip() or "unnamed"


def _picture(pixels: np.ndarray, kind: str) -> bytes:
    file = io.BytesIO()
    if kind == ".png":
        Image.fromarray(pixels).save(file, "PNG")
    else:
        Image.fromarray(pixels).save(file, "JPEG", quality=85, subsampling=0)
    return file.getvalue()


def _document(title: str, page: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        f'<meta name="viewport" content="width=device-width"><title>{html.escape(title)}</title>'
        f'<body style="font-family:system-ui,sans-serif">{page}</body></html>\n'
    )
