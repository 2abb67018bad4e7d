"""Which models are computed on patches."""

import keras
import numpy as np
import pytest
from helpers.patchwork import functional, residual
from keras import layers

from picasso_callbacks.model import incremental
from picasso_callbacks.model.incremental import make_plan
from picasso_callbacks.model.windows import Windows

PAYS = incremental.plan.PAYS


@pytest.fixture(autouse=True)
def _whatever_it_costs(monkeypatch):
    """Small models are worth the check, if not the effort."""
    monkeypatch.setattr(incremental.plan, "PAYS", 100.0)
    monkeypatch.setattr(incremental.plan, "_LIMITS", (1.0,))


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = keras.Sequential([layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(3, activation="softmax")])

    def call(self, inputs):
        return self.inner(inputs)


def test_what_cannot_be_taken_apart_has_no_plan():
    model = Subclassed()
    model(np.zeros((1, 16, 16, 3), "float32"))
    assert make_plan(model, (16, 16, 3), Windows((16, 16), 4, 4)) is None


def test_what_does_not_pay_has_no_plan(monkeypatch):
    monkeypatch.setattr(incremental.plan, "PAYS", PAYS)
    model = functional((24, 24), residual)
    assert make_plan(model, (24, 24, 3), Windows((24, 24), 22, 1)) is None
