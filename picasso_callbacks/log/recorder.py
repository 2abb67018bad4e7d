"""Recorder: what becomes of reports, on one worker thread: an event file of cards, scalars, texts and filmstrips, and a
store of numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from picasso_callbacks.log.cards import Cards
from picasso_callbacks.log.event_log import EventLog
from picasso_callbacks.log.events import as_markdown, image, scalar, text
from picasso_callbacks.log.numbers import Numbers, Record
from picasso_callbacks.log.runs import Run
from picasso_callbacks.log.scalars import scalars_of
from picasso_callbacks.log.worker import Worker
from picasso_callbacks.plain import logger
from picasso_callbacks.problems import Problems
from picasso_callbacks.report import Report

LOOK_SECONDS, END_SECONDS = 5.0, 10.0
"""How long looks wait for a disk, all together until it has caught up, and how long the end of a training does."""

FOREVER = float("inf")


class Recorder:
    """Draws and writes the reports of one training run.

    Its public methods return as soon as the work is queued, except `close`, which waits for it. Reports are drawn and
    written in their order; after each, what was written can be read. A disk that fails is tried again with each report;
    while it doesn't answer, or is slower than the looks come, reports are dropped. Filmstrips, drawn from memory, show
    also what the disk did not take.

    Args:
        directory: That of the first run; which one is written is chosen when there is something to write.
        layout: `"composite"`: a card for each probe. `"separate"`: a card for each probe and method.
        problems: What errors are told to.
        unit: What steps are: `"epoch"` or `"step"`.
        resumes: Whether the training goes on where another one ended, and so does its run.
    """

    def __init__(
        self, directory: str, layout: str, problems: Problems, unit: str = "epoch", resumes: bool = False
    ) -> None:
        self._directory = directory
        self._run = Run(directory, resumes)
        self._log = EventLog(self._run)
        self._numbers = Numbers(self._run, unit)
        self._cards = Cards(layout, unit)
        self._problems = problems
        self._worker = Worker()
        self._verdict = ""
        self._looks = self._written = self._missed = 0
        self._forgiven = 0.0  # of the seconds that looks waited for the disk

    def record(self, step: int, report: Report) -> None:
        """Queues the report of a look at `step`; waits while too many are queued, a bounded time for the disk."""
        self._looks += 1
        self._problems.attempt(f"handing looks to {self._directory}", self._submit, step, report, tries=FOREVER)

    def filmstrips(self) -> None:
        """Queues a filmstrip of each probe, over the looks recorded so far."""
        self._worker.submit_beyond(self._filmstrips)

    @property
    def seconds(self) -> float:
        """The processor time that drawing and writing took so far."""
        return self._worker.seconds

    def flush(self) -> None:
        """Returns when everything queued is written, however long the disk takes."""
        self._worker.drain()

    def close(self, lasts: Callable[[], None] = lambda: None) -> None:
        """Waits until everything queued is written, and closes the file; a later report begins another.

        Waits a bounded time for the disk, and says how many looks it did not take.

        Args:
            lasts: Is called if that takes more than a second.
        """
        self._worker.submit_beyond(self._close)
        ended = self._worker.close(lasts, END_SECONDS)
        missed = self._looks - self._written
        if missed > self._missed:
            self._missed = missed
            later = "" if ended else " Those still queued are written if it answers before the program ends."
            logger.warning("Picasso: %s of %s looks were not written to %s.%s", missed, self._looks, self._run, later)

    def _submit(self, step: int, report: Report) -> None:
        worker = self._worker
        if worker.is_idle():  # the disk has caught up
            self._forgiven = worker.waited
        patience = LOOK_SECONDS - (worker.waited - self._forgiven)
        if not worker.submit(lambda: self._record(step, report), patience):
            raise TimeoutError(
                f"The disk does not answer, or is slower than the looks come: they waited {LOOK_SECONDS:.0f} s for it. "
                "Until it has caught up, those for which there is no room are not drawn and written."
            )

    def _attempt(self, part: str, function: Callable[..., Any], *args: Any, tries: float = 3) -> Any:
        return self._problems.attempt(part, _contained, function, *args, tries=tries)

    def _record(self, step: int, report: Report) -> None:
        pictures = self._attempt("drawing", self._cards.draw, step, report) or {}
        images = self._attempt("encoding", _images, step, pictures) or []
        scalars = self._attempt("scalars", _scalars, step, report) or []
        words = self._attempt("texts", _texts, step, report.verdict) if report.verdict != self._verdict else None
        numbers = self._attempt("keeping numbers", self._numbers.records, step, report) or []
        if self._on_disk(self._write, [*images, *scalars, *(words or [])], numbers):
            self._verdict = report.verdict or self._verdict
            self._written += 1

    def _filmstrips(self) -> None:
        step, pictures = self._attempt("drawing filmstrips", self._cards.draw_filmstrips) or (0, {})
        self._on_disk(self._write, self._attempt("encoding", _images, step, pictures) or [])

    def _write(self, records: Collection[bytes], numbers: Collection[Record] = ()) -> bool:
        """Each is written, also where the other fails."""
        try:
            if records:
                self._log.write(*records)
                self._log.flush()
        finally:
            if numbers:
                self._numbers.write(numbers)
        return True

    def _close(self) -> None:
        try:
            self._log.close()
        finally:
            self._numbers.close()

    def _on_disk(self, function: Callable[..., Any], *args: Any) -> Any:
        """A disk is never given up: it may be enlarged, or come back, after days."""
        with self._worker.outside():
            return self._attempt(f"writing to {self._directory}", function, *args, tries=FOREVER)


def _images(step: int, pictures: Mapping[str, np.ndarray]) -> list[bytes]:
    return [image(tag, step, pixels) for tag, pixels in pictures.items()]


def _scalars(step: int, report: Report) -> list[bytes]:
    return [scalar(tag, step, value) for tag, value in scalars_of(report).items()]


def _texts(step: int, verdict: str) -> list[bytes]:
    return [text("picasso_verdict", step, as_markdown(verdict))] if verdict else []


def _contained(function: Callable[..., Any], *args: Any) -> Any:
    """Makes an error of what would silently end a thread: a `SystemExit` is meant for the main one."""
    try:
        return function(*args)
    except Exception:
        raise
    except BaseException as error:
        raise RuntimeError(f"{type(error).__name__} on the drawing thread") from error
