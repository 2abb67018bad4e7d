"""Schedule: the moments that `every` names, and how they are counted."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from picasso_callbacks.typing import Every, is_integer


class Schedule:
    """Tells at the ends of epochs whether a look is due. Nothing here depends on time or on Keras.

    Args:
        every: `n`: at epochs 0, n, 2n, ... A function: at the 0-based epochs for which it is true.

    Attributes:
        unit: What looks are counted in: `"epoch"` or `"step"`.
        now: The count that a look taken now is shown at; -1 before there is anything to look at.
    """

    unit = "epoch"

    def __init__(self, every: int | Callable[[int], bool]):
        self._every = every
        self.start()

    def start(self, epochs: int | None = None, steps: int | None = None, per_execution: int = 1) -> None:
        """Training begins.

        Args:
            epochs: At which epoch it ends at the latest, if that is known.
            steps: How many batches an epoch has, if that is known.
            per_execution: How many batches Keras trains on between two calls of `before_batch`.
        """
        self.now = -1
        self._epochs, self._steps, self._per_execution = epochs, steps, per_execution
        self._first: int | None = None

    def begin_epoch(self, epoch: int) -> None:
        """The 0-based `epoch` begins."""

    def before_batch(self, batch: int) -> bool:
        """The 0-based `batch` of this epoch is next; whether to look before it."""
        return False

    def end_epoch(self, epoch: int) -> None:
        """The 0-based `epoch` ends."""
        self.now = epoch
        if self._first is None:
            self._first = epoch

    def is_due(self) -> bool:
        """Whether `every` names this moment. The end of the training is looked at, whatever this says."""
        return bool(self._every(self.now)) if callable(self._every) else self.now % self._every == 0

    def done(self) -> float | None:
        """Which part of the training is done, 0 .. 1, if that is known."""
        if self._first is None or not self._epochs or self._epochs <= self._first:
            return None
        return (self.now + 1 - self._first) / (self._epochs - self._first)

    def looks(self) -> int | None:
        """How many looks a whole training takes, if that is known; for a function, the most that it can take."""
        if self._epochs is None:
            return None
        return self._epochs if callable(self._every) else math.ceil((self._epochs - 1) / self._every) + 1

    def spaced(self, spacing: int) -> str:
        """In words, when looks are taken if those are that are due `spacing` times less often."""
        if callable(self._every):
            return f"{ordinal(spacing)} epoch of those that every=... names"
        return f"{ordinal(spacing * self._every)} epoch"


class StepSchedule(Schedule):
    """Tells between batches, too. Counts the batches that the model was trained on since its first epoch.

    It is asked before a batch, not after it; to the model that is the same moment, but a callback that wants to hear of
    the ends of batches makes Keras wait for each of them. An epoch whose length Keras does not know may count for a
    batch too many, since its end is announced as another batch.

    Args:
        every: How many batches there are from look to look.
    """

    unit = "step"

    def __init__(self, every: int):
        self._between = every
        self._begun = self._counted = 0  # batches until this epoch began; until now
        super().__init__(every)

    def begin_epoch(self, epoch: int) -> None:
        if self._steps or epoch == 0:  # else of unknown length, and going on: what was counted
            self._counted = epoch * (self._steps or 0)
        self._begun = self.now = self._previous = self._counted
        if self._first is None:
            self._first = self._begun

    def before_batch(self, batch: int) -> bool:
        self._move(self._begun + batch)
        self._counted = self.now + self._per_execution
        if self._steps:  # the last execution of an epoch may be of fewer batches
            self._counted = min(self._counted, self._begun + self._steps)
        return self.is_due()

    def end_epoch(self, epoch: int) -> None:
        self._move(self._counted)

    def is_due(self) -> bool:
        return self.now // self._between > self._previous // self._between

    def done(self) -> float | None:
        if self._first is None or not self._epochs or not self._steps or self.now <= self._first:
            return None
        return (self.now - self._first) / (self._epochs * self._steps - self._first)

    def looks(self) -> int | None:
        if not self._epochs or not self._steps:
            return None
        return math.ceil(self._epochs * self._steps / self._between)

    def spaced(self, spacing: int) -> str:
        return f"{spacing * self._between} steps"

    def _move(self, now: int) -> None:
        self._previous, self.now = self.now, now


def make_schedule(every: Every) -> Schedule:
    """The `Schedule` of the argument `every` of `Picasso`; a `ValueError` that says what it may be."""
    if callable(every) or (is_integer(every) and every >= 1):
        return Schedule(every)
    steps = re.fullmatch(r"\s*(\d+)\s*steps?\s*", every) if isinstance(every, str) else None
    if steps and int(steps[1]):
        return StepSchedule(int(steps[1]))
    raise ValueError(
        f"Picasso: every is {every!r}; expected an int >= 1 (every=2 looks at epochs 0, 2, 4, ...), batches as in "
        "'500 steps', or a callable that takes the 0-based epoch and returns whether to look."
    )


def ordinal(number: int) -> str:
    """`3` -> `"3rd"`."""
    teens = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
