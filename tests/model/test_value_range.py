"""Whether the probes are in the range that a model's first layers expect, by what those layers hold."""

import logging

import keras
import numpy as np
import pytest
from helpers.models import linear
from keras import layers

from picasso_callbacks import PartialOcclusion, Picasso, Probes, explain

UNIT = np.random.default_rng(0).random((4, 8, 9, 3), dtype="float32")
BYTES = (255 * UNIT).astype("uint8")
IMAGENET = {"mean": [0.485, 0.456, 0.406], "variance": [0.052, 0.05, 0.051]}


def made_for_bytes():
    return [layers.Rescaling(1 / 255)]


def made_for_bytes_around_0():
    return [layers.RandomFlip(), layers.Rescaling(1 / 127.5, offset=-1)]


def made_for_bytes_of_imagenet():
    return [layers.Rescaling(1 / 255), layers.Normalization(**IMAGENET)]


def made_for_unit_images():
    return [layers.Rescaling(2.0, offset=-1.0)]


def made_for_unit_images_of_imagenet():
    return [keras.Sequential([keras.Input((8, 9, 3)), layers.Resizing(8, 8), layers.Normalization(**IMAGENET)])]


def batches_of_bytes():
    layer = layers.BatchNormalization()
    layer.build((None, 8, 9, 3))
    layer.moving_mean.assign([120.0, 110, 100])
    layer.moving_variance.assign([60.0**2] * 3)
    return [layer]


def mean_of_bytes_taken_away():
    return [layers.Rescaling(1.0, offset=[-103.9, -116.8, -123.7])]


def nothing_known():
    return [layers.Normalization(mean=0.0, variance=1.0), layers.Conv2D(3, 3), layers.Rescaling(1 / 255)]


def notes(made, images):
    model = keras.Sequential([keras.Input((8, 9, 3)), *made(), layers.Flatten(), layers.Dense(2, activation="softmax")])
    return explain(model, Probes(images), methods=["class_probabilities"]).notes


@pytest.mark.parametrize(
    "made", [made_for_bytes, made_for_bytes_around_0, made_for_bytes_of_imagenet, batches_of_bytes]
)
def test_unit_images_for_a_network_of_bytes_are_told_and_bytes_are_not(made, caplog):
    assert notes(made, BYTES) == ()
    with caplog.at_level(logging.WARNING):
        (note,) = notes(made, UNIT)
    assert "Are the probes in the range of the images that fit gets?" in note
    assert note in caplog.text


@pytest.mark.parametrize("made", [made_for_unit_images, made_for_unit_images_of_imagenet])
def test_bytes_for_a_network_of_unit_images_are_told_and_unit_images_are_not(made):
    assert notes(made, UNIT) == ()
    assert len(notes(made, BYTES)) == 1


@pytest.mark.parametrize("images", [UNIT, BYTES], ids=["unit", "bytes"])
@pytest.mark.parametrize("made", [mean_of_bytes_taken_away, nothing_known])
def test_nothing_is_told_where_no_layer_says_what_it_expects(made, images):
    assert notes(made, images) == ()


def test_the_note_has_both_ranges():
    images = UNIT.copy()
    images[0, 0, 0], images[1, 1, 1] = 0, 1
    (note,) = notes(made_for_bytes, images)
    assert "range from 0 to 1," in note
    assert "makes 0 to 0.003922 of them" in note


def test_dark_pictures_and_a_single_colour_are_not_another_range():
    assert notes(made_for_bytes, (BYTES // 20)) == ()
    assert notes(made_for_bytes, np.full_like(BYTES, 7)) == ()
    assert notes(made_for_bytes_of_imagenet, np.full_like(BYTES, 7)) == ()


@pytest.mark.parametrize(("weight", "told"), [(99, False), (101, True)])
def test_log_odds_that_change_by_more_than_a_hundred_nats_are_told_of(caplog, weight, told):
    model = linear((1, 2, 1), [[0, weight], [0, 0]], "softmax")
    probes = Probes(np.array([1.0, 0.5]).reshape(1, 1, 2, 1), value_range=(0, 1))
    explain(model, probes, methods=[PartialOcclusion(1, 1, canvas="black")])
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == told
    if told:
        assert "by up to 101 nats, and more than 100 can hardly be right. Are the probes as fit gets" in said[0]
        assert "They range from 0.5 to 1 in float64" in said[0]


def test_a_function_of_the_outputs_may_change_as_far_as_it_likes(caplog):
    model = linear((1, 2, 1), [[0, 9], [0, 0]], "softmax")
    probes = Probes(np.array([1.0, 0.5]).reshape(1, 1, 2, 1), value_range=(0, 1))
    explain(model, probes, methods=[PartialOcclusion(1, 1, canvas="black")], targets=lambda y: 1000 * y[:, 0])
    assert not caplog.records


def test_it_is_said_once_a_training(caplog, tmp_path):
    model = linear((1, 2, 1), [[0, 500], [0, 0]], "softmax")
    model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    images = np.array([1.0, 0.5]).reshape(1, 1, 2, 1)
    callback = Picasso(tmp_path, Probes(images, value_range=(0, 1)), methods=["partial_occlusion"])
    for times in (1, 2):
        model.fit(images, np.zeros(1), epochs=3, verbose=0, callbacks=[callback])
        assert sum("nats" in record.getMessage() for record in caplog.records) == times
