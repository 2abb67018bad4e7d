"""The live model: new weights answer at once."""

import keras
import numpy as np
from helpers.brute_force import assert_maps_agree, brute_force, log_odds

from picasso_callbacks import PartialOcclusion, Probes, SaliencyMap
from picasso_callbacks.methods.base import Look
from picasso_callbacks.model.live_model import LiveModel


class CountsTraces(keras.layers.Layer):
    """Passes its input on, and counts how often its Python is run."""

    traces = 0

    def call(self, inputs):
        CountsTraces.traces += 1
        return inputs


def test_new_weights_answer_at_the_next_look_without_a_new_trace():
    size = (4, 6, 1)
    model = keras.Sequential(
        [keras.Input(size), CountsTraces(), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")]
    )
    images = np.random.default_rng(9).random((3, *size), dtype="float32")
    live = LiveModel(model, Probes(images))
    targets = np.tile([1, 0], (3, 1))
    methods = [PartialOcclusion((2, 3), (2, 3)), SaliencyMap()]

    def ask():
        look = Look(live, live.scores(), targets)
        return [method.explain(look).values for method in methods]

    ask()
    traces = CountsTraces.traces
    weights = np.random.default_rng(10).normal(size=(24, 2)).astype("float32")
    model.set_weights([weights, np.zeros(2)])
    occlusion, saliency = ask()
    if keras.config.backend() != "torch":  # which runs Python each time
        assert CountsTraces.traces == traces
    odds = lambda x: log_odds(x.reshape(len(x), -1) @ weights)  # noqa: E731
    hidden = brute_force(odds, images, np.full_like(images, 0.5), targets, (2, 3), (2, 3))
    assert_maps_agree(occlusion, hidden, odds, images, targets)
    np.testing.assert_array_equal(saliency[0, 0], np.abs(weights[:, 1]).reshape(4, 6))
