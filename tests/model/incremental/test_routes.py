"""A route that does not agree with whole passes is found out."""

import keras
import numpy as np
import pytest
from helpers.patchwork import functional, log_odds
from keras import layers

from picasso_callbacks import Probes
from picasso_callbacks.model import incremental
from picasso_callbacks.model.live_model import LiveModel
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


class OffOnPatches(layers.Layer):
    """Adds a little on patches, whatever they hold."""

    def __init__(self, much):
        super().__init__()
        self.much = much

    def call(self, inputs):
        return inputs + (0.0 if inputs.shape[1] == 24 else self.much)


@pytest.mark.parametrize(
    ("dtype", "off", "taken"),
    [
        *[(dtype, off, off < 1e-4) for dtype in ("float32", "float64") for off in (0.9e-4, 1.1e-4)],
        *[("mixed_bfloat16", off, off < 0.02) for off in (0.016, 0.024)],  # in steps of 0.004
    ],
)
def test_a_route_may_be_off_by_a_ten_thousandth_of_a_nat_and_in_half_precision_by_a_fiftieth(
    dtype, off, taken, monkeypatch
):
    # The patch is 6 x 6 of 24 x 24 pixels, whose mean is the second logit.
    monkeypatch.setitem(incremental.rules, OffOnPatches, incremental.pointwise)
    keras.config.set_dtype_policy(dtype)
    try:
        image = keras.Input((24, 24, 1))
        mean = layers.GlobalAveragePooling2D()(OffOnPatches(16 * off)(image))
        dense = layers.Dense(2, activation="softmax")
        model = keras.Model(image, dense(mean))
    finally:
        keras.config.set_dtype_policy("float32")
    dense.set_weights([np.array([[0.0, 1.0]]), np.zeros(2)])
    live = LiveModel(model, Probes(np.full((1, 24, 24, 1), 0.5)))
    assert (live._under_masks.route(Windows((24, 24), 6, 6)) is not None) == taken
