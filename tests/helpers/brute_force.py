"""Occlusion by brute force: a loop over windows and `model.predict`, to hold the library to."""

import itertools
import math

import numpy as np

TOLERANCE = 5e-5


def log_odds(logits):
    """For each class the logarithm of p / (1 - p)."""
    exp = np.exp(logits.astype("float64") - logits.max(axis=1, keepdims=True))
    return np.log(exp) - np.log(exp.sum(axis=1, keepdims=True) - exp)


def starts(side, window, stride):
    """Where windows start along a side, and how long they are."""
    length = window if isinstance(window, int) else math.ceil(window * side - 1e-9)
    step = stride if isinstance(stride, int) else stride * side
    multiples = [math.floor(i * step + 1e-9) for i in range(1000)]
    fitting = [start for start in multiples if start + length <= side]
    return sorted({*fitting, side - length}) if fitting[-1] + length < side else sorted(set(fitting)), length


def brute_force(score, images, canvases, targets, window, stride):
    """What hiding does to `score` ([N, H, W, C] -> [N, classes]), averaged over the windows that hide a pixel.

    Returns the score of the images when hidden, [P, K, H, W], NaN where no window comes.
    """
    height, width = images.shape[1:3]
    (window_y, window_x), (stride_y, stride_x) = [x if isinstance(x, tuple) else (x, x) for x in (window, stride)]
    tops, h = starts(height, window_y, stride_y)
    lefts, w = starts(width, window_x, stride_x)
    corners = list(itertools.product(tops, lefts))
    hidden = np.stack([images] * len(corners))
    for one, (top, left) in zip(hidden, corners, strict=True):
        one[:, top : top + h, left : left + w] = canvases[:, top : top + h, left : left + w]
    scores = score(hidden.reshape(-1, *images.shape[1:])).reshape(len(corners), len(images), -1)
    total, times = np.zeros((*targets.shape, height, width)), np.zeros((height, width))
    for (top, left), of_classes in zip(corners, scores, strict=True):
        of_targets = np.take_along_axis(of_classes, targets, axis=1)
        total[:, :, top : top + h, left : left + w] += of_targets[:, :, None, None]
        times[top : top + h, left : left + w] += 1
    with np.errstate(invalid="ignore"):
        return total / times


def assert_maps_agree(values, expected, score, images, targets):
    """The drop and, in gaps, that each pixel takes the value of a nearest pixel that some window hides."""
    reference = np.take_along_axis(score(images), targets, axis=1)[:, :, None, None]
    expected = reference - expected
    covered = np.isfinite(expected[0, 0])
    np.testing.assert_allclose(values[..., covered], expected[..., covered], rtol=0, atol=TOLERANCE)
    places = np.argwhere(covered)
    for y, x in np.argwhere(~covered):
        distances = ((places - (y, x)) ** 2).sum(axis=1)
        nearest = places[distances == distances.min()]
        assert any((values[:, :, y, x] == values[:, :, i, j]).all() for i, j in nearest)
