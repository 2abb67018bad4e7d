"""Which exchanges are shown, of pairs that are written down."""

import numpy as np

from picasso_callbacks.shortcuts.donors import Pairs
from picasso_callbacks.shortcuts.proof import most_telling


def pairs(*rows):
    probes, donors, other = zip(*rows, strict=True)
    return Pairs(np.array(probes), np.array(donors), np.array(other, dtype=bool))


def test_of_each_probe_the_exchange_that_moves_it_most_in_turns_of_the_groups():
    given = pairs((0, 4, 1), (0, 5, 1), (1, 4, 1), (2, 4, 1), (3, 5, 1), (4, 0, 1))
    moved = np.array([0.1, 0.9, 0.8, 0.7, 0.3, 0.2])
    groups = np.array([0, 0, 0, 1, 2])
    assert most_telling(moved, groups, given) == ([1, 4, 5], None)  # of groups 0, 1 and 2
    assert most_telling(moved, np.zeros(5, dtype=int), given) == ([1, 2, 3], None)
    assert most_telling(moved, np.array([0, 0, 0, 0, 1]), given) == ([1, 5, 2], None)


def test_the_control_is_of_the_first_probe_with_a_donor_of_its_own_class():
    given = pairs((0, 1, 0), (0, 4, 1), (1, 0, 0), (1, 2, 0), (1, 4, 1))
    assert most_telling(np.array([0.9, 0.1, 0.9, 0.9, 0.5]), np.zeros(5, dtype=int), given) == ([4, 1], 2)
    assert most_telling(np.array([0.9, 0.8, 0.9, 0.9, 0.5]), np.zeros(5, dtype=int), given) == ([1, 4], 0)


def test_without_donors_of_other_classes_there_is_nothing_to_show():
    assert most_telling(np.ones(1), np.zeros(2, dtype=int), pairs((0, 1, 0))) == ([], None)
