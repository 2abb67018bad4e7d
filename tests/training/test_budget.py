"""Budget: looks that take at most their share, by a clock that is set by hand."""

import itertools

import pytest

from picasso_callbacks.training.budget import Budget


class Clock:
    seconds = 1000.0

    def __call__(self):
        return self.seconds


def train(share, epochs, epoch_seconds, look_seconds, known=True, beside=0.0):
    """The epochs at which looks are taken, and the budget; the last is looked at without asking."""
    clock = Clock()
    budget, taken = Budget(share, clock), []
    budget.start()
    for epoch in range(epochs):
        clock.seconds += epoch_seconds
        if epoch == epochs - 1 or budget.allows((epoch + 1) / epochs if known else None):
            with budget.spending():
                clock.seconds += look_seconds
            taken.append(epoch)
            budget.account_for(beside * len(taken))
    return taken, budget


def test_several_processes_have_no_budget():
    Budget(None).check(2)
    Budget(0.05).check(1)
    with pytest.raises(ValueError, match=r"budget is 0.05 in a training of 2 processes; expected None"):
        Budget(0.05).check(2)


def test_no_budget_is_every_look():
    assert train(None, epochs=4, epoch_seconds=1, look_seconds=100)[0] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("share", "epoch_seconds", "look_seconds", "epochs", "dear"),
    [
        (None, 20, 2, 2, True),
        (None, 20, 2, 1, False),  # the first epoch compiles
        (None, 40, 2, 5, False),
        (None, 1, 0.5, 5, False),
        (0.05, 20, 2, 5, False),
    ],
)
def test_looks_of_seconds_that_take_a_tenth_of_the_training_are_dear(share, epoch_seconds, look_seconds, epochs, dear):
    assert train(share, epochs, epoch_seconds, look_seconds)[1].is_dear() == dear


def test_looks_within_the_budget_are_all_taken():
    assert train(0.25, epochs=5, epoch_seconds=8, look_seconds=2)[0] == [0, 1, 2, 3, 4]


def test_what_is_drawn_beside_the_training_counts_as_the_look_itself():
    for epochs in (12, 40):
        on_thread, _ = train(0.05, epochs, epoch_seconds=8, look_seconds=2)
        beside, budget = train(0.05, epochs, epoch_seconds=8, look_seconds=0.5, beside=1.5)
        assert beside == on_thread
        assert budget.taken() == pytest.approx(2 * len(beside) / (8 * epochs))
    assert train(None, 3, epoch_seconds=8, look_seconds=0.1, beside=2)[1].is_dear()


def test_looks_twice_as_dear_are_taken_half_as_often():
    """Epochs of 8 s earn 1 s each: two looks of 2 s are paid for after four of them, the next after two more."""
    taken, _ = train(0.125, epochs=8, epoch_seconds=8, look_seconds=2)
    assert taken == [0, 3, 5, 7]


def test_the_last_look_is_put_by_for():
    """Nine epochs pay for four looks and a half: one at epoch 7 would leave too little for the last."""
    taken, _ = train(0.125, epochs=9, epoch_seconds=8, look_seconds=2)
    assert taken == [0, 3, 5, 8]
    taken, _ = train(0.125, epochs=9, epoch_seconds=8, look_seconds=2, known=False)
    assert taken == [0, 3, 5, 7, 8]


@pytest.mark.parametrize("epochs", [20, 33, 100])
@pytest.mark.parametrize("look_seconds", [0.5, 1, 3, 8])
@pytest.mark.parametrize("share", [0.05, 0.125, 0.5])
def test_the_share_holds_wherever_it_can(epochs, look_seconds, share):
    taken, _ = train(share, epochs, epoch_seconds=8, look_seconds=look_seconds)
    pays_for = share * epochs * 8 / look_seconds
    assert taken[0] == 0
    assert taken[-1] == epochs - 1
    assert len(taken) <= max(pays_for + 1e-9, 2)
    assert len(taken) >= min(pays_for - 2, epochs)  # and it is used up


def test_looks_are_spaced_evenly():
    taken, _ = train(0.125, epochs=100, epoch_seconds=8, look_seconds=3)
    gaps = [after - before for before, after in itertools.pairwise(taken[1:-1])]
    assert set(gaps) == {3}


def test_looks_that_are_too_dear_at_all_are_the_first_and_the_last():
    assert train(0.05, epochs=50, epoch_seconds=1, look_seconds=100)[0] == [0, 49]


def test_what_looks_want_and_get():
    clock = Clock()
    budget = Budget(0.125, clock)
    budget.start()
    clock.seconds += 8
    assert budget.allows()
    with budget.spending():
        clock.seconds += 3
    clock.seconds += 8
    assert not budget.allows()
    assert budget.wanted() == 3 * 2 / 16
    assert budget.spacing() == 3


def test_a_look_that_fails_is_paid_for():
    clock = Clock()
    budget = Budget(0.1, clock)
    budget.start()

    def fails():
        clock.seconds += 5
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), budget.spending():
        fails()
    clock.seconds += 10
    assert not budget.allows()


def test_another_training_has_another_account():
    clock = Clock()
    budget = Budget(0.01, clock)
    with budget.spending():
        clock.seconds += 1000
    assert not budget.allows()
    budget.start()
    assert budget.allows()


@pytest.mark.parametrize("share", [0, -0.1, 5, 1.5, True, "5 %", float("nan"), float("inf"), [0.1]])
def test_what_is_no_share_is_refused(share):
    with pytest.raises(ValueError, match=r"Picasso: budget is .*expected the share .*0\.05, or None"):
        Budget(share)
