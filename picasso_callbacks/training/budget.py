"""Budget: the share of the training time that looks may take."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator

import numpy as np

DEAR_SECONDS, DEAR_SHARE = 1.0, 0.1
"""A look that takes so long, and looks that take such a share of the training time, are more than some would want."""


class Budget:
    """Keeps the account of one training: how long it trained, how long it was looked at, what may still be spent.

    The first look of a training is always allowed. Another is once the training so far pays for all looks and this one,
    if the whole training will pay for the last one, too. So the share holds over the run wherever it can hold for two
    looks, and looks that are too dear are spaced evenly.

    Args:
        share: Time of looks / time of training without looks, up to 1; what is drawn and written of them beside the
            training counts, too. `None`: all looks are allowed.
        clock: Gives seconds.

    Raises:
        ValueError: The share is no number above 0 and up to 1.

    Example:

        budget = Budget(0.05)
        budget.start()
        ...  # an epoch of ten
        if budget.allows(done=1 / 10):
            with budget.spending():
                ...  # look
    """

    def __init__(self, share: float | None, clock: Callable[[], float] = time.perf_counter):
        number = isinstance(share, (int, float, np.integer, np.floating)) and not isinstance(share, bool)
        if share is not None and not (number and 0 < share <= 1):
            raise ValueError(
                f"Picasso: budget is {share!r}; expected the share of the training time that looks may take, above 0 "
                "and at most 1, such as 0.05, or None for as much as they need."
            )
        self.share = share
        self._clock = clock
        self.start()

    def check(self, processes: int) -> None:
        """Raises a `ValueError` if several processes train, which have to look at the same moments."""
        if self.share is not None and processes > 1:
            raise ValueError(
                f"Picasso: budget is {self.share!r} in a training of {processes} processes; expected None, since each "
                "would measure other times and look at other moments. Pass every=..., to look less often."
            )

    def start(self) -> None:
        """Opens a new account: training begins now."""
        self._begin = self._clock()
        self._spent = self._beside = 0.0
        self._taken = self._due = 0

    def allows(self, done: float | None = None) -> bool:
        """Whether the look that is due now may be taken.

        Args:
            done: Which part of the training is done, 0 .. 1; `None` if that is not known.
        """
        self._due += 1
        if self.share is None or not self._taken:
            return True
        spent = self._spent + self._beside
        look = spent / self._taken
        earned = self.share * self._trained()
        pays_for_last = not done or spent + 2 * look <= earned / done
        return spent + look <= earned and pays_for_last

    @contextlib.contextmanager
    def spending(self) -> Iterator[None]:
        """What is done within this is a look."""
        begin = self._clock()
        try:
            yield
        finally:
            self._spent += self._clock() - begin
            self._taken += 1

    def account_for(self, beside: float) -> None:
        """Says how many seconds the processor worked for looks beside the training since its start."""
        self._beside = beside

    def wanted(self) -> float:
        """The share of the training time that looks would take if all were taken that are due."""
        return (self._spent + self._beside) / max(self._taken, 1) * self._due / max(self._trained(), 1e-9)

    def taken(self) -> float:
        """The share of the training time that looks took so far."""
        return (self._spent + self._beside) / max(self._trained(), 1e-9)

    def is_dear(self) -> bool:
        """Whether looks that nothing limits have turned out dear; not before the second, since first epochs compile."""
        look = (self._spent + self._beside) / max(self._taken, 1)
        dear = self._taken > 1 and look >= DEAR_SECONDS and self.taken() >= DEAR_SHARE
        return self.share is None and dear

    def spacing(self) -> int:
        """Every how many due looks the budget pays for one, where it does not pay for all."""
        return 2 if self.share is None else max(math.ceil(self.wanted() / self.share), 2)

    def _trained(self) -> float:
        return self._clock() - self._begin - self._spent
