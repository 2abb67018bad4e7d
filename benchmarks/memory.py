"""The peak memory of a large look against that of a small one: it should hardly grow with windows or probes.

    python benchmarks/memory.py

784 windows on each of 64 probes at 224 x 224, against 49 on each of 8, in fresh processes, on the same model. Of the
peak most is the framework itself, so the difference in MiB is told too. Linux only.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
from timing import describe, save

ROOT = pathlib.Path(__file__).resolve().parents[1]
LARGE, SMALL = ("64", "8"), ("8", "32")
"""Probes, and the side of the windows, which are side by side."""


def look(probes: int, side: int) -> None:
    """The child process: one look, and the peak of its memory in MiB."""
    import keras

    from picasso_callbacks import PartialOcclusion, Probes, explain

    layers = keras.layers
    images = np.random.default_rng(0).integers(0, 256, (probes, 224, 224, 3), dtype="uint8")
    body = [layers.Rescaling(1 / 255), layers.Conv2D(16, 7, strides=4, activation="relu"), layers.MaxPooling2D()]
    body += [layers.Conv2D(32, 3, activation="relu"), layers.GlobalAveragePooling2D()]
    model = keras.Sequential([keras.Input((224, 224, 3)), *body, layers.Dense(10, activation="softmax")])
    explain(model, Probes(images), methods=[PartialOcclusion(window=side, stride=side), "saliency_map"])
    # Not getrusage: its maximum is that of the parent process too.
    status = pathlib.Path("/proc/self/status").read_text()
    print(int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024)


def peak(probes: str, side: str) -> float:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, __file__, "--child", probes, side]
    return float(subprocess.check_output(command, env=environment, text=True).split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", help="a file for the figure, see timing.py")
    parser.add_argument("--child", type=int, nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        look(*arguments.child)
        return
    peaks = np.array([[peak(*LARGE), peak(*SMALL)] for _ in range(arguments.repeats)])
    low, middle, high = np.percentile(peaks[:, 0] / peaks[:, 1], (25, 50, 75))
    large, small = np.median(peaks, axis=0)
    figure = {
        "what": "peak memory, 64 probes x 784 windows against 8 x 49, at 224",
        "goal": "<= 1.20",
        "unit": "x",
        "ratio": float(middle),
        "low": float(low),
        "high": float(high),
        "note": f"{large:.0f} against {small:.0f} MiB",
    }
    print(f"{figure['what']}: {describe(figure)}, {figure['note']}")
    save(arguments.json, [figure])


if __name__ == "__main__":
    main()
