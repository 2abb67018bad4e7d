"""Three classes of which one carries a bright corner, and linear models that read it, or don't."""

import numpy as np

from helpers.models import linear
from picasso_callbacks import Probes

SIDE, TAG, CENTRE = 12, slice(0, 3), slice(4, 8)
LABELS = np.repeat([0, 1, 2], 4)


def images():
    """The centre is 0.2, 0.8 or 0.5 by class; the corner 0.3, and 1 in class 2; the rest differs a little."""
    found = np.random.default_rng(0).uniform(0.45, 0.55, (12, SIDE, SIDE, 1)).astype("float32")
    found[:, CENTRE, CENTRE] = np.array([0.2, 0.8, 0.5])[LABELS][:, None, None, None]
    found[:, TAG, TAG] = np.where(LABELS == 2, 1.0, 0.3)[:, None, None, None]
    return found


def probes(**settings):
    return Probes(images(), labels=LABELS, class_names=["car", "van", "horse"], value_range=(0, 1), **settings)


def reads(corner):
    """Log-odds of the three by centre and, with `corner`, of the last by its corner: 7 with the tag and -7 without."""
    weights, bias = np.zeros((SIDE, SIDE, 3)), np.array([5.0, -5.0, 1.0])
    weights[CENTRE, CENTRE] = np.array([-10, 10, 0]) / 16
    if corner:
        weights[TAG, TAG, 2] = 20 / 9
        bias[2] = -13
    return linear((SIDE, SIDE, 1), weights.reshape(-1, 3), "softmax", bias=bias, loss="sparse_categorical_crossentropy")
