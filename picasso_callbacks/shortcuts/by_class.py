"""By class: how far one class of many hangs on a cue, against the rest and in both directions.

A photographer's tag on the horses: averaged over all classes it is hardly seen, since it moves only what has to do with
horses. So for a class and a cue, other images get the cue of images of the class (*push*: they become the class), and
images of the class get the cue of others (*pull*: they are lost); each against donors from the other side of that line.
"""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np

from picasso_callbacks.model import Scores
from picasso_callbacks.shortcuts.cues import Cue
from picasso_callbacks.shortcuts.dependence import Dependence, t_quantile
from picasso_callbacks.shortcuts.donors import Pairs

FEW, FEW_ERRORS = 4, math.inf
"""Groups smaller than this may be alike by chance; errors, which are counted in quarters, always."""

HARMLESS = (0.14, 0.2)
"""The most that is harmless for a class: the fine texture carries more of all objects than of those of one class."""


@dataclasses.dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ClassDependence(Dependence):
    """How far one class hangs on a cue at one look; as a `Dependence`, but of two groups of tested probes.

    `gaps` are pushes for images of other classes, and pulls for those of the class; `flips` the share of donors from
    the other side of the line with whose cue the answer becomes the class, or is the class no longer.

    Args:
        name: The cue's name and the class's: `"corners of 8"`.
        of: The class.
        class_name: Its name.
        of_cue: The cue's name.
    """

    of: int
    class_name: str
    of_cue: str

    @property
    def cue(self) -> str:
        return self.of_cue

    @functools.cached_property
    def inside(self) -> np.ndarray:
        """bool `[N]`: which tested probes are of the class."""
        return self.labels == self.of

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

    def lower_bounds(self, level: float) -> tuple[float, float]:
        """As of a `Dependence`, but of means over the two groups, which count alike however large they are."""
        inside = self.inside[:, None]
        gap = _bounds(self.gaps[:, None], inside, level / 2)
        return float(gap[0]), float(_bounds(self.errors[:, None], inside, level / 2, FEW_ERRORS)[0])


def effects(values: np.ndarray, labels: np.ndarray, pairs: Pairs, classes: np.ndarray) -> np.ndarray:
    """Pushes and pulls of classes.

    Args:
        values: float `[B, C]`, what there is of each of C classes in the probes with their donors' cue, in the order of
            `pairs`: its probability, or whether it is the answer.
        labels: int `[P]`.
        pairs: Who gave to whom.
        classes: int `[C]`.

    Returns:
        float64 `[P, C]`: by how much more of a class there is in a probe with its cue than with others'; NaN where a
        probe has not had both.
    """
    takes = np.zeros((len(labels), len(pairs.probes)))
    takes[pairs.probes, np.arange(len(pairs.probes))] = 1
    gives = labels[pairs.donors][:, None] == classes
    with np.errstate(invalid="ignore"):
        with_own, with_others = ((takes @ (values * kind)) / (takes @ kind) for kind in (gives, ~gives))
    return with_own - with_others


def screen(scores: Scores, labels: np.ndarray, pairs: Pairs, classes: np.ndarray, cue: Cue, level: float) -> np.ndarray:
    """By how much more than is harmless each class hangs on a cue, by a lower bound at this level: float64 `[C]`."""
    assert scores.probabilities is not None
    inside = labels[:, None] == classes
    says = scores.ranking.argmax(axis=1)[:, None] == classes
    bounds = [
        _bounds(effects(values, labels, pairs, classes), inside, level, few) - harmless
        for values, harmless, few in zip(
            (scores.probabilities[:, classes], says), _harmless(cue), (FEW, FEW_ERRORS), strict=True
        )
    ]
    return np.max(bounds, axis=0)


def class_dependence(
    cue: Cue, of: int, class_name: str, base: Scores, exchanged: Scores, labels: np.ndarray, pairs: Pairs
) -> ClassDependence:
    """The dependence of a class on a cue.

    Args:
        cue: Which cue was exchanged.
        of: The class.
        class_name: Its name.
        base: Scores of the P untouched probes.
        exchanged: Scores of the probes with their donors' cue, in the order of `pairs`.
        labels, pairs: As in `effects`.
    """
    assert exchanged.probabilities is not None
    says, classes = exchanged.ranking.argmax(axis=1) == of, np.array([of])
    gaps = effects(exchanged.probabilities[:, classes], labels, pairs, classes)[:, 0]
    errors = effects(says[:, None], labels, pairs, classes)[:, 0]
    across = (labels[pairs.probes] == of) != (labels[pairs.donors] == of)
    turned = across & ((base.ranking.argmax(axis=1)[pairs.probes] == of) != says)
    many = np.bincount(pairs.probes, across, minlength=len(labels))
    flips = np.bincount(pairs.probes, turned, minlength=len(labels)) / np.maximum(many, 1)
    probes = np.flatnonzero(~np.isnan(gaps))
    return ClassDependence(
        name=f"{cue.name} of {class_name}",
        phrase=cue.phrase,
        suspicious=cue.suspicious,
        area=cue.area,
        probes=probes,
        labels=labels[probes],
        gaps=gaps[probes],
        errors=errors[probes],
        flips=flips[probes],
        share=0.0,
        harmless=_harmless(cue),
        mask=cue.mask,
        of=of,
        class_name=class_name,
        of_cue=cue.name,
    )


def _harmless(cue: Cue) -> tuple[float, float]:
    gap, errors = cue.harmless
    return min(gap, HARMLESS[0]), min(errors, HARMLESS[1])


def _bounds(moved: np.ndarray, inside: np.ndarray, level: float, few: float = FEW) -> np.ndarray:
    """Lower confidence bounds of the mean of pushes and pulls: float64 `[C]`, of `[N, C]`, of which some may be NaN.

    A group of fewer than `few` gets a probe more, for which the cue means nothing: they can be alike by chance.
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
    bound = means - np.array([t_quantile(1 - level, max(int(one) - 1, 1)) for one in count]) * np.sqrt(errors)
    return np.where(count > 2, bound, -1.0)
