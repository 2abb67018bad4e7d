"""Which epochs are looked at."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Every = int | Callable[[int], bool]


def check_every(every: Every) -> Every:
    """Returns `every`, or raises a `ValueError` that says what it may be."""
    if callable(every) or (isinstance(every, (int, np.integer)) and not isinstance(every, bool) and every >= 1):
        return every
    raise ValueError(
        f"Picasso: every is {every!r}; expected an int >= 1 (every=2 looks at epochs 0, 2, 4, ...) or a callable that "
        f"takes the 0-based epoch and returns whether to look."
    )


def is_due(every: Every, epoch: int) -> bool:
    """Whether `every` names the 0-based `epoch`. The last epoch is always looked at, whatever this says."""
    return bool(every(epoch)) if callable(every) else epoch % every == 0


def expected_looks(every: Every, first: int, epochs: int) -> int:
    """How many of the epochs `first` .. `epochs - 1` are looked at; for a callable the most that can be."""
    if callable(every):
        return max(epochs - first, 0)
    return sum(is_due(every, epoch) or epoch == epochs - 1 for epoch in range(first, epochs))
