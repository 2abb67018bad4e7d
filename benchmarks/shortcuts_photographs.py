"""How well cues are told of photographs: heads on a frozen ImageNet network, with a planted cue and honest ones.

    python benchmarks/shortcuts_photographs.py --seeds 2 3          # goes on where the last call stopped
    python benchmarks/shortcuts_photographs.py --settings fruit --cues honest --seeds 2 3 4 5 --again

Cut-outs of two groups, of five, or of single fruit of one colour each, on photographs; see
`shortcuts_photographs_data.py`. EfficientNet-Lite0 with ImageNet's weights stays as it is, and a softmax is trained on
its features. A cue of all classes agrees with the class in all images or in nine of ten; one of a single class is in so
many of its images and in no others. The network is looked at once, of even seeds after two epochs and of odd ones after
twenty, by 24 probes or 25 of cut-outs that were not trained on, without masks and with masks of the objects. It is
*biased* if it then loses 15 points on pictures in which the cue is independent of the class; by a cue of a single class
also if that has 15 points less recall without it, or 15 % of others become it with it. What was seen is kept, a file a
network, in benchmarks/results/; after a change of the detector, run it with `--again`.
"""

from __future__ import annotations

import argparse
import collections
import functools
import itertools
import json
import time

import keras
import numpy as np
from efficientnet import FETCHED, backbone
from shortcuts import Counted
from shortcuts_photographs_data import CUES, HONEST, OF, OF_ONE_CLASS, POOL, SETTINGS, SIDE, Pool

from picasso_callbacks import Probes
from picasso_callbacks.options import Options
from picasso_callbacks.shortcuts.detector import Detector

BIASED, EPOCHS = 0.15, (2, 20)
POOLED = 10
"""So many seeds share a pool of pictures, split otherwise."""

ROUTES = {"without masks": None, "with masks": "object"}
RIGHT = {
    # which cues' alarms are right: the kinds of which it is one, and what lies around the object
    "background": {"surroundings", "colour", "layout", "texture", "frame", "corners"},
    "tag": {"surroundings", "corners", "frame", "tag 1", "tag 2", "mark"},
    "moving tag": {"surroundings", "mark"},
    "tint": {"surroundings", "colour", "layout"},
    "compression": {"surroundings", "texture"},
    "frame": {"surroundings", "frame", "corners"},
}


class Bench:
    """A pool of pictures, a network with a head for its classes, and features of all pictures that it was asked for."""

    def __init__(self, setting: str, pool: int):
        self.pool = Pool(setting, pool)
        self.classes = len(SETTINGS[setting])
        self._known: dict[tuple[str, int, int], np.ndarray] = {}
        head = keras.layers.Dense(self.classes, activation="softmax")
        self._model = keras.Sequential([keras.Input((SIDE, SIDE, 3)), _features(), head])
        self._head = keras.Sequential([keras.Input((_features().output_shape[-1],)), head])
        self._head.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
        self._live: Counted | None = None

    def pictures(self, cue: str, rows: np.ndarray, says: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = [self.pool.picture(cue, row, said) for row, said in zip(rows.tolist(), says.tolist(), strict=True)]
        return np.stack([image for image, _ in found]), np.stack([mask for _, mask in found])

    def features(self, cue: str, rows: np.ndarray, says: np.ndarray) -> np.ndarray:
        """float32 `[N, 1280]`."""
        plain = cue == HONEST or cue in OF_ONE_CLASS  # without the cue of a single class, pictures are the honest ones
        keys = [
            (HONEST, row, -1) if plain and (cue == HONEST or said != OF) else (cue, row, said)
            for row, said in zip(rows.tolist(), says.tolist(), strict=True)
        ]
        new = [key for key in dict.fromkeys(keys) if key not in self._known]
        for start in range(0, len(new), 60):
            part = new[start : start + 60]
            images = np.stack([self.pool.picture(*key)[0] for key in part]).astype("float32")
            filled = np.concatenate([images, np.zeros((60 - len(part), SIDE, SIDE, 3), "float32")])
            self._known |= dict(zip(part, _features().predict(filled, verbose=0), strict=False))
        return np.stack([self._known[key] for key in keys])

    def fit(self, features: np.ndarray, labels: np.ndarray, epochs: int, seed: int) -> None:
        """Trains the head, from new weights. It is compiled once, for all seeds."""
        optimizer = self._head.optimizer
        optimizer.build(self._head.trainable_variables)
        for variable in optimizer.variables:
            if variable is not optimizer._learning_rate:
                variable.assign(keras.ops.zeros_like(variable))
        kernel = np.random.default_rng(seed).uniform(-0.06, 0.06, (features.shape[1], self.classes))
        self._head.set_weights([kernel, np.zeros(self.classes)])
        keras.utils.set_random_seed(seed)
        self._head.fit(features, labels, batch_size=32, epochs=epochs, verbose=0)

    def answers(self, features: np.ndarray) -> np.ndarray:
        """int `[N]`."""
        kernel, bias = self._head.get_weights()
        return (features @ kernel + bias).argmax(axis=1)

    def look(self, probes: Probes, expected: str | None) -> dict:
        """Alarms by name and cue, gaps, and forward passes a probe; functions are compiled for the first probes."""
        self._live = self._live or Counted(self._model, probes, Options(batch_size=24))
        self._live.asked = 0
        scores = self._live.scores(probes.images.astype("float32"), np.arange(len(probes)))
        detection = Detector(probes, expected, ()).detect(self._live, scores)
        assert detection is not None
        return {
            "alarms": [(one.name, one.cue) for one in detection.alarms],
            "gaps": {one.name: one.gap for one in detection.dependences if one.suspicious},
            "passes": self._live.asked / len(probes),
        }


_features = functools.cache(lambda: backbone(SIDE))
_bench = functools.lru_cache(1)(Bench)


def says(cue: str, labels: np.ndarray, classes: int, strength: float, generator: np.random.Generator) -> np.ndarray:
    """Which class each picture's cue speaks for: int `[N]`; -1 is none, where a cue is of one class."""
    agrees = generator.random(len(labels)) < strength
    if cue in OF_ONE_CLASS:
        return np.where(agrees & (labels == OF), OF, -1)
    return np.where(agrees, labels, (labels + generator.integers(1, classes, len(labels))) % classes)


def run(setting: str, cue: str, strength: float, seed: int) -> dict:
    """What is seen of one network."""
    bench = _bench(setting, seed // POOLED)
    labels, held = bench.pool.labels, bench.pool.held_out(seed)
    generator = np.random.default_rng(seed)
    said = says(cue, labels, bench.classes, strength, generator)
    rows = generator.permutation(POOL)
    train, test = rows[~held[rows]], rows[held[rows]]
    bench.fit(bench.features(cue, train, said[train]), labels[train], EPOCHS[seed % 2], seed)
    fair = []
    if cue in OF_ONE_CLASS:
        fair = [np.full(len(test), one) for one in (-1, OF)]
    elif cue != HONEST:
        fair = [np.random.default_rng(seed + 3).permutation(labels[test])]
    answers = [bench.answers(bench.features(cue, test, one)) for one in (said[test], *fair)]
    each = 24 // bench.classes + (24 % bench.classes > 0)
    asked = np.concatenate([test[labels[test] == label][:each] for label in range(bench.classes)])
    images, objects = bench.pictures(cue, asked, said[asked])
    probes = Probes(images, labels=labels[asked], regions={"object": objects})
    looks = {route: bench.look(probes, expected) for route, expected in ROUTES.items()}
    return {
        "accuracy": float((answers[0] == labels[test]).mean()),
        "lost": _lost(labels[test], *answers),
        **{key: {route: look[key] for route, look in looks.items()} for key in ("alarms", "gaps", "passes")},
    }


def _lost(labels: np.ndarray, given: np.ndarray, *fair: np.ndarray) -> float:
    """Of accuracy; by a cue of a single class also of its recall, or how many others become it: the largest."""
    if not fair:
        return 0.0
    right = (given == labels).mean()
    if len(fair) == 1:
        return float(right - (fair[0] == labels).mean())
    without, everywhere = fair
    share = (labels == OF).mean()
    mixed = share * (everywhere == labels).mean() + (1 - share) * (without == labels).mean()  # as often in any class
    moved = (everywhere == OF).astype(float) - (without == OF)
    return float(max(right - mixed, moved[labels == OF].mean(), moved[labels != OF].mean()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3])
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--cues", nargs="+", choices=[*CUES, HONEST], default=[*CUES, HONEST])
    parser.add_argument("--strengths", type=float, nargs="+", default=[1.0, 0.9])
    parser.add_argument("--again", action="store_true", help="also what has been looked at before")
    arguments = parser.parse_args()
    rows: dict[tuple[str, str, str], collections.Counter] = collections.defaultdict(collections.Counter)
    for setting, seed, cue in itertools.product(arguments.settings, arguments.seeds, arguments.cues):
        for strength in arguments.strengths if cue != HONEST else (1.0,):
            seen = _kept(setting, cue, strength, seed, arguments.again)
            for route in ROUTES:
                _count(rows[cue, setting, route], cue, seen, route)
    _print({key: rows[key] for key in sorted(rows, key=lambda key: ([*CUES, HONEST].index(key[0]), key[1:]))})


def _kept(setting: str, cue: str, strength: float, seed: int, again: bool) -> dict:
    file = FETCHED / "looks" / f"{setting}_{cue.replace(' ', '-')}_{strength}_{seed}.json"
    if file.exists() and not again:
        return json.loads(file.read_text())
    begun = time.monotonic()
    seen = run(setting, cue, strength, seed)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(seen))
    words = "; ".join(_words(route, seen) for route in ROUTES)
    print(
        f"<!-- {setting}, {cue}, {strength:.0%}, seed {seed}, {time.monotonic() - begun:.0f} s: accuracy "
        f"{seen['accuracy']:.2f}, {seen['lost']:.2f} lost, {words} -->",
        flush=True,
    )
    return seen


def _words(route: str, seen: dict) -> str:
    name, gap = max(seen["gaps"][route].items(), key=lambda item: item[1])
    return (
        f"{route}: {', '.join(name for name, _ in seen['alarms'][route]) or 'no alarm'}, largest gap {name} {gap:.2f}"
    )


def _count(row: collections.Counter, cue: str, seen: dict, route: str) -> None:
    biased, alarms = cue != HONEST and seen["lost"] >= BIASED, seen["alarms"][route]
    row["looks"] += 1
    row["accuracy"] += seen["accuracy"]
    row["passes"] += seen["passes"][route]
    row["biased"] += biased
    row["flagged"] += biased and bool(alarms)
    row["right"] += biased and bool(alarms) and alarms[0][1] in RIGHT[cue]
    row["not biased"] += not biased
    row["flagged though not"] += not biased and bool(alarms)


def _print(rows: dict[tuple[str, str, str], collections.Counter]) -> None:
    names = ("biased", "flagged", "right", "not biased", "flagged though not")
    titles = (
        "cue",
        "classes",
        "",
        "biased",
        "flagged",
        "right cue first",
        "not biased",
        "flagged",
        "accuracy",
        "passes",
    )
    print(f"\n| {' | '.join(titles)} |\n{'|---' * len(titles)}|")
    for (cue, setting, route), row in rows.items():
        means = f"{row['accuracy'] / row['looks']:.0%} | {row['passes'] / row['looks']:.0f}"
        print(f"| {cue} | {setting} | {route} | {' | '.join(str(row[name]) for name in names)} | {means} |")


if __name__ == "__main__":
    main()
