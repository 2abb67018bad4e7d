"""Models that read one place of plain pictures, of which all dependences can be worked out."""

import numpy as np

from helpers.models import linear
from picasso_callbacks import Probes, explain

SIDE = 12


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def plain(**settings):
    """Four plain pictures of 0.2, class 0, and four of 0.8, class 1."""
    labels = np.repeat([0, 1], 4)
    images = np.broadcast_to(np.where(labels == 1, 0.8, 0.2)[:, None, None, None], (8, SIDE, SIDE, 1))
    return Probes(images.astype("float32"), labels=labels, value_range=(0, 1), **settings)


def reads(mask):
    """A model whose log-odds of class 1 are -3 where the mean under the mask is 0.2, 3 where it is 0.8."""
    weights = np.stack([np.zeros(SIDE**2), 10 * mask.ravel() / mask.sum()], axis=1)
    return linear((SIDE, SIDE, 1), weights, "softmax", bias=[0, -5])


def top_third():
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[:4] = True
    return mask


def first_pixel():
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[0, 0] = True
    return mask


def found(mask, probes, **settings):
    """The dependences by name for the model that reads under the mask."""
    report = explain(reads(mask), probes, methods=["class_probabilities"], **settings)
    return {one.name: one for one in report.dependences}


ALL = sigmoid(3) - sigmoid(-3)
"""What an answer loses when all that it reads becomes the other class's."""


def regions():
    """The thirds of every probe."""
    rows = np.arange(SIDE) // 4
    names = ("sky", "hills", "vehicle")
    return {name: np.tile((rows == i)[:, None], (8, 1, SIDE)) for i, name in enumerate(names)}
