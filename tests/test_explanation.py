"""Explanation: scales on which numbers of all epochs are comparable."""

import dataclasses

import numpy as np
import pytest

from picasso_callbacks.explanation import Explanation, Scale


def test_a_linear_scale_divides_by_its_limit_and_clips():
    positions = Scale(4.0, signed=True).positions([-8, -4, -1, 0, 2, 4, 100])
    assert positions.dtype == np.float32
    np.testing.assert_array_equal(positions, [-1, -1, -0.25, 0, 0.5, 1, 1])


def test_an_unsigned_scale_begins_at_zero():
    np.testing.assert_array_equal(Scale(4.0, signed=False).positions([-4, 0, 1, 8]), [0, 0, 0.25, 1])


def test_a_knee_shows_small_and_large_values_both():
    scale = Scale(12.0, signed=True, knee=0.5)
    end = np.arcsinh(24.0)
    np.testing.assert_allclose(scale.positions([0, 0.5, 12, -12, 50]), [0, np.arcsinh(1) / end, 1, -1, 1], rtol=1e-6)
    small, large = scale.positions([0.3, 6.0])
    assert small > 0.1
    assert large < 0.9
    # odd and increasing: the same number is as far from the middle on either side
    values = np.linspace(-12, 12, 101)
    np.testing.assert_allclose(scale.positions(-values), -scale.positions(values), atol=1e-6)
    assert (np.diff(scale.positions(values)) > 0).all()


def test_a_limit_can_be_given_later():
    scale = Scale(None, signed=False, neutral=0.1)
    with pytest.raises(ValueError, match=r"no limit yet; call with_limit"):
        scale.positions([1.0])
    limited = scale.with_limit(2.0)
    assert (limited.limit, limited.signed, limited.neutral) == (2.0, False, 0.1)
    np.testing.assert_array_equal(limited.positions([1.0]), [0.5])
    assert scale.limit is None


def test_a_limit_of_zero_divides_nothing_by_zero():
    positions = Scale(0.0, signed=True).positions([0.0, 1.0])
    np.testing.assert_array_equal(positions, [0, 1])


def test_positions_keep_the_shape():
    assert Scale(1.0, signed=True).positions(np.zeros((2, 3, 4, 5))).shape == (2, 3, 4, 5)


def test_frozen():
    explanation = Explanation(np.zeros((1, 1, 2, 2)), "nats", "log-odds", "occlusion", Scale(1.0, signed=True))
    assert explanation.notes == ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        explanation.unit = "bits"
    with pytest.raises(dataclasses.FrozenInstanceError):
        explanation.scale.limit = 2.0
