"""What the benchmarks share: jobs that take turns, their times as ratios to a floor, and figures kept in files.

A file of figures is a JSON list with an object a figure: `what` was measured, on which `backend`, the `goal` in words
("<= 0.42"), the median `ratio` with its quartiles `low` and `high`, its `unit` ("x floor", "%"), if there is one the
`processor` ratio, a `note`, and the `machine` it was measured on with its `load` then. `performance.py` makes its page
out of such files, so whatever a benchmark writes with `save` can stand there.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import pathlib
import platform
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Job = Callable[[], object]
Figure = dict[str, Any]


def rounds(jobs: Mapping[str, Job], repeats: int) -> dict[str, np.ndarray]:
    """Seconds by the clock and of the processor for each job and round: float `[repeats, 2]`.

    Each job runs once before, which compiles it. In a round each has its turn, so that ratios within a round suffer
    little from whatever else the machine does.
    """
    for job in jobs.values():
        job()
    seconds = np.empty((len(jobs), repeats, 2))
    for turn in range(repeats):
        for row, job in zip(seconds, jobs.values(), strict=True):
            clock, processor = time.perf_counter(), time.process_time()
            job()
            row[turn] = time.perf_counter() - clock, time.process_time() - processor
    return dict(zip(jobs, seconds, strict=True))


def fastest(seconds: Mapping[str, np.ndarray]) -> str:
    """The name of the job with the lowest median by the clock."""
    return min(seconds, key=lambda name: float(np.median(seconds[name][:, 0])))


def floor_of(seconds: Mapping[str, np.ndarray]) -> np.ndarray:
    """The floor among jobs that do the same, `[repeats, 2]`: the best by the clock, and the best in processor time."""
    every = np.stack(list(seconds.values()))
    best = np.median(every, axis=1).argmin(axis=0)
    return np.stack([every[job, :, column] for column, job in enumerate(best)], axis=1)


def figure(what: str, seconds: np.ndarray, floor: np.ndarray, goal: str = "", **more: Any) -> Figure:
    """A figure from the times of a job and of its floor, both `[repeats, 2]`, round by round."""
    low, middle, high = np.percentile(seconds / floor, (25, 50, 75), axis=0)
    found = {"ratio": middle[0], "low": low[0], "high": high[0], "processor": middle[1]}
    rounded = {name: round(float(value), 4) for name, value in found.items()}
    return {
        "what": what,
        "goal": goal,
        "unit": "x floor",
        **rounded,
        "seconds": float(np.median(seconds[:, 0])),
        **more,
    }


def machine() -> str:
    """Cores and versions in a line."""
    names = ("keras", "numpy", os.environ.get("KERAS_BACKEND", "tensorflow"))
    return ", ".join(
        [f"{os.cpu_count()} cores", f"Python {platform.python_version()}"]
        + [f"{name} {importlib.metadata.version(name)}" for name in names]
    )


def origin() -> Figure:
    """Where figures come from, with the load of the machine, of which the benchmark itself is a part."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {"backend": os.environ.get("KERAS_BACKEND", "tensorflow"), "machine": machine(), "load": load}


def save(file: str | os.PathLike[str] | None, figures: list[Figure]) -> None:
    """Writes figures as JSON, each with its origin; without a file, nothing."""
    if file is None:
        return
    common = origin()
    path = pathlib.Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([{**common, **one} for one in figures], indent=1) + "\n")


def describe(one: Figure) -> str:
    """`0.431 x floor (0.420-0.440), processor 0.45`."""
    words = f"{one['ratio']:.3g} {one.get('unit', 'x floor')} ({one['low']:.3g}-{one['high']:.3g})"
    return f"{words}, processor {one['processor']:.3g}" if one.get("processor") is not None else words
