"""The randomization test: whether a map changes when the network's layers forget what they have learned."""

from __future__ import annotations

import numpy as np

SHARE = 0.5
"""The part of the network's weights, from the top down, that are drawn anew."""


DEPTHS = (0.0, SHARE, 1.0)
"""Such parts one after the other: the cascade of Adebayo et al. 2018. Of each a network is asked anew."""


def redrawn_weights(weights: list[np.ndarray], share: float = SHARE, seed: int = 0) -> list[np.ndarray]:
    """Copies of weights, in the model's order, of which the last ones have their own numbers in another order.

    Shuffled within each weight, numbers keep their distribution, so that activations stay of a size and variances
    positive.

    Args:
        weights: The model's weights, from its input on.
        share: Of those with two or more axes, so many, and all that come between and after them.
        seed: Of the shuffling.
    """
    kernels = [number for number, one in enumerate(weights) if one.ndim > 1]
    begin = kernels[-max(round(share * len(kernels)), 1)] if kernels else 0
    rng = np.random.default_rng(seed)
    return [
        rng.permutation(one.ravel()).reshape(one.shape) if number >= begin else one.copy()
        for number, one in enumerate(weights)
    ]


def resemblance(maps: np.ndarray, others: np.ndarray) -> float:
    """The median of Spearman's rank correlations of maps `[P, K, H, W]`; NaN if all are the same everywhere."""
    found = [_spearman(one, other) for one, other in zip(_flat(maps), _flat(others), strict=True)]
    known = [one for one in found if np.isfinite(one)]
    return float(np.median(known)) if known else float("nan")


def _flat(maps: np.ndarray) -> np.ndarray:
    return maps.reshape(-1, maps.shape[2] * maps.shape[3])


def _spearman(one: np.ndarray, other: np.ndarray) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(_ranks(one), _ranks(other))[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    """The rank of each value; of equal ones the mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse.ravel()]
