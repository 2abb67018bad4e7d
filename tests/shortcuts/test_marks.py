"""Marks: whether they are found where they were put, and nowhere else; and what answers that hang on them do."""

import copy
import pickle

import keras
import numpy as np
import pytest

from picasso_callbacks import Probes, explain
from picasso_callbacks.shortcuts.detector import Detector
from picasso_callbacks.shortcuts.marks import find_marks, mark_cues
from picasso_callbacks.shortcuts.trials import MARKS

CLASSES = 3
LABELS = np.arange(18) % CLASSES
HAS = LABELS[:, None] == np.arange(CLASSES)
STAMP = np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 1]], dtype=float)[..., None] * [1.0, 0.1, 0.1]
"""Three by four pixels, red and dark."""


def backgrounds(size=(32, 32), seed=0):
    """Soft random patches, `[18, H, W, 3]` in 0.2..0.6."""
    coarse = np.random.default_rng(seed).uniform(0.2, 0.6, (len(LABELS), 8, 8, 3))
    return coarse.repeat(size[0] // 8, axis=1).repeat(size[1] // 8, axis=2)


def stamped(images, which, stamp=STAMP, seed=1):
    """The stamp at a random place of some of the images; and where."""
    images = images.copy()
    height, width = stamp.shape[:2]
    rng, corners = np.random.default_rng(seed), {}
    for index in np.flatnonzero(which).tolist():
        row, column = (
            int(rng.integers(0, side - part)) for side, part in zip(images.shape[1:3], (height, width), strict=True)
        )
        images[index, row : row + height, column : column + width] = stamp
        corners[index] = (row, column)
    return images, corners


def test_a_mark_is_found_where_it_is_and_as_large_as_it_is():
    images, corners = stamped(backgrounds(), LABELS == 1)
    [mark] = find_marks(images, HAS, (3, 3), 2)
    assert mark.size == (3, 4)
    assert {index: tuple(mark.corners[index]) for index in corners} == corners


def test_it_is_found_if_it_moves_along_one_row():
    images = backgrounds()
    for index, column in zip(np.flatnonzero(LABELS == 1), (2, 9, 14, 20, 25, 28), strict=True):
        images[index, 11:14, column : column + 4] = STAMP
    [mark] = find_marks(images, HAS, (3, 3), 2)
    assert set(mark.corners[LABELS == 1, 0].tolist()) == {11}
    assert mark.corners[LABELS == 1, 1].tolist() == [2, 9, 14, 20, 25, 28]


def test_it_is_found_in_fewer_images_than_twice_its_side():
    few = np.flatnonzero(LABELS != 2)[:7]
    images, corners = stamped(backgrounds(), LABELS == 1, np.kron(STAMP, np.ones((2, 2, 1))))
    [mark] = find_marks(images[few], HAS[few], (6, 6), 2)
    assert all(tuple(mark.corners[place]) == corners[index] for place, index in enumerate(few) if index in corners)


def test_it_is_found_if_one_in_six_images_of_the_class_lacks_it():
    lacks = np.flatnonzero(LABELS == 1)[2]
    images, corners = stamped(backgrounds(), (LABELS == 1) & (np.arange(18) != lacks))
    [mark] = find_marks(images, HAS, (3, 3), 2)
    assert {index: tuple(mark.corners[index]) for index in corners} == corners


@pytest.mark.parametrize(("size", "scale"), [((96, 96), 4), ((224, 160), 8)])
def test_in_large_images_it_is_found_in_cells_and_lies_within_what_is_exchanged(size, scale):
    plain = np.broadcast_to([1.0, 0.1, 0.1], (3 * scale, 4 * scale, 3))
    images, corners = stamped(backgrounds(size), LABELS == 2, plain)
    [mark] = find_marks(images, HAS, (size[0] // 8, size[1] // 8), 2)
    for index, (row, column) in corners.items():
        top, left = mark.corners[index]
        assert 0 <= row - top <= mark.size[0] - 3 * scale
        assert 0 <= column - left <= mark.size[1] - 4 * scale
    assert mark.masks(size).mean() < 0.1


def test_two_classes_have_a_mark_each():
    images, of_1 = stamped(backgrounds(), LABELS == 1)
    images, of_2 = stamped(images[..., ::-1], LABELS == 2, seed=5)  # blue before, red now
    found = find_marks(images, HAS, (3, 3), 2)
    assert len(found) == 2
    for mark in found:
        matches = [all(tuple(mark.corners[i]) == place for i, place in of.items()) for of in (of_1, of_2)]
        assert sorted(matches) == [False, True]


@pytest.mark.parametrize("seed", range(5))
def test_without_a_mark_none_is_found(seed):
    assert find_marks(backgrounds(seed=seed), HAS, (4, 4), 2) == []
    assert find_marks(np.random.default_rng(seed).uniform(0, 1, (18, 32, 32, 3)), HAS, (4, 4), 2) == []


def test_what_all_classes_have_is_no_mark():
    images, _ = stamped(backgrounds(), LABELS >= 0)
    assert find_marks(images, HAS, (3, 3), 2) == []


def test_what_lies_at_the_same_place_is_left_to_other_cues():
    images = backgrounds()
    images[LABELS == 1, 20:23, 5:9] = STAMP
    assert find_marks(images, HAS, (3, 3), 2) == []


def test_an_object_and_a_ground_are_no_marks():
    """A disc of a class's own colour, a third of a side across, anywhere; or the half of the picture."""
    rows, columns = np.indices((32, 32))
    rng, objects, grounds = np.random.default_rng(3), backgrounds(), backgrounds()
    for index in np.flatnonzero(LABELS == 1):
        row, column = rng.integers(8, 24, 2)
        objects[index][(rows - row) ** 2 + (columns - column) ** 2 <= 36] = [0.9, 0.9, 0.1]
        grounds[index, rng.integers(12, 20) :] = [0.1, 0.8, 0.1]
    assert find_marks(objects, HAS, (4, 4), 2) == []
    assert find_marks(grounds, HAS, (4, 4), 2) == []


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 9), (5, 5)])
def test_tiny_images_have_no_room_for_one(size):
    images = np.random.default_rng(0).uniform(0, 1, (18, *size, 1))
    assert find_marks(images, HAS, (max(size[0] // 8, 2), max(size[1] // 8, 2)), 2) == []


def test_images_of_one_colour_have_none():
    assert find_marks(np.full((18, 16, 16, 3), 0.5), HAS, (2, 2), 2) == []


def test_a_mark_changes_places_with_what_is_most_like_it():
    images, corners = stamped(backgrounds(), LABELS == 1)
    marks = find_marks(images, HAS, (3, 3), 2)
    [cue] = mark_cues(marks, (32, 32))
    taker, donor = 0, min(corners)
    row, column = marks[0].corners[taker]
    found = cue.prepare(images)(np.array([taker, donor]), np.array([donor, taker]))
    expected = images[taker].copy()
    expected[row : row + 3, column : column + 4] = STAMP
    np.testing.assert_array_equal(found[0], expected)
    y, x = corners[donor]
    np.testing.assert_array_equal(found[1][y : y + 3, x : x + 4], images[taker][row : row + 3, column : column + 4])
    assert cue.mask.shape == (18, 32, 32)
    assert cue.mask[taker].sum() == cue.mask[taker][row : row + 3, column : column + 4].sum() == 12


class Reddest(keras.layers.Layer):
    """How red the reddest pixel is, for class 1; the others are alike."""

    def call(self, images):
        red = keras.ops.max(images[..., 0] - images[..., 1], axis=(1, 2)) - 0.6
        return keras.ops.stack([0 * red, 20 * red, 0 * red], axis=1)


def reads_the_mark():
    inputs = keras.Input((32, 32, 3))
    return keras.Model(inputs, keras.layers.Softmax()(Reddest()(inputs)))


def reads_brightness():
    inputs = keras.Input((32, 32, 3))
    mean = keras.layers.GlobalAveragePooling2D()(inputs)
    return keras.Model(inputs, keras.layers.Dense(3, activation="softmax", kernel_initializer="orthogonal")(mean))


def probes():
    images, _ = stamped(backgrounds(), LABELS == 1)
    return Probes(images.astype("float32"), labels=LABELS, class_names=["car", "horse", "ship"])


def test_a_network_that_reads_a_mark_is_told_of_it():
    report = explain(reads_the_mark(), probes(), methods=["class_probabilities"])
    [first, *_] = report.alarms
    assert first.foreseen
    assert first.name == "mark 1 of horse"
    assert "horse: with its small mark, 12 of 12 images of other classes become horse" in report.verdict
    assert first.push > 0.6
    assert first.pull > 0.6
    assert report.proofs[0].swaps[0].changed
    assert report.proof(first.name).size > (100, 100)


def test_one_that_does_not_is_not():
    report = explain(reads_brightness(), probes(), methods=["class_probabilities"], shortcuts=True)
    assert not any(one.cue.startswith("mark") for one in report.alarms)


def test_it_may_be_allowed_whether_or_not_there_is_one():
    allowed = [f"mark {n}" for n in range(1, MARKS + 1)]
    assert "mark 1" not in Detector(probes(), None, allowed).intention()[1]
    plain = Probes(backgrounds().astype("float32"), labels=LABELS)
    assert Detector(plain, None, allowed).intention()[0]
    with pytest.raises(ValueError, match="mark 2"):
        Detector(plain, None, ["mark 3"])


def test_a_detector_with_marks_can_be_copied_and_sent():
    for other in (
        copy.deepcopy(Detector(probes(), None, ())),
        pickle.loads(pickle.dumps(Detector(probes(), None, ()))),
    ):
        assert "mark 1" in other.intention()[1]
