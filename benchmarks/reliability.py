"""Kills and interrupts trainings at random moments, and trains for long: the figures of docs/reliability.md.

KERAS_BACKEND=torch PYTHONPATH=tests python benchmarks/reliability.py --kills 50 --signals 60 --soak 500
"""

import argparse
import collections
import pathlib
import signal
import tempfile

import keras
import numpy as np
from helpers.kills import kill_after
from helpers.signals import interrupt_after
from helpers.soak import SETTLED, grown, soak

SIGNALS = (signal.SIGINT, signal.SIGINT, signal.SIGINT, signal.SIGTERM)
"""By turns."""


def kills(count: int, rng: np.random.Generator) -> str:
    lost: collections.Counter[int] = collections.Counter()
    broken = looks = 0
    for _ in range(count):
        with tempfile.TemporaryDirectory() as log_dir:
            killed = kill_after(pathlib.Path(log_dir), rng.uniform(0, 2))
        lost[max(killed.lost, 0)] += 1
        broken += not killed.whole
        looks += killed.looks
    return row(count, looks, broken, *(lost[number] for number in range(max(3, max(lost) + 1))))


def signals(count: int, rng: np.random.Generator) -> str:
    during: collections.Counter[str] = collections.Counter()
    looks = lost = harmed = 0
    for number in range(count):
        with tempfile.TemporaryDirectory() as log_dir:
            left = interrupt_after(pathlib.Path(log_dir), rng.uniform(0, 3), SIGNALS[number % len(SIGNALS)])
        during[pathlib.PurePath(left.during).parts[0] if left.during else "Keras"] += 1
        looks += left.epochs
        lost += left.lost
        harmed += not left.harmless
        if not left.harmless:
            print(left)
    where = ", ".join(f"{name} {times}" for name, times in during.most_common())
    return row(count, where, looks, lost, harmed)


def endurance(epochs: int) -> str:
    with tempfile.TemporaryDirectory() as log_dir:
        held = soak(pathlib.Path(log_dir), epochs)
    growth = grown(held)
    at = [f"{held[epoch].memory / 1e6:.1f}" for epoch in (SETTLED, len(held) // 2, len(held) - 1)]
    return row(epochs, *at, f"{growth.memory / 1e3:.1f}", growth.threads, growth.files)


def row(*cells: object) -> str:
    return "| " + " | ".join(map(str, (keras.backend.backend(), *cells))) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--signals", type=int, default=0)
    parser.add_argument("--soak", type=int, default=0, help="epochs")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    if arguments.kills:
        print(kills(arguments.kills, rng))
    if arguments.signals:
        print(signals(arguments.signals, rng))
    if arguments.soak:
        print(endurance(arguments.soak))


if __name__ == "__main__":
    main()
