"""Dependences of models that read one place of plain pictures, in which everything can be worked out."""

import numpy as np
import pytest
from helpers.models import linear

from picasso_callbacks import Probes, explain
from picasso_callbacks.model.head.scores import Scores, softmax
from picasso_callbacks.shortcuts.dependence import Dependence, _t_quantile, errors, flips, gaps_and_share
from picasso_callbacks.shortcuts.donors import Pairs
from picasso_callbacks.shortcuts.trials import make_trials

SIDE = 12


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def plain(**settings):
    """Four plain pictures of 0.2, class 0, and four of 0.8, class 1."""
    labels = np.repeat([0, 1], 4)
    images = np.broadcast_to(np.where(labels == 1, 0.8, 0.2)[:, None, None, None], (8, SIDE, SIDE, 1))
    return Probes(images.astype("float32"), labels=labels, value_range=(0, 1), **settings)


def reads(mask):
    """A model whose log-odds of class 1 are -3 where the mean under the mask is 0.2, 3 where it is 0.8."""
    weights = np.stack([np.zeros(SIDE**2), 10 * mask.ravel() / mask.sum()], axis=1)
    return linear((SIDE, SIDE, 1), weights, "softmax", bias=[0, -5])


def top_third():
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[:4] = True
    return mask


def first_pixel():
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[0, 0] = True
    return mask


def found(mask, probes, **settings):
    """The dependences by name for the model that reads under the mask."""
    report = explain(reads(mask), probes, methods=["class_probabilities"], **settings)
    return {one.name: one for one in report.dependences}


ALL = sigmoid(3) - sigmoid(-3)
"""What an answer loses when all that it reads becomes the other class's."""


def test_the_third_that_is_read_carries_everything_and_the_others_nothing():
    cues = found(top_third(), plain())
    assert cues["top"].change == pytest.approx(ALL, abs=1e-5)
    assert cues["top"].share == pytest.approx(1, abs=1e-5)
    assert cues["top"].flips.tolist() == [1] * 8
    for name in ("middle", "bottom", "texture"):
        assert cues[name].change == pytest.approx(0, abs=1e-6)
        assert cues[name].share == pytest.approx(0, abs=1e-6)
        assert cues[name].flips.tolist() == [0] * 8


def test_corners_carry_their_part_of_the_third():
    # Two squares of 3 x 3 lie in the third of 4 x 12 pixels: its mean goes 18/48 of the way, log-odds from 3 to 3/4.
    corners = found(top_third(), plain())["corners"]
    assert corners.change == pytest.approx(sigmoid(3) - sigmoid(3 - 6 * 18 / 48), abs=1e-5)
    assert corners.share == pytest.approx(18 / 48, abs=1e-5)
    assert corners.flips.tolist() == [0] * 8


def test_of_one_corner_pixel_only_what_holds_it_carries_anything():
    cues = found(first_pixel(), plain())
    for name in ("corners", "frame", "top", "colour", "layout"):
        assert cues[name].change == pytest.approx(ALL, abs=1e-5), name
    for name in ("middle", "bottom", "texture"):
        assert cues[name].change == pytest.approx(0, abs=1e-6), name


def regions():
    """The thirds of every probe."""
    rows = np.arange(SIDE) // 4
    names = ("sky", "hills", "vehicle")
    return {name: np.tile((rows == i)[:, None], (8, 1, SIDE)) for i, name in enumerate(names)}


def test_the_region_that_is_read_carries_everything_and_the_others_nothing():
    cues = found(top_third(), plain(regions=regions()), expected="vehicle")
    assert list(cues) == ["sky", "hills", "surroundings", "texture"]
    assert [cues[name].share for name in cues] == pytest.approx([1, 0, 1, 0], abs=1e-5)
    assert [cues[name].change for name in cues] == pytest.approx([ALL, 0, ALL, 0], abs=1e-5)
    assert [cues[name].area for name in cues] == pytest.approx([1 / 3, 1 / 3, 2 / 3, 1])


def test_a_part_of_that_size_elsewhere_is_the_control():
    cues = found(top_third(), plain(regions=regions()), expected="vehicle")
    assert cues["sky"].flips.tolist() == [1] * 8
    assert cues["sky"].control.tolist() == [0] * 8
    assert cues["surroundings"].control is None  # more than half of the picture has no elsewhere


def test_reading_the_expected_region_depends_on_nothing_else():
    cues = found(top_third(), plain(regions=regions()), expected="sky")
    assert [cues[name].change for name in cues] == pytest.approx([0, 0, 0, 0], abs=1e-6)


def test_what_belongs_to_the_expected_region_too_is_not_exchanged():
    both = {**regions(), "upper half": np.tile((np.arange(SIDE) < 6)[:, None], (8, 1, SIDE))}
    cues = found(top_third(), plain(regions=both), expected="sky")
    assert cues["upper half"].change == pytest.approx(0, abs=1e-6)
    assert cues["upper half"].area == pytest.approx(2 / 12)


def test_a_probe_without_the_region_neither_gives_nor_takes():
    masks = regions()
    masks["sky"][0] = False
    cues = found(top_third(), plain(regions=masks), expected="vehicle")
    assert cues["sky"].labels.tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert cues["sky"].gaps.tolist() == pytest.approx([ALL] * 7, abs=1e-5)
    assert cues["sky"].area == pytest.approx(1 / 3)
    assert len(cues["hills"].gaps) == 8


def test_where_the_expected_region_is_not_marked_nothing_is_exchanged():
    masks = regions()
    masks["sky"][[0, 5]] = False
    cues = found(top_third(), plain(regions=masks), expected="sky")
    assert [len(cues[name].gaps) for name in ("hills", "vehicle", "surroundings")] == [6, 6, 6]


def test_a_region_that_too_few_probes_have_is_not_tried():
    masks = regions()
    masks["sky"][1:] = False
    assert list(found(top_third(), plain(regions=masks), expected="vehicle")) == ["hills", "surroundings", "texture"]


def test_that_a_region_is_not_tried_is_told(caplog):
    masks = regions()
    masks["sky"][1:] = False
    found(top_third(), plain(regions=masks), expected="vehicle")
    assert "too few probes of two classes have the region ['sky']; it is not tried" in caplog.text


@pytest.mark.parametrize("marked", [slice(0, 3), slice(0, 4)])  # too few; all of one class
def test_an_expected_region_that_too_few_probes_have_is_refused(marked):
    masks = regions()
    masks["vehicle"][:] = False
    masks["vehicle"][marked, 8:] = True
    with pytest.raises(ValueError, match=rf"expected is 'vehicle'; {marked.stop} of 8 probes have it"):
        found(top_third(), plain(regions=masks), expected="vehicle")


def test_a_single_probe_of_the_other_class_is_not_enough():
    with pytest.raises(ValueError, match=r"two or more probes of two or more classes; there are \[4, 1\] of each"):
        make_trials(Probes(plain().images[:5], value_range=(0, 1), labels=[0, 0, 0, 0, 1]))


@pytest.mark.parametrize("name", ["surroundings", "texture"])
def test_a_region_with_the_name_of_what_is_tried_anyway_is_refused(name):
    with pytest.raises(ValueError, match=f"a region is called '{name}'.*Rename it"):
        make_trials(plain(regions={**regions(), name: regions()["sky"]}), "vehicle")


def test_tested_probes_keep_their_labels():
    assert found(top_third(), plain())["top"].labels.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def scores(*log_odds):
    """Scores of two classes with these log-odds of the second."""
    logits = np.array([[0, one] for one in log_odds], dtype="float32")
    return Scores(logits, softmax(logits), competing=True)


def test_disturbance_that_donors_of_the_own_class_cause_too_is_no_dependence():
    # Probes 0 and 1 of class 0, 2 of class 1. Whatever is put in, the log-odds of the probe's class fall by 1.
    pairs = Pairs(np.array([0, 0]), np.array([1, 2]), np.array([False, True]))
    base, exchanged = scores(-2, -2, 2), scores(-1, -1)
    gaps, share = gaps_and_share(base, exchanged, np.array([0, 0, 1]), pairs)
    assert (gaps.tolist(), flips(base, exchanged, pairs).tolist(), share) == ([0], [0], 0)


def test_gaps_are_in_probability_and_shares_in_log_odds():
    # The cue of class 1 moves the log-odds from -2 to 1, three quarters of the way to 2; that of class 0 nowhere.
    pairs = Pairs(np.array([0, 0]), np.array([1, 2]), np.array([False, True]))
    base, exchanged = scores(-2, -2, 2), scores(-2, 1)
    gaps, share = gaps_and_share(base, exchanged, np.array([0, 0, 1]), pairs)
    assert gaps.tolist() == pytest.approx([sigmoid(2) - sigmoid(-1)])
    assert flips(base, exchanged, pairs).tolist() == [1]
    assert share == pytest.approx(3 / 4)


def test_errors_are_counted_with_donors_of_either_kind():
    # Donors 1 and 2 are of the probe's class, 3 and 4 are not. With 1, 3 and 4 the answer is class 1, which is wrong.
    pairs = Pairs(np.zeros(4, dtype=int), np.arange(1, 5), np.array([False, False, True, True]))
    labels = np.array([0, 0, 0, 1, 1])
    assert errors(scores(0.1, -0.1, 3, 0.2), labels, pairs).tolist() == [1 - 1 / 2]


def test_a_model_that_tells_nothing_apart_has_no_share():
    pairs = Pairs(np.array([0, 0]), np.array([1, 2]), np.array([False, True]))
    assert gaps_and_share(scores(0, 0, 0), scores(0, 0), np.array([0, 0, 1]), pairs)[1] == 0


def test_the_lower_bound_is_the_mean_less_t_standard_errors():
    # Mean 0.5, standard deviation 0.1, 11 probes; t is 1.812 for 5 %, half of the level, and 10 degrees of freedom.
    gaps = np.array([0.4] * 5 + [0.5] + [0.6] * 5)
    one = Dependence("sky", "the sky", True, 0.3, np.zeros(11, dtype=int), gaps, np.zeros(11), gaps, 1.0)
    assert one.change == pytest.approx(0.5)
    assert one.lower_bounds(0.1)[0] == pytest.approx(0.5 - 1.812461 * 0.1 / 11**0.5, abs=1e-4)


@pytest.mark.parametrize(
    ("chance", "freedom", "tabled"),
    [
        (0.995, 3, 5.840909),
        (0.9995, 3, 12.923979),
        (0.95, 10, 1.812461),
        (0.975, 10, 2.228139),
        (0.99, 10, 2.763769),
        (0.999, 10, 4.143700),
        (0.9995, 10, 4.586894),
        (0.95, 20, 1.724718),
        (0.99, 23, 2.499867),
        (0.999, 23, 3.484964),
        (0.9995, 30, 3.645959),
        (0.995, 120, 2.617421),
    ],
)
def test_t_quantiles_against_the_table(chance, freedom, tabled):
    assert _t_quantile(chance, freedom) == pytest.approx(tabled, rel=1e-4)


def test_the_t_quantile_of_one_half_is_zero_and_it_is_odd():
    assert _t_quantile(0.5, 12) == pytest.approx(0)
    assert _t_quantile(0.05, 12) == pytest.approx(-_t_quantile(0.95, 12))
