"""Cards: the pictures of a training, by their tags. Cards of each probe at each look, a filmstrip of all."""

from __future__ import annotations

import dataclasses
import time
from collections import defaultdict

import numpy as np

from picasso_callbacks.encode import encode
from picasso_callbacks.log.tags import distinct_tags
from picasso_callbacks.render import (
    Frame,
    Heatmap,
    Panel,
    draw_exhibit,
    draw_filmstrip,
    draw_heatmap,
    draw_panel,
    draw_probabilities,
    thumbnail,
)
from picasso_callbacks.report import PROOFS, Report

COLUMNS = 20
"""The most looks on a filmstrip."""


class Cards:
    """Draws the reports of one training, in their order: scales that have no end of their own only grow.

    Args:
        layout: `"composite"`: a card for each probe. `"separate"`: a card for each probe and method.
        unit: What steps are: `"epoch"` or `"step"`.
    """

    def __init__(self, layout: str, unit: str):
        self._layout = layout
        self._unit = unit
        self._limits: defaultdict[int, dict[str, float]] = defaultdict(dict)
        self._frames: defaultdict[int, list[Frame]] = defaultdict(list)
        self._last: Report | None = None
        self._looks = 0

    def draw(self, step: int, report: Report) -> dict[str, np.ndarray]:
        """The cards of a look by tag, uint8 `[H, W, 3]`."""
        self._last = dataclasses.replace(report, explanations={})  # what filmstrips need, without the maps
        self._looks += 1
        pictures = {}
        for index, tag in enumerate(distinct_tags(report.probes.names)):
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
        names = distinct_tags([one.name for one in report.proofs])
        for index, tag in enumerate(names[:PROOFS]):
            pictures[f"picasso_proof/{tag}"] = draw_exhibit(report.exhibit(index, f"{self._unit} {step}"))
        return pictures

    def draw_filmstrips(self) -> tuple[int, dict[str, np.ndarray]]:
        """The last step, and a filmstrip of each probe over the looks drawn so far, by tag."""
        if self._last is None:
            return 0, {}
        probes, names = self._last.probes, (*self._last.class_names, *self._last.derived_names)
        pictures, last = {}, 0
        for index, tag in enumerate(distinct_tags(probes.names)):
            frames = self._frames[index]
            if not frames:  # its first card could not be drawn
                continue
            last = max(last, frames[-1].step)
            columns = np.unique(np.linspace(0, len(frames) - 1, COLUMNS).round().astype(int))
            known = probes.labels is not None and frames[-1].probabilities is not None
            label = int(probes.labels[index]) if known else None  # type: ignore[index]
            pictures[f"picasso_filmstrip/{tag}"] = draw_filmstrip(
                probes.names[index],
                probes.display([index])[0],
                names,
                label,
                [frames[column] for column in columns],
                self._unit,
                self._looks,
            )
        return last, pictures


def cards_cost(report: Report, layout: str) -> tuple[int, float]:
    """How many bytes the cards of the first probe take, and how many seconds of processor time."""
    for _ in range(2):  # letters are drawn once
        begin = time.thread_time()
        size = sum(len(encode(pixels)) for pixels in _cards(report.panel(0), report, layout).values())
    return size, time.thread_time() - begin


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
