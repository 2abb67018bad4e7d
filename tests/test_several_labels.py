"""Probes that show several classes or none, and a model that tells each of them by itself."""

import logging

import keras
import numpy as np
import pytest
from helpers.event_files import read
from helpers.models import linear

from picasso_callbacks import PartialOcclusion, Picasso, Probes, explain

SIZE = (1, 3, 1)
FINDINGS = ["effusion", "mass", "nodule"]
ROWS = np.array([[1, 1, 0], [0, 0, 0], [0, 0, 1], [1, 0, 1]])


def radiologist(weight=8.0):
    """Finds a class where its pixel is 1: log-odds of `weight / 2`, else minus that."""
    return linear(SIZE, weight * np.eye(3), "sigmoid", bias=-weight / 2, loss="binary_crossentropy")


def probes(rows=ROWS, images=ROWS, **settings):
    return Probes(np.reshape(images, (-1, *SIZE)).astype("float32"), rows, class_names=FINDINGS, **settings)


def test_labels_and_the_strongest_others_are_explained():
    pixel = PartialOcclusion(1, 1, canvas="black")
    report = explain(radiologist(), probes(), methods=[pixel, "class_probabilities"])
    assert report.targets.tolist() == [[0, 1, 2], [0, 1, 2], [2, 0, 1], [0, 2, 1]]
    maps = report["partial_occlusion"].values[:, :, 0]  # a black pixel speaks for nothing, a white one for its class
    np.testing.assert_allclose(maps[0], [[8, 0, 0], [0, 8, 0], [0, 0, 0]], atol=1e-4)
    np.testing.assert_allclose(maps[1], 0, atol=1e-4)
    np.testing.assert_allclose(maps[2][0], [0, 0, 8], atol=1e-4)


def test_the_card_marks_every_label():
    report = explain(radiologist(), probes(), methods=["class_probabilities"])
    assert [report.panel(index).labels for index in range(4)] == [(0, 1), (), (2,), (0, 2)]
    assert report.image(0).size[0] == 700


def trained(tmp_path, given, **settings):
    model = radiologist()
    model.compile(keras.optimizers.SGD(0.0), "binary_crossentropy", metrics=["binary_accuracy"])
    callback = Picasso(tmp_path, given, on_error="raise", **settings)
    model.fit(ROWS.reshape(-1, *SIZE).astype("float32"), ROWS, epochs=3, verbose=0, callbacks=[callback])


def test_a_training_writes_cards_and_says_why_no_shortcuts_are_looked_for(tmp_path, capsys, caplog):
    trained(tmp_path, probes())
    assert "not looked for: the probes have several labels each, or none" in capsys.readouterr().out
    assert {tag for _, tag, _ in read(tmp_path)} >= {"picasso/probe 00", "picasso_filmstrip/probe 00"}
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_shortcuts_that_are_asked_for_are_refused_and_the_advice_works():
    many = np.tile(ROWS, (3, 1))
    with pytest.raises(ValueError, match=r"labels=rows\[:, it\] and decode_prob=lambda outputs: outputs\[:, it\]"):
        explain(radiologist(), probes(many, many), shortcuts=True)
    one = Probes(np.reshape(many, (-1, *SIZE)).astype("float32"), labels=many[:, 2])
    report = explain(radiologist(), one, shortcuts=True, decode_prob=lambda outputs: outputs[:, 2])
    np.testing.assert_allclose(report.probabilities[:, 1], 1 / (1 + np.exp(4 - 8.0 * many[:, 2])), rtol=1e-5)
    assert report.verdict


@pytest.mark.parametrize(
    ("brightness", "told"),
    [(1.0, False), (-1.0, True)],  # where there is something, and only there, the second is dark
)
def test_answers_far_worse_than_in_training_are_told_of(tmp_path, caplog, brightness, told):
    rows = np.tile(ROWS, (4, 1))
    images = rows if brightness > 0 else 1 - rows
    trained(tmp_path, probes(rows, images), methods=["class_probabilities"])
    said = [record.getMessage() for record in caplog.records if record.name == "picasso_callbacks"]
    assert len(said) == told
    if told:
        assert "says 100% accuracy, but of the answers about labelled probes 0 of 48 are right" in said[0]


def test_a_network_that_finds_nothing_yet_is_not_taken_for_one_that_sees_something_else(tmp_path, caplog):
    trained(tmp_path, probes(np.tile(ROWS, (4, 1)), np.zeros((16, 3))), methods=["class_probabilities"])
    assert not [record for record in caplog.records if record.name == "picasso_callbacks"]
