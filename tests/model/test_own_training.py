"""What a training of the model's own may do to images and outputs is said, or asked about."""

import keras
import numpy as np
import pytest
from keras import layers

from picasso_callbacks import Probes, explain

PROBES = Probes(np.random.default_rng(0).random((3, 6, 5, 2), dtype="float32"))
CATEGORICAL = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


class Plain(keras.Model):
    def __init__(self, units=3, scaling=(), in_call=()):
        super().__init__()
        self.before = keras.Sequential(scaling)
        self.inside = keras.Sequential([*in_call, layers.Flatten(), layers.Dense(units)])

    def call(self, x):
        return self.inside(x)


class OwnStep(Plain):
    def train_step(self, *data):
        raise NotImplementedError


class OwnLoss(Plain):
    def compute_loss(self, *args, **kwargs):
        raise NotImplementedError


def found(model, **settings):
    model.compile(loss=CATEGORICAL)
    return explain(model, PROBES, methods=["class_probabilities"], shortcuts=False, **settings)


@pytest.mark.parametrize("model", [OwnLoss(), Plain(1), OwnStep(1)], ids=["own compute_loss", "one unit", "both"])
def test_a_loss_of_logits_that_may_be_given_something_else_is_not_believed(model):
    with pytest.raises(ValueError, match=r"has from_logits=True, but whether .* nobody can tell: .*'softmax'.*'value'"):
        found(model)
    assert found(model, decode_prob="value").probabilities is None


def test_with_a_train_step_of_its_own_it_is_said_that_the_loss_was_believed():
    [note] = found(OwnStep()).notes
    assert note.startswith("The outputs are read as logits, since the model's loss has from_logits=True.")
    assert found(OwnStep(), decode_prob="softmax").notes == ()
    assert found(Plain()).notes == ()


def to_unit(kind=layers.Rescaling):
    settings = {"scale": 1 / 255} if kind is layers.Rescaling else {"mean": [0, 0], "variance": [2, 2]}
    return kind(**settings, name="to_unit")


@pytest.mark.parametrize("kind", [layers.Rescaling, layers.Normalization])
def test_images_that_only_a_train_step_of_its_own_may_scale(kind):
    model = OwnStep(scaling=[to_unit(kind)])
    [note] = found(model, decode_prob="softmax").notes
    assert note.startswith("The model has the layer to_unit, which scales images, and a call of the model does not use")
    assert "pass preprocess=..." in note
    assert "call" not in vars(model.before.layers[0])


def test_nothing_is_said_where_a_call_scales_them_or_preprocess_does_or_keras_trains():
    said = [
        found(OwnStep(in_call=[to_unit()]), decode_prob="softmax"),
        found(OwnStep(scaling=[to_unit()]), decode_prob="softmax", preprocess=lambda x: x / 255),
        found(Plain(scaling=[to_unit()])),
    ]
    assert [report.notes for report in said] == [(), (), ()]
