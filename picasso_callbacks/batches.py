"""Batches: many questions asked in batches of one size, so that compiled functions see one shape."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator

import numpy as np

Ask = Callable[[np.ndarray], tuple[np.ndarray, ...]]
"""Answers for some rows: int `[b]` -> arrays `[b, ...]`."""


class Batches:
    """Splits rows into equally large batches; the last one is padded with the last row.

    Args:
        limit: The most rows of a batch.

    Attributes:
        limit: The most rows of a batch.
        rehearsed_seconds: How long everything that was asked in the last `rehearsal` would have taken.
    """

    def __init__(self, limit: int):
        self.limit = limit
        self._rehearsing = False
        self.rehearsed_seconds = 0.0

    def size(self, count: int, limit: int | None = None) -> int:
        """The batch size that splits `count` rows most evenly into batches of at most `limit`."""
        return math.ceil(count / math.ceil(count / (limit or self.limit)))

    def collect(self, ask: Ask, count: int, limit: int | None = None) -> tuple[np.ndarray, ...]:
        """Asks about the rows 0 .. count - 1, at most `limit` at once, and joins the answers: arrays `[count, ...]`."""
        size = self.size(count, limit)
        answers: tuple[np.ndarray, ...] = ()
        for start in range(0, count, size):
            batch = ask(np.minimum(np.arange(start, start + size), count - 1))
            answers = answers or tuple(np.empty((count, *part.shape[1:]), part.dtype) for part in batch)
            for answer, part in zip(answers, batch, strict=True):
                answer[start : start + size] = part[: count - start]
            if self._rehearsing:
                self._rehearse(ask, count, size, answers)
                break
        return answers

    @contextlib.contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Within this, only the first batch is asked (twice, for the time), and its first answer stands for all."""
        self._rehearsing, self.rehearsed_seconds = True, 0.0
        try:
            yield
        finally:
            self._rehearsing = False

    def _rehearse(self, ask: Ask, count: int, size: int, answers: tuple[np.ndarray, ...]) -> None:
        begin = time.perf_counter()
        ask(np.arange(size))
        self.rehearsed_seconds += (time.perf_counter() - begin) * math.ceil(count / size)
        for answer in answers:
            answer[:] = answer[:1]
