"""By class: how far one class of many hangs on a cue, against the rest and in both directions.

A photographer's tag on the horses: averaged over all classes it is hardly seen, since it moves only what has to do with
horses. So for a class and a cue, other images get the cue of images of the class (*push*: they become the class), and
images of the class get the cue of others (*pull*: they are lost); each against donors from the other side of that line.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from picasso_callbacks.model import Scores
from picasso_callbacks.shortcuts.answers import Answers, Kind, Truth
from picasso_callbacks.shortcuts.cues import Cue
from picasso_callbacks.shortcuts.dependence import Dependence, donor_errors, effects, t_quantile
from picasso_callbacks.shortcuts.donors import Pairs

FEW, FEW_ERRORS = 4, math.inf
"""Groups smaller than this may be alike by chance; errors, which are counted in quarters, always."""

HARMLESS = (0.14, 0.2, 0.2)
"""The most that is harmless for a class, as `Cue.harmless`: texture carries more of all objects than of a class's."""


@dataclasses.dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ClassDependence(Dependence):
    """How far one class hangs on a cue at one look; as a `Dependence`, but of two groups of tested probes.

    `gaps`, `errors` and `shares` are pushes for images of other classes, and pulls for those of the class; `flips` the
    share of donors from the other side of the line with whose cue the answer becomes the class, or is it no longer.

    Args:
        name: The cue's name and the class's: `"corners of 8"`.
        of: The class, or label, or which of several numbers.
        class_name: Its name.
        of_cue: The cue's name.
        kind: Which of these it is.
        inside: bool `[N]`: which tested probes are of the class, have the label, or a higher number.
        foreseen: Whether the probes alone show that this class has the cue and others don't, before the model is asked.
    """

    of: int
    class_name: str
    of_cue: str
    kind: Kind
    inside: np.ndarray
    foreseen: bool = False

    @property
    def cue(self) -> str:
        return self.of_cue

    def moves(self, probe: int) -> bool:
        """Whether this probe is of the class, and is lost with the cue of others."""
        return super().moves(probe) and bool(self.inside[self.probes == probe].any())

    @property
    def push(self) -> float:
        """By how much more the class's probability rises in other images with its cue than with that of others."""
        return float(self.gaps[~self.inside].mean())

    @property
    def pull(self) -> float:
        """By how much more the class's probability falls in its own images with the cue of others than with its own."""
        return float(self.gaps[self.inside].mean())

    @property
    def gap(self) -> float:
        """The mean of push and pull."""
        return (self.push + self.pull) / 2

    @property
    def share(self) -> float:
        """Which part of what tells the class from others, in log-odds, travels with the cue; about 0..1."""
        return self._mean(self.shares)

    @property
    def error(self) -> float:
        """The mean of how much more often others are taken for the class, and its own for others, because of it."""
        return self._mean(self.errors)

    def lower_bounds(self, level: float) -> tuple[float, float]:
        """As of a `Dependence`, but of means over the two groups, which count alike however large they are."""
        inside = self.inside[:, None]
        gap = _bounds(self.gaps[:, None], inside, level / 2, FEW, self.donors[0])
        errors = _bounds(self.errors[:, None], inside, level / 2, FEW_ERRORS, self.donors[1])
        return float(gap[0]), float(errors[0])

    def share_bound(self, level: float) -> float:
        return float(_bounds(self.shares[:, None], self.inside[:, None], level, FEW, self.donors[2])[0])

    def _mean(self, values: np.ndarray) -> float:
        return float(values[self.inside].mean() + values[~self.inside].mean()) / 2


def screen(scores: Scores, truth: Truth, answers: Answers, pairs: Pairs, cue: Cue, level: float) -> np.ndarray:
    """By how much more than is harmless each column hangs on a cue, by a lower bound at this level: float64 `[C]`."""
    moved = effects(answers.readings(scores), truth.has, pairs)
    bounds = [
        _bounds(values, truth.has, level, few) - harmless
        for values, few, harmless in zip(moved, (FEW, FEW_ERRORS, FEW), _harmless(cue), strict=True)
    ]
    return np.max(bounds, axis=0)


def class_dependence(
    cue: Cue, column: int, base: Scores, exchanged: Scores, truth: Truth, answers: Answers, pairs: Pairs
) -> ClassDependence:
    """The dependence of a class, a label or one of several numbers on a cue.

    Args:
        cue: Which cue was exchanged.
        column: Of which column of `truth`.
        base: Scores of the P untouched probes.
        exchanged: Scores of the probes with their donors' cue, in the order of `pairs`.
        truth, answers: What the probes are, and how scores are read.
        pairs: Who gave to whom.
    """
    has, count = truth.has[:, [column]], len(truth.has)
    readings = answers.readings(exchanged)[..., [column]]
    gaps, errors, shares = effects(readings, has, pairs)
    known = ~np.isnan(gaps)
    sizes = [max(int((known & kind).sum()), 1) for kind in (~has, has)]
    weights = known / np.where(has, sizes[1], sizes[0]) / 2
    of_donors = donor_errors(readings, has, pairs, weights).tolist()
    turned = pairs.other & answers.turned(base[pairs.probes], exchanged)[:, column]
    flips = np.bincount(pairs.probes, turned, count) / np.maximum(np.bincount(pairs.probes, pairs.other, count), 1)
    probes = np.flatnonzero(known)
    name = truth.names[column]
    return ClassDependence(
        name=f"{cue.name} of {name}",
        phrase=cue.phrase,
        suspicious=cue.suspicious,
        area=cue.area,
        probes=probes,
        labels=truth.sorts[0][probes],
        gaps=gaps[probes, 0],
        errors=errors[probes, 0],
        flips=flips[probes],
        shares=shares[probes, 0],
        harmless=_harmless(cue),
        mask=cue.mask,
        of=int(truth.columns[column]),
        class_name=name,
        of_cue=cue.name,
        donors=(of_donors[0], of_donors[1], of_donors[2]),
        kind=truth.kind,
        inside=has[probes, 0],
        foreseen=cue.column == column,
    )


def _harmless(cue: Cue) -> tuple[float, float, float]:
    gap, errors, share = (min(pair) for pair in zip(cue.harmless, HARMLESS, strict=True))
    return gap, errors, share


def _bounds(moved: np.ndarray, inside: np.ndarray, level: float, few: float, of_donors: float = 0.0) -> np.ndarray:
    """Lower confidence bounds of the mean of pushes and pulls: float64 `[C]`, of `[N, C]`, of which some may be NaN.

    `of_donors` is the part of the mean's standard error that comes from the choice of donors. A group of fewer than
    `few` gets a probe more, for which the cue means nothing: they can be alike by chance.
    """
    means, errors, count = (np.zeros(moved.shape[1]) for _ in range(3))
    for kind in (inside, ~inside):
        told = kind & ~np.isnan(moved)
        values, known = np.where(told, moved, 0.0), told.sum(axis=0)
        many = known + (known < few)
        mean = values.sum(axis=0) / many
        spread = np.where(told, (values - mean) ** 2, 0.0).sum(axis=0) + (many - known) * mean**2
        means, errors = means + mean / 2, errors + spread / np.maximum(many - 1, 1) / many / 4
        count = count + known
    sizes, which = np.unique(count, return_inverse=True)
    quantiles = np.array([t_quantile(1 - level, max(int(one) - 1, 1)) for one in sizes])
    bound = means - quantiles[which] * np.sqrt(errors + of_donors**2)
    return np.where(count > 2, bound, -1.0)
