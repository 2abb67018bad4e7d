"""Schedule: which epochs are looked at."""

import numpy as np
import pytest

from picasso_callbacks.schedule import check_every, expected_looks, is_due


@pytest.mark.parametrize(("every", "due"), [(1, [0, 1, 2, 3, 4, 5]), (2, [0, 2, 4]), (np.int64(5), [0, 5]), (9, [0])])
def test_every_nth_epoch_from_the_first(every, due):
    assert [epoch for epoch in range(6) if is_due(every, epoch)] == due


def test_a_callable_says_which_epochs():
    assert [epoch for epoch in range(6) if is_due(lambda epoch: epoch in (1, 4), epoch)] == [1, 4]


def test_looks_include_the_last_epoch_once():
    assert expected_looks(1, 0, 10) == 10
    assert expected_looks(4, 0, 10) == 4  # 0, 4, 8 and the last, 9
    assert expected_looks(3, 0, 10) == 4  # 0, 3, 6, 9
    assert expected_looks(100, 0, 10) == 2
    assert expected_looks(1, 0, 1) == 1


def test_looks_of_a_resumed_training():
    assert expected_looks(4, 6, 10) == 2  # 8 and 9
    assert expected_looks(4, 10, 10) == 0
    assert expected_looks(4, 12, 10) == 0


def test_a_callable_may_look_at_all_epochs():
    assert expected_looks(lambda epoch: False, 2, 10) == 8
    assert expected_looks(lambda epoch: True, 12, 10) == 0


@pytest.mark.parametrize("every", [1, 7, np.int32(3), print])
def test_valid_schedules_come_back(every):
    assert check_every(every) is every


@pytest.mark.parametrize("every", [0, -1, 1.5, True, None, "epoch", [1, 2]])
def test_what_is_no_schedule_is_refused(every):
    with pytest.raises(ValueError, match=r"Picasso: every is .*expected an int >= 1 .*or a callable"):
        check_every(every)
