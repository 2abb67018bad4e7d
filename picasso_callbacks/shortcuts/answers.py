"""Answers: what exchanges may move, whatever the head: classes, labels, numbers, or classes of positions.

All of them are columns. A probe has a column or hasn't: it is of the class, has the label, its true value is one of the
higher ones. And by a model's scores an image has so much of it, about 0..1.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Literal

import numpy as np

from picasso_callbacks.model import Scores
from picasso_callbacks.probes import Probes
from picasso_callbacks.shortcuts.donors import Pairs, choose_covering_pairs, choose_pairs

Kind = Literal["class", "label", "value"]


@dataclasses.dataclass(frozen=True, eq=False)
class Truth:
    """What P probes are, in C columns.

    Args:
        kind: Whether a column is one of classes that exclude each other, one of the labels of which an image may have
            several, or a number.
        has: bool `[P, C]`: whether the probe is of the class, has the label, or has a value above the middle.
        columns: int `[C]`: which of the model's outputs each is.
        names: What each is called.
    """

    kind: Kind
    has: np.ndarray
    columns: np.ndarray
    names: tuple[str, ...]

    @functools.cached_property
    def groups(self) -> np.ndarray:
        """int `[P]`: the same for probes that are alike in all columns."""
        if self.kind == "class":
            return self.columns[self.has.argmax(axis=1)]
        return np.unique(self.has, axis=0, return_inverse=True)[1].reshape(-1)

    @property
    def sorts(self) -> tuple[np.ndarray, tuple[str, ...]]:
        """Into which sorts a sentence divides the probes, int `[P]`, and their names; `()`: those of the classes."""
        if self.kind == "class":
            return self.groups, ()
        if len(self.names) == 1:
            lower, higher = ("Lower values", "Higher values") if self.kind == "value" else ("Without it", "With it")
            return self.has[:, 0].astype(int), (lower, higher)
        return np.zeros(len(self.has), dtype=int), (f"All {self.kind}s",)

    def pairs(self, each: int, among: np.ndarray | None = None, used: Pairs | None = None) -> Pairs:
        """Who gives to whom, as in `choose_pairs`."""
        if self.kind == "class" or len(self.names) == 1:
            return choose_pairs(self.groups, each, among, used)
        return choose_covering_pairs(self.has, each, among, used)

    def weights(self, known: np.ndarray) -> np.ndarray:
        """How much each column counts for each probe: that of its class alone, or all that are known: float64 `[P, C]`.

        Args:
            known: bool `[P, C]`.

        Returns:
            Rows that sum to 1; to 0 where nothing is known.
        """
        counted = known & self.has if self.kind == "class" else known
        return counted / np.maximum(counted.sum(axis=1, keepdims=True), 1)


def make_truth(probes: Probes, plain: bool, outputs: int | None = None) -> Truth:
    """What the probes' labels say.

    Args:
        probes: The probes.
        plain: Whether the model's outputs are plain numbers.
        outputs: How many outputs the model has, if that is known.

    Raises:
        ValueError: The labels don't say it.
    """
    if plain:
        values = probes.true_values
        if values is None or outputs not in (None, values.shape[1]):
            has = "no true values" if values is None else f"{(n := values.shape[1])} true value{'s' * (n > 1)} each"
            raise ValueError(
                f"Picasso: the model's outputs are {outputs or 'some'} plain numbers, and the probes have {has}; "
                "shortcuts are told by a true value for each. Pass Probes(labels=...) of shape [P, outputs]."
            )
        return _of_both("value", _upper_half(values), probes)
    if probes.labels is not None:
        columns = np.unique(probes.labels)
        return Truth("class", probes.labels[:, None] == columns, columns, _names("class", columns, probes))
    if probes.multi_hot is not None:
        return _of_both("label", probes.multi_hot, probes)
    if probes.true_values is not None:
        raise ValueError("Picasso: the probes' labels are true values; shortcuts are told by labels that are classes.")
    raise ValueError("Picasso: the probes have no labels, which shortcuts are told by. Pass Probes(labels=...).")


def _upper_half(values: np.ndarray) -> np.ndarray:
    """Which values are above the middle of their column, or at it, if that makes the halves more alike: bool."""
    middle = np.median(values, axis=0)
    above, from_middle = values > middle, values >= middle
    uneven = [abs(2 * one.sum(axis=0) - len(values)) for one in (above, from_middle)]
    return np.where(uneven[0] <= uneven[1], above, from_middle)


def _of_both(kind: Kind, has: np.ndarray, probes: Probes) -> Truth:
    """Of the columns that two or more probes have and two or more have not."""
    columns = np.flatnonzero(np.minimum(has.sum(axis=0), (~has).sum(axis=0)) > 1)
    return Truth(kind, has[:, columns], columns, _names(kind, columns, probes))


def _names(kind: Kind, columns: np.ndarray, probes: Probes) -> tuple[str, ...]:
    word = "value" if kind == "value" else "class"
    return tuple(probes.class_names[column] if probes.class_names else f"{word} {column}" for column in columns)


class Answers:
    """Reads a model's scores of images as columns, at one look.

    Probabilities are taken as they are. Numbers, and log-odds where these are read, are counted from the mean of the
    probes that don't have the column, 0, to the mean of those that have it, 1; or if these are less apart than the
    probes' standard deviation, so that they tell nothing, in these.

    Args:
        truth: What the probes are.
        base: The model's scores of the P untouched probes.
        calibrated: Whether the scores are such numbers.
    """

    def __init__(self, truth: Truth, base: Scores, calibrated: bool):
        self._truth = truth
        self._calibrated = calibrated
        self._one_class = truth.kind == "class" and not calibrated
        strengths = self._evidence(base)
        counts = np.stack([(~truth.has).sum(axis=0), truth.has.sum(axis=0)])
        low, high = np.stack([(strengths * ~truth.has).sum(axis=0), (strengths * truth.has).sum(axis=0)]) / counts
        self._middle = (low + high) / 2
        self._unit = np.maximum(np.maximum(high - low, strengths.std(axis=0)), np.finfo("float32").tiny)

    def strengths(self, scores: Scores) -> np.ndarray:
        """What never saturates: log-odds in nats, or the numbers as they are, float64 `[N, C]`."""
        columns = np.broadcast_to(self._truth.columns, (len(scores), len(self._truth.columns)))
        return scores.log_odds(columns).astype("float64")

    def _evidence(self, scores: Scores) -> np.ndarray:
        """As `strengths`, but of classes under one softmax, logits less their mean, so that what one wins, each of the
        others loses only in part."""
        if not self._one_class or not scores.competing:
            return self.strengths(scores)
        logits = scores.logits[:, : scores.classes].astype("float64")
        return logits[:, self._truth.columns] - logits.mean(axis=1, keepdims=True)

    def values(self, scores: Scores) -> np.ndarray:
        """How far each image has each column, about 0..1: float64 `[N, C]`."""
        if self._calibrated:
            return (self.strengths(scores) - self._middle) / self._unit + 0.5
        assert scores.probabilities is not None
        return scores.probabilities[:, self._truth.columns].astype("float64")

    def shares(self, scores: Scores) -> np.ndarray:
        """How much speaks for each column in each image: float64 `[N, C]`, of which only differences count.

        1 is what lies between the means of probes without and with the column. It tells what answers rest on however
        sure or unsure a network is.
        """
        return self._evidence(scores) / self._unit

    def says(self, scores: Scores) -> np.ndarray:
        """Whether the answer is that the image has the column: 0 or 1, `[N, C]`. Numbers say it as far as they go."""
        if self._calibrated:
            return self.values(scores)
        if self._one_class:
            return 1.0 * (scores.ranking.argmax(axis=1)[:, None] == self._truth.columns)
        return 1.0 * (self.values(scores) > 0.5)

    def readings(self, scores: Scores) -> np.ndarray:
        """`values`, `says` and `shares`: float64 `[3, N, C]`."""
        return np.stack([self.values(scores), self.says(scores), self.shares(scores)])

    def turned(self, before: Scores, after: Scores) -> np.ndarray:
        """Whether the answer about each column changes: bool `[N, C]`. Numbers change that move by more than 1/2."""
        return np.asarray(np.abs(self.says(after) - self.says(before)) > 0.5)

    def changed(self, before: Scores, after: Scores, column: int | None = None) -> np.ndarray:
        """Whether the answer changes, of one column or as a whole: bool `[N]`."""
        if self._one_class:
            return np.asarray(before.ranking.argmax(axis=1) != after.ranking.argmax(axis=1))
        turned = self.turned(before, after)
        return np.asarray(turned.any(axis=1) if column is None else turned[:, column])

    def support(self, scores: Scores, probes: np.ndarray) -> np.ndarray:
        """What speaks for what probes, int `[N]`, are: the log-odds of the class or labels, in nats, float64 `[N]`.

        Of numbers, how far they are on the probe's side of the middle, where lower and higher ones are 1 apart.
        """
        has = self._truth.has[probes]
        if self._truth.kind == "value":
            return ((self.values(scores) - 0.5) * np.where(has, 1, -1)).mean(axis=1)
        return (self.strengths(scores) * has).sum(axis=1) / np.maximum(has.sum(axis=1), 1)

    def moved(self, before: Scores, after: Scores, column: int | None) -> np.ndarray:
        """How far the answer moves, of one column or as a whole: float64 `[N]`, about 0..1."""
        if self._one_class:
            rows, answers = np.arange(len(before)), before.ranking.argmax(axis=1)
            return before.ranking[rows, answers].astype("float64") - after.ranking[rows, answers]
        moves = np.abs(self.values(after) - self.values(before))
        return moves.max(axis=1) if column is None else moves[:, column]

    def told(self, before: Scores, after: Scores, column: int | None) -> tuple[tuple[int, float], tuple[int, float]]:
        """What a model said of one image and then of another.

        Returns:
            Before and after, the class and its probability; or of one column, by default that which moves most, which
            of the outputs it is, and its probability or number.
        """
        if self._one_class:
            which = [int(one.ranking[0].argmax()) for one in (before, after)]
        else:
            moves = np.abs(self.values(after) - self.values(before))[0]
            which = 2 * [int(self._truth.columns[moves.argmax() if column is None else column])]
        first, then = (float(scores.ranking[0, one]) for scores, one in zip((before, after), which, strict=True))
        return (which[0], first), (which[1], then)
