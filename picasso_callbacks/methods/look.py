"""Look: what a method is given - the live model, what it says of the probes now, and what is to be explained."""

from __future__ import annotations

import dataclasses

import numpy as np

from picasso_callbacks.model.head.scores import Scores
from picasso_callbacks.model.live_model import LiveModel


@dataclasses.dataclass(frozen=True)
class Look:
    """One look at the live model.

    Args:
        live: The model, its probes and how they go together.
        scores: What the model says of the untouched probes.
        targets: int `[P, K]`, the classes that are explained of each probe.
    """

    live: LiveModel
    scores: Scores
    targets: np.ndarray
