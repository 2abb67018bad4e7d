"""What every method owes, checked on each that is discovered: a new file in `methods/` is tested by being there."""

import functools
import random

import keras
import numpy as np
import pytest
from helpers.zoo_heads import HEADS, follow
from keras import layers

from picasso_callbacks import Explanation, Probes, available_methods
from picasso_callbacks.methods import make_methods
from picasso_callbacks.methods.base import Look
from picasso_callbacks.model.live_model import LiveModel
from picasso_callbacks.options import Options

HEIGHT, WIDTH, PROBES = 12, 9, 2

CLASSES = {
    **dict.fromkeys(HEADS, 3),
    **dict.fromkeys(["regression", "several outputs, a list"], 1),
    **dict.fromkeys([head for head in HEADS if "one " in head or head.startswith("segmentation, sigmoid")], 2),
}

each_method = pytest.mark.parametrize("method", available_methods())
each_case = pytest.mark.parametrize(
    ("head", "channels", "count"),
    [(head, 3, CLASSES[head]) for head in HEADS]
    + [pytest.param(head, 1, 1, marks=pytest.mark.slow if head != "softmax" else ()) for head in HEADS],
)


@functools.cache
def live_model(head, channels):
    chosen = HEADS[head]
    image = keras.Input((HEIGHT, WIDTH, channels))
    x = image
    for layer in (layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization(), layers.Dropout(0.5)):
        x = layer(x)
    tokens = layers.Reshape((-1, 4))(x)
    x = layers.Reshape(x.shape[1:])(tokens + layers.MultiHeadAttention(2, 3)(tokens, tokens))
    model = keras.Model(image, follow(chosen.branches(), x))
    model.compile("sgd", chosen.loss)
    shake(model, seed=0)
    images = np.random.default_rng(1).random((PROBES, HEIGHT, WIDTH, channels), dtype="float32")
    return model, LiveModel(model, Probes(images, labels=[1, 0]), Options(**chosen.settings))


def shake(model, seed):
    """Gives the model other weights: matrices around 0, vectors (among them the variance of BatchNorm) above it."""
    rng = np.random.default_rng(seed)
    model.set_weights([0.5 * rng.random(weight.shape) - 0.2 * (weight.ndim > 1) for weight in model.get_weights()])


def look_at(live, count):
    """A look with other targets for each probe: from the first class up, and from the last class down."""
    first = np.arange(count)
    return Look(live, live.scores(), np.stack([first, live.classes - 1 - first]))


def ask(method, look):
    """What a new instance of the method says."""
    return make_methods([method])[method].explain(look)


@functools.cache
def asked_twice(method, head, channels, count):
    """A look, two answers to it, and all that the method was given, before and after."""
    model, live = live_model(head, channels)
    look = look_at(live, count)

    def everything():
        seen = [live.probes.images, live.probes.labels, live.inputs, look.targets]
        seen += [look.scores.logits, look.scores.ranking]
        return [np.array(one) for one in (*seen, *model.get_weights())]

    before = everything()
    found = ask(method, look)
    again = ask(method, look_at(live, count))
    return look, found, again, before, everything()


@each_case
@each_method
def test_explains_every_probe_and_target_in_finite_float32(method, head, channels, count):
    look, found, *_ = asked_twice(method, head, channels, count)
    assert isinstance(found, Explanation)
    assert found.values.shape in ((PROBES, count, HEIGHT, WIDTH), (PROBES, look.live.classes))
    assert found.values.dtype == np.float32
    assert np.isfinite(found.values).all()
    assert found.scale.signed or found.values.min() >= 0


@each_case
@each_method
def test_same_weights_give_the_same_numbers(method, head, channels, count):
    _, found, again, *_ = asked_twice(method, head, channels, count)
    np.testing.assert_array_equal(found.values, again.values)


@each_case
@each_method
def test_leaves_all_that_it_was_given_as_it_was(method, head, channels, count):
    *_, before, after = asked_twice(method, head, channels, count)
    for was, now in zip(before, after, strict=True):
        np.testing.assert_array_equal(was, now)


@each_method
def test_draws_nothing_from_global_generators(method):
    _, live = live_model("softmax", 3)
    look = look_at(live, 2)
    before = random.getstate(), np.random.get_state()[1].copy()
    ask(method, look)
    assert random.getstate() == before[0]
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])


@each_method
def test_follows_the_weights_of_the_moment(method):
    model, live = live_model("softmax", 3)
    weights = model.get_weights()
    [instance] = make_methods([method]).values()
    before = instance.explain(look_at(live, 2)).values
    try:
        shake(model, seed=7)
        assert np.abs(instance.explain(look_at(live, 2)).values - before).max() > 1e-6
    finally:
        model.set_weights(weights)


@each_method
def test_each_target_has_its_own_map(method):
    _, live = live_model("softmax", 3)
    look = look_at(live, 3)
    values = ask(method, look).values
    if values.ndim == 4:
        swapped = Look(live, look.scores, look.targets[:, ::-1])
        np.testing.assert_allclose(ask(method, swapped).values, values[:, ::-1], rtol=1e-4, atol=1e-5)


@each_method
def test_says_what_its_numbers_are(method):
    _, live = live_model("softmax", 3)
    found = ask(method, look_at(live, 2))
    assert found.title
    assert found.score
    assert isinstance(found.unit, str)
    assert all(isinstance(note, str) for note in found.notes)
    assert found.scale.limit is None or found.scale.limit > 0
