"""Schedule: which moments are looked at, and how they are counted."""

import numpy as np
import pytest

from picasso_callbacks.training.schedule import make_schedule, ordinal


def train(schedule, epochs, batches, initial_epoch=0, steps=None, per_execution=1):
    """The counts at which looks are due in a training, as Keras calls: once for each execution of some batches."""
    schedule.start(epochs, steps, per_execution)
    due = []
    for epoch in range(initial_epoch, epochs):
        schedule.begin_epoch(epoch)
        for batch in range(0, batches, per_execution):
            if schedule.before_batch(batch):
                due.append(schedule.now)
        schedule.end_epoch(epoch)
        if schedule.is_due():
            due.append(schedule.now)
    return due


@pytest.mark.parametrize(("every", "due"), [(1, [0, 1, 2, 3, 4, 5]), (2, [0, 2, 4]), (np.int64(5), [0, 5]), (9, [0])])
def test_every_nth_epoch_from_the_first(every, due):
    assert train(make_schedule(every), epochs=6, batches=3) == due


def test_a_callable_says_which_epochs():
    assert train(make_schedule(lambda epoch: epoch in (1, 4)), epochs=6, batches=3) == [1, 4]


@pytest.mark.parametrize(
    ("every", "due"),
    [
        ("4 steps", [4, 8, 12, 16, 20]),
        ("10 steps", [10, 20]),  # the ends of epochs, each once
        ("7 steps", [7, 14]),
        ("1 step", list(range(1, 21))),
        ("100 steps", []),
    ],
)
@pytest.mark.parametrize("steps", [10, None])
def test_steps_are_counted_over_epochs(every, due, steps):
    assert train(make_schedule(every), epochs=2, batches=10, steps=steps) == due


def test_executions_of_several_batches_are_looked_at_once_the_step_is_reached():
    """Executions of four batches in epochs of ten end after 4, 8, 10, 14, 18 and 20 batches."""
    assert train(make_schedule("5 steps"), epochs=2, batches=10, steps=10, per_execution=4) == [8, 10, 18, 20]
    assert train(make_schedule("1 steps"), epochs=2, batches=10, steps=10, per_execution=4) == [4, 8, 10, 14, 18, 20]


def test_steps_are_global_in_a_training_that_goes_on():
    schedule = make_schedule("4 steps")
    assert train(schedule, epochs=3, batches=10, initial_epoch=2, steps=10) == [24, 28]  # as of another process
    assert train(schedule, epochs=1, batches=10, steps=10) == [4, 8]


def test_epochs_of_unknown_length_go_on_from_what_was_counted():
    schedule = make_schedule("4 steps")
    assert train(schedule, epochs=1, batches=7) == [4]
    assert train(schedule, epochs=3, batches=7, initial_epoch=1) == [8, 12, 16, 20]
    assert train(schedule, epochs=1, batches=7) == [4]


def test_before_anything_is_trained_there_is_nothing_to_look_at():
    for every in (1, "4 steps"):
        schedule = make_schedule(every)
        train(schedule, epochs=2, batches=3)
        schedule.start(2, 3)
        assert schedule.now == -1


@pytest.mark.parametrize(
    ("every", "epochs", "steps", "looks"),
    [
        (1, 10, None, 10),
        (4, 10, None, 4),  # 0, 4, 8 and the last, 9
        (3, 10, None, 4),  # 0, 3, 6, 9
        (100, 10, None, 2),
        (1, 1, None, 1),
        (lambda epoch: False, 10, None, 10),
        ("4 steps", 2, 10, 5),
        ("3 steps", 2, 10, 7),  # 3, 6, ..., 18 and the last, 20
        ("4 steps", 2, None, None),
        (1, None, None, None),
    ],
)
def test_the_looks_of_a_whole_training(every, epochs, steps, looks):
    schedule = make_schedule(every)
    schedule.start(epochs, steps)
    assert schedule.looks() == looks


def test_how_much_of_the_training_is_done():
    epochs, steps = make_schedule(1), make_schedule("4 steps")
    for schedule in (epochs, steps):
        schedule.start(6, 10)
        schedule.begin_epoch(2)
        schedule.before_batch(8)
    assert steps.done() == 8 / 40
    for schedule in (epochs, steps):
        schedule.before_batch(9)
        schedule.end_epoch(2)
        assert schedule.done() == 1 / 4


def test_it_is_not_known_how_much_is_done_of_what_has_no_end():
    for schedule in (make_schedule(1), make_schedule("4 steps")):
        schedule.start()
        schedule.begin_epoch(0)
        schedule.end_epoch(0)
        assert schedule.done() is None


def test_spacing_in_words():
    assert make_schedule(1).spaced(3) == "3rd epoch"
    assert make_schedule(2).spaced(11) == "22nd epoch"
    assert make_schedule("500 steps").spaced(3) == "1500 steps"
    assert make_schedule(lambda epoch: True).spaced(2) == "2nd epoch of those that every=... names"
    assert [ordinal(n) for n in (1, 2, 4, 11, 12, 113, 121)] == ["1st", "2nd", "4th", "11th", "12th", "113th", "121st"]


@pytest.mark.parametrize(
    "every", [0, -1, 1.5, True, None, "epoch", "2", "0 steps", "-3 steps", "1.5 steps", "5 epochs", [1, 2]]
)
def test_what_is_no_schedule_is_refused(every):
    with pytest.raises(ValueError, match=r"Picasso: every is .*expected an int >= 1 .*'500 steps', or a callable"):
        make_schedule(every)
