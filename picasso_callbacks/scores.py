"""Scores: what a model says about images, in the terms that methods explain."""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Scores:
    """A model's answer to N inputs.

    Args:
        logits: float32 `[N, classes]`, the score of each class before softmax or sigmoid, in nats.
        probabilities: float32 `[N, classes]`.
        competing: Whether the classes share one softmax; otherwise each is a yes or no of its own.
    """

    logits: np.ndarray
    probabilities: np.ndarray
    competing: bool

    def __len__(self) -> int:
        return len(self.logits)

    def __getitem__(self, rows: np.ndarray) -> Scores:
        return Scores(self.logits[rows], self.probabilities[rows], self.competing)

    def log_odds(self, classes: np.ndarray) -> np.ndarray:
        """`log(p / (1 - p))` of these classes, in nats, from the logits, so that it never saturates.

        For classes under one softmax this is `z_c - logsumexp(z_j, j != c)`.

        Args:
            classes: int `[N, K]`, classes of each input.

        Returns:
            float32 `[N, K]`.
        """
        logits = self.logits.astype("float64")
        of_class = np.take_along_axis(logits, classes, axis=1)
        if not self.competing:
            return of_class.astype("float32")
        columns = []
        for k in range(classes.shape[1]):
            others = logits.copy()
            np.put_along_axis(others, classes[:, k : k + 1], -np.inf, axis=1)
            columns.append(of_class[:, k] - _logsumexp(others))
        return np.stack(columns, axis=1).astype("float32")

    def probability(self, classes: np.ndarray) -> np.ndarray:
        """The probabilities of `classes` (int `[N, K]`): float32 `[N, K]`."""
        return np.take_along_axis(self.probabilities, classes, axis=1)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis, in float64 inside, float32 `[..., classes]` outside."""
    shifted = np.exp(logits.astype("float64") - logits.max(axis=-1, keepdims=True))
    return (shifted / shifted.sum(axis=-1, keepdims=True)).astype("float32")


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """The logistic function, float32, without overflow."""
    return (0.5 * (1 + np.tanh(0.5 * logits.astype("float64")))).astype("float32")


def _logsumexp(values: np.ndarray) -> np.ndarray:
    top = values.max(axis=1, keepdims=True)
    return (top + np.log(np.exp(values - top).sum(axis=1, keepdims=True)))[:, 0]
