"""What the probes show and what they are called: labels, class names and names, checked and in one form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from picasso_callbacks.probes.images import as_numpy, as_word, read_only

MOST_CLASSES = 2**31
"""From here on a whole number is no class index."""


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


class Labels(NamedTuple):
    """What labels say, in each way that they can be read; which one it is, the model's output tells.

    Args:
        labels: int64 `[P]`, the class of each image, if they name one each.
        multi_hot: bool `[P, classes]`, if they name several or none.
        true_values: float64 `[P, n]`, if they are numbers: what a regression should answer.
        class_names: The classes, which follow from labels that are names themselves.
    """

    labels: np.ndarray | None
    multi_hot: np.ndarray | None
    true_values: np.ndarray | None
    class_names: tuple[str, ...] | None


def as_labels(labels: Any, count: int, class_names: Sequence[str] | None) -> Labels:
    """Labels of every kind that `Probes` takes, checked, as read-only arrays."""
    if not isinstance(labels, (list, tuple)):
        labels = as_numpy(labels, "Probes: labels")
    elif _are_words(labels):
        labels = np.array(labels, dtype=object)  # an array of strings would drop NULs at their ends
    lists = _lists_of_names(labels)
    array = as_numpy(labels, "Probes: labels") if lists is None else np.array([",".join(names) for names in lists])
    if array.ndim == 0 or len(array) != count:
        raise ValueError(f"Probes: labels have shape {array.shape}, expected one for each of the {count} images.")
    if lists is not None:
        class_names = sorted({name for names in lists for name in names}) if class_names is None else class_names
        _check_known({name for names in lists for name in names}, class_names)
        return _of_classes(np.array([[name in names for name in class_names] for names in lists]), None, class_names)
    if array.size != count and (array.ndim != 2 or not array.size):
        raise ValueError(f"Probes: labels have shape {array.shape}, expected [P], [P, 1] or, one-hot, [P, classes].")
    if array.dtype.kind == "O" and not _are_words(array.ravel()):
        array = np.asarray(array.tolist())
    if array.dtype.kind in "OSU" and array.size != count:
        raise ValueError(f"Probes: labels hold {_odd(array)!r}; expected rows of finite numbers that fit float32.")
    if array.dtype.kind in "OSU":
        array, class_names = _named_classes(array.reshape(count), class_names)
        return _of_classes(array, None, class_names)
    numbers = _numbers(array).reshape(count, -1)
    several = numbers.shape[1] > 1
    if several and class_names is not None and numbers.shape[1] != len(class_names):
        raise ValueError(f"Probes: labels have shape {array.shape}, but there are {len(class_names)} class_names.")
    return _of_classes(
        _classes_of_rows(numbers) if several else _indices(numbers[:, 0], class_names), numbers, class_names
    )


def _are_words(labels: Iterable[Any]) -> bool:
    return all(isinstance(label, (str, bytes)) for label in labels)


def _odd(array: np.ndarray) -> Any:
    """What among others is no number, or too large a one."""
    return next((one for one in array.ravel().tolist() if not isinstance(one, (int, float)) or abs(one) >= 2**63), None)


def _of_classes(classes: np.ndarray | None, numbers: np.ndarray | None, class_names: Sequence[str] | None) -> Labels:
    """Of class indices `[P]`, or booleans `[P, classes]`, or neither."""
    if classes is not None and classes.ndim == 2 and (classes.sum(axis=1) == 1).all():
        classes = classes.argmax(axis=1)
    one_each = classes is not None and classes.ndim == 1
    return Labels(
        read_only(classes.astype("int64")) if classes is not None and one_each else None,
        None if one_each or classes is None else read_only(classes),
        None if numbers is None else read_only(numbers),
        None if class_names is None else tuple(class_names),
    )


def _numbers(array: np.ndarray) -> np.ndarray:
    """Numbers that a label can be, as float64; float32 is what models answer in."""
    if array.dtype.kind not in "buif":
        raise ValueError(f"Probes: labels have dtype {array.dtype}, expected class indices, class names or numbers.")
    numbers = array.astype("float64")
    limit = 2.0**63 if array.dtype.kind == "u" else float(np.finfo("float32").max) * (1 + 1e-7)
    wrong = np.argwhere(~(np.abs(numbers) < limit))
    if len(wrong):
        value = array[tuple(wrong[0])]
        raise ValueError(
            f"Probes: labels hold {value} for image {wrong[0][0]}, expected finite numbers that fit "
            f"{'int64' if array.dtype.kind == 'u' else 'float32'}. Leave out images whose label is not known."
        )
    return numbers


def _indices(numbers: np.ndarray, class_names: Sequence[str] | None) -> np.ndarray | None:
    """Numbers `[P]` as class indices; `None` if they can only be true values."""
    whole = np.array_equal(numbers, np.floor(numbers))
    classes = MOST_CLASSES if class_names is None else len(class_names)
    if whole and numbers.min() >= 0 and numbers.max() < classes:
        return numbers
    if class_names is None or classes == 1:
        return None
    if not whole:
        raise ValueError(
            f"Probes: labels are {numbers}, expected whole numbers: the index of each image's class among the "
            f"{classes} class_names. (For a regression, class_names has one name for each output.)"
        )
    raise ValueError(
        f"Probes: labels run from {numbers.min():.0f} to {numbers.max():.0f}, expected class indices from 0 to "
        f"{classes - 1}, one for each of the class_names."
    )


def _classes_of_rows(rows: np.ndarray) -> np.ndarray | None:
    """Rows `[P, n]` as booleans, or if smoothed, the index of each one's largest; `None` if only as true values."""
    if np.isin(rows, (0, 1)).all():
        return rows.astype(bool)
    largest = rows.max(axis=1, keepdims=True)
    clear = (rows.min(axis=1) >= 0) & (abs(rows.sum(axis=1) - 1) < 1e-2) & ((rows == largest).sum(axis=1) == 1)
    return rows.argmax(axis=1) if clear.all() else None


def _lists_of_names(labels: Any) -> list[list[str]] | None:
    """The class names of each image, where `labels` are lists of them, empty ones too; else `None`."""
    each = list(labels) if isinstance(labels, (list, tuple)) or labels.ndim else []
    if not each or not all(isinstance(one, (list, tuple, set, frozenset)) or np.ndim(one) == 1 for one in each):
        return None
    lists = [list(map(as_word, one)) for one in each]
    kinds = {isinstance(word, str) for names in lists for word in names}
    return [[str(word) for word in names] for names in lists] if kinds == {True} else None


def _named_classes(array: np.ndarray, class_names: Sequence[str] | None) -> tuple[np.ndarray, Sequence[str]]:
    """int `[P]` and the class names, for labels `[P]` that are class names."""
    words = list(map(as_word, array.tolist()))
    if not all(isinstance(word, str) for word in words):
        raise ValueError(
            f"Probes: labels are {array}, expected only class names, or only numbers that fit int64. Leave out images "
            "whose label is not known."
        )
    class_names = sorted(set(words)) if class_names is None else class_names
    _check_known(set(words), class_names)
    return np.array([list(class_names).index(word) for word in words]), class_names


def _check_known(words: set[str], class_names: Sequence[str]) -> None:
    unknown = sorted(words - set(class_names))
    if unknown:
        raise ValueError(
            f"Probes: labels hold {unknown[0]!r}, which is not one of the class_names {list(class_names)}."
        )


def _strings(values: Any, argument: str) -> tuple[str, ...]:
    no_list = isinstance(values, (str, bytes, set, frozenset, Mapping))  # a set has another order in each process
    listed = [] if no_list or not hasattr(values, "__iter__") else list(values)
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
