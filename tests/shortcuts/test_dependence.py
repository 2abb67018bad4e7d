"""Dependences of models that read one place of plain pictures, in which everything can be worked out."""

import warnings

import numpy as np
import pytest
from helpers.plain_pictures import sigmoid

from picasso_callbacks import Probes
from picasso_callbacks.model.head.scores import Scores, softmax
from picasso_callbacks.shortcuts.answers import Answers, make_truth
from picasso_callbacks.shortcuts.by_class import class_dependence
from picasso_callbacks.shortcuts.cues import TEXTURE
from picasso_callbacks.shortcuts.dependence import Dependence, donor_errors, exchange_cue, t_quantile
from picasso_callbacks.shortcuts.donors import Pairs, choose_pairs, pairs_for_class


def scores(*log_odds):
    """Scores of two classes with these log-odds of the second."""
    logits = np.array([[0, one] for one in log_odds], dtype="float32")
    return Scores(logits, softmax(logits), competing=True)


def exchanged(base, after, labels, pairs):
    """The dependence of these scores on some cue."""
    truth = make_truth(Probes(np.zeros((len(labels), 2, 2, 1), "uint8"), labels=labels), plain=False)
    return exchange_cue(TEXTURE, base, after, truth, Answers(truth, base, calibrated=False), pairs, None)


def test_disturbance_that_donors_of_the_own_class_cause_too_is_no_dependence():
    # Probes 0 and 1 of class 0, 2 of class 1. Whatever is put in, the log-odds of the probe's class fall by 1.
    pairs = Pairs(np.array([0, 0]), np.array([1, 2]), np.array([False, True]))
    one = exchanged(scores(-2, -2, 2), scores(-1, -1), [0, 0, 1], pairs)
    assert (one.gaps.tolist(), one.flips.tolist(), one.share) == ([0], [0], 0)


def test_gaps_are_in_probability_and_shares_in_log_odds():
    # The cue of class 1 moves the log-odds from -2 to 1, three quarters of the way to 2; that of class 0 nowhere.
    pairs = Pairs(np.array([0, 0]), np.array([1, 2]), np.array([False, True]))
    one = exchanged(scores(-2, -2, 2), scores(-2, 1), [0, 0, 1], pairs)
    assert one.gaps.tolist() == pytest.approx([sigmoid(2) - sigmoid(-1)])
    assert one.flips.tolist() == [1]
    assert one.share == pytest.approx(3 / 4)


def test_errors_are_counted_with_donors_of_either_kind():
    # Donors 1 and 2 are of the probe's class, 3 and 4 are not. With 2, 3 and 4 the answer is class 1, which is wrong.
    pairs = Pairs(np.zeros(4, dtype=int), np.arange(1, 5), np.array([False, False, True, True]))
    one = exchanged(scores(-1, -1, -1, 1, 1), scores(-0.1, 0.1, 3, 0.2), [0, 0, 0, 1, 1], pairs)
    assert one.errors.tolist() == [1 - 1 / 2]


def test_a_model_that_tells_nothing_apart_has_no_share():
    pairs = Pairs(np.array([0, 0]), np.array([1, 2]), np.array([False, True]))
    assert exchanged(scores(0, 0, 0), scores(0, 0), [0, 0, 1], pairs).share == 0


def test_the_lower_bound_is_the_mean_less_t_standard_errors():
    # Mean 0.5, standard deviation 0.1, 11 probes; t is 1.812 for 5 %, half of the level, and 10 degrees of freedom.
    gaps = np.array([0.4] * 5 + [0.5] + [0.6] * 5)
    about = np.arange(11), np.zeros(11, dtype=int), gaps, np.zeros(11), gaps, gaps
    one = Dependence("sky", "the sky", True, 0.3, *about)
    assert one.gap == pytest.approx(0.5)
    assert one.lower_bounds(0.1)[0] == pytest.approx(0.5 - 1.812461 * 0.1 / 11**0.5, abs=1e-4)


def test_errors_have_half_of_the_level_too_and_one_more_probe():
    # Eleven probes of 0.75 and one of 0: mean 0.6875, standard error 0.0625; t of 5 % for 11 degrees is 1.795885.
    errors, none = np.full(11, 0.75), np.zeros(11)
    one = Dependence("sky", "the sky", True, 0.3, np.arange(11), none.astype(int), none, errors, none, none)
    assert one.lower_bounds(0.1)[1] == pytest.approx(0.6875 - 1.795885 * 0.0625, abs=1e-4)


def test_the_share_has_a_bound_of_its_own():
    # As above: mean 0.5, standard error 0.1 / 11 ** 0.5, and 1.812 for 5 %.
    shares, none = np.array([0.4] * 5 + [0.5] + [0.6] * 5), np.zeros(11)
    one = Dependence("sky", "the sky", True, 0.3, np.arange(11), none.astype(int), none, none, none, shares)
    assert one.share == pytest.approx(0.5)
    assert one.share_bound(0.05) == pytest.approx(0.5 - 1.812461 * 0.1 / 11**0.5, abs=1e-4)


def test_the_part_of_donors_widens_the_bound():
    gaps, count = np.linspace(0.4, 0.6, 11), 11
    about = np.arange(count), np.zeros(count, dtype=int), gaps, np.zeros(count), gaps, gaps
    one = Dependence("sky", "the sky", True, 0.3, *about, donors=(0.3, 0.0, 0.0))
    own = gaps.std(ddof=1) / count**0.5
    assert one.lower_bounds(0.1)[0] == pytest.approx(0.5 - 1.812461 * (own**2 + 0.3**2) ** 0.5, abs=1e-4)
    assert one.share_bound(0.05) == pytest.approx(0.5 - 1.812461 * own, abs=1e-4)


def test_what_is_the_same_with_every_donor_is_not_due_to_donors():
    labels = np.arange(12) % 2
    pairs, has = choose_pairs(labels, 4), labels[:, None] == [0, 1]
    weights = has / 12
    by_kind = (has[pairs.donors] * 1.0) + has[pairs.probes] * 0.5
    assert donor_errors(by_kind, has, pairs, weights) == pytest.approx(0)
    each = np.random.default_rng(0).normal(size=(len(pairs.probes), 2))
    odd = by_kind + 10 * (pairs.donors == 3)[:, None] * [-1, 1]  # one donor makes all that it gives to class 1
    assert donor_errors(odd, has, pairs, weights) > 5 * donor_errors(by_kind + each, has, pairs, weights)


# Probes 0 and 1 get the cues of 2 and 3, which have the column as they have, and of 4 and 5, which have not.
HAS = np.array([1, 1, 1, 1, 0, 0], dtype=bool)[:, None]
EIGHT = Pairs(np.repeat([0, 1], 4), np.tile([2, 3, 4, 5], 2), np.tile([False, False, True, True], 2))
WEIGHTS = np.array([0.5, 0.5, 0, 0, 0, 0])[:, None]
OF_DONORS = np.array([0, 0, 3, 1, 2, -2])


@pytest.mark.parametrize("of_probes", [(0, 0), (5, -7)])
def test_what_donors_add_to_the_standard_error_by_hand(of_probes):
    # Residuals of +-1 and +-2, and by four thirds more, since each probe's mean of four was taken off: pooled over
    # four donors less two kinds (1 + 4) 4 / 3. Each donor counts 1 / 2, each exchange 1 / 4, as if it were by itself:
    # (1 + 4) 4 / 3 (4 / 4 - 4 / 16) = 5. Whatever the probes are beforehand is no matter.
    values = (OF_DONORS[EIGHT.donors] + np.array(of_probes)[EIGHT.probes])[:, None].astype(float)
    assert donor_errors(values, HAS, EIGHT, WEIGHTS) == pytest.approx(5**0.5)


def test_exchanges_that_do_not_count_add_nothing():
    # Probe 5 gets only cues of those that have the column: what it does has no effect, and no weight.
    more = Pairs(np.append(EIGHT.probes, [5, 5]), np.append(EIGHT.donors, [2, 3]), np.append(EIGHT.other, [True, True]))
    values = np.append(OF_DONORS[EIGHT.donors], [70, -40])[:, None].astype(float)
    assert donor_errors(values, HAS, more, WEIGHTS) == pytest.approx(5**0.5)


def rate_of_false_alarms(labels, pairs, column, moved_by_donors, level=0.05, times=1500):
    """How often the lower bound lies above 0 for a cue that moves answers, but does not tell the class.

    By how much a donor's cue moves an answer is drawn for each donor; a part of it for each exchange.
    """
    truth = make_truth(Probes(np.zeros((len(labels), 2, 2, 1), "uint8"), labels=labels), plain=False)
    generator, found = np.random.default_rng(0), 0
    base = Scores(np.zeros((len(labels), len(truth.names)), "float32"), np.zeros((len(labels), len(truth.names))), True)
    for _ in range(times):
        of_probe, cue, each = (
            generator.normal(size=(count, len(truth.names))) for count in (len(labels), len(labels), len(pairs.probes))
        )
        values = cue[pairs.donors] * moved_by_donors**0.5 + each * (1 - moved_by_donors) ** 0.5
        values += 2 * of_probe[pairs.probes]  # what it is, whatever is put in
        values -= values.mean(axis=1, keepdims=True)  # what one class wins, others lose
        said = Scores(np.zeros(values.shape, "float32"), values, competing=True)
        answers = Answers(truth, base, calibrated=False)
        if column is None:
            one = exchange_cue(TEXTURE, base, said, truth, answers, pairs, None)
        else:
            one = class_dependence(TEXTURE, column, base, said, truth, answers, pairs)
        found += one.lower_bounds(2 * level)[0] > 0
    return found / times


@pytest.mark.slow
@pytest.mark.parametrize("moved_by_donors", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(("probes", "classes"), [(12, 2), (24, 2), (40, 10)])
def test_false_alarms_are_as_rare_as_they_are_said_to_be(probes, classes, moved_by_donors):
    labels = np.arange(probes) % classes
    pairs = choose_pairs(labels, 4, used=choose_pairs(labels, 1))
    # 5 % are said, and 3.3 % to 6.7 % of 1500 found by chance; few donors of the own class make it a little more.
    assert rate_of_false_alarms(labels, pairs, None, moved_by_donors) < 0.08


@pytest.mark.slow
@pytest.mark.parametrize("moved_by_donors", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(("probes", "classes"), [(24, 3), (40, 10), (20, 10)])
def test_false_alarms_about_one_class_are_as_rare(probes, classes, moved_by_donors):
    labels = np.arange(probes) % classes
    pairs = pairs_for_class(labels == 1, labels, np.ones(probes, bool), choose_pairs(labels, 1))
    assert rate_of_false_alarms(labels, pairs, 1, moved_by_donors) < 0.08


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
def testt_quantiles_against_the_table(chance, freedom, tabled):
    assert t_quantile(chance, freedom) == pytest.approx(tabled, rel=1e-4)


def test_thet_quantile_of_one_half_is_zero_and_it_is_odd():
    assert t_quantile(0.5, 12) == pytest.approx(0)
    assert t_quantile(0.05, 12) == pytest.approx(-t_quantile(0.95, 12))


def test_probes_that_are_not_tested_cause_no_warning():
    pairs = Pairs(np.array([0, 0, 2, 2]), np.array([1, 2, 1, 3]), np.array([False, True, True, False]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one = exchanged(scores(-2, -2, 2, 2), scores(-2, 1, 1, 2), [0, 0, 1, 1], pairs)
    assert one.probes.tolist() == [0, 2]
    assert one.flips.tolist() == [1, 0]
