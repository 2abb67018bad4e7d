"""The table of benchmarks/shortcuts.py, from the runs that there are."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterable

import numpy as np

BIASED = 0.15
TUNING = 100
ROUTES = ("with masks", "without masks")


def write(results: pathlib.Path, page: pathlib.Path) -> None:
    """Writes the page about all runs with seeds below `TUNING`."""
    runs = [json.loads(file.read_text()) for file in sorted(results.glob("*.json"))]
    runs = [run for run in runs if run["seed"] < TUNING]
    honest = [run for run in runs if run["data"] in ("honest", "digits")]
    planted = [run for run in runs if run not in honest]
    lines = [
        "# Shortcuts: results",
        "",
        "Made by `python benchmarks/shortcuts.py --report` from "
        f"{len(planted)} runs with a planted cue and {len(honest)} honest ones; see [shortcuts.md](shortcuts.md).",
        "",
        "| | " + " | ".join(ROUTES) + " |",
        "|---|---|---|",
        _row("biased networks flagged, by epoch", [_flagged(planted, route) for route in ROUTES]),
        _row("honest networks ever flagged in a run", [_ever(honest, route) for route in ROUTES]),
        _row("rank correlation of dependence and loss", [_correlation(runs, route) for route in ROUTES]),
        "",
        "Without masks, by cue: biased epochs flagged.",
        "",
        "| cue | flagged |",
        "|---|---|",
    ]
    for cue in sorted({run["data"] for run in planted}):
        lines.append(_row(cue, [_flagged([run for run in planted if run["data"] == cue], "without masks")]))
    page.write_text("\n".join(lines) + "\n")


def _row(title: str, cells: Iterable[str]) -> str:
    return f"| {title} | " + " | ".join(cells) + " |"


def _seen(runs: list[dict], route: str) -> list[tuple[float, dict]]:
    """Every epoch of every run: the loss of accuracy, and what was seen."""
    return [
        (epoch["accuracy"] - epoch["decorrelated"], epoch[route])
        for run in runs
        for epoch in run["epochs"]
        if route in epoch
    ]


def _share(hits: list[bool]) -> str:
    return f"{sum(hits)} of {len(hits)} ({np.mean(hits):.1%})" if hits else "-"


def _flagged(runs: list[dict], route: str) -> str:
    return _share([bool(seen["alarms"]) for loss, seen in _seen(runs, route) if loss >= BIASED])


def _ever(runs: list[dict], route: str) -> str:
    tested = [run for run in runs if route in run["epochs"][0]]
    return _share([any(epoch[route]["alarms"] for epoch in run["epochs"]) for run in tested])


def _correlation(runs: list[dict], route: str) -> str:
    seen = _seen(runs, route)
    if len(seen) < 3:
        return "-"
    losses = np.array([loss for loss, _ in seen])
    changes = np.array([max(one["changes"].values()) for _, one in seen])
    return f"{np.corrcoef(_ranks(losses), _ranks(changes))[0, 1]:.2f}"


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks, ties sharing the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]
