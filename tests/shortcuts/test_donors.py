import numpy as np
import pytest

from picasso_callbacks.shortcuts.donors import choose_pairs

LABELS = np.array([0, 1, 2] * 6)


def test_never_the_probe_itself():
    pairs = choose_pairs(LABELS, 4)
    assert (pairs.probes != pairs.donors).all()


def test_four_of_other_classes_and_four_of_its_own_no_donor_twice():
    pairs = choose_pairs(LABELS, 4)
    np.testing.assert_array_equal(pairs.other, LABELS[pairs.probes] != LABELS[pairs.donors])
    for probe in range(18):
        mine = pairs.probes == probe
        assert (mine & pairs.other).sum() == (mine & ~pairs.other).sum() == 4
        assert len(set(pairs.donors[mine])) == 8
    assert pairs.tested.tolist() == list(range(18))


@pytest.mark.parametrize("other", [True, False])
def test_donors_are_spread_evenly(other):
    pairs = choose_pairs(LABELS, 4)
    uses = np.bincount(pairs.donors[pairs.other == other], minlength=18)
    assert uses.sum() == 72
    assert uses.max() - uses.min() <= 2


def test_of_two_classes_each_donor_serves_as_often():
    pairs = choose_pairs(np.repeat([0, 1], 6), 4)
    assert np.bincount(pairs.donors[pairs.other]).tolist() == [4] * 12


def test_fewer_donors_where_there_are_not_so_many():
    pairs = choose_pairs(np.array([0, 0, 1, 1, 1]), 4)
    mine = pairs.probes == 0
    assert pairs.donors[mine & ~pairs.other].tolist() == [1]
    assert sorted(pairs.donors[mine & pairs.other].tolist()) == [2, 3, 4]


def test_a_probe_alone_in_its_class_gives_but_is_not_tested():
    pairs = choose_pairs(np.array([0, 0, 1]), 4)
    assert pairs.tested.tolist() == [0, 1]
    assert set(pairs.donors[pairs.other].tolist()) == {2}


def test_a_single_class_has_no_pairs():
    pairs = choose_pairs(np.zeros(5, dtype=int), 4)
    assert len(pairs.probes) == len(pairs.donors) == len(pairs.other) == len(pairs.tested) == 0


def test_the_same_every_time_and_from_no_global_generator():
    np.random.seed(3)
    state = np.random.get_state()[1].copy()
    first, second = choose_pairs(LABELS, 4), choose_pairs(LABELS, 4)
    np.testing.assert_array_equal(first.donors, second.donors)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_pairs_are_joined_in_their_order_and_left_out_where_they_are_known():
    first = choose_pairs(LABELS, 2)
    second = choose_pairs(LABELS, 3, used=first)
    every = first + second.without(first)
    assert (every.probes[:72] == first.probes).all()
    assert (every.donors[:72] == first.donors).all()
    assert len(set(zip(every.probes.tolist(), every.donors.tolist(), strict=True))) == len(every.probes)
    np.testing.assert_array_equal(every.other, LABELS[every.probes] != LABELS[every.donors])
    assert len(first.without(first).probes) == 0


def test_the_pairs_of_a_probe_are_found_wherever_they_are():
    pairs = choose_pairs(LABELS, 1) + choose_pairs(LABELS, 2)[np.arange(1, 72)]
    order, starts = pairs.runs
    for probe, one in zip(pairs.tested, np.split(pairs.probes[order], starts[1:]), strict=True):
        assert set(one.tolist()) == {probe}
        assert len(one) == (pairs.probes == probe).sum()
