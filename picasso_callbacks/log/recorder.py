"""Recorder: what becomes of reports, on one worker thread: an event file of cards, scalars, texts and filmstrips, and a
store of numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from picasso_callbacks.log.cards import Cards
from picasso_callbacks.log.event_log import EventLog
from picasso_callbacks.log.numbers import Numbers
from picasso_callbacks.log.scalars import scalars_of
from picasso_callbacks.log.worker import Worker
from picasso_callbacks.problems import Problems
from picasso_callbacks.report import Report


class Recorder:
    """Draws and writes the reports of one training run.

    Its public methods return as soon as the work is queued, except `close`, which waits for it. Reports are drawn and
    written in their order; after each, what was written can be read. An error switches drawing or writing off.

    Args:
        directory: The run's directory.
        layout: `"composite"`: a card for each probe. `"separate"`: a card for each probe and method.
        problems: What errors are told to.
        unit: What steps are: `"epoch"` or `"step"`.
    """

    def __init__(self, directory: str, layout: str, problems: Problems, unit: str = "epoch"):
        self._cards = Cards(layout, unit)
        self._log = EventLog(directory)
        self._numbers = Numbers(directory, unit)
        self._problems = problems
        self._worker = Worker()
        self._verdict = ""

    def record(self, step: int, report: Report) -> None:
        """Queues the report of a look at `step`; waits only while too many are queued."""
        self._worker.submit(lambda: self._record(step, report))

    def filmstrips(self) -> None:
        """Queues a filmstrip of each probe, over the looks recorded so far."""
        self._worker.submit(self._filmstrips)

    @property
    def seconds(self) -> float:
        """The processor time that drawing and writing took so far."""
        return self._worker.seconds

    def close(self, lasts: Callable[[], None] = lambda: None) -> None:
        """Waits until everything queued is written, and closes the file; a later report begins another.

        Args:
            lasts: Is called if that takes more than a second.
        """
        self._worker.close(lasts)
        self._problems.attempt("writing to disk", self._log.close)
        self._problems.attempt("writing to disk", self._numbers.close)

    def _record(self, step: int, report: Report) -> None:
        pictures = self._problems.attempt("drawing", self._cards.draw, step, report) or {}
        self._problems.attempt("writing to disk", self._write, step, pictures, report)
        records = self._problems.attempt("keeping numbers", self._numbers.records, step, report) or ()
        self._problems.attempt("writing to disk", self._numbers.write, records)

    def _filmstrips(self) -> None:
        step, pictures = self._problems.attempt("drawing", self._cards.draw_filmstrips) or (0, {})
        self._problems.attempt("writing to disk", self._write, step, pictures)

    def _write(self, step: int, pictures: Mapping[str, np.ndarray], report: Report | None = None) -> None:
        for tag, pixels in pictures.items():
            self._log.image(tag, step, pixels)
        if report is not None:
            for tag, value in scalars_of(report).items():
                self._log.scalar(tag, step, value)
            if report.verdict and report.verdict != self._verdict:
                self._log.text("picasso_verdict", step, report.verdict)
                self._verdict = report.verdict
        self._log.flush()
