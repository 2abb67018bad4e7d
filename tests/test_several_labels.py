"""Probes that show several classes or none, and a model that tells each of them by itself."""

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


def test_a_training_writes_cards_and_says_what_shortcuts_are_looked_for(tmp_path, capsys):
    trained(tmp_path, probes())
    assert "shortcuts are looked for: probes exchange" in capsys.readouterr().out
    assert {tag for _, tag, _ in read(tmp_path)} >= {"picasso/probe 00", "picasso_filmstrip/probe 00"}


def test_labels_of_which_none_can_be_told_from_both_sides_are_refused_where_shortcuts_are_asked_for():
    with pytest.raises(ValueError, match="a label that two or more probes have and two or more have not"):
        explain(radiologist(), probes(np.eye(4, 3)), shortcuts=True)


@pytest.mark.parametrize(
    ("brightness", "told"),
    [(1.0, False), (-1.0, True)],  # where there is something, and only there, the second is dark
)
def test_answers_far_worse_than_in_training_are_told_of(tmp_path, caplog, brightness, told):
    rows = np.tile(ROWS, (4, 1))
    images = rows if brightness > 0 else 1 - rows
    trained(tmp_path, probes(rows, images), methods=["class_probabilities"], shortcuts=False)
    said = [record.getMessage() for record in caplog.records if record.name == "picasso_callbacks"]
    assert len(said) == told
    if told:
        assert "says 100% accuracy, but of the answers about labelled probes 0 of 48 are right" in said[0]


def test_a_network_that_finds_nothing_yet_is_not_taken_for_one_that_sees_something_else(tmp_path, caplog):
    trained(
        tmp_path, probes(np.tile(ROWS, (4, 1)), np.zeros((16, 3))), methods=["class_probabilities"], shortcuts=False
    )
    assert not [record for record in caplog.records if record.name == "picasso_callbacks"]
