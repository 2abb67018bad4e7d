"""Brute force, against which the peers' numbers are held: every window hidden one by one, and gradients of logits."""

from __future__ import annotations

import keras
import numpy as np
from peers_tools import GREY, STRIDE, WINDOW, bare_gradients, network

SURE = 3.0
"""Multiplies the logits where a network is to be sure, as trained ones are."""


def places(size: tuple[int, int], stride: int = STRIDE, flush: bool = False) -> list[tuple[int, int]]:
    """Where windows begin; `flush`: once more at the border if the stride leaves a rest."""
    starts = []
    for side in size:
        along = list(range(0, side - WINDOW + 1, stride))
        starts.append([*along, side - WINDOW] if flush and along[-1] + WINDOW < side else along)
    return [(top, left) for top in starts[0] for left in starts[1]]


def drops(model: keras.Model, images: np.ndarray, where: list[tuple[int, int]], grey: float = GREY) -> np.ndarray:
    """By how much each output falls when each window is hidden, `[P, windows, classes]`: brute force."""
    hidden = []
    for top, left in where:
        occluded = images.copy()
        occluded[:, top : top + WINDOW, left : left + WINDOW] = grey
        hidden.append(model.predict(occluded, verbose=0))
    return model.predict(images, verbose=0)[:, None] - np.stack(hidden, axis=1)


def averaged(values: np.ndarray, where: list[tuple[int, int]], size: tuple[int, int]) -> np.ndarray:
    """The mean of `values` `[P, windows]` over the windows that hide a pixel: `[P, *size]`."""
    total, count = np.zeros((len(values), *size)), np.zeros(size)
    for column, (top, left) in zip(values.T, where, strict=True):
        box = np.s_[..., top : top + WINDOW, left : left + WINDOW]
        total[box] += column[:, None, None]
        count[box] += 1
    return total / np.maximum(count, 1)


def true_gradients(images: np.ndarray, sure: float = 1.0) -> np.ndarray:
    """Of the first logit, `[P, H, W, C]`."""
    return sure * bare_gradients(images, 1)()[:, 0]


def apart(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest difference, as a share of the largest value."""
    return float(np.abs(np.asarray(ours) - np.asarray(theirs)).max() / np.abs(ours).max())


def agrees(difference: float) -> str:
    return f"within {difference:.0e} of the largest value" if difference else "to the last bit"


def alike(one: np.ndarray, other: np.ndarray) -> float:
    """The rank correlation."""
    ranks = [np.argsort(np.argsort(np.ravel(values), kind="stable")) for values in (one, other)]
    return float(np.corrcoef(*ranks)[0, 1])


def saturated(subject: str, images: np.ndarray, found: np.ndarray) -> str:
    """What becomes of the saliency of the first class where a tool takes it after the softmax of a sure network."""
    truth = np.abs(true_gradients(images, SURE)).max(axis=(1, 2, 3))
    shrunk = np.median(truth / np.abs(found).reshape(len(images), -1).max(axis=1))
    said = np.median(network(sure=SURE).predict(images, verbose=0)[:, 0])
    return (
        f"{subject} differentiates what the model returns: of a class to which a softmax gives {said:.1g}, the "
        f"gradients are {shrunk:.0f} times smaller than those of its logit (medians of {len(images)} pictures)."
    )
