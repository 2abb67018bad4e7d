"""Weights drawn anew, and how alike two maps are."""

import keras
import numpy as np
import pytest
from helpers.models import cnn

from picasso_callbacks import Probes
from picasso_callbacks.model.live_model import LiveModel
from picasso_callbacks.trust.redrawn import redrawn_weights, resemblance

WEIGHTS = [np.arange(12.0).reshape(3, 4), np.arange(4.0), np.arange(20.0).reshape(4, 5), np.arange(5.0)]


@pytest.mark.parametrize(("share", "redrawn"), [(0.5, [2, 3]), (1.0, [0, 1, 2, 3]), (0.01, [2, 3])])
def test_weights_are_shuffled_within_each_from_the_top_down(share, redrawn):
    found = redrawn_weights(WEIGHTS, share, seed=1)
    for number, (one, other) in enumerate(zip(WEIGHTS, found, strict=True)):
        assert other is not one
        np.testing.assert_array_equal(np.sort(other, axis=None), np.sort(one, axis=None))
        assert np.array_equal(one, other) == (number not in redrawn)
    np.testing.assert_array_equal(found[2], redrawn_weights(WEIGHTS, share, seed=1)[2])


def test_maps_are_alike_as_far_as_their_order_is():
    rising = np.arange(6.0).reshape(1, 1, 2, 3)
    assert resemblance(rising, np.exp(rising)) == pytest.approx(1)
    assert resemblance(rising, -rising) == pytest.approx(-1)
    assert np.isnan(resemblance(rising, np.ones_like(rising)))
    # Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4: their deviations' product is 4.5, their squares' 4.5 and 5.
    assert resemblance(np.array([[[[0.0, 1, 1, 2]]]]), np.array([[[[0.0, 1, 2, 3]]]])) == pytest.approx(0.9**0.5)


def test_a_network_is_asked_with_other_weights_and_keeps_its_own():
    images = np.random.default_rng(0).random((3, 12, 10, 3), dtype="float32")
    model, probes, targets = cnn((12, 10, 3))[0], Probes(images), np.array([[0, 3]] * 3)
    own = model.get_weights()
    others = redrawn_weights(own)
    live = LiveModel(model, probes, weights=others)
    found = live.scores().logits, live.gradients(targets), live.inside.activations_and_gradients(targets)[1]
    for before, after in zip(own, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    twin = keras.models.clone_model(model)
    twin.set_weights(others)
    live = LiveModel(twin, probes)
    expected = live.scores().logits, live.gradients(targets), live.inside.activations_and_gradients(targets)[1]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4 * np.abs(other).max())
