"""Takes a few images, equally many of each class, from any kind of dataset, reading no more of it than needed."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from picasso_callbacks.probes.images import as_numpy, as_word
from picasso_callbacks.typing import is_integer

READ_AT_LEAST = 20  # images for each one wanted, where it isn't known how many classes there are
READ_AT_MOST = 200

Sample = tuple[np.ndarray, "np.ndarray | None"]


def sample(
    dataset: Any, count: int, balanced: bool, class_names: Sequence[str] | None
) -> tuple[list[np.ndarray], list[np.ndarray] | None]:
    """`count` images and their labels as they are in `dataset`, in its order; labels are `None` where it has none."""
    if not is_integer(count) or count < 1:
        raise ValueError(f"Probes.from_dataset: count is {count!r}, expected an integer > 0.")
    classes: Sequence[Hashable] | None = class_names
    samples: Iterable[Sample]
    if isinstance(dataset, tuple) or (hasattr(dataset, "shape") and hasattr(dataset, "dtype")):
        samples = list(_batch(*_images_and_labels(dataset)))
        classes = list(dict.fromkeys(_class_of(label) for _, label in samples)) if classes is None else classes
        at_most = len(samples)
    else:
        samples = _samples(_elements(dataset))
        at_most = READ_AT_MOST * count
    chosen = _Chosen(count)
    for image, label in itertools.islice(samples, at_most):
        its_class = _class_of(label) if balanced else None
        if classes is None and label is not None and label.size > 1 and its_class is not None:
            classes = range(label.size)
        chosen.offer(image, label, its_class)
        if chosen.is_even(classes):
            break
    if balanced and classes is not None and len(classes) <= count:
        chosen.warn_about_missing(classes)
    return chosen.result()


class _Chosen:
    """The images taken so far: at most `count`, the first of each class, as evenly as what was offered allows."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.read = 0
        self.of_class: dict[Hashable, list[tuple[int, np.ndarray, np.ndarray | None]]] = {}

    @property
    def sizes(self) -> list[int]:
        return [len(members) for members in self.of_class.values()]

    def offer(self, image: np.ndarray, label: np.ndarray | None, its_class: Hashable) -> None:
        """Keeps a copy, if there is room, or if it may take the place of the last of a class with two more."""
        self.read += 1
        if sum(self.sizes) == self.count:
            largest = max(self.of_class.values(), key=lambda members: (len(members), members[-1][0]))
            if len(self.of_class.get(its_class, ())) > len(largest) - 2:
                return
            largest.pop()
        self.of_class.setdefault(its_class, []).append(
            (self.read, np.array(image), None if label is None else np.array(label))
        )

    def is_even(self, classes: Sequence[Hashable] | None) -> bool:
        """Whether reading on could change nothing, as far as one can know."""
        sizes = self.sizes
        if sum(sizes) < self.count or max(sizes) - min(sizes) > 1:
            return False
        if max(sizes) == 1 or None in self.of_class:  # each of another class, or classes don't matter
            return True
        if classes is not None:
            return len(sizes) >= len(classes)
        return len(sizes) > 1 and self.read >= READ_AT_LEAST * self.count

    def warn_about_missing(self, classes: Sequence[Hashable]) -> None:
        """Says which of `classes`, indices or names, no image was taken of."""
        if None in self.of_class:
            return
        missing = [name for i, name in enumerate(classes) if i not in self.of_class and name not in self.of_class]
        if missing:
            warnings.warn(
                f"Probes.from_dataset: of {missing} there was no image among the {self.read} that were read. "
                "Shuffle the dataset, or pass the images yourself.",
                stacklevel=4,
            )

    def result(self) -> tuple[list[np.ndarray], list[np.ndarray] | None]:
        taken = sorted((member for members in self.of_class.values() for member in members), key=lambda m: m[0])
        if not taken:
            raise ValueError("Probes.from_dataset: the dataset has no elements. (A generator can be read only once.)")
        labels = [label for _, _, label in taken if label is not None]
        if labels and len(labels) < len(taken):
            raise ValueError("Probes.from_dataset: some elements have labels and others have none.")
        return [image for _, image, _ in taken], labels or None


def _class_of(label: np.ndarray | None) -> Hashable:
    """A class's index or name; of several the first, of none -1; `None` without a label, or if it is true values."""
    if label is None:
        return None
    if label.ndim > 1 and label.size > 1:
        raise ValueError(
            f"Probes.from_dataset: an image's label has shape {label.shape}, expected a number or a vector. "
            "For labels that are masks, pass the images alone, for example with dataset.map(lambda x, y: x)."
        )
    if label.size == 1:
        return as_word(label.item())
    if label.dtype.kind not in "biuf":
        return None
    several, smoothed = np.isin(label, (0, 1)).all(), label.min() >= 0 and abs(label.sum() - 1) < 1e-2
    return int(label.argmax()) if label.any() and (several or smoothed) else -1 if several else None


def _elements(dataset: Any) -> Iterable[Any]:
    if isinstance(dataset, (str, bytes, dict)) or not (hasattr(dataset, "__iter__") or hasattr(dataset, "__getitem__")):
        raise ValueError(
            f"Probes.from_dataset: dataset is a {type(dataset).__name__}, expected arrays (x, y), a tf.data.Dataset, "
            "a PyDataset, a generator or another iterable. (A generator function must be called first.)"
        )
    if not hasattr(dataset, "__iter__") and hasattr(dataset, "__len__"):  # torch datasets: no IndexError at the end
        return (dataset[i] for i in range(len(dataset)))
    return dataset


def _samples(elements: Iterable[Any]) -> Iterator[Sample]:
    for element in elements:
        images, labels = _images_and_labels(element)
        if images.ndim not in (2, 3, 4):
            raise ValueError(
                f"Probes.from_dataset: the dataset's elements have images of shape {images.shape}, expected [H, W], "
                "[H, W, C], or a batch [N, H, W, C]. (Pass arrays as a tuple (x, y).)"
            )
        if _is_batch(images, labels):
            yield from _batch(images, labels)
        else:
            yield images, labels


def _images_and_labels(element: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """`x` and `y` of `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`."""
    parts = tuple(element) if isinstance(element, (tuple, list)) else (element,)
    if not 1 <= len(parts) <= 3 or any(isinstance(part, dict) for part in parts[:2]):
        what = "a dictionary" if len(parts) == 1 else f"({', '.join(type(part).__name__ for part in parts)})"
        raise ValueError(
            f"Probes.from_dataset: an element is {what}, expected x, (x, y) or (x, y, sample_weight) with one array of "
            "images x and one of labels y. Pick these two first, for example with dataset.map(...)."
        )
    labels = parts[1] if len(parts) > 1 else None
    images = as_numpy(parts[0], "Probes.from_dataset: images")
    return images, None if labels is None else as_numpy(labels, "Probes.from_dataset: labels")


def _is_batch(images: np.ndarray, labels: np.ndarray | None) -> bool:
    """Whether the first axis counts images, decided as documented in `Probes.from_dataset`."""
    if images.ndim != 3:
        return images.ndim == 4
    if labels is not None and labels.ndim >= 2:
        return True
    if labels is not None and (labels.ndim == 0 or len(labels) != len(images)):
        return False
    return images.shape[-1] not in (1, 3, 4)


def _batch(images: np.ndarray, labels: np.ndarray | None) -> Iterator[Sample]:
    if images.ndim < 2 or (labels is not None and (labels.ndim == 0 or len(labels) != len(images))):
        raise ValueError(
            f"Probes.from_dataset: images have shape {images.shape} and labels "
            f"{None if labels is None else labels.shape}, expected [N, H, W, C] and one label for each image."
        )
    for i, image in enumerate(images):
        yield image, None if labels is None else np.asarray(labels[i])
