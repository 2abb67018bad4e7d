"""A training may be killed at any moment: what had been written can be read, and hardly a look is missing."""

import numpy as np
import pytest
from helpers.kills import kill_after

QUEUED = 2
"""So many looks wait or are being written, at most."""


@pytest.mark.fault(
    "`kill -9`",
    injected="at random moments",
    outcome="all that was written can be read",
    lost="two at most: see below",
    training="killed",
)
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_a_kill_costs_the_looks_that_were_queued(tmp_path, seed):
    killed = kill_after(tmp_path, np.random.default_rng(seed).uniform(0, 2))
    assert killed.whole
    assert killed.lost <= QUEUED
