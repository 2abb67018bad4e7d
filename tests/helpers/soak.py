"""A long training of a small network, and what the process holds after each epoch. To be run in one of its own."""

import gc
import os
import pathlib
import threading
from typing import NamedTuple

from helpers.small_training import AtEpochEnd, compiled, fit, probes
from picasso_callbacks import Picasso

SETTLED = 10
"""From this epoch on nothing may grow."""


class Held(NamedTuple):
    """What the process holds: resident memory, bytes; threads of Python and of the system; open files."""

    memory: int
    python_threads: int
    threads: int
    files: int


class Grown(NamedTuple):
    """How far a soak grew since epoch `SETTLED`: memory, bytes an epoch; the most threads and files more than then."""

    memory: float
    python_threads: int
    threads: int
    files: int


def soak(log_dir: pathlib.Path, epochs: int, watched: bool = True) -> list[Held]:
    """What is held at the end of each epoch, its look written. All default methods, shortcuts looked for."""
    held: list[Held] = []
    picasso = Picasso(log_dir, probes(6), shortcuts=True, on_alarm="log")

    def measure(model, epoch):
        if watched:
            picasso._recorder.flush()
        gc.collect()
        held.append(_held())

    fit(compiled(), *([picasso] if watched else []), AtEpochEnd(measure), epochs=epochs)
    return held


def grown(held: list[Held]) -> Grown:
    """Memory by the medians of the first and the last third, since single epochs differ by what the allocator keeps."""
    settled = held[SETTLED:]
    third = len(settled) // 3
    median = lambda part: sorted(one.memory for one in part)[len(part) // 2]  # noqa: E731
    first = settled[0]
    return Grown(
        (median(settled[-third:]) - median(settled[:third])) / (len(settled) - third),
        max(one.python_threads - first.python_threads for one in settled),
        max(one.threads - first.threads for one in settled),
        max(one.files - first.files for one in settled),
    )


def _held() -> Held:
    process = pathlib.Path("/proc/self")
    pages = int((process / "statm").read_text().split()[1])
    return Held(
        pages * os.sysconf("SC_PAGE_SIZE"),
        threading.active_count(),
        len(list((process / "task").iterdir())),
        len(list((process / "fd").iterdir())),
    )
