"""Batches: many questions in batches of one size that memory suffices for, so that compiled functions see one shape."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import re
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from picasso_callbacks.plain import logger

Ask = Callable[[np.ndarray], tuple[np.ndarray, ...]]
"""Answers for some rows: int `[b]` -> arrays `[b, ...]`."""

T = TypeVar("T")

_OUT_OF_MEMORY = re.compile(
    r"MemoryError|ResourceExhausted|RESOURCE_EXHAUSTED|bad_alloc|out of memory|allocate memory"
    r"|could not create a (primitive|memory)",  # as oneDNN says it, and torch on processors
    re.IGNORECASE,
)


@dataclasses.dataclass
class _Rehearsal:
    going_on: bool = False
    seconds: float = 0.0


class Batches:
    """Splits rows into equally large batches; the last one is padded with the last row.

    Where the memory does not suffice for a batch, its rows are asked again in batches half as large, and so is all that
    comes after.

    Args:
        limit: The most rows of a batch.
        fixed: Whether every batch has just so many rows.

    Attributes:
        limit: The most rows of a batch, as far as is known.
    """

    def __init__(self, limit: int, fixed: bool = False):
        self.limit = limit
        self._fixed = fixed
        self._rehearsal = _Rehearsal()

    def of(self, limit: int) -> Batches:
        """Batches of their own limit, for another kind of question, that share this one's rehearsals."""
        other = Batches(self.limit if self._fixed else limit, self._fixed)
        other._rehearsal = self._rehearsal
        return other

    def size(self, count: int) -> int:
        """The batch size that splits `count` rows most evenly into batches of at most `limit`."""
        if self._fixed:
            return self.limit
        return math.ceil(count / math.ceil(count / self.limit))

    def rounded(self, count: int) -> int:
        """At most an eighth more rows than `count`, so that the batches of whatever many rows are of few sizes."""
        if self._fixed:
            return count
        batches = math.ceil(count / self.limit)
        size = math.ceil(count / batches)
        step = 2 ** max(size.bit_length() - 4, 0)  # four digits in binary: 8, 9 .. 15, 16, 18 .. 30, 32, 36 ..
        return batches * min(math.ceil(size / step) * step, self.limit)

    def collect(self, ask: Ask, count: int, every: int = 1) -> tuple[np.ndarray, ...]:
        """Asks about the rows 0 .. count - 1 and joins the answers: arrays `[count, ...]`.

        With `every`, only the mean of so many rows that follow each other is kept: arrays `[count // every, ...]`.
        """
        answers: tuple[np.ndarray, ...] = ()
        start = 0
        while start < count:
            batch = self.fit(lambda size: ask(np.minimum(np.arange(start, start + size), count - 1)), count)  # noqa: B023
            answers = answers or tuple(np.zeros((count // every, *part.shape[1:]), part.dtype) for part in batch)
            for answer, part in zip(answers, batch, strict=True):
                _put(answer, part[: count - start], start, every)
            if self._rehearsal.going_on:
                self._rehearse(ask, count, answers)
                break
            start += self.size(count)
        return answers

    def fit(self, run: Callable[[int], T], count: int) -> T:
        """`run(size)` for the batch size of `count` rows, which becomes smaller until the memory suffices.

        Raises:
            Exception: Whatever `run` raises; an error that memory does not suffice only for a single row.
        """
        tried = self.size(count)
        while True:
            size = self.size(count)
            try:
                found = run(size)
            except Exception as error:
                if size == 1 or self._fixed or not is_out_of_memory(error):
                    raise
                self.limit = size // 2  # and again when the error, which holds what was computed so far, is gone
                continue
            if size < tried:
                logger.warning("Picasso: out of memory with %d images at once; going on with %d.", tried, size)
            return found

    @contextlib.contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Within this, only the first batch is asked (twice, for the time), and its first answer stands for all."""
        self._rehearsal.going_on, self._rehearsal.seconds = True, 0.0
        try:
            yield
        finally:
            self._rehearsal.going_on = False

    @property
    def rehearsed_seconds(self) -> float:
        """How long everything that was asked in the last `rehearsal` would have taken."""
        return self._rehearsal.seconds

    def _rehearse(self, ask: Ask, count: int, answers: tuple[np.ndarray, ...]) -> None:
        size = self.size(count)
        begin = time.perf_counter()
        ask(np.minimum(np.arange(size), count - 1))
        self._rehearsal.seconds += (time.perf_counter() - begin) * math.ceil(count / size)
        for answer in answers:
            answer[:] = answer[:1]


def _put(answers: np.ndarray, part: np.ndarray, start: int, every: int) -> None:
    """Puts the answers for the rows from `start` on where they belong, or their share of a mean."""
    if every == 1:
        answers[start : start + len(part)] = part
        return
    owners = np.arange(start, start + len(part)) // every
    for owner in np.unique(owners):
        answers[owner] += part[owners == owner].sum(axis=0) / every


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of any framework, or what caused it, says that memory does not suffice."""
    if _OUT_OF_MEMORY.search(f"{type(error).__name__}: {error}"):
        return True
    return error.__cause__ is not None and is_out_of_memory(error.__cause__)
