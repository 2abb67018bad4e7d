"""Kills trainings at random moments, and says what was left: the table of docs/reliability.md.

KERAS_BACKEND=torch PYTHONPATH=tests python benchmarks/reliability.py --kills 50
"""

import argparse
import collections
import pathlib
import tempfile

import keras
import numpy as np
from helpers.kills import kill_after


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    lost: collections.Counter[int] = collections.Counter()
    broken = looks = 0
    for _ in range(arguments.kills):
        with tempfile.TemporaryDirectory() as log_dir:
            killed = kill_after(pathlib.Path(log_dir), rng.uniform(0, 2))
        lost[max(killed.lost, 0)] += 1
        broken += not killed.whole
        looks += killed.looks
    print(f"| {keras.backend.backend()} | {arguments.kills} | {looks} | {broken} |", end=" ")
    print(" | ".join(str(lost[count]) for count in range(max(3, max(lost) + 1))), "|")


if __name__ == "__main__":
    main()
