"""Labels of image files by their names: from a dict, a table or a CSV file."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from picasso_callbacks.plain import readable

_MISSING = ("", "na", "n/a", "nan", "null")
_WORDS = {"true": 1, "false": 0}
_ARGUMENT = "Probes.from_directory: labels"


class LabelTable:
    """What is known of image files.

    Args:
        labels: As in `Probes.from_directory`.
        class_names: As in `Probes`.

    Attributes:
        class_names: Those, or else the sorted names that are labels anywhere in the table, or the columns of numbers.

    Raises:
        ValueError: No such table, or one that can't be read as said there.
    """

    def __init__(self, labels: Any, class_names: Sequence[str] | None):
        self.class_names = class_names
        self._where = "as keys"
        if isinstance(labels, (str, os.PathLike)):
            entries = self._of_columns(_read_csv(Path(labels)))
        elif hasattr(labels, "columns"):  # a table of pandas or polars, neither of which is imported
            entries = self._of_columns(_columns(labels))
        elif isinstance(labels, Mapping) or (hasattr(labels, "items") and hasattr(labels, "index")):
            entries = list(labels.items())
        else:
            raise ValueError(
                f"{_ARGUMENT} is a {type(labels).__name__}; expected a dict {{file name: label}}, a pandas Series or "
                "DataFrame, or the path of a CSV file. A list: dict(zip(file_names, labels))."
            )
        self._labels: dict[str, Any] = {}
        for name, label in entries:
            name = str(name).replace("\\", "/").removeprefix("./")
            if self._labels.setdefault(name, label) is not label and str(self._labels[name]) != str(label):
                raise ValueError(
                    f"{_ARGUMENT} has {name!r} more than once, with {self._labels[name]!r} and {label!r}; expected one "
                    "label for each file. Several classes: pass {file name: [names]}."
                )
        if self.class_names is None:
            words = {word for label in self._labels.values() for word in _names_in(label)}
            self.class_names = sorted(words) or None

    def label_files(self, files: Sequence[Path], folder: Path) -> dict[Path, Any]:
        """The labels of those of the files in a folder that have one.

        A file is looked up by the longest end of its path that the table has, then by that without its ending.

        Raises:
            ValueError: No file has one, or one name stands for several files.
        """
        found: dict[Path, Any] = {}
        taken: dict[str, Path] = {}
        for file in files:
            name = next((each for each in _names_of(file) if each in self._labels), None)
            if name is None or _is_missing(self._labels[name]):
                continue
            if name in taken:
                raise ValueError(
                    f"{_ARGUMENT} has {name!r}, which is the name of {readable(taken[name])} and of "
                    f"{readable(file)}; expected them by their paths in {readable(folder)}, such as "
                    f"{file.relative_to(folder).as_posix()!r}."
                )
            taken[name], found[file] = file, self._labels[name]
        if not found:
            example = next(iter(self._labels), None)
            raise ValueError(
                f"{_ARGUMENT} has a label for none of the {len(files)} images in {readable(folder)}, which have names "
                f"such as {files[0].relative_to(folder).as_posix()!r}; it has {len(self._labels)} names such as "
                f"{example!r}. "
                f"Expected the file names {self._where}."
            )
        return found

    def _of_columns(self, columns: dict[str, list[Any]]) -> list[tuple[Any, Any]]:
        """Names of files and their labels: the first column, and those of the others that are labels."""
        first, *others = columns
        self._where = f"in the first column, {first!r}"
        names = self.class_names
        if names is not None and set(names) <= set(others):
            others = list(names)
        if len(others) == 1:
            return list(zip(columns[first], _cells(columns[others[0]], names), strict=True))
        numbers = {name: _numbers(columns[name]) for name in others}
        wrong = [name for name, column in numbers.items() if column is None]
        if wrong or not others:
            raise ValueError(
                f"{_ARGUMENT} has the columns {[first, *others]}; expected file names in the first, then one column of "
                f"labels, or one of numbers for each class, which {wrong} are not. class_names=[...] picks columns of "
                "numbers; or pass a dict {file name: label}."
            )
        self.class_names = others
        rows = zip(*numbers.values(), strict=True)  # type: ignore[arg-type]
        return [(name, _row(name, row, others)) for name, row in zip(columns[first], rows, strict=True)]


def _row(name: Any, row: Sequence[float | None], columns: list[str]) -> list[float] | None:
    empty = [column for column, cell in zip(columns, row, strict=True) if cell is None]
    if empty and len(empty) < len(row):
        raise ValueError(
            f"{_ARGUMENT} has nothing for {name!r} in the column {empty[0]!r}, but in others; expected a number in "
            "each, or in none for a file without a label."
        )
    return None if empty else list(row)  # type: ignore[arg-type]


def _read_csv(path: Path) -> dict[str, list[Any]]:
    """The columns of a file with a header, separated by commas, semicolons or tabs."""
    if not path.is_file():
        raise ValueError(f"{_ARGUMENT} is {str(path)!r}; expected the path of a CSV file that exists.")
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            header = file.readline()
            file.seek(0)
            lines = list(csv.reader(file, delimiter=max(",;\t", key=header.count)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(
            f"{_ARGUMENT} is {str(path)!r}, which can't be read as a CSV file in UTF-8 ({error})."
        ) from error
    lines = [line for line in lines if any(cell.strip() for cell in line)]
    names = [cell.strip() for cell in lines[0]] if lines else []
    uneven = next((line for line in lines if len(line) != len(names)), None)
    if len(names) < 2 or len(set(names)) < len(names) or uneven is not None:
        raise ValueError(
            f"{_ARGUMENT} is {str(path)!r}, with the columns {names}"
            + (f" and the line {uneven}" if uneven else "")
            + "; expected a header with distinct names, two or more, and as many cells in each line."
        )
    return {name: [line[place].strip() for line in lines[1:]] for place, name in enumerate(names)}


def _columns(table: Any) -> dict[str, list[Any]]:
    """The columns of a table; before them its index, if it holds names."""
    columns = {str(name): list(table[name]) for name in table.columns}
    index = list(getattr(table, "index", ()))
    named = bool(index) and all(isinstance(name, (str, os.PathLike)) for name in index)
    columns = {"index": index, **columns} if named else columns
    if not columns:
        raise ValueError(f"{_ARGUMENT} is a table without columns; expected file names in the first, then labels.")
    return columns


def _cells(column: list[Any], class_names: Sequence[str] | None) -> list[Any]:
    """Labels in one column: names, numbers, or several names in a cell with `|` between them."""
    known = [cell for cell in column if not _is_missing(cell)]
    if not all(isinstance(cell, str) for cell in known):
        return [None if _is_missing(cell) else cell for cell in column]
    if class_names is None or not set(known) <= set(class_names):
        numbers = _numbers(column)
        if numbers is not None:
            return numbers
        if any("|" in cell for cell in known):
            return [None if _is_missing(cell) else [name.strip() for name in cell.split("|")] for cell in column]
    return [None if _is_missing(cell) else cell for cell in column]


def _numbers(column: list[Any]) -> list[Any] | None:
    """The cells as numbers, `None` for those that are missing; `None` if there is something else."""
    try:
        return [None if _is_missing(cell) else _number(cell) for cell in column]
    except (TypeError, ValueError):
        return None


def _number(cell: Any) -> float:
    number = float(_WORDS.get(cell.strip().lower(), cell)) if isinstance(cell, str) else float(cell)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _is_missing(cell: Any) -> bool:
    if isinstance(cell, str):
        return cell.strip().lower() in _MISSING
    return cell is None or str(cell).lower() in ("nan", "<na>", "nat")


def _names_in(label: Any) -> Iterable[str]:
    if isinstance(label, str):
        return () if _is_missing(label) else (label,)
    return [word for word in label if isinstance(word, str)] if isinstance(label, (list, tuple, set, frozenset)) else ()


def _names_of(file: Path) -> Iterable[str]:
    """What a table may call a file, the longest first."""
    for path in (file.absolute(), file.absolute().with_suffix("")):
        yield path.as_posix()
        for begin in range(1, len(path.parts)):
            yield "/".join(path.parts[begin:])
