"""Dependences of models that read one place of plain pictures, in which everything can be worked out."""

import numpy as np
import pytest
from helpers.plain_pictures import sigmoid

from picasso_callbacks import Probes
from picasso_callbacks.model.head.scores import Scores, softmax
from picasso_callbacks.shortcuts.answers import Answers, make_truth
from picasso_callbacks.shortcuts.cues import TEXTURE
from picasso_callbacks.shortcuts.dependence import Dependence, exchange_cue, t_quantile
from picasso_callbacks.shortcuts.donors import Pairs


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
    one = Dependence("sky", "the sky", True, 0.3, np.arange(11), np.zeros(11, dtype=int), gaps, np.zeros(11), gaps, 1.0)
    assert one.gap == pytest.approx(0.5)
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
def testt_quantiles_against_the_table(chance, freedom, tabled):
    assert t_quantile(chance, freedom) == pytest.approx(tabled, rel=1e-4)


def test_thet_quantile_of_one_half_is_zero_and_it_is_odd():
    assert t_quantile(0.5, 12) == pytest.approx(0)
    assert t_quantile(0.05, 12) == pytest.approx(-t_quantile(0.95, 12))
