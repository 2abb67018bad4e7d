"""The time of occlusion on patches against its floor: the bare compiled forward passes that it replaces.

    python benchmarks/incremental.py                     # small models
    python benchmarks/incremental.py VGG16 --window 32 --stride 32

The floor is `probes x windows + 1` images through the compiled model at the best batch size, fed from memory. Jobs take
turns in the same process; the ratio is the median over rounds of the ratio within a round, since machines are noisy.
Ratios of processor time stand beside those of the clock: they suffer less from whatever else runs on the machine.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import keras
import numpy as np
from look import bare_passes, small_cnn

from picasso_callbacks import Probes
from picasso_callbacks.live_model import LiveModel
from picasso_callbacks.windows import Windows


def occlusion(model: keras.Model, probes: int, windows: Windows, **options: object) -> tuple[LiveModel, Callable]:
    images = np.random.default_rng(1).random((probes, *model.input_shape[1:]), dtype="float32")
    live = LiveModel(model, Probes(images), **options)
    return live, lambda: live.scores_under_windows(windows, live.canvases("grey"), lambda scores, rows: scores.logits)


def rounds(jobs: dict[str, Callable[[], object]], repeats: int) -> dict[str, np.ndarray]:
    """Seconds by the clock and of the processor for each job and round: float `[repeats, 2]`."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs}
    for job in jobs.values():
        job()  # compiles
    for _ in range(repeats):
        for name, job in jobs.items():
            clock, processor = time.perf_counter(), time.process_time()
            job()
            found[name].append((time.perf_counter() - clock, time.process_time() - processor))
    return {name: np.array(seconds) for name, seconds in found.items()}


def compare(name: str, model: keras.Model, arguments: argparse.Namespace) -> None:
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
    floor = min(scaled.values(), key=lambda one: np.median(one[:, 0]))
    counted = f"counted {route.plan.counted_ratio:.3f}" if route else "no plan"
    print(f"{name}, {keras.backend.backend()}: {arguments.probes} probes x {len(windows)} windows, {counted}")
    for key, value in {**seconds, **scaled}.items():
        ratios = value / floor
        low, middle, high = np.percentile(ratios, (25, 50, 75), axis=0)
        print(
            f"  {key:10}{np.median(value[:, 0]) * 1e3:9.1f} ms   {middle[0]:5.3f} x floor ({low[0]:.3f}..{high[0]:.3f})"
            f"   processor {middle[1]:5.3f} ({low[1]:.3f}..{high[1]:.3f})",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="small", help="'small', or a name out of keras.applications")
    parser.add_argument("--window", type=int, default=16)
    parser.add_argument("--stride", type=int, default=8)
    parser.add_argument("--probes", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--batch", type=int, default=None, help="batch size of the library; by default its own choice")
    parser.add_argument("--floors", type=int, nargs="+", default=[49, 98, 196], help="batch sizes of the floor")
    parser.add_argument("--plain", action="store_true", help="the library's whole forward passes as well")
    arguments = parser.parse_args()
    model = small_cnn() if arguments.model == "small" else getattr(keras.applications, arguments.model)(weights=None)
    compare(arguments.model, model, arguments)


if __name__ == "__main__":
    main()
