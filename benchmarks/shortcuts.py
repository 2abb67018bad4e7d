"""How well shortcuts are told: networks trained on data with a planted cue, and their honest twins.

    python benchmarks/shortcuts.py train --minutes 30      # goes on where the last call stopped
    python benchmarks/shortcuts.py judge                   # what the detector says of what was trained
    python benchmarks/shortcuts.py report                  # writes results in docs/shortcuts_statistics.md

`train` trains a small network for some epochs, and keeps its weights after each, and what it really loses on data in
which the cue does not depend on the class. A network is *biased* at an epoch if that is at least 15 points of accuracy.
`judge` asks the network of each epoch about 24 probes, taken from data like that of the training, with and without
masks; after a change of the detector, run it again with `--again`. Other seeds, below 14, were looked at while the
rule was chosen, and the report leaves them out. Everything is kept, a file a run, in `benchmarks/results/shortcuts/`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import pathlib
import time
from collections.abc import Callable, Iterator

import keras
import numpy as np
from shortcuts_data import CUES, parts, probes

from picasso_callbacks.model import Scores
from picasso_callbacks.model.live_model import LiveModel
from picasso_callbacks.shortcuts.detector import Detector

HERE = pathlib.Path(__file__).parent
RESULTS = HERE / "results" / "shortcuts"
STRENGTHS = (1.0, 0.98, 0.95, 0.9)
ARCHITECTURES = ("flatten", "pooling")
EPOCHS = 5
MEASURES = ("gap", "error", "share", "change")
"""What is kept of each dependence."""

layers = keras.layers


def network(shape: tuple[int, ...], classes: int, architecture: str) -> keras.Model:
    """Three convolutions; the one with pooling needs BatchNormalization to learn the vehicles in so few epochs."""
    pooling = architecture == "pooling"
    body = [keras.Input(shape), layers.Rescaling(1 / 255)]
    for channels in (16, 32, 64):
        body += [layers.Conv2D(channels, 3, padding="same", use_bias=not pooling), layers.MaxPooling2D()]
        body += [layers.BatchNormalization(momentum=0.9), layers.ReLU()] if pooling else [layers.ReLU()]
    body.append(layers.GlobalAveragePooling2D() if pooling else layers.Flatten())
    model = keras.Sequential([*body, layers.Dense(classes, activation="softmax")])
    rate = 3e-3 if pooling else 1e-3
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def train(data: str, strength: float, seed: int, architecture: str, file: pathlib.Path) -> None:
    """Trains one network; keeps its weights and accuracies after each epoch."""
    (images, labels), *tests = parts(data, strength, seed)
    keras.utils.set_random_seed(seed)
    model = network(images.shape[1:], len(np.unique(labels)), architecture)
    kept: dict[str, np.ndarray] = {}
    for epoch in range(EPOCHS):
        model.fit(images, labels, batch_size=32, verbose=0)
        accuracies = [model.evaluate(*part, batch_size=200, verbose=0)[1] for part in tests]
        kept[f"{epoch} accuracies"] = np.array(accuracies)
        kept |= {f"{epoch} {index}": weights for index, weights in enumerate(model.get_weights())}
    np.savez(file.with_suffix(".part.npz"), **kept)
    file.with_suffix(".part.npz").rename(file)


def judge(data: str, strength: float, seed: int, architecture: str, file: pathlib.Path) -> dict:
    """What the detector says of one network, epoch by epoch."""
    asked = probes(data, strength, seed)
    model = network(asked.images.shape[1:], len(np.unique(asked.labels)), architecture)
    live = Counted(model, asked)
    expected = {"without masks": None, **({"with masks": "vehicle"} if asked.regions else {})}
    detectors = {route: Detector(asked, region, ()) for route, region in expected.items()}
    epochs = []
    with np.load(file) as kept:
        for epoch in range(EPOCHS):
            model.set_weights([kept[f"{epoch} {index}"] for index in range(len(model.weights))])
            accuracy, decorrelated = kept[f"{epoch} accuracies"].tolist()
            seen = {name: _seen(detector, live) for name, detector in detectors.items()}
            epochs.append({"accuracy": accuracy, "decorrelated": decorrelated, **seen})
    about = {"data": data, "strength": strength, "seed": seed, "architecture": architecture}
    return {**about, "epochs": epochs}


class Counted(LiveModel):
    """Counts the forward passes of exchanges."""

    asked = 0

    def scores_of_images(self, make: Callable[[np.ndarray], np.ndarray], rows: np.ndarray) -> Scores:
        self.asked += len(rows)
        return super().scores_of_images(make, rows)


def _seen(detector: Detector, live: Counted) -> dict:
    scores, live.asked = live.scores(), 0
    found = detector.detect(live, scores)
    assert found is not None
    suspects = [one for one in found.dependences if one.suspicious]
    measured = {of: {one.name: getattr(one, of) for one in suspects} for of in MEASURES}
    return {**measured, "alarms": [one.cue for one in found.alarms], "passes": live.asked / len(scores)}


def plan(seeds: list[int]) -> Iterator[tuple[str, float, int, str]]:
    for seed, architecture in itertools.product(seeds, ARCHITECTURES):
        yield "honest", 0.5, seed, architecture
        yield "digits", 1.0, seed, architecture
        yield "digits decoy", 1.0, seed, architecture
        for cue, strength in itertools.product(CUES, STRENGTHS):
            yield cue, strength, seed, architecture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["train", "judge", "report"])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(14, 24)))
    parser.add_argument("--data", nargs="+", help="only these kinds of data")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no run after so many")
    parser.add_argument("--again", action="store_true", help="judge what has been judged before")
    arguments = parser.parse_args()
    if arguments.what == "report":
        from shortcuts_report import write

        write(RESULTS, HERE.parent / "docs" / "shortcuts_statistics.md")
        return
    RESULTS.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + 60 * arguments.minutes
    for data, strength, seed, architecture in plan(arguments.seeds):
        if (arguments.data and data not in arguments.data) or time.monotonic() > end:
            continue
        trained = RESULTS / f"{data.replace(' ', '-')}_{strength}_{seed}_{architecture}.npz"
        judged = trained.with_suffix(".json")
        if arguments.what == "train" and not trained.exists():
            train(data, strength, seed, architecture, trained)
            print(f"trained {trained.stem}", flush=True)
        if arguments.what == "judge" and trained.exists() and (arguments.again or not judged.exists()):
            judged.write_text(json.dumps(judge(data, strength, seed, architecture, trained)))
            print(f"judged {judged.stem}", flush=True)


if __name__ == "__main__":
    main()
