"""Targets: which classes of which probe are explained."""

import numpy as np
import pytest

from picasso_callbacks.model.head.scores import Scores
from picasso_callbacks.model.head.targets import TargetChooser
from picasso_callbacks.probes import Probes

PROBABILITIES = np.array([[0.5, 0.3, 0.2], [0.1, 0.3, 0.6]], dtype="float32")


def probes(labels=None, class_names=None):
    return Probes(np.zeros((2, 4, 4, 1)), labels=labels, class_names=class_names)


def choose(targets, top=2, labels=None, class_names=None):
    chooser = TargetChooser(targets, top, probes(labels, class_names))
    scores = answer(PROBABILITIES, chooser)
    chooser.check(scores)
    return chooser.choose(scores).tolist()


def answer(probabilities, chooser):
    """Scores with these probabilities; the values of derived targets don't matter here."""
    derived = np.zeros((len(probabilities), len(chooser.derived)))
    contrasts = tuple(None if callable(one) else one for one in chooser.derived)
    return Scores(np.concatenate([np.log(probabilities), derived], axis=1), probabilities, True, contrasts)


def test_by_default_the_label_and_the_strongest_other_class():
    assert choose(None, labels=[0, 0]) == [[0, 1], [0, 2]]
    assert choose(None, labels=[2, 2]) == [[2, 0], [2, 1]]


def test_by_default_without_labels_the_top_classes():
    assert choose(None) == [[0, 1], [2, 1]]
    assert choose(None, top=1) == [[0], [2]]


def test_top_goes_by_probability_whatever_the_labels():
    assert choose("top", top=3, labels=[1, 1]) == [[0, 1, 2], [2, 1, 0]]


def test_there_are_no_more_top_classes_than_classes():
    assert choose("top", top=10) == [[0, 1, 2], [2, 1, 0]]


def test_equal_probabilities_go_by_index():
    chooser = TargetChooser("top", 2, probes())
    assert chooser.choose(answer(np.full((1, 4), 0.25), chooser)).tolist() == [[0, 1]]


def test_the_label_alone():
    assert choose("label", labels=[2, 1]) == [[2], [1]]


def test_one_class_or_several_for_every_probe():
    names = ["cat", "dog", "cow"]
    assert choose(1) == [[1], [1]]
    assert choose(np.int64(1)) == [[1], [1]]
    assert choose("cow", class_names=names) == [[2], [2]]
    assert choose([2, 0]) == [[2, 0], [2, 0]]
    assert choose(["dog", 0], class_names=names) == [[1, 0], [1, 0]]
    assert choose(np.array([2, 0])) == [[2, 0], [2, 0]]


def test_a_class_may_be_called_top():
    assert choose("top", class_names=["a", "b", "top"]) == [[2], [2]]


@pytest.mark.parametrize("targets", ["cat", ["cat"]])
def test_names_need_class_names(targets):
    with pytest.raises(ValueError, match=r"targets holds 'cat'.*not known: pass Probes\(\.\.\., class_names="):
        choose(targets)


def test_an_unknown_name_lists_the_classes():
    with pytest.raises(ValueError, match=r"targets holds 'fox'; expected 'top', 'label' or a class; .*'dog', 'cow'"):
        choose("fox", class_names=["cat", "dog", "cow"])


@pytest.mark.parametrize("targets", [-1, 1.5, True, [0, None], [[0]], 3.0])
def test_what_is_no_class_is_refused(targets):
    with pytest.raises(
        ValueError,
        match=r"targets holds .*; expected a class index >= 0 or name, a contrast \(this, not_that\) or a function",
    ):
        choose(targets)


@pytest.mark.parametrize("targets", [[], [0, 0], ["dog", 1]])
def test_targets_are_given_once_each(targets):
    with pytest.raises(ValueError, match=r"targets is .*; expected one or more targets, each once"):
        choose(targets, class_names=["cat", "dog", "cow"])


def test_a_class_that_the_model_lacks_is_refused():
    with pytest.raises(ValueError, match=r"targets holds 3; expected class indices in 0\.\.2"):
        choose([0, 3])


def test_label_without_labels_is_refused():
    with pytest.raises(
        ValueError, match=r"targets is 'label', but the probes have no labels. Pass Probes\(\.\.\., labels="
    ):
        choose("label")


@pytest.mark.parametrize("top", [0, -1, 1.5, True, None, "2"])
def test_top_counts_classes(top):
    with pytest.raises(ValueError, match=r"top is .*; expected how many classes to explain, an int >= 1"):
        choose("top", top=top)


def test_labels_beyond_the_models_classes_are_refused():
    with pytest.raises(
        ValueError, match=r"labels go up to 3, but the model tells 3 classes apart; expected labels in 0\.\.2"
    ):
        choose(None, labels=[0, 3])


@pytest.mark.parametrize("names", [["cat", "dog"], ["cat", "dog", "cow", "fox"]])
def test_another_number_of_class_names_is_refused(names):
    message = rf"{len(names)} class_names, .*'dog'.* the model tells 3 classes apart; expected one name for each"
    with pytest.raises(ValueError, match=message):
        choose(None, class_names=names)


def test_by_default_several_labels_and_the_strongest_other_classes():
    # The first probe has two labels, the second one: it gets another strong class instead.
    assert choose(None, labels=[[0, 1, 1], [1, 0, 0]]) == [[1, 2, 0], [0, 2, 1]]
    assert choose("label", labels=[[0, 1, 1], [1, 0, 0]]) == [[1, 2], [0, 2]]
    assert choose("top", labels=[[0, 1, 1], [1, 0, 0]]) == [[0, 1], [2, 1]]


def test_a_probe_that_shows_none_of_the_classes():
    assert choose(None, labels=[[0, 0, 0], [0, 1, 0]]) == [[0, 1], [1, 2]]
    assert choose("label", labels=[[0, 0, 0], [0, 0, 0]]) == [[0], [2]]
    assert choose(None, labels=[[0, 0, 0], [0, 0, 0]]) == [[0, 1], [2, 1]]


def test_of_many_labels_the_first_three_are_explained():
    chooser = TargetChooser(None, 2, Probes(np.zeros((1, 4, 4, 1)), labels=[[1, 0, 1, 1, 1, 1]]))
    scores = answer(np.array([[0.1, 0.2, 0.3, 0.2, 0.1, 0.1]], "float32"), chooser)
    assert chooser.choose(scores).tolist() == [[0, 2, 3, 1]]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([[1, 1, 0, 0], [0, 0, 0, 0]], "labels have 4 columns, but the model tells 3 classes apart; expected one for"),
        ([0.5, 1.0], r"labels are true values such as 0\.5, but the model tells 3 classes.*decode_prob='value'"),
        ([0, -1], r"labels are true values such as -1\.0, but .* expected class indices in 0\.\.2, or rows of 0 and 1"),
        ([0, 1e20], r"labels are true values such as 1e\+20"),
        ([[3, 2, 2], [0, 7, 0]], r"such as \[0\. 7\. 0\.\]"),
        ([[0.9, 0.8, 0.1], [0, 0, 1]], r"labels are true values such as \[0\.9 0\.8 0\.1\], but the model tells 3"),
    ],
)
def test_labels_that_do_not_go_with_the_classes_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        choose(None, labels=labels)
