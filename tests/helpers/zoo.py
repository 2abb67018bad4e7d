"""Models of every kind, each with what is needed to ask it, to train it and to check the answers by brute force."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from picasso_callbacks import PartialOcclusion, Picasso, Probes, Report, explain

SIZE = (12, 8, 3)

QUARTERS = PartialOcclusion(window=1 / 2, stride=1 / 2)
"""Four windows that don't overlap, so that each pixel of the map is what one window did."""


@dataclasses.dataclass
class Specimen:
    """A compiled model and how it is used.

    Args:
        model: The model.
        answers: What `fit` is to learn of four images.
        score: The score that ought to be explained, in NumPy, of what `model.predict` returns: `[N, classes]`.
        images: Four images `[4, H, W, C]`.
        feed: What the model is called with for some images and their rows.
        settings: What `explain` is told beside the model and the probes.
        extra: The probes' extra inputs.
        tolerance: How far maps may be off, relative to their largest value.
    """

    model: keras.Model
    answers: Any
    score: Callable[[Any], np.ndarray]
    images: np.ndarray = dataclasses.field(default_factory=lambda: noise(SIZE))
    feed: Callable[[np.ndarray], Any] = lambda images: images
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    extra: dict[str, Any] | None = None
    tolerance: float = 2e-3

    @property
    def probes(self) -> Probes:
        return Probes(self.images[:2], extra=self.extra)


def noise(size: tuple[int, ...], high: float = 1.0) -> np.ndarray:
    """Four images of noise, 0..high."""
    return np.random.default_rng(1).uniform(0, high, (4, *size)).astype("float32")


def look(specimen: Specimen) -> str:
    """Explains class 0, checks the maps, and returns where the score came from, in the report's words."""
    report = explain(
        specimen.model, specimen.probes, methods=[QUARTERS, "saliency_map"], targets=[0], **specimen.settings
    )
    corners = report["partial_occlusion"].values[:, 0, :: specimen.images.shape[1] - 1, :: specimen.images.shape[2] - 1]
    expected = brute_force(specimen)
    np.testing.assert_allclose(corners, expected, rtol=0, atol=specimen.tolerance * np.abs(expected).max())
    saliency = report["saliency_map"].values
    assert np.isfinite(saliency).all()
    assert (saliency.max(axis=(1, 2, 3)) > 0).all()
    assert all(report.image(probe).size > (0, 0) for probe in range(len(report)))
    return source(report)


def source(report: Report) -> str:
    """Which score a report explains."""
    return report["saliency_map"].score.removeprefix("gradient of the ")


def brute_force(specimen: Specimen) -> np.ndarray:
    """What hiding each quarter does to the score of class 0, with `model.predict`: `[P, 2, 2]`."""
    images = specimen.probes.images
    grey = np.mean(specimen.probes.value_range)

    def score(images: np.ndarray) -> np.ndarray:
        outputs = specimen.model.predict(specimen.feed(images), verbose=0)
        return specimen.score(keras.tree.map_structure(lambda array: np.asarray(array, "float64"), outputs))[:, 0]

    top, left = (side // 2 for side in images.shape[1:3])
    falls = np.empty((len(images), 2, 2))
    untouched = score(images)
    for row, column in itertools.product(range(2), range(2)):
        hidden = images.copy()
        hidden[:, [slice(top), slice(top, None)][row], [slice(left), slice(left, None)][column]] = grey
        falls[:, row, column] = untouched - score(hidden)
    return falls


def train(specimen: Specimen, log_dir: Any, *others: keras.callbacks.Callback) -> None:
    """One epoch of two batches, with the callback."""
    picasso = Picasso(log_dir, specimen.probes, methods=[QUARTERS, "saliency_map", "class_probabilities"],
                      on_error="raise", **specimen.settings)  # fmt: skip
    x = specimen.feed(specimen.images)
    specimen.model.fit(x, specimen.answers, batch_size=2, epochs=1, verbose=0, callbacks=[picasso, *others])


def odds(p: np.ndarray) -> np.ndarray:
    """Log-odds of probabilities, each for itself."""
    return np.log(p) - np.log1p(-p)


def odds_of_unit(p: np.ndarray) -> np.ndarray:
    """Log-odds of both classes of one sigmoid unit `[N, 1]`."""
    return np.concatenate([-odds(p), odds(p)], axis=-1)


def odds_of_logits(z: np.ndarray) -> np.ndarray:
    """Log-odds under a softmax."""
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    return odds(p / p.sum(axis=-1, keepdims=True))


def over_positions(score: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """The mean of a score over the positions of a dense output `[N, h, w, classes]`."""
    return lambda p: score(p).mean(axis=(1, 2))
