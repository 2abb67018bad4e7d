"""The time of a look against its floor: the bare compiled forward passes that it needs, in the same process.

    python benchmarks/look.py            # a small CNN at 64 x 64
    python benchmarks/look.py --large    # VGG16 at 224 x 224 as well; minutes on two cores

The floor is `probes x (windows + 1)` images through the compiled model at the best batch size, fed from memory. All
figures are medians of repeats that take turns, since machines are noisy; trust the ratios, not the seconds.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import time
from collections.abc import Callable

import keras
import numpy as np

from picasso_callbacks import Probes
from picasso_callbacks.backends import make_backend
from picasso_callbacks.explain import look_at
from picasso_callbacks.live_model import LiveModel
from picasso_callbacks.methods import make_methods
from picasso_callbacks.targets import TargetChooser

layers = keras.layers


def small_cnn() -> keras.Model:
    body = []
    for channels in (16, 32, 64):
        body += [layers.Conv2D(channels, 3, padding="same", activation="relu"), layers.MaxPooling2D()]
    head = [layers.Flatten(), layers.Dense(10, activation="softmax")]
    return keras.Sequential([keras.Input((64, 64, 3)), *body, *head])


def medians(jobs: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """The median seconds of each job, over rounds in which each has its turn."""
    for job in jobs.values():
        job()  # compiles
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def bare_passes(model: keras.Model, images: int, batch: int) -> Callable[[], None]:
    """Runs `images` images through the compiled model, and nothing else."""
    backend = make_backend(model)
    forward = backend.compile(lambda call, inputs: call(inputs))
    inputs = backend.to_device(np.random.default_rng(0).random((batch, *model.input_shape[1:]), dtype="float32"))

    def run() -> None:
        for _ in range(images // batch):
            forward(inputs)

    return run


def compare(title: str, model: keras.Model, probes: int, batches: list[int], repeats: int) -> None:
    images = np.random.default_rng(1).random((probes, *model.input_shape[1:]), dtype="float32")
    chosen = Probes(images, labels=np.arange(probes) % 10)
    live = LiveModel(model, chosen)
    chooser = TargetChooser(None, 2, chosen)
    looks = {
        name: functools.partial(look_at, live, make_methods(methods), chooser)
        for name, methods in {
            "occlusion": ["partial_occlusion"],
            "saliency": ["saliency_map"],
            "all methods": ["partial_occlusion", "saliency_map", "class_probabilities"],
        }.items()
    }
    passes = probes * 50
    floors = {f"floor, batch {batch}": bare_passes(model, passes // batch * batch, batch) for batch in batches}
    seconds = medians({**floors, **looks}, repeats)
    floor = min(seconds[name] * passes / (passes // batch * batch) for name, batch in zip(floors, batches, strict=True))
    print(f"\n{title}, {keras.backend.backend()}: {probes} probes x 49 windows")
    for name, value in seconds.items():
        print(f"  {name:20} {value * 1e3:9.1f} ms   {value / floor:5.2f} x floor")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help="VGG16 as well")
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    compare("Small CNN at 64 x 64", small_cnn(), 8, [32, 100, 200, 400], arguments.repeats)
    if arguments.large:
        model = keras.applications.VGG16(weights=None)
        compare("VGG16 at 224 x 224", model, 2, [20, 50], 3)


if __name__ == "__main__":
    main()
