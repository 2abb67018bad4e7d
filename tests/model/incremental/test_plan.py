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


class SomeRows(layers.Layer):
    """Does not say how many rows it leaves."""

    def call(self, inputs):
        return inputs

    def compute_output_spec(self, inputs):
        return keras.KerasTensor((None, None, *inputs.shape[2:]), inputs.dtype)


def test_what_has_an_unknown_size_has_no_plan():
    image = keras.Input((16, 16, 3))
    model = keras.Model(image, layers.GlobalAveragePooling2D()(SomeRows()(layers.Conv2D(4, 3)(image))))
    assert make_plan(model, (16, 16, 3), Windows((16, 16), 4, 4)) is None


def test_what_does_not_pay_has_no_plan(monkeypatch):
    monkeypatch.setattr(incremental.plan, "PAYS", PAYS)
    model = functional((24, 24), residual)
    assert make_plan(model, (24, 24, 3), Windows((24, 24), 22, 1)) is None


def convolved(filters=2):
    """One convolution on 8 x 8 pixels, averaged."""
    image = keras.Input((8, 8, 1))
    hidden = layers.GlobalAveragePooling2D()(layers.Conv2D(filters, 3, padding="same")(image))
    return keras.Model(image, layers.Dense(3, activation="softmax")(hidden))


def test_what_a_plan_costs_by_hand():
    # A window of 2 x 2 changes 4 x 4 of 8 x 8 pixels, which are made of 6 x 6. Multiply-adds: 64 * 9 * 2 of the
    # convolution, of which 16 / 64, and 2 * 3. Numbers that are made: 128, 2 and 3; of a plan 32, 2 and 3. Besides it
    # moves 36 pixels and the window's 4 to the convolution, and 16 and all 64 of two channels to what averages them.
    plan = make_plan(convolved(), (8, 8, 1), Windows((8, 8), 2, 2))
    assert [local is not None for _, local in plan.steps] == [True, False, False]
    assert plan.kept == (0, 1)
    work, plain = 64 * 9 * 2 / 4 + 6, 64 * 9 * 2 + 6
    moved, plain_moved = 32 + 2 + 3 + (36 + 4) + 2 * (16 + 64), 128 + 2 + 3
    assert plan.counted_ratio == pytest.approx(work / plain)
    assert plan.cost_ratio == pytest.approx((work + 24 * moved) / (plain + 24 * plain_moved))


def test_what_a_plan_of_whole_maps_costs_by_hand(monkeypatch):
    # That of the model, and what puts the window's 4 pixels on all 64 of the image.
    monkeypatch.setattr(incremental.plan, "_LIMITS", (0.24,))
    plan = make_plan(convolved(), (8, 8, 1), Windows((8, 8), 2, 2))
    work, moved = 64 * 9 * 2 + 6, 128 + 2 + 3
    assert plan.kept == (0,)
    assert plan.counted_ratio == 1
    assert plan.cost_ratio == pytest.approx(1 + 24 * (64 + 4) / (work + 24 * moved))


@pytest.mark.parametrize(("limit", "local"), [(0.25, True), (0.24, False)])
def test_patches_are_no_more_than_a_share_of_their_maps(limit, local, monkeypatch):
    monkeypatch.setattr(incremental.plan, "_LIMITS", (limit,))
    [(_, how), *_] = make_plan(convolved(), (8, 8, 1), Windows((8, 8), 2, 2)).steps
    assert (how is not None) == local


def test_the_cheapest_of_all_plans_is_taken(monkeypatch):
    # Of one channel, patches take 147 multiply-adds and move 140 numbers; whole maps take 579 and move 136.
    monkeypatch.setattr(incremental.plan, "_LIMITS", (0.24, 0.25, 0.2))
    [(_, how), *_] = make_plan(convolved(filters=1), (8, 8, 1), Windows((8, 8), 2, 2)).steps
    assert how is not None


def test_a_plan_that_costs_as_much_as_pays_is_taken(monkeypatch):
    model, windows = convolved(), Windows((8, 8), 2, 2)
    cost = make_plan(model, (8, 8, 1), windows).cost_ratio
    for pays, made in ((cost, True), (cost * 0.999, False)):
        monkeypatch.setattr(incremental.plan, "PAYS", pays)
        assert (make_plan(model, (8, 8, 1), windows) is not None) == made
    assert PAYS == 0.8
