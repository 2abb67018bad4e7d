"""Scores: what a model says about images, in the terms that methods explain."""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Scores:
    """A model's answer to N inputs.

    Beyond the classes there may be derived targets: contrasts of two classes, and functions of the outputs. They are
    numbered on from the last class, in the columns of `logits`.

    Args:
        logits: float32 `[N, classes + derived]`: the score of each class before softmax or sigmoid, in nats; then each
            derived target's value.
        probabilities: float32 `[N, classes]`; `None` where the outputs are plain numbers.
        competing: Whether the classes share one softmax; otherwise each is a yes or no of its own.
        contrasts: For each derived target the two classes whose contrast it is, or `None`.
        off: float32 `[N]`, how far the outputs are from probabilities, where they are read as such.
    """

    logits: np.ndarray
    probabilities: np.ndarray | None
    competing: bool
    contrasts: tuple[tuple[int, int] | None, ...] = ()
    off: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.logits)

    def __getitem__(self, rows: np.ndarray | slice) -> Scores:
        """The scores of some of the inputs."""
        probabilities = None if self.probabilities is None else self.probabilities[rows]
        off = None if self.off is None else self.off[rows]
        return dataclasses.replace(self, logits=self.logits[rows], probabilities=probabilities, off=off)

    def __add__(self, more: Scores) -> Scores:
        """The scores of these inputs, and then of those."""

        def joined(name: str) -> np.ndarray | None:
            mine = getattr(self, name)
            return None if mine is None else np.concatenate([mine, getattr(more, name)])

        logits = np.concatenate([self.logits, more.logits])
        return dataclasses.replace(self, logits=logits, probabilities=joined("probabilities"), off=joined("off"))

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return self.logits.shape[1] - len(self.contrasts)

    @property
    def ranking(self) -> np.ndarray:
        """What puts the classes in order, `[N, classes]`: their probabilities, or else their scores."""
        return self.logits[:, : self.classes] if self.probabilities is None else self.probabilities

    def log_odds(self, targets: np.ndarray) -> np.ndarray:
        """`log(p / (1 - p))` of these classes, in nats, from the logits, so that it never saturates.

        For classes under one softmax this is `z_c - logsumexp(z_j, j != c)`. For derived targets, and where outputs are
        plain numbers, it is the score itself.

        Args:
            targets: int `[N, K]`, classes or derived targets of each input.

        Returns:
            float32 `[N, K]`.
        """
        values = self.logits.astype("float64")
        if self.competing:
            values[:, : self.classes] -= _logsumexp_of_others(values[:, : self.classes])
        return np.take_along_axis(values, targets, axis=1).astype("float32")

    def probability(self, targets: np.ndarray) -> np.ndarray:
        """The probabilities of `targets` (int `[N, K]`), float32 `[N, K]`.

        Of a contrast the difference of two probabilities, of a function of the outputs its value.

        Raises:
            ValueError: The outputs are plain numbers.
        """
        if self.probabilities is None:
            raise ValueError("The model's outputs are plain numbers, not probabilities; use score='log_odds'.")
        columns = [self.probabilities]
        for index, pair in enumerate(self.contrasts, start=self.classes):
            one = self.logits[:, index] if pair is None else np.subtract(*self.probabilities[:, pair].T)
            columns.append(one[:, None])
        return np.take_along_axis(np.concatenate(columns, axis=1), targets, axis=1)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis, in float64 inside, float32 `[..., classes]` outside."""
    shifted = np.exp(logits.astype("float64") - logits.max(axis=-1, keepdims=True))
    return (shifted / shifted.sum(axis=-1, keepdims=True)).astype("float32")


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """The logistic function, float32, without overflow."""
    return (0.5 * (1 + np.tanh(0.5 * logits.astype("float64")))).astype("float32")


def _logsumexp_of_others(values: np.ndarray) -> np.ndarray:
    """For each entry of `[N, K]`, the logsumexp of the others of its row."""
    rows, largest = np.arange(len(values)), values.argmax(axis=1)
    top = values[rows, largest]
    powers = np.exp(values - top[:, None])
    others = powers.sum(axis=1, keepdims=True) - powers  # takes half of the sum away at most, but of the largest
    others[rows, largest] = 1
    found = top[:, None] + np.log(others)
    without = values.copy()
    without[rows, largest] = -np.inf
    second = without.max(axis=1)
    found[rows, largest] = second + np.log(np.exp(without - second[:, None]).sum(axis=1))
    return found
