"""A route that does not agree with whole passes is found out."""

import keras
import numpy as np
import pytest
from helpers.patchwork import functional, log_odds
from keras import layers

from picasso_callbacks.model import incremental
from picasso_callbacks.model.windows import Windows


@pytest.fixture(autouse=True)
def _whatever_it_costs(monkeypatch):
    """Small models are worth the check, if not the effort."""
    monkeypatch.setattr(incremental.plan, "PAYS", 100.0)
    monkeypatch.setattr(incremental.plan, "_LIMITS", (1.0,))


def test_a_rule_that_is_wrong_is_found_out(monkeypatch, caplog):
    class Spreads(layers.Layer):
        def call(self, inputs):
            return inputs + keras.ops.mean(inputs, axis=(1, 2), keepdims=True)

    monkeypatch.setitem(incremental.rules, Spreads, incremental.pointwise)
    model = functional((24, 24), lambda image: layers.Conv2D(4, 3)(Spreads()(image)))
    windows = Windows((24, 24), 6, 5)
    found, on_patches = log_odds(model, windows)
    assert not on_patches
    assert "gives numbers that are off by" in caplog.text
    np.testing.assert_array_equal(found, log_odds(model, windows, route=False)[0])


class Stretches(layers.Layer):
    """Hangs on the whole image, and gives NaN on a plain one."""

    def call(self, inputs):
        low, high = (limit(inputs, axis=(1, 2), keepdims=True) for limit in (keras.ops.min, keras.ops.max))
        return (inputs - low) / (high - low)


class OnlyWholeImages(layers.Layer):
    """Gives NaN on patches, whatever they hold."""

    def call(self, inputs):
        return inputs * (1.0 if inputs.shape[1] == 24 else float("nan"))


@pytest.mark.parametrize("kind", [Stretches, OnlyWholeImages])
@pytest.mark.parametrize("probes", [1, 3])
def test_a_route_that_gives_no_numbers_is_found_out(kind, probes, monkeypatch, caplog):
    monkeypatch.setitem(incremental.rules, kind, incremental.pointwise)
    body = [kind(), layers.Conv2D(4, 3, activation="tanh"), layers.AveragePooling2D(2), layers.GlobalAveragePooling2D()]
    model = functional((24, 24), keras.Sequential(body))
    windows = Windows((24, 24), 6, 5)
    found, on_patches = log_odds(model, windows, probes=probes)
    assert not on_patches
    assert "gives numbers that are off by" in caplog.text
    np.testing.assert_array_equal(found, log_odds(model, windows, probes=probes, route=False)[0])
