"""The time of occlusion on patches against its floor: the bare compiled forward passes that it replaces.

    python benchmarks/incremental.py                     # small models
    python benchmarks/incremental.py VGG16 --window 32 --stride 32

The floor is `probes x windows + 1` images through the compiled model, fed from memory, at the best batch size: by the
clock the best by the clock, for processor time the best in that. Jobs take turns in the same process; the ratio is the
median over rounds of the ratio within a round, since machines are noisy. Ratios of processor time stand beside those of
the clock: they suffer less from whatever else runs on the machine.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from floor import bare_passes, small_cnn
from timing import Figure, describe, figure, floor_of, rounds, save

from picasso_callbacks import Probes
from picasso_callbacks.model.live_model import LiveModel
from picasso_callbacks.model.windows import Windows
from picasso_callbacks.options import Options

GOALS = {
    ("small", 16, 8): 0.42,
    ("VGG16", 56, 28): 0.33,
    ("VGG16", 32, 32): 0.25,
    ("VGG16", 16, 32): 0.19,
    ("ResNet50V2", 32, 32): 0.65,
    ("MobileNetV2", 32, 32): 0.8,
    ("EfficientNetV2B0", 32, 32): 0.8,
}
"""The ratios to reach on patches, by model, window and stride; on whole passes it is 1."""


def occlusion(model: keras.Model, probes: int, windows: Windows, **options: Any) -> tuple[LiveModel, Callable]:
    images = np.random.default_rng(1).random((probes, *model.input_shape[1:]), dtype="float32")
    live = LiveModel(model, Probes(images), Options(**options))
    return live, lambda: live.scores_under_windows(windows, live.canvases("grey"), lambda scores, rows: scores.logits)


def compare(name: str, model: keras.Model, arguments: argparse.Namespace) -> list[Figure]:
    windows = Windows(model.input_shape[1:3], arguments.window, arguments.stride)
    live, on_patches = occlusion(model, arguments.probes, windows, batch_size=arguments.batch)
    route = live._under_masks.route(windows)
    jobs = {"patches": on_patches}
    if arguments.plain:
        jobs["whole"] = occlusion(model, arguments.probes, windows, incremental=False)[1]
    images = arguments.probes * len(windows) + 1
    passes = {f"floor {batch}": max(images // batch, 1) * batch for batch in arguments.floors}
    jobs |= {key: bare_passes(model, count, int(key.split()[1])) for key, count in passes.items()}
    seconds = rounds(jobs, arguments.repeats)
    scaled = {key: seconds[key] * images / count for key, count in passes.items()}
    floor = floor_of(scaled)
    counted = f"counted {route.plan.counted_ratio:.3f}" if route else "no plan"
    size = f"{'small CNN' if name == 'small' else name} at {model.input_shape[1]}"
    title = f"{size}, window {arguments.window}, stride {arguments.stride}"
    print(f"{title}, {keras.backend.backend()}: {arguments.probes} probes x {len(windows)} windows, {counted}")
    figures = []
    for key, value in {**seconds, **scaled}.items():
        goals = {"patches": GOALS.get((name, arguments.window, arguments.stride)), "whole": 1.0}
        goal = f"<= {goals[key]:.2f}" if goals.get(key) else ""
        figures.append(figure(f"{title}: {key}", value, floor, goal, note=counted if key == "patches" else ""))
        print(f"  {key:10}{np.median(value[:, 0]) * 1e3:9.1f} ms   {describe(figures[-1])}", flush=True)
    return [one for one in figures if one["goal"]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="small", help="'small', or a name out of keras.applications")
    parser.add_argument("--window", type=int, default=16)
    parser.add_argument("--stride", type=int, default=8)
    parser.add_argument("--probes", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--batch", type=int, default=None, help="batch size of the library; by default its own choice")
    parser.add_argument(
        "--floors", type=int, nargs="+", default=[25, 49, 98, 196, 392], help="batch sizes of the floor"
    )
    parser.add_argument("--plain", action="store_true", help="the library's whole forward passes as well")
    parser.add_argument("--json", help="a file for the figures, see timing.py")
    arguments = parser.parse_args()
    model = small_cnn() if arguments.model == "small" else getattr(keras.applications, arguments.model)(weights=None)
    save(arguments.json, compare(arguments.model, model, arguments))


if __name__ == "__main__":
    main()
