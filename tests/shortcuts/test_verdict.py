"""What is said about what was measured."""

import dataclasses

import numpy as np
import pytest

from picasso_callbacks.shortcuts import verdict
from picasso_callbacks.shortcuts.dependence import Dependence
from picasso_callbacks.shortcuts.detector import Detection
from picasso_callbacks.shortcuts.evidence import Evidence
from picasso_callbacks.shortcuts.hiding import CANVASES, Hiding

CLASSES = ("half-track", "tank", "truck", "car", "bus")


def dependence(
    name="sky", labels=(0, 0, 1, 1), flips=(1, 0, 1, 1), area=0.31, share=0.5, control=None, phrase=None, mask=None
):
    labels, flips = np.asarray(labels), np.asarray(flips)
    gaps = np.full(len(labels), 0.5)
    about = name, phrase or f"the {name}", True, area, np.arange(len(labels)), labels
    return Dependence(*about, gaps, gaps, flips, np.full(len(flips), share), control, mask=mask)


def make_verdict(alarms, *about, tried=(), unsure=(), **more):
    return verdict.make_verdict(Detection((*alarms, *tried), tuple(alarms), tuple(unsure)), *about, **more)


def surroundings():
    return dependence("surroundings", phrase="everything but the vehicle")


def evidence(region, *shares, area=0.31, method="partial_occlusion"):
    shares = np.array(shares)
    return Evidence(method, region, shares, np.where(np.isnan(shares), np.nan, area))


def hiding(region, flips):
    flips = np.array(flips, dtype=bool)
    return Hiding(region, np.arange(len(flips)), CANVASES, np.zeros(flips.shape), flips)


def test_it_counts_answers_of_each_class():
    assert make_verdict([dependence(control=np.array([0, 0, 1, 0]), share=0.71)], CLASSES, "vehicle") == (
        "half-track: swapping the sky changes 1 of 2 answers (a part of that size elsewhere: 0). "
        "tank: swapping the sky changes 2 of 2 answers (a part of that size elsewhere: 1). "
        "71% of what tells the classes apart travels with it, which is 31% of the picture. "
        "Not what you would expect: the answers should come from the vehicle."
    )


def test_all_that_is_known_is_said():
    shown = [evidence("sky", 0.9, 0.5), evidence("vehicle", 0.1, 0.2, area=0.08)]
    hidden = [hiding("sky", [[1, 1, 1]] * 4), hiding("vehicle", [[0, 0, 0]] * 3 + [[1, 1, 1]])]
    assert make_verdict([dependence()], CLASSES, "vehicle", shown, hidden, stable_since="epoch 3") == (
        "half-track: swapping the sky changes 1 of 2 answers. tank: swapping the sky changes 2 of 2 answers. "
        "70% of the evidence lies on the sky, which is 31% of the picture. "
        "With the vehicle hidden, 3 of 4 answers stay the same. "
        "Not what you would expect: the answers should come from the vehicle. "
        "What it looks at has been the same since epoch 3."
    )


def test_the_first_map_that_tells_is_believed():
    shown = [evidence("sky", np.nan, np.nan), evidence("sky", 0.4, np.nan, method="saliency_map")]
    assert "40% of the evidence lies on the sky" in make_verdict([dependence()], CLASSES, "vehicle", shown)


def test_maps_that_show_nothing_leave_the_exchange_to_tell():
    verdict = make_verdict([dependence()], CLASSES, "vehicle", [evidence("sky", np.nan, np.nan)])
    assert "50% of what tells the classes apart travels with it, which is 31% of the picture." in verdict


def test_a_region_that_is_called_as_a_cue_is_not_taken_for_it():
    assert "of the evidence" not in make_verdict([dependence("frame")], CLASSES, None, [evidence("frame", 0.9)])


def test_without_an_expected_region_it_asks_whether_that_may_be():
    assert make_verdict([dependence()], CLASSES, None) == (
        "half-track: swapping the sky changes 1 of 2 answers. tank: swapping the sky changes 2 of 2 answers. "
        "50% of what tells the classes apart travels with it, which is 31% of the picture. "
        "Should answers hang on that? If so, say allowed=['sky']; else mind your data."
    )


def test_what_is_everywhere_has_no_place():
    assert "of the picture" not in make_verdict([dependence("colour", area=1.0)], CLASSES, None)


def place(*rows):
    mask = np.zeros((8, 8), dtype=bool)
    mask[list(rows)] = True
    return mask


def test_other_alarms_are_named_that_change_answers_and_do_not_overlap_what_was_named():
    sky = dependence(mask=place(0, 1))
    others = [
        dependence("frame", mask=place(1, 7)),
        dependence("ground", mask=place(6)),
        dependence("corners", mask=place(6, 7)),
        dependence("tag 1", mask=place(4), flips=(0, 0, 0, 0.25)),
        dependence("colour", area=1.0),
        dependence("wheels", mask=place(5), flips=(1, 0, 1, 0)),
    ]
    said = make_verdict([sky, *others], CLASSES, None)
    assert "Answers also hang on the ground (3 of 4), the wheels (2 of 4)." in said
    assert "also" not in make_verdict([sky, *others[-2:-1]], CLASSES, None)


def test_the_fine_texture_is_beside_the_colours_and_colours_are_beside_nothing():
    colour, texture, layout = (dependence(name, area=1.0) for name in ("colour", "texture", "layout"))
    assert "also hang on the texture (3 of 4)." in make_verdict([colour, layout, texture], CLASSES, None)
    assert "also" not in make_verdict([texture, dependence(mask=place(0))], CLASSES, None)


def test_maps_that_speak_against_the_alarm_do_not_speak_in_it():
    # A grey canvas on a grey tag hides nothing.
    shown = [evidence("sky", 0.01), evidence("sky", 0.2, method="saliency_map")]
    said = make_verdict([dependence()], CLASSES, "vehicle", shown)
    assert "The maps do not show it: what they hide the sky with may look like it. 50% of what tells" in said
    assert "of the evidence" not in said
    assert "60% of the evidence" in make_verdict([dependence()], CLASSES, "vehicle", [*shown, evidence("sky", 0.6)])


def test_a_share_below_the_area_and_answers_that_do_not_stay_say_nothing_for_the_alarm():
    hidden = [hiding("vehicle", [[1, 1, 1]] * 3 + [[0, 0, 0]])]
    said = make_verdict([dependence(share=0.3)], CLASSES, "vehicle", [], hidden)
    assert "travels with it" not in said
    assert "hidden" not in said


def test_where_all_around_the_object_is_the_worst_its_parts_are_named():
    verdict = make_verdict([surroundings(), dependence()], CLASSES, "vehicle", [evidence("vehicle", 0.1, area=0.08)])
    assert verdict == (
        "half-track: swapping everything but the vehicle changes 1 of 2 answers. "
        "tank: swapping everything but the vehicle changes 2 of 2 answers. Swapping the sky alone changes 3 of 4. "
        "10% of the evidence lies on the vehicle, which is 8% of the picture. "
        "Not what you would expect: the answers should come from the vehicle."
    )


def test_many_classes_are_one_sentence():
    one = dependence(labels=np.arange(10) % 5, flips=[1] * 7 + [0] * 3)
    verdict = make_verdict([one], CLASSES, None)
    assert verdict.startswith("All classes: swapping the sky changes 7 of 10 answers. ")
    assert "tank" not in verdict


def test_four_classes_have_a_sentence_each():
    verdict = make_verdict([dependence(labels=np.arange(8) % 4, flips=np.ones(8))], CLASSES, None)
    assert [name in verdict for name in CLASSES] == [True, True, True, True, False]


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ("vehicle", "No shortcut seen: the answers hang on nothing outside of the vehicle (4 probes, 2 cues)."),
        (None, "No shortcut seen: the answers hang on none of the cues that were tried (4 probes, 2 cues)."),
    ],
)
def test_no_alarm_in_words(expected, words):
    tried = [dependence(), dependence("frame"), dataclasses.replace(dependence("vehicle"), suspicious=False)]
    assert make_verdict([], CLASSES, expected, tried=tried) == words
    assert make_verdict([], CLASSES, expected, tried=tried, stable_since="epoch 0") == (
        f"{words} What it looks at has been the same since epoch 0."
    )


def test_too_few_probes_in_words():
    said = make_verdict([], CLASSES, None, tried=[dependence()], unsure=[dependence(), dependence("frame")])
    assert said == (
        "Too few probes to tell: swapping the sky changes 3 of 4 answers, and so few may be chance. "
        "Probes.from_dataset(..., count=24) takes more."
    )


def test_the_probes_that_hang_on_it_most_are_named_first():
    one = dataclasses.replace(dependence(), gaps=np.array([0.3, 0.9, 0.5, 0.8]))  # the answer about the second stays
    said = make_verdict([one], CLASSES, None, probe_names=["a", "b", "c", "d"])
    assert "Look first at d, c, a, and at training images like these." in said


def test_a_card_tells_only_of_alarms_that_move_its_own_answer():
    sky, frame = dependence(mask=place(0, 1)), dependence("frame", flips=(0, 0, 1, 1), mask=place(7))
    words = [verdict.words_on_card([sky, frame], [sky, frame], [], probe) for probe in range(4)]
    assert words == [
        "hangs on the sky (3 of 4 answers)",
        "a shortcut was seen; this answer stays",
        "hangs on the sky (3 of 4 answers), frame (2 of 4)",
        "hangs on the sky (3 of 4 answers), frame (2 of 4)",
    ]


def test_a_card_without_an_alarm():
    tried = [dependence(), dataclasses.replace(dependence("thirds"), suspicious=False)]
    assert verdict.words_on_card(tried, [], [], 0) == "no shortcut seen (4 probes, 1 cue)"
    assert verdict.words_on_card(tried, [], tried[:1], 0) == "too few probes to tell: sky 3 of 4"
    assert verdict.words_on_card([], [], [], 0) == ""


def test_all_of_it_may_travel_and_what_is_everywhere_is_told_from_nothing_on():
    assert "100% of what tells the classes apart travels with it, which is" in make_verdict(
        [dependence(share=1.0)], CLASSES, None
    )
    said = make_verdict([dependence("colour", area=1.0, share=0.2)], CLASSES, None)
    assert "20% of what tells the classes apart travels with it." in said


@pytest.mark.parametrize("share", [-0.2, 0.0, 13.2])
def test_a_share_that_is_none_is_not_told(share):
    assert "travels with it" not in make_verdict([dependence(share=share)], CLASSES, None)


def test_the_fine_texture_may_be_that_of_the_expected_region():
    verdict = make_verdict([dependence("texture")], CLASSES, "vehicle")
    assert verdict.endswith("Should answers hang on that? If so, say allowed=['texture']; else mind your data.")
