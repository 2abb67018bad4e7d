"""What a single class of many hangs on: pushes and pulls that can be worked out, and which alarm is told."""

import numpy as np
import pytest
from helpers.models import linear
from helpers.one_class import CENTRE, LABELS, TAG, images, probes, reads

from picasso_callbacks import Probes, explain
from picasso_callbacks.model.head.scores import Scores, softmax
from picasso_callbacks.shortcuts.alarm import without_repeats
from picasso_callbacks.shortcuts.answers import Answers, make_truth
from picasso_callbacks.shortcuts.by_class import ClassDependence, class_dependence, screen
from picasso_callbacks.shortcuts.cues import standard_cues
from picasso_callbacks.shortcuts.dependence import Dependence, donor_errors, effects, gap_without, t_quantile
from picasso_callbacks.shortcuts.donors import Pairs, choose_pairs, pairs_for_class

FRAME = standard_cues((12, 12), [], (2, 2))[3]
METHODS = ["class_probabilities"]
OBJECT = ["layout", "colour"]
"""What the bright and dark centres are."""


def scores(*probabilities):
    """Of two classes, of which the last has these probabilities."""
    p = np.array([[1 - one, one] for one in probabilities])
    return Scores(np.log(p).astype("float32"), softmax(np.log(p)), competing=True)


def truth_of(labels, **settings):
    return make_truth(Probes(np.zeros((len(labels), 2, 2, 1), "uint8"), labels=labels, **settings), plain=False)


HORSE = {"kind": "class", "inside": np.array([True, True, False, False])}

# Of class 1 are probes 0 and 1. Probe 0 gets the cue of 1 and of 2; probe 2 that of 0, of 1 and of 3.
SMALL = np.array([1, 1, 0, 0])
PAIRS = Pairs(np.array([0, 0, 2, 2, 2]), np.array([1, 2, 0, 1, 3]), np.array([False, True, True, True, False]))
SAID = scores(0.9, 0.8, 0.1, 0.2), scores(0.9, 0.3, 0.7, 0.5, 0.1)


def test_effects_are_what_a_cue_of_the_class_does_beside_one_of_others():
    found = effects(SAID[1].probabilities[:, [1]], SMALL[:, None] == 1, PAIRS)[:, 0]
    np.testing.assert_allclose(found, [0.9 - 0.3, np.nan, (0.7 + 0.5) / 2 - 0.1, np.nan], atol=1e-6)


def test_push_pull_and_what_becomes_of_the_answers():
    truth = truth_of(SMALL, class_names=["car", "horse"])
    found = class_dependence(FRAME, 1, *SAID, truth, Answers(truth, SAID[0], calibrated=False), PAIRS)
    assert (found.name, found.cue, found.probes.tolist()) == ("frame of horse", "frame", [0, 2])
    assert (found.pull, found.push) == (pytest.approx(0.6), pytest.approx(0.5))
    assert found.gap == pytest.approx(0.55)
    assert found.flips.tolist() == [1, 1 / 2]  # with 0.5 it is still class 0
    assert found.errors.tolist() == [1, 1 / 2]
    # In log-odds, of which classes are the mean of logit(0.9) and logit(0.8) above and below 0.
    logit = {p: np.log(p / (1 - p)) for p in (0.1, 0.3, 0.5, 0.7, 0.8, 0.9)}
    moved = logit[0.9] - logit[0.3], (logit[0.7] + logit[0.5]) / 2 - logit[0.1]
    np.testing.assert_allclose(found.shares, np.array(moved) / (logit[0.9] + logit[0.8]), rtol=1e-5)
    assert found.share == pytest.approx(found.shares.mean())
    assert (found.moves(0), found.moves(2)) == (True, False)  # probe 2 is of another class, and stays as it is


def test_each_of_the_three_has_its_own_error_of_the_donors():
    inside, rng = np.arange(18) % 3 == 0, np.random.default_rng(0)
    nobody = Pairs(np.array([], dtype=int), np.array([], dtype=int), np.array([], dtype=bool))
    pairs = pairs_for_class(inside, np.arange(18) % 3, np.ones(18, dtype=bool), nobody)
    base, said = scores(*rng.uniform(0.1, 0.9, 18)), scores(*rng.uniform(0.1, 0.9, len(pairs.probes)))
    truth = truth_of(inside.astype(int))
    answers = Answers(truth, base, calibrated=False)
    found = class_dependence(FRAME, 1, base, said, truth, answers, pairs)
    weights = np.where(inside, 1 / 6, 1 / 12)[:, None] / 2  # pushes and pulls count alike
    for error, read in zip(found.donors, (answers.values, answers.says, answers.shares), strict=True):
        assert error == pytest.approx(donor_errors(read(said)[:, [1]], inside[:, None], pairs, weights))
    assert len(set(found.donors)) == 3


def test_the_bound_is_that_of_the_mean_of_both_groups():
    # With a probe more in each, for which the cue means nothing: means 0.4, standard errors 0.2.
    gaps, labels = np.array([0.6, 0.6, 0.6, 0.6]), np.array([1, 1, 0, 0])
    about = {"area": 0.1, "probes": np.arange(4), "labels": labels, "errors": gaps, "flips": gaps, "shares": gaps}
    one = ClassDependence(
        "frame of horse", "the frame", True, gaps=gaps, of=1, class_name="horse", of_cue="frame", **about, **HORSE
    )
    spread = np.std([0.6, 0.6, 0.0], ddof=1)
    error = np.sqrt(2 * spread**2 / 3) / 2
    assert one.lower_bounds(0.1)[0] == pytest.approx(0.4 - t_quantile(0.95, 3) * error)


def test_screening_finds_the_class_and_the_others_harmless():
    labels = np.repeat(np.arange(10), 3)
    pairs = choose_pairs(labels, 3)

    def said(tagged):  # whoever has the tag is class 2
        of_tagged = tagged * 0.98 + 0.01
        logits = np.log(np.stack([of_tagged if of == 2 else (1 - of_tagged) / 9 for of in range(10)], axis=1))
        return Scores(logits.astype("float32"), softmax(logits), True)

    truth = truth_of(labels)
    answers = Answers(truth, said(labels == 2), calibrated=False)
    excess = screen(said(labels[pairs.donors] == 2), truth, answers, pairs, FRAME, 0.2)
    assert excess.argmax() == 2
    assert excess[2] > 0.5
    assert (np.delete(excess, 2) < excess[2] / 2).all()  # that they have no tag tells of them, too


def test_fresh_pairs_come_from_both_sides_and_are_new_where_there_are_others():
    used = choose_pairs(LABELS, 4)
    pairs = pairs_for_class(LABELS == 2, LABELS, np.ones(12, dtype=bool), used)
    assert (pairs.probes != pairs.donors).all()
    np.testing.assert_array_equal(pairs.other, (LABELS[pairs.probes] == 2) != (LABELS[pairs.donors] == 2))
    for probe in range(12):
        mine = pairs.probes == probe
        expected = (3, 4) if LABELS[probe] == 2 else (2, 2)  # the class has three others
        assert (sum(mine & ~pairs.other), sum(mine & pairs.other)) == expected
    across = pairs.other & (LABELS[pairs.probes] != 2)
    before = set(zip(used.probes.tolist(), used.donors.tolist(), strict=True))
    known = [(probe, donor) in before for probe, donor in zip(pairs.probes[across], pairs.donors[across], strict=True)]
    assert sum(known) < len(known) / 2
    assert np.bincount(pairs.donors[across]).max() <= 5


def test_many_probes_do_not_make_it_dearer():
    labels = np.arange(400) % 40
    pairs = pairs_for_class(labels == 7, labels, np.ones(400, dtype=bool), choose_pairs(labels, 1))
    outside = np.unique(pairs.probes[labels[pairs.probes] != 7])
    assert len(outside) == 24
    assert len(set(labels[outside].tolist())) == 24  # as many of each class


@pytest.fixture(scope="module")
def seen():
    return explain(reads(corner=True), probes(), methods=METHODS, allowed=OBJECT)


def test_the_class_and_both_directions_are_told(seen):
    assert seen.alarms[0].name in ("corners of horse", "tag 1 of horse")
    assert not [one for one in seen.alarms if not isinstance(one, ClassDependence)]
    where = seen.alarms[0].phrase.removeprefix("the ")
    assert seen.verdict.startswith(
        f"horse: with its {where}, 8 of 8 images of other classes become horse; with that of others, 4 of 4 of its own "
        "are lost. "
    )
    assert f"say allowed=['{seen.alarms[0].cue}']" in seen.verdict


def test_only_cards_of_the_class_say_that_they_hang_on_it(seen):
    hung = [seen.panel(index).finding.startswith("hangs on the") for index in range(12)]
    assert hung == (LABELS == 2).tolist()
    assert seen.panel(0).finding == "a shortcut was seen; this answer stays"


def test_a_network_that_does_not_read_the_corner_has_no_alarm():
    report = explain(reads(corner=False), probes(), methods=METHODS, allowed=[*OBJECT, "tag 1", "tag 2"])
    assert report.alarms == ()


def test_what_is_allowed_is_allowed_to_single_classes():
    allowed = ["corners", "frame", "tag 1", "tag 2", "layout", "colour", "texture"]
    report = explain(reads(corner=True), probes(), methods=METHODS, allowed=allowed)
    assert report.alarms == ()


def test_the_proof_shows_what_was_exchanged_and_the_same_of_the_own_class(seen):
    [proof, *_] = seen.proofs
    assert len(proof.swaps) == 3
    assert len({swap.probe for swap in proof.swaps}) == 3
    given, mask = images(), proof.mask
    for swap in (*proof.swaps, proof.control):
        expected = np.where(mask[..., None], given[swap.donor], given[swap.probe])
        np.testing.assert_allclose(swap.image, expected, atol=1e-6)
    for swap in proof.swaps:
        assert (LABELS[swap.probe] == 2) != (LABELS[swap.donor] == 2)
        assert swap.before[0] == LABELS[swap.probe]
        assert swap.changed
        assert swap.after[0] != swap.before[0]
        assert (swap.after[0] == 2) == (LABELS[swap.donor] == 2)
    assert (LABELS[proof.control.probe] == 2) == (LABELS[proof.control.donor] == 2)
    assert proof.control.before[0] == proof.control.after[0]
    assert not proof.control.changed
    assert proof.alike == ("horse as well" if LABELS[proof.control.probe] == 2 else "not horse either")


def test_of_a_cue_of_all_classes_and_of_one_that_is_told_which_says_more():
    def made(gap, type_=Dependence, **more):
        about = {"area": 0.1, "probes": np.arange(4), "labels": np.array([1, 1, 0, 0]), "errors": np.zeros(4)}
        gaps = np.full(4, gap)
        return type_(more.pop("name", "frame"), "the frame", True, gaps=gaps, flips=gaps, shares=gaps, **about, **more)

    single = made(0.8, ClassDependence, name="frame of horse", of=1, class_name="horse", of_cue="frame", **HORSE)
    little, much = (made(0.4, without={1: 0.2 + more}) for more in (-0.01, 0.01))
    assert without_repeats([single, little]) == [single]
    assert without_repeats([single, much]) == [much]


def test_the_gap_among_others_is_of_probes_and_donors_that_are_not_of_the_class():
    # A cue of class 2 moves others by 0.6, and it is moved by that of others; these move each other by 0.1.
    labels = np.repeat([0, 1, 2], 4)
    pairs, truth = choose_pairs(labels, 4), truth_of(labels)
    of, by = labels[pairs.probes], labels[pairs.donors]
    falls = np.where(of == by, 0, np.where((of == 2) | (by == 2), 0.6, 0.1))
    p = np.full((len(of), 3), 0.5 * (0.1 + falls)[:, None])
    p[np.arange(len(of)), of] = 0.9 - falls
    logits = np.log(p / p.sum(axis=1, keepdims=True)).astype("float32")
    said, base = Scores(logits, softmax(logits), True), np.log(0.05 + 0.85 * np.eye(3)[labels]).astype("float32")
    answers = Answers(truth, Scores(base, softmax(base), True), calibrated=False)
    assert gap_without(2, pairs, said, truth, answers) == pytest.approx(0.1)
    assert (
        0.1 < gap_without(0, pairs, said, truth, answers) == pytest.approx(gap_without(1, pairs, said, truth, answers))
    )
    assert gap_without(0, pairs, said, truth, answers) == pytest.approx(0.6)  # what is left are 1 and 2
    two, only = truth_of(np.repeat([0, 1], 6)), choose_pairs(np.repeat([0, 1], 6), 2)
    answers = Answers(two, scores(*[0.4] * 12), calibrated=False)
    assert gap_without(0, only, scores(*[0.3] * 48), two, answers) == 0  # a single class is not told from anything


@pytest.mark.parametrize("more", [1, 3])
def test_where_all_hang_on_a_cue_and_one_class_does_most_it_is_told_of_all(more):
    # A corner pixel for each of five classes, by which all are known; that of class 2 counts so many times as much.
    labels, generator = np.repeat(np.arange(5), 4), np.random.default_rng(0)
    pictures = generator.uniform(0.4, 0.6, (20, 15, 15, 1)).astype("float32")
    pictures[:, 0, :3] = pictures[:, 1, :3] = pictures[:, 2, :3] = 0
    places = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]
    weights = np.zeros((15, 15, 5))
    for of, place in enumerate(places):
        pictures[labels == of, place[0], place[1]] = 1
        weights[(*place, of)] = 3.0 * (more if of == 2 else 1)
    model = linear((15, 15, 1), weights.reshape(-1, 5), "softmax", loss="sparse_categorical_crossentropy")
    report = explain(model, Probes(pictures, labels=labels, value_range=(0, 1)), methods=METHODS)
    assert report.alarms
    assert not [one for one in report.alarms if isinstance(one, ClassDependence)]
    assert report.verdict.startswith("All classes: swapping the ")


def test_with_regions_the_smallest_that_carries_it_is_named():
    corner, centre = np.zeros((2, 12, 12, 12), dtype=bool)
    corner[:, TAG, TAG] = centre[:, CENTRE, CENTRE] = True
    watched = probes(regions={"corner": corner, "animal": centre})
    report = explain(reads(corner=True), watched, methods=METHODS, expected="animal")
    assert [one.name for one in report.alarms] == ["corner of horse"]
    assert report.verdict.startswith("horse: with its corner, 8 of 8 images of other classes become horse;")
    assert report.verdict.endswith("the answers should come from the animal.")


def test_two_probes_a_class_are_enough():
    labels, generator = np.repeat(np.arange(30), 2), np.random.default_rng(0)
    pictures = generator.random((60, 12, 12, 1)).astype("float32")
    pictures[labels == 7, TAG, TAG] = 1
    weights, bias = 0.3 * generator.normal(size=(12, 12, 30)), np.zeros(30)
    weights[..., 7] = 0
    weights[TAG, TAG, 7], bias[7] = 30 / 9, -18
    model = linear((12, 12, 1), weights.reshape(-1, 30), "softmax", bias=bias, loss="sparse_categorical_crossentropy")
    report = explain(model, Probes(pictures, labels=labels, value_range=(0, 1)), methods=METHODS)
    assert {one.of for one in report.alarms} == {7}
    assert "24 of 24 images of other classes become class 7; with that of others, 2 of 2 of its own" in report.verdict


def dependence_of(gaps, inside, **more):
    count, gaps = len(gaps), np.array(gaps)
    about = {"area": 0.1, "probes": np.arange(count), "labels": np.zeros(count, int), "errors": gaps, "flips": gaps}
    more |= {"of": 1, "class_name": "horse", "of_cue": "frame", "kind": "class", "inside": np.array(inside)}
    return ClassDependence("frame of horse", "the frame", True, gaps=gaps, shares=gaps, **about, **more)


def test_the_bound_of_three_probes_by_hand():
    # Two of the class, and one that is not, with a probe of 0 more in each: means 0.6 and 0.45, variances 0.27 / 3 and
    # 0.405 / 2, and a quarter of both for the mean of the means. t of 75 % for 2 degrees of freedom is 0.816497.
    error = ((0.27 / 3 + 0.405 / 2) / 4) ** 0.5
    one = dependence_of([0.9, 0.9, 0.9], [True, True, False])
    assert one.lower_bounds(0.5) == pytest.approx([0.525 - 0.816497 * error] * 2, abs=1e-4)
    with_donors = dependence_of([0.9, 0.9, 0.9], [True, True, False], donors=(0.3, 0.4, 0.0))
    expected = [0.525 - 0.816497 * (error**2 + part**2) ** 0.5 for part in (0.3, 0.4)]
    assert with_donors.lower_bounds(0.5) == pytest.approx(expected, abs=1e-4)


def test_a_group_of_which_nothing_is_known_counts_nothing():
    # Three of the class, and a probe of 0 more: mean 0.675, variance 0.2025 / 4; half of that, and half of its root.
    bound = 0.675 / 2 - 0.816497 * (0.2025 / 4) ** 0.5 / 2
    assert dependence_of([0.9, 0.9, 0.9], [True] * 3).lower_bounds(0.5) == pytest.approx((bound, bound), abs=1e-4)


def test_two_probes_bound_nothing():
    assert dependence_of([0.9, 0.9], [True, False]).lower_bounds(0.5) == (-1, -1)


def test_a_class_of_which_no_probe_had_both_kinds_of_donors_has_an_error_all_the_same():
    pairs = PAIRS[PAIRS.probes == 2]
    found = class_dependence(
        FRAME, 1, SAID[0], SAID[1][2:], truth_of(SMALL), Answers(truth_of(SMALL), SAID[0], calibrated=False), pairs
    )
    assert found.push == pytest.approx(0.5)
    assert np.isfinite(found.donors).all()


def test_of_two_classes_none_is_told_apart_from_the_other():
    report = explain(
        linear((12, 12, 1), reads(corner=True).get_weights()[0][:, 1:], "softmax"),
        Probes(images()[4:], labels=LABELS[4:] - 1, value_range=(0, 1)),
        methods=METHODS,
    )
    assert not any(isinstance(one, ClassDependence) for one in report.dependences)
