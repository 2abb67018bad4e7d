"""What the model says each probe is, as it says it: an affine model of one pixel, whose answers are known."""

import numpy as np
from helpers.models import linear

from picasso_callbacks import Probes, explain

IMAGES = np.array([0.0, 1.0, 2.0], "float32").reshape(3, 1, 1, 1)


def explained(*args, **settings):
    probes = Probes(IMAGES, value_range=(0, 2))
    report = explain(linear((1, 1, 1), *args, **settings), probes, methods=["class_probabilities"], shortcuts=False)
    return report["class_probabilities"]


def test_probabilities_are_those_of_the_softmax():
    # Odds of 1 to 3 to the power of the pixel: 1/2, 1/4, 1/10.
    found = explained([[0.0, np.log(3)]], "softmax", loss="sparse_categorical_crossentropy")
    np.testing.assert_allclose(found.values, [[1 / 2, 1 / 2], [1 / 4, 3 / 4], [1 / 10, 9 / 10]], atol=1e-6)
    assert (found.unit, found.scale.limit, found.scale.signed) == ("", 1.0, False)


def test_plain_numbers_are_shown_as_they_are():
    found = explained([[5.0, -1.0]], bias=[1.0, 0.0], loss="mse")
    assert found.values.tolist() == [[1, 0], [6, -1], [11, -2]]
    assert (found.scale.limit, found.scale.signed) == (None, True)
    assert found.score == "output itself"
