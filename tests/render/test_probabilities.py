"""Which classes have a bar, and the words for numbers."""

import numpy as np
from helpers.pictures import panel

from picasso_callbacks.render.probabilities import percent, prediction, predictions, shown_classes


def test_ten_classes_are_shown_in_their_own_order():
    assert shown_classes(panel(classes=10), 10) == list(range(10))


def test_of_a_thousand_classes_the_label_and_the_targets_are_shown_with_the_likeliest():
    chances = np.zeros(1000, "float32")
    chances[[500, 501, 502, 503, 504, 505, 506, 507]] = np.arange(8, 0, -1)
    chances[3] = 0.5
    shown = shown_classes(panel(classes=1000, probabilities=chances, labels=(3,), targets=(3, 502)), 4)
    assert shown == [500, 501, 502, 3]


def test_contrasts_and_functions_among_the_targets_have_no_bar():
    chances = np.array([0.1, 0.3, 0.2, 0.25, 0.15], "float32")
    assert shown_classes(panel(classes=5, probabilities=chances, labels=(0,), targets=(5, 6)), 3) == [1, 3, 0]


def test_of_independent_classes_all_above_one_half_are_said():
    chances = np.array([0.6, 0.2, 0.9, np.nan, 0.5])
    assert predictions(chances, exclusive=False) == [2, 0]
    assert predictions(chances, exclusive=True) == [2]
    assert predictions(chances / 10, exclusive=False) == [2]
    assert predictions(None, exclusive=False) == []


def test_the_prediction_is_the_largest_number():
    assert prediction(np.array([0.1, 0.7, 0.2])) == 1
    assert prediction(np.array([0.1, np.nan, 0.2])) == 2
    assert prediction(np.array([np.nan, np.nan])) is None
    assert prediction(None) is None


def test_percentages_say_when_they_are_not_quite_0_or_100():
    shown = {0.0: "0 %", 1e-9: "<0.1 %", 0.004: "0.4 %", 0.5: "50 %", 0.934: "93 %", 0.998: "99.8 %"}
    assert {each: percent(each) for each in shown} == shown
    assert [percent(each) for each in (1 - 1e-9, 1.0, float("nan"))] == [">99.9 %", "100 %", "n/a"]
