"""Types of what a user hands in, for annotations: `from picasso_callbacks.typing import Preprocess`."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any, Literal, TypeGuard

import numpy as np

__all__ = [
    "Canvas",
    "DecodeProb",
    "Every",
    "Length",
    "OnAlarm",
    "OutputMask",
    "Postprocess",
    "Preprocess",
    "Target",
    "Targets",
]

Preprocess = Callable[[np.ndarray], np.ndarray]
"""Turns probe images `[N, H, W, C]` into the model's inputs `[N, ...]`, in NumPy."""

Postprocess = Callable[[np.ndarray], np.ndarray]
"""Rearranges arrays in the shape of the model's inputs, `[N, ...]`, into `[N, h, w]` or `[N, h, w, c]`."""

DecodeProb = Callable[[Any], Any] | Literal["softmax", "sigmoid", "value"]
"""Turns the model's raw outputs into probabilities `[N, classes]`; or says what the outputs are."""

OutputMask = np.ndarray
"""Which positions of a dense output count: bool `[h, w]`, or one for each probe `[P, h, w]`."""

Target = str | int | tuple[str | int, str | int] | Callable[[Any], Any]
"""A class by name or index, a contrast of two, or a function of the model's outputs that gives `[N]`."""

Targets = Target | list[Target] | None
"""What is explained: `None`, `"label"`, `"top"`, a target or a list of them."""

Canvas = str | np.ndarray
"""What a hidden pixel becomes: a name, an image `[H, W, C]` or one for each probe `[P, H, W, C]`."""

Length = int | float
"""A length along one side of an image: an int is in pixels, a float is the fraction of the side, in (0, 1]."""

Every = int | str | Callable[[int], bool]
"""When to look: each n-th epoch, `"n steps"`, or a function of the 0-based epoch."""

OnAlarm = Literal["warn", "log", "stop"] | Callable[[Any], object]
"""What to do about an alarm; a function gets the `Report`."""


def is_integer(value: object) -> TypeGuard[int]:
    """Whether `value` is an integer, Python's or NumPy's, and no bool."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def is_one_of(value: object, words: Container[str]) -> bool:
    """Whether `value` is one of some words, whatever it is: an array would be compared with each by its elements."""
    return isinstance(value, str) and value in words
