"""When there is an alarm."""

import math
import statistics

import numpy as np
import pytest

from picasso_callbacks.shortcuts.alarm import CHANCE, FAR, alarms, seeming, stands_out, without_repeats
from picasso_callbacks.shortcuts.by_class import ClassDependence
from picasso_callbacks.shortcuts.cues import HARMLESS_PLACE, standard_cues
from picasso_callbacks.shortcuts.dependence import Dependence

HARMLESS = {cue.name: cue.harmless for cue in standard_cues((16, 16), [], (2, 2))}


def dependence(name="sky", gaps=(0.5,) * 11, suspicious=True, **settings):
    labels = settings.pop("labels", np.zeros(len(gaps), dtype=int))
    values = {"area": 1.0, "errors": np.zeros(len(gaps)), "flips": np.zeros(len(gaps)), "shares": np.asarray(gaps)}
    values |= {"probes": np.arange(len(gaps)), "harmless": HARMLESS.get(name, HARMLESS_PLACE), **settings}
    return Dependence(name, f"the {name}", suspicious, labels=np.asarray(labels), gaps=np.asarray(gaps), **values)


def around(mean):
    """Eleven gaps of this mean and a standard deviation of 0.1: a standard error of 0.03015."""
    return mean + np.array([-0.1] * 5 + [0] + [0.1] * 5)


def names(found):
    return [one.name for one in found]


LIMITS = {
    "colour": (0.14, 0.14, 0.2),
    "layout": (0.14, 0.14, 0.2),
    "texture": (0.2, 0.25, 0.2),
    "frame": (0.04, 0.04, 0.2),
}


@pytest.mark.parametrize(("name", "limits"), LIMITS.items())
def test_what_is_harmless_is_no_alarm_and_a_little_more_is(name, limits):
    assert HARMLESS[name] == limits
    assert alarms([dependence(name, [limits[0] - 0.001] * 11)], 1) == []
    assert names(alarms([dependence(name, [limits[0] + 0.001] * 11)], 1)) == [name]


def test_of_the_fine_texture_more_errors_are_harmless_than_probability():
    # 400 probes that all err alike, and one that does not: the bound is within 0.01 of the mean.
    err_alike = lambda rate: dependence("texture", [0.0] * 400, errors=np.full(400, rate))  # noqa: E731
    assert alarms([err_alike(0.24)], 1) == []
    assert names(alarms([err_alike(0.26)], 1)) == ["texture"]


def test_what_may_be_more_than_harmless_stands_out():
    # t is 0.5415 for 30 %, half of the level, and 10 degrees of freedom: 0.0163 less than the mean. Harmless is 0.04.
    assert stands_out(dependence(gaps=around(0.058), shares=np.zeros(11)))
    assert not stands_out(dependence(gaps=around(0.055), shares=np.zeros(11)))
    assert not stands_out(dependence(gaps=around(0.5), shares=np.zeros(11), suspicious=False))


def test_the_worst_comes_first():
    found = alarms([dependence(name, [gap] * 11) for name, gap in (("a", 0.3), ("b", 0.9), ("c", 0.6))], 1)
    assert names(found) == ["b", "c", "a"]


def test_of_cues_that_carry_nearly_the_same_the_smallest_comes_first():
    whole = dependence("surroundings", [0.951] * 11, area=0.9)
    assert names(alarms([whole, dependence("sky", [0.95] * 11, area=0.3)], 1)) == ["sky", "surroundings"]
    assert names(alarms([whole, dependence("sky", [0.8] * 11, area=0.3)], 1)) == ["surroundings", "sky"]
    # A twentieth of the area by which it is smaller is forgiven: 0.05 * 0.6.
    assert names(alarms([whole, dependence("sky", [0.922] * 11, area=0.3)], 1)) == ["sky", "surroundings"]
    assert names(alarms([whole, dependence("sky", [0.92] * 11, area=0.3)], 1)) == ["surroundings", "sky"]


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (["sky", "surroundings", "ground"], ["sky", "ground"]),
        (["surroundings", "sky"], ["surroundings", "sky"]),
        (["texture", "surroundings"], ["texture", "surroundings"]),  # which may be the object's own, and no part of it
        (["texture", "sky", "surroundings"], ["texture", "sky"]),
        ([], []),
    ],
)
def test_surroundings_repeat_what_a_part_of_them_says(found, told):
    assert names(without_repeats([dependence(name) for name in found])) == told


def test_what_is_not_suspicious_never_alarms():
    assert alarms([dependence("top", [1.0] * 11, suspicious=False)], 1) == []


def test_what_seems_far_from_harmless_but_may_be_chance_is_told_apart():
    four = [dependence("frame", [0.9, 0.0, 0.9, 0.0]), dependence("corners", [0.9, 0.9, 0.9, 0.0])]
    assert alarms(four, 1) == []
    assert names(seeming(four)) == ["corners", "frame"]
    assert seeming([dependence("frame", [0.04 + FAR - 0.01] * 4), dependence("sky", [1.0] * 4, suspicious=False)]) == []


def test_no_cues_no_alarm():
    assert alarms([], 1) == []


# 2.7 standard errors above what is harmless: beyond 2.49, the t quantile of half of what a first look spends on a cue.
SOME = around(0.04 + 2.7 * 0.1 / 11**0.5)


def test_wrong_answers_of_a_network_that_is_unsure_are_an_alarm():
    # Eleven probes, each answered wrongly in three of four exchanges, and one that is not: mean 0.6875, standard error
    # 0.0625; the t quantile of half of what a first look may spend on a cue is 2.46 for 11 degrees of freedom.
    one = dependence("sky", [0.03] * 11, errors=np.full(11, 0.75))
    assert names(alarms([one], 1)) == ["sky"]
    assert one.lower_bounds(CHANCE * 6 / math.pi**2)[1] == pytest.approx(0.6875 - 2.46 * 0.0625, abs=0.002)


def test_what_an_unsure_network_rests_on_shows_in_log_odds():
    # It errs with four of eleven probes, which alone may be chance, but 0.6 of what tells the classes apart travels.
    errors, shares = np.repeat([1.0, 0.0], [4, 7]), np.tile([0.5, 0.7], 6)[:11]
    assert alarms([dependence("sky", [0.01] * 11, errors=errors)], 1) == []
    assert names(alarms([dependence("sky", [0.01] * 11, errors=errors, shares=shares)], 1)) == ["sky"]
    # Nor is it one where no answer hangs on it, where it may be chance, or where hardly anything travels.
    assert alarms([dependence("sky", [0.01] * 11, shares=shares)], 1) == []
    assert alarms([dependence("sky", [0.01] * 11, errors=errors, shares=10 * (shares - 0.6) + 0.6)], 1) == []
    assert alarms([dependence("sky", [0.01] * 11, errors=errors, shares=shares - 0.45)], 1) == []


def test_few_probes_that_err_alike_are_no_alarm():
    assert alarms([dependence("sky", [0.0] * 4, errors=np.array([1, 1, 1, 0]))], 1) == []


def test_later_looks_ask_for_more():
    assert names(alarms([dependence("sky", SOME)], 1)) == ["sky"]
    assert alarms([dependence("sky", SOME)], 3) == []


def test_more_cues_ask_for_more_but_only_suspicious_ones():
    sky = dependence("sky", SOME)
    others = [dependence(f"other {i}", around(0.0)) for i in range(5)]
    innocent = [dependence(f"third {i}", around(0.0), suspicious=False) for i in range(5)]
    assert names(alarms([sky, *innocent], 1)) == ["sky"]
    assert alarms([sky, *others], 1) == []


# t quantiles, 10 degrees of freedom (scipy.stats.t), at 1 - 0.05 / cues * 6 / (pi look)^2 / 2.
@pytest.mark.parametrize(
    ("look", "cues", "quantile"), [(1, 1, 2.519827), (2, 1, 3.331463), (1, 3, 3.161548), (5, 2, 4.916594)]
)
def test_how_much_evidence_an_alarm_takes(look, cues, quantile):
    others = [dependence(f"other {i}", around(0.0)) for i in range(cues - 1)]
    error = 0.1 / 11**0.5
    enough, little = (dependence("sky", around(0.04 + times * error)) for times in (quantile + 0.01, quantile - 0.01))
    assert names(alarms([enough, *others], look)) == ["sky"]
    assert alarms([little, *others], look) == []


@pytest.mark.parametrize(("foreseen", "raised"), [(True, True), (False, False)])
def test_what_the_probes_alone_show_of_a_class_is_not_corrected_for_cues_and_looks(foreseen, raised):
    # Of 4 and 8 probes, means 0.4 and standard errors 0.1: that of the mean of both is 0.0707. At 5 %, half of it for
    # the gap, t is 2.201 for 11 degrees of freedom: a bound of 0.244. At the tenth look of nine cues it is below 0.04.
    inside = np.repeat([True, False], [4, 8])
    gaps = 0.4 + np.where(inside, 0.2 * (3 / 4) ** 0.5, 0.1 * 8**0.5 * (7 / 8) ** 0.5) * np.tile([1, -1], 6)
    about = {"area": 0.01, "probes": np.arange(12), "labels": np.zeros(12, dtype=int), "errors": np.zeros(12)}
    about |= {"flips": gaps, "shares": np.zeros(12), "of": 0, "class_name": "8", "of_cue": "mark 1", "kind": "class"}
    mark = ClassDependence("mark 1 of 8", "the mark", True, gaps=gaps, inside=inside, foreseen=foreseen, **about)
    assert mark.lower_bounds(0.05)[0] == pytest.approx(0.4 - 2.201 * 0.0707, abs=1e-3)
    others = [dependence(str(number), np.zeros(11)) for number in range(8)]
    assert bool(alarms([mark, *others], 10)) == raised


def test_the_looks_spend_no_more_than_the_chance():
    assert sum(6 / (math.pi * look) ** 2 for look in range(1, 10_000)) < 1
    assert CHANCE == 0.05


def test_networks_at_the_threshold_are_left_in_peace():
    # 300 trainings of 10 looks with 3 cues of 24 independent gaps, whose true mean is just harmless: about 15 alarms.
    rng = np.random.default_rng(0)
    looks = [
        [dependence(name, rng.normal(0.04, 0.1, 24)) for name in ("frame", "corners", "tag 1")] for _ in range(3_000)
    ]
    false = [any(alarms(look, 1 + i) for i, look in enumerate(looks[run : run + 10])) for run in range(0, 3_000, 10)]
    assert statistics.mean(false) <= 2 * CHANCE


def test_an_alarm_that_was_raised_stays_until_it_is_as_likely_harmless_as_not():
    # The t quantile of a quarter is 0.700 for 10 degrees of freedom: 0.0211 below the mean.
    sky, less = dependence("sky", around(0.063)), dependence("sky", around(0.059))
    assert alarms([sky], 1) == []
    assert names(alarms([sky], 2, raised=["sky"])) == ["sky"]
    assert alarms([sky], 2, raised=["corners"]) == []
    assert alarms([less], 2, raised=["sky"]) == []
