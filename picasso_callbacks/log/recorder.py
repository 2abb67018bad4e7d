"""Recorder: turns reports into TensorBoard cards, scalars and filmstrips, on one worker thread."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from picasso_callbacks.log.event_log import EventLog
from picasso_callbacks.log.png import encode_png
from picasso_callbacks.log.tags import distinct_tags
from picasso_callbacks.log.worker import Worker
from picasso_callbacks.probes import Probes
from picasso_callbacks.problems import Problems
from picasso_callbacks.render import (
    Frame,
    Heatmap,
    Panel,
    draw_filmstrip,
    draw_heatmap,
    draw_panel,
    draw_probabilities,
    thumbnail,
)
from picasso_callbacks.report import Report

COLUMNS = 20
"""The most looks on a filmstrip."""

ALL_CLASSES = 10
"""Up to so many classes, each has its scalar; beyond, only a probe's label and targets."""


class Recorder:
    """Draws and writes the reports of one training run.

    Its public methods return as soon as the work is queued, except `close`, which waits for it. Reports are drawn and
    written in their order; after each, what was written can be read. An error switches drawing or writing off.

    Args:
        directory: The run's directory.
        probes: The probes of all reports.
        layout: `"composite"`: a card for each probe. `"separate"`: a card for each probe and method.
        problems: What errors are told to.
        unit: What steps are: `"epoch"` or `"step"`.
    """

    def __init__(self, directory: str, probes: Probes, layout: str, problems: Problems, unit: str = "epoch"):
        self._probes = probes
        self._tags = distinct_tags(probes.names)
        self._layout = layout
        self._problems = problems
        self._unit = unit
        self._log = EventLog(directory)
        self._worker = Worker()
        self._limits: list[dict[str, float]] = [{} for _ in probes.names]
        self._frames: list[list[Frame]] = [[] for _ in probes.names]
        self._class_names: tuple[str, ...] = ()

    def record(self, step: int, report: Report) -> None:
        """Queues the report of a look at `step`; waits only while too many are queued."""
        self._worker.submit(lambda: self._record(step, report))

    def filmstrips(self) -> None:
        """Queues a filmstrip of each probe, over the looks recorded so far."""
        self._worker.submit(self._filmstrips)

    def close(self) -> None:
        """Waits until everything queued is written, and closes the file; a later report begins another."""
        self._worker.close()
        self._problems.attempt("writing to disk", self._log.close)

    def _record(self, step: int, report: Report) -> None:
        pictures = self._problems.attempt("drawing", self._draw, step, report) or {}
        self._problems.attempt("writing to disk", self._write, step, pictures, report)

    def _write(self, step: int, pictures: dict[str, np.ndarray], report: Report | None) -> None:
        for tag, pixels in pictures.items():
            self._log.image(tag, step, pixels)
        for tag, value in (self._scalars(report) if report is not None else {}).items():
            self._log.scalar(tag, step, value)
        if report is not None and report.verdict:
            self._log.text("picasso_verdict", step, report.verdict)
        self._log.flush()

    def _draw(self, step: int, report: Report) -> dict[str, np.ndarray]:
        self._class_names = (*report.class_names, *report.derived_names)
        pictures = {}
        for index, tag in enumerate(self._tags):
            limits = self._limits[index]
            for method, limit in report.limits(index).items():
                limits[method] = max(limit, limits.get(method, 0.0))
            panel = report.panel(index, f"{self._unit} {step}", limits)
            for group, pixels in _cards(panel, report, self._layout).items():
                pictures[f"{group}/{tag}"] = pixels
            small = tuple(
                Heatmap(one.title, thumbnail(one.values[:1]), one.scale, one.unit, one.notes) for one in panel.heatmaps
            )
            _append(self._frames[index], Frame(step, panel.probabilities, panel.targets, small))
        return pictures

    def _scalars(self, report: Report) -> dict[str, float]:
        return {**self._class_scalars(report), **_shortcut_scalars(report)}

    def _class_scalars(self, report: Report) -> dict[str, float]:
        labels = None if report.probabilities is None else self._probes.labels
        group, values = "picasso_probability", report.probabilities
        if values is None:
            group, values = "picasso_value", report.class_scores
        class_tags = distinct_tags(report.class_names)
        scalars = {}
        for index, tag in enumerate(self._tags):
            classes = list(range(len(report.class_names)))
            if len(report.class_names) > ALL_CLASSES:
                label = [] if labels is None else [labels[index]]
                explained = [target for target in report.targets[index] if target < len(class_tags)]
                classes = sorted({int(one) for one in (*label, *explained)})
            for one in classes:
                scalars[f"{group}/{tag}/{class_tags[one]}"] = float(values[index, one])
        return scalars

    def _filmstrips(self) -> None:
        pictures = self._problems.attempt("drawing", self._draw_filmstrips) or {}
        last = max((frames[-1].step for frames in self._frames if frames), default=0)
        self._problems.attempt("writing to disk", self._write, last, pictures, None)

    def _draw_filmstrips(self) -> dict[str, np.ndarray]:
        images, labels = self._probes.display(), self._probes.labels
        pictures = {}
        for index, (tag, frames) in enumerate(zip(self._tags, self._frames, strict=True)):
            if frames:
                columns = np.unique(np.linspace(0, len(frames) - 1, COLUMNS).round().astype(int))
                label = None if labels is None or frames[-1].probabilities is None else int(labels[index])
                shown = [frames[column] for column in columns]
                pictures[f"picasso_filmstrip/{tag}"] = draw_filmstrip(
                    self._probes.names[index], images[index], self._class_names, label, shown, self._unit
                )
        return pictures


def _shortcut_scalars(report: Report) -> dict[str, float]:
    """What the answers hang on: a group for each kind of measurement, with a region's share beside its area."""
    cues = _tags([one.name for one in report.dependences])
    regions, methods = _tags(report.probes.regions or {}), _tags(report.explanations)
    scalars = {f"picasso_dependence/{cues[one.name]}": one.change for one in report.dependences}
    for one in report.evidence:
        if not math.isnan(one.share):
            scalars[f"picasso_evidence/{regions[one.region]}/{methods[one.method]}"] = one.share
            scalars[f"picasso_evidence/{regions[one.region]}/area"] = one.area
    for hidden in report.hidings:
        scalars[f"picasso_hiding/{regions[hidden.region]}/answers changed"] = hidden.flipped
        scalars[f"picasso_hiding/{regions[hidden.region]}/fall of log-odds"] = hidden.fall
    if report.stable_since is not None:
        scalars["picasso_stable_since"] = report.stable_since
    return scalars


def _tags(names: Iterable[str]) -> dict[str, str]:
    """A part of a tag for each of some distinct names."""
    names = list(names)
    return dict(zip(names, distinct_tags(names), strict=True))


def cards_size(report: Report, layout: str) -> int:
    """How many bytes the cards of the first probe take."""
    return sum(len(encode_png(pixels)) for pixels in _cards(report.panel(0), report, layout).values())


def _cards(panel: Panel, report: Report, layout: str) -> dict[str, np.ndarray]:
    """A probe's pictures, by the group that its tag stands in."""
    if layout == "composite":
        return {"picasso": draw_panel(panel)}
    cards = {f"picasso_{method}": draw_heatmap(panel, column) for column, method in enumerate(report.maps())}
    if panel.probabilities is not None:
        cards["picasso_class_probabilities"] = draw_probabilities(panel)
    return cards


def _append(frames: list[Frame], frame: Frame) -> None:
    """Appends, and keeps a long training's history short: every second frame goes once there are twice too many."""
    frames.append(frame)
    if len(frames) > 2 * COLUMNS:
        del frames[1:-1:2]
