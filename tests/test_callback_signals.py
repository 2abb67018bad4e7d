"""A training may be interrupted at any moment: all that was looked at is written, and the process can train on."""

import signal

import numpy as np
import pytest
from helpers.signals import interrupt_after

SIGNALS = (signal.SIGINT, signal.SIGINT, signal.SIGINT, signal.SIGTERM)


@pytest.mark.fault(
    "Ctrl-C, and a `SIGTERM` that raises",
    injected="at random moments, from the start of `fit` on",
    outcome="all looks are written, and the next `fit`; no thread is left",
    lost="none, but one that it struck",
    training="interrupted, with weights as without the callback; the next is the same, bit for bit",
)
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_a_training_that_is_interrupted_leaves_all_it_looked_at_and_nothing_else(tmp_path, seed):
    left = interrupt_after(tmp_path, np.random.default_rng(seed).uniform(0, 1.5), SIGNALS[seed % len(SIGNALS)])
    assert left.lost == 0
    assert left.again == ([0, 1, 2], [0, 1, 2])
    assert left.threads == 0
    assert left.untouched is not False
    assert left.equal
