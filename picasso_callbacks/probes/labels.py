"""What the probes show and what they are called: labels, class names and names, checked and in one form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from picasso_callbacks.probes.images import as_numpy


def as_class_names(class_names: Any) -> tuple[str, ...] | None:
    """Distinct strings, one or more; `None` stays `None`."""
    if class_names is None:
        return None
    class_names = _strings(class_names, "class_names")
    twice = [name for name, times in Counter(class_names).items() if times > 1]
    if twice:
        raise ValueError(f"Probes: class_names has {twice[0]!r} more than once, expected distinct names.")
    return class_names


def as_names(names: Any, count: int, labels: np.ndarray | None, class_names: Sequence[str] | None) -> tuple[str, ...]:
    """`count` distinct strings: `names`, or where there are none, the class and a number."""
    names = _default_names(count, labels, class_names) if names is None else _strings(names, "names")
    if len(names) != count:
        raise ValueError(f"Probes: names has {len(names)} entries, expected one for each of the {count} images.")
    return _distinct(names)


def as_labels(labels: Any, count: int, class_names: Sequence[str] | None) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """Read-only int64 `[P]`, and the class names, which follow from labels that are names themselves."""
    array = as_numpy(labels, "Probes: labels")
    if array.ndim == 0 or len(array) != count:
        raise ValueError(f"Probes: labels have shape {array.shape}, expected one for each of the {count} images.")
    if array.ndim == 2 and array.shape[1] > 1:
        array = _one_hot_classes(array, class_names)
    elif array.size != count:
        raise ValueError(f"Probes: labels have shape {array.shape}, expected [P], [P, 1] or one-hot [P, classes].")
    array = array.reshape(count)
    if array.dtype.kind == "O":
        array = np.asarray(array.tolist())
    if array.dtype.kind in "OSU":
        array, class_names = _named_classes(array, class_names)
    if array.dtype.kind not in "buif" or not np.array_equal(array, np.floor(array)) or np.isinf(array).any():
        raise ValueError(f"Probes: labels are {array}, expected whole numbers: the index of each image's class.")
    if array.min() < 0 or (class_names is not None and array.max() >= len(class_names)):
        top = "" if class_names is None else f" to {len(class_names) - 1}, one for each of the class_names"
        raise ValueError(f"Probes: labels run from {array.min()} to {array.max()}, expected class indices from 0{top}.")
    indices = array.astype("int64")
    indices.flags.writeable = False
    return indices, None if class_names is None else tuple(class_names)


def _one_hot_classes(rows: np.ndarray, class_names: Sequence[str] | None) -> np.ndarray:
    """int `[P]`: where each row of `[P, classes]` is largest, if it says one class only."""
    if class_names is not None and rows.shape[1] != len(class_names):
        raise ValueError(f"Probes: labels have shape {rows.shape}, but there are {len(class_names)} class_names.")
    if rows.dtype.kind not in "buif":
        raise ValueError(f"Probes: labels have shape {rows.shape} and dtype {rows.dtype}, expected numbers.")
    largest = rows.max(axis=1, keepdims=True)
    clear = (rows.min(axis=1) >= 0) & (abs(rows.sum(axis=1) - 1) < 1e-2) & ((rows == largest).sum(axis=1) == 1)
    if not clear.all():
        first = np.flatnonzero(~clear)[0]
        raise ValueError(
            f"Probes: labels of image {first} are {rows[first]}, expected a one-hot (or smoothed) row that sums to 1 "
            "and has one largest value. For several classes in an image, pass the one to explain, as an integer."
        )
    return rows.argmax(axis=1)


def _named_classes(array: np.ndarray, class_names: Sequence[str] | None) -> tuple[np.ndarray, Sequence[str]]:
    """int `[P]` and the class names, for labels `[P]` that are class names."""
    words = [word.decode() if isinstance(word, bytes) else word for word in array.tolist()]
    if not all(isinstance(word, str) for word in words):
        raise ValueError(f"Probes: labels are {array}, expected only integers or only class names.")
    class_names = sorted(set(words)) if class_names is None else class_names
    unknown = sorted(set(words) - set(class_names))
    if unknown:
        raise ValueError(
            f"Probes: labels hold {unknown[0]!r}, which is not one of the class_names {list(class_names)}."
        )
    return np.array([list(class_names).index(word) for word in words]), class_names


def _strings(values: Any, argument: str) -> tuple[str, ...]:
    listed = [] if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__") else list(values)
    wrong = [value for value in listed if not isinstance(value, str)]
    if wrong or not listed:
        came = f"hold {wrong[0]!r}" if wrong else f"are {values!r}"
        raise ValueError(f"Probes: {argument} {came}, expected a list of strings.")
    return tuple(str(value) for value in listed)


def _default_names(count: int, labels: np.ndarray | None, class_names: Sequence[str] | None) -> list[str]:
    """`"tank 03"`: numbered through the whole set, with leading zeros since TensorBoard sorts by name."""
    digits = max(2, len(str(count - 1)))
    what = ["probe"] * count if labels is None or class_names is None else [class_names[label] for label in labels]
    return [f"{word} {i:0{digits}d}" for i, word in enumerate(what)]


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """`names`, where the second that is the same gets ` (2)`, the third ` (3)`."""
    taken = set(names)
    distinct: dict[str, None] = {}
    for name in names:
        candidate, times = name, 1
        while candidate in distinct or (times > 1 and candidate in taken):
            times += 1
            candidate = f"{name} ({times})"
        distinct[candidate] = None
    return tuple(distinct)
