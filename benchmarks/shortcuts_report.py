"""The results of benchmarks/shortcuts.py in docs/shortcuts_statistics.md, from the runs that were judged."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable, Iterable

import numpy as np

BIASED = 0.15
TUNING = {*range(14), 100, 101}
"""Seeds that were looked at while the rule was chosen."""
ROUTES = ("with masks", "without masks")
HONEST = ("honest", "digits")
TITLE = "## Results\n"

RIGHT = {
    # which names of alarms are right: with masks the parts in which the cue lies; else the kinds of which it is one
    "sky": {"sky", "surroundings", "colour", "layout", "frame", "corners"},
    "tint": {"surroundings", "colour", "layout"},
    "tag": {"surroundings", "corners", "frame", "tag 1", "tag 2"},
    "texture": {"texture", "surroundings"},
    "frame": {"surroundings", "frame", "corners"},
    "sky and tag": {"sky", "surroundings", "colour", "layout", "frame", "corners", "tag 1", "tag 2"},
    "digits decoy": {"corners", "frame", "tag 1", "tag 2"},
}


def write(results: pathlib.Path, page: pathlib.Path) -> None:
    """Replaces the last section of the page by one about all judged runs with seeds other than `TUNING`."""
    runs = [json.loads(file.read_text()) for file in sorted(results.glob("*.json"))]
    runs = [run for run in runs if run["seed"] not in TUNING]
    honest = [run for run in runs if run["data"] in HONEST]
    planted = [run for run in runs if run["data"] not in HONEST]
    seeds = len({run["seed"] for run in planted})
    digits = sum(run["data"] == "digits" for run in honest)
    lines = [
        f"Made by `python benchmarks/shortcuts.py report` from {len(planted)} networks with a planted cue ({seeds}",
        f"seeds) and {len(honest)} honest ones, {digits} of them on real digits; seeds for tuning are left out. An",
        "epoch is *biased* if the network then loses at least 15 points on data in which the cue tells nothing.",
        "",
        *_table("", ROUTES, _rows(runs, honest, planted)),
    ]
    for title, key in (("cue", "data"), ("strength", "strength"), ("architecture", "architecture")):
        groups = {value: [run for run in planted if run[key] == value] for value in sorted({r[key] for r in planted})}
        rows = [(f"{value}", [_flagged(group, route) for route in ROUTES]) for value, group in groups.items()]
        lines += ["", f"Biased epochs flagged, by {title}:", "", *_table(title, ROUTES, rows)]
    for route in ROUTES:
        missed = [words for run in planted for words in _missed(run, route)]
        lines += ["", f"Biased epochs without an alarm, {route}: {len(missed)}.", *[f"- {words}" for words in missed]]
        wrong = [words for run in honest for words in _accused(run, route)]
        lines += ["", f"Honest networks with an alarm, {route}: {len(wrong)}.", *[f"- {words}" for words in wrong]]
    rest = page.read_text().split(TITLE)[0]
    page.write_text("\n".join([rest + TITLE, *lines]) + "\n")


def _rows(runs: list[dict], honest: list[dict], planted: list[dict]) -> list[tuple[str, list[str]]]:
    def first(seen: list[dict]) -> list[dict]:
        return seen[:1]

    return [
        ("biased epochs flagged", [_flagged(planted, route) for route in ROUTES]),
        ("of these, first epochs", [_flagged(planted, route, first) for route in ROUTES]),
        ("the right region or cue named first", [_named(planted, route) for route in ROUTES]),
        ("honest networks ever flagged", [_ever(honest, route) for route in ROUTES]),
        ("rank correlation of the largest gap and the accuracy lost", [_correlation(runs, route) for route in ROUTES]),
        ("forward passes a probe and look, honest networks", [_passes(honest, route) for route in ROUTES]),
        ("the same, networks with a planted cue", [_passes(planted, route) for route in ROUTES]),
    ]


def _table(corner: str, heads: Iterable[str], rows: Iterable[tuple[str, list[str]]]) -> list[str]:
    lines = [f"| {corner} | " + " | ".join(heads) + " |", "|---" * (len(list(heads)) + 1) + "|"]
    return lines + [f"| {title} | " + " | ".join(cells) + " |" for title, cells in rows]


def _biased(run: dict, route: str, part: Callable[[list[dict]], list[dict]] = list) -> list[dict]:
    return [epoch for epoch in part(run["epochs"]) if route in epoch and _lost(epoch) >= BIASED]


def _lost(epoch: dict) -> float:
    return epoch["accuracy"] - epoch["decorrelated"]


def _share(hits: list[bool]) -> str:
    return f"{sum(hits)} of {len(hits)} ({np.mean(hits):.1%})" if hits else "-"


def _flagged(runs: list[dict], route: str, part: Callable[[list[dict]], list[dict]] = list) -> str:
    return _share([bool(epoch[route]["alarms"]) for run in runs for epoch in _biased(run, route, part)])


def _named(runs: list[dict], route: str) -> str:
    first = [(run["data"], epoch[route]["alarms"][:1]) for run in runs for epoch in _biased(run, route)]
    return _share([alarms[0] in RIGHT[data] for data, alarms in first if alarms])


def _ever(runs: list[dict], route: str) -> str:
    tested = [run for run in runs if route in run["epochs"][0]]
    return _share([any(epoch[route]["alarms"] for epoch in run["epochs"]) for run in tested])


def _correlation(runs: list[dict], route: str) -> str:
    seen = [(_lost(epoch), epoch[route]) for run in runs for epoch in run["epochs"] if route in epoch]
    if len(seen) < 3:
        return "-"
    losses = np.array([loss for loss, _ in seen])
    changes = np.array([max(one["gap"].values()) for _, one in seen])
    return f"{np.corrcoef(_ranks(losses), _ranks(changes))[0, 1]:.2f}"


def _passes(runs: list[dict], route: str) -> str:
    """Of exchanges alone; hiding takes three for each region."""
    return f"{np.mean([one[route]['passes'] for run in runs for one in run['epochs'] if route in one] or [np.nan]):.0f}"


def _title(run: dict) -> str:
    return f"{run['data']}, strength {run['strength']:.0%}, seed {run['seed']}, {run['architecture']}"


def _missed(run: dict, route: str) -> list[str]:
    return [
        f"{_title(run)}, epoch {number}: {_lost(epoch):.2f} lost, largest gap {_largest(epoch[route])}"
        for number, epoch in enumerate(run["epochs"])
        if route in epoch and _lost(epoch) >= BIASED and not epoch[route]["alarms"]
    ]


def _accused(run: dict, route: str) -> list[str]:
    seen = [(number, epoch[route]) for number, epoch in enumerate(run["epochs"]) if route in epoch]
    return [
        f"{_title(run)}, epoch {number}: {', '.join(one['alarms'])}, {_largest(one)}"
        for number, one in seen
        if one["alarms"]
    ][:1]


def _largest(seen: dict) -> str:
    name, change = max(seen["gap"].items(), key=lambda item: item[1])
    return f"{name} {change:.2f}"


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks, ties sharing the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]
