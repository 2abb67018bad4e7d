"""Numbers: the store of a training, beside its event file."""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np

from picasso_callbacks.report import Report, maps_record, numbers_record, training_record
from picasso_callbacks.store import Store

Record = tuple[str, int, dict[str, np.ndarray]]


class Numbers:
    """Keeps the numbers of one training's reports.

    Args:
        directory: The run's directory.
        unit: What steps are: `"epoch"` or `"step"`.
    """

    def __init__(self, directory: str | os.PathLike[str], unit: str):
        self._store = Store(directory)
        self._unit = unit
        self._begun = False

    def records(self, step: int, report: Report) -> list[Record]:
        """What to write of a look. Its numbers come last: a look is there once they are."""
        first = [] if self._begun else [("training", 0, training_record(report, self._unit))]
        return [*first, ("maps", step, maps_record(report)), ("numbers", step, numbers_record(report))]

    def write(self, records: Iterable[Record]) -> bool:
        """Appends records; what was written can be read when this returns `True`."""
        for record in records:
            self._store.write(*record)
            self._begun = True
        self._store.flush()
        return True

    def close(self) -> None:
        """Closes the files; a later look begins others."""
        self._store.close()
