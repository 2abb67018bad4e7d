"""What tells whether a watermark goes with the class: the dependences, or the maps.

    python benchmarks/shortcuts_watermark.py --seeds 0 1 2 3 4

After Clark, Oliveira, Wilming & Haufe, "Feature salience - not task-informativeness - drives machine learning model
explanations", 2026 (arXiv 2602.09238): a translucent watermark is in no image, in all of one of two classes and none of
the other, or in half of either. Their maps put much on it in all three cases; whether it goes with the class explains
3 % of the variance at most. Here small networks tell small digits from large ones, on coloured patches; all are asked
about the same 24 probes, of which those of one class have the watermark. Of each measure the share of its variance over
networks that is explained by whether theirs went with the class, R^2, between the last two settings and among all.
"""

from __future__ import annotations

import argparse
import itertools

import keras
import numpy as np
from shortcuts import ARCHITECTURES, network
from shortcuts_classes import TRAINED, digits

from picasso_callbacks import Probes, explain

SETTINGS = ("absent", "class-dependent", "class-independent")
BOX, EPOCHS, OPACITY = (slice(18, 27), slice(17, 27)), 4, 0.45
MEASURES = ("largest gap", "gap of its place", "share of occlusion", "share of saliency")


def watermarked(images: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """uint8 images, on the `chosen` a translucent white cross in a ring."""
    rows, columns = np.indices((9, 10)) - np.array([4.0, 4.5])[:, None, None]
    ring = np.abs(np.hypot(rows, columns) - 3.8) < 0.8
    opacity = np.zeros((28, 28, 1))
    opacity[BOX] = OPACITY * (ring | (np.abs(rows) < 0.6) | (np.abs(columns) < 0.6))[..., None]
    marked = np.where(chosen[:, None, None, None], images + (255 - images) * opacity, images)
    return np.clip(marked, 0, 255).astype("uint8")


def run(setting: str, seed: int, architecture: str) -> dict[str, float]:
    """The measures of one network, and its accuracy on images like those of its training and on fair ones."""
    images, labels = digits(seed)
    labels = (labels > 4).astype(int)
    half = np.random.default_rng(seed + 7).random(len(labels)) < 0.5
    chosen = {"absent": np.zeros_like(half), "class-dependent": labels == 1, "class-independent": half}[setting]
    given = watermarked(images, chosen)
    keras.utils.set_random_seed(seed)
    model = network(images.shape[1:], 2, architecture)
    model.fit(given[:TRAINED], labels[:TRAINED], batch_size=32, epochs=EPOCHS, verbose=0)
    held = slice(TRAINED, None)
    fair = watermarked(images, half)
    accuracies = [model.evaluate(one[held], labels[held], batch_size=500, verbose=0)[1] for one in (given, fair)]
    asked = np.concatenate([TRAINED + np.flatnonzero(labels[held] == label)[:12] for label in (0, 1)])
    box = np.zeros((28, 28), dtype=bool)
    box[BOX] = True
    masks = (labels[asked] == 1)[:, None, None] & box
    probes = Probes(watermarked(images[asked], labels[asked] == 1), labels=labels[asked], regions={"watermark": masks})
    report = explain(model, probes)
    gaps = {one.name: one.gap for one in report.dependences if one.suspicious}
    shares = {one.method: one.share for one in report.evidence}
    its_place = max(gaps[name] for name in ("corners", "tag 1", "tag 2"))
    found = max(gaps.values()), its_place, shares["partial_occlusion"], shares["saliency_map"]
    return dict(zip(("accuracy", "fair", *MEASURES), (*accuracies, *found), strict=True)) | {
        "alarm": float(bool(report.alarms))
    }


def explained(values: np.ndarray, dependent: np.ndarray) -> float:
    """R^2 of values by whether the watermark went with the class."""
    means = np.where(dependent, values[dependent].mean(), values[~dependent].mean())
    return float(1 - ((values - means) ** 2).sum() / ((values - values.mean()) ** 2).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    arguments = parser.parse_args()
    settings, found = [], []
    for seed, architecture, setting in itertools.product(arguments.seeds, ARCHITECTURES, SETTINGS):
        settings.append(setting)
        found.append(run(setting, seed, architecture))
        words = ", ".join(f"{name} {value:.2f}" for name, value in found[-1].items())
        print(f"<!-- {setting}, seed {seed}, {architecture}: {words} -->", flush=True)
    where = {setting: np.array(settings) == setting for setting in SETTINGS}
    dependent = where["class-dependent"]
    print(f"\n| | {' | '.join(SETTINGS)} | R^2, last two | R^2, all |\n|---|---|---|---|---|---|")
    for name in found[0]:
        values = np.array([one[name] for one in found])
        means = [f"{values[rows].mean():.2f} ± {values[rows].std():.2f}" for rows in where.values()]
        shares = ["", ""]
        if name in MEASURES:
            last = ~where["absent"]
            shares = [f"{explained(values[last], dependent[last]):.2f}", f"{explained(values, dependent):.2f}"]
        print(f"| {name} | {' | '.join(means)} | {' | '.join(shares)} |")


if __name__ == "__main__":
    main()
