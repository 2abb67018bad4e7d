"""Dependence: how far answers hang on a cue, measured by putting that cue of one probe into another.

A cue of a donor of another class is put into a probe, and the same cue of a donor of the probe's own class. What the
first costs more than the second is due to what the cue says about the class, and not to the disturbance: the gap
between "mixed-rand" and "mixed-same" of Xiao et al., "Noise or Signal", ICLR 2021, on probes.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping

import numpy as np

from picasso_callbacks.model import Scores
from picasso_callbacks.shortcuts.answers import Answers, Truth
from picasso_callbacks.shortcuts.cues import HARMLESS_PLACE, TEXTURE, Cue
from picasso_callbacks.shortcuts.donors import Pairs


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Dependence:
    """How far the answers about N tested probes hang on one cue at one look.

    Args:
        name: The cue's or region's name.
        phrase: How a sentence calls it.
        suspicious: Whether answers should not hang on it.
        area: The share of the picture that the cue takes, 0..1.
        probes: int `[N]`, the tested probes.
        labels: int `[N]`, their classes; of other heads, into which sorts sentences divide the probes.
        gaps: float64 `[N]`, -1..1: by how much more the probability of its own class falls with donors of other classes
            than with donors of its own. Of several labels, the mean of how much more probable each is with donors that
            have it. Of numbers, how much more they are with donors of higher ones, where 1 is as much as these are
            more than the lower ones.
        errors: float64 `[N]`, -1..1: by how much more often its answer is wrong with donors of other classes than with
            donors of its own. While a network is unsure, answers hang on small differences in probability. Of numbers,
            as `gaps`.
        flips: float64 `[N]`, 0..1: the share of donors of other classes with whose cue the answer changes; numbers, if
            they move by more than half of what higher ones are more than lower ones.
        shares: float64 `[N]`, about 0..1: as `gaps`, in log-odds, where 1 is as much as the class has more of them in
            its own probes than in others: which part of what tells it from others travels with the cue.
        control: `flips` for a part of the same size elsewhere; `None` where there is no such thing.
        harmless: The gap, the mean of errors and the share up to which honest networks depend on the cue.
        mask: bool `[H, W]`, or `[P, H, W]` for all P probes: where the cue is; `None` for what is everywhere.
        donors: Standard errors of the gap, the mean of errors and the share, as far as they are due to the choice of
            donors.
        sorts: What `labels` are called where they are not the classes.
        without: For each class that stands out, the gap among probes and donors that are not of it.
    """

    name: str
    phrase: str
    suspicious: bool
    area: float
    probes: np.ndarray
    labels: np.ndarray
    gaps: np.ndarray
    errors: np.ndarray
    flips: np.ndarray
    shares: np.ndarray
    control: np.ndarray | None = None
    harmless: tuple[float, float, float] = HARMLESS_PLACE
    mask: np.ndarray | None = None
    donors: tuple[float, float, float] = (0.0, 0.0, 0.0)
    sorts: tuple[str, ...] = ()
    without: Mapping[int, float] = dataclasses.field(default_factory=dict)

    def __repr__(self) -> str:
        words = "suspicious" if self.suspicious else "measured only"
        return f"{type(self).__name__}({self.name!r}, {self.count} answers change, gap {self.gap:.2f}, {words})"

    @property
    def cue(self) -> str:
        """The name of the cue, as `allowed` takes it."""
        return self.name

    @property
    def change(self) -> float:
        """The share of answers that change when the cue of another class is put in, 0..1."""
        return float(self.flips.mean())

    @property
    def gap(self) -> float:
        """The mean gap: the probability that an answer loses because the cue speaks for another class, about 0..1."""
        return float(self.gaps.mean())

    @property
    def share(self) -> float:
        """Which part of what tells the classes apart, in log-odds, travels with the cue; about 0..1."""
        return float(self.shares.mean())

    @property
    def error(self) -> float:
        """By how much more often answers are wrong because the cue speaks for another class, about 0..1."""
        return float(self.errors.mean())

    @property
    def count(self) -> str:
        """How many answers change, of how many: `"9 of 12"`."""
        return counted(self.flips)

    def moves(self, probe: int) -> bool:
        """Whether the answer about this probe changes, with at least half of its donors."""
        return bool((self.flips[self.probes == probe] >= 0.5).any())

    def mask_of(self, probe: int) -> np.ndarray | None:
        """Where the cue is in this probe, bool `[H, W]`; `None` for what is everywhere."""
        return self.mask if self.mask is None or self.mask.ndim == 2 else self.mask[probe]

    def lower_bounds(self, level: float) -> tuple[float, float]:
        """One-sided lower confidence bounds of the mean gap and of the mean of errors.

        One of them is wrong with chance `level`: each is at half of it (Student's t over probes, and over donors, of
        which each gives to several probes: Cameron, Gelbach & Miller 2011). Errors are counted in quarters and can be
        alike by chance, so they take one more probe into account, for which the cue means nothing.
        """
        errors = np.append(self.errors, 0.0)
        return _bound(self.gaps, self.donors[0], level / 2), _bound(errors, self.donors[1], level / 2)

    def share_bound(self, level: float) -> float:
        """The lower confidence bound of the share, which is wrong with chance `level`."""
        return _bound(self.shares, self.donors[2], level)


def counted(flips: np.ndarray) -> str:
    """How many of these answers change, of how many: `"9 of 12"`."""
    return f"{flips.sum():.0f} of {len(flips)}"


def overlap(one: Dependence, other: Dependence) -> bool:
    """Whether exchanging one of two cues also exchanges a part of the other."""
    if one.mask is not None and other.mask is not None:
        return bool((one.mask & other.mask).any())
    # What is everywhere is in every place, too; but the fine texture is what the colours and the layout leave.
    return (one.mask is None) != (other.mask is None) or TEXTURE.name not in (one.cue, other.cue)


def _bound(values: np.ndarray, of_donors: float, level: float) -> float:
    count = len(values)
    error = math.hypot(float(values.std(ddof=1)) / count**0.5, of_donors)
    return float(values.mean()) - t_quantile(1 - level, count - 1) * error


def effects(values: np.ndarray, has: np.ndarray, pairs: Pairs) -> np.ndarray:
    """By how much more of each column there is in a probe with the cue of those that have it than with that of others.

    Args:
        values: float `[..., B, C]`, how much there is of each column in the probes with their donors' cue, in the order
            of `pairs`.
        has: bool `[P, C]`: which probes have it.
        pairs: Who gave to whom.

    Returns:
        float64 `[..., P, C]`; NaN where a probe has not had both.
    """
    gives = has[pairs.donors]
    with np.errstate(invalid="ignore"):
        with_it, without = (
            _sums(values * kind, pairs, len(has)) / _sums(kind, pairs, len(has)) for kind in (gives, ~gives)
        )
    return with_it - without


def _mean_effects(values: np.ndarray, truth: Truth, pairs: Pairs) -> tuple[np.ndarray, np.ndarray]:
    """For each probe the mean effect over the columns that count, 0 where none is known, and how much each counts.

    Returns:
        float64 `[..., P]` and `[P, C]`.
    """
    of_columns = effects(values, truth.has, pairs)
    weights = truth.weights(~np.isnan(of_columns.reshape(-1, *truth.has.shape)[0]))
    return (weights * np.nan_to_num(of_columns)).sum(axis=-1), weights


def donor_errors(values: np.ndarray, has: np.ndarray, pairs: Pairs, weights: np.ndarray) -> np.ndarray:
    """The standard error of a mean of effects that comes from the choice of donors, beyond that of single exchanges.

    A donor gives to several probes, and if its cue is an odd one, all of them move. By how much the exchanges with a
    donor differ from those with others of its kind, in probes of one kind, is its residual, without what is the probe's
    own; their variance is pooled.

    Args:
        values, has, pairs: As in `effects`.
        weights: float `[P, C]`, how much each effect counts in the mean; 0 where it is not known.

    Returns:
        float64 `[...]`.
    """
    gives, takes = has[pairs.donors], has[pairs.probes]
    share = [weights / np.maximum(_sums(kind, pairs, len(has)), 1) for kind in (~gives, gives)]
    influence = np.where(gives, share[1][pairs.probes], -share[0][pairs.probes])
    residual = np.zeros(values.shape)
    for kind in (takes & gives, takes & ~gives, ~takes & gives, ~takes & ~gives):
        told = kind & (influence != 0)
        means = (values * told).sum(axis=-2, keepdims=True) / np.maximum(told.sum(axis=0), 1)
        residual += told * (values - means)
    count = _sums(influence != 0, pairs, len(has))
    of_probe = _sums(residual, pairs, len(has)) / np.maximum(count, 1)
    residual -= (influence != 0) * of_probe[..., pairs.probes, :]
    residual *= np.sqrt(count / np.maximum(count - 1, 1))[pairs.probes]
    single = (influence * residual).sum(axis=-1)
    much = np.bincount(pairs.donors, np.abs(influence).sum(axis=1))
    moved = np.stack([np.bincount(pairs.donors, one) for one in single.reshape(-1, len(pairs.donors))])
    moved = moved.reshape(*single.shape[:-1], len(much))
    giving = much > 0
    pooled = ((moved[..., giving] / much[giving]) ** 2).sum(axis=-1) / max(giving.sum() - 2, 1)
    return np.sqrt(np.maximum(pooled * np.sum(much**2) - (single**2).sum(axis=-1), 0.0))


def exchange_cue(
    cue: Cue, base: Scores, exchanged: Scores, truth: Truth, answers: Answers, pairs: Pairs, control: Scores | None
) -> Dependence:
    """The dependence on a cue.

    Args:
        cue: Which cue was exchanged.
        base: Scores of the P untouched probes.
        exchanged: Scores of the probes with their donors' cue, in the order of `pairs`.
        truth, answers: What the probes are, and how scores are read.
        pairs: Who gave to whom.
        control: Scores of the probes with something else of the donors of other classes.
    """

    labels, sorts = truth.sorts
    readings = answers.readings(exchanged)
    means, weights = _mean_effects(readings, truth, pairs)
    gaps, errors, shares = means[:, pairs.tested]
    of_donors = donor_errors(readings, truth.has, pairs, weights / len(pairs.tested)).tolist()
    others = pairs.of_other_classes
    return Dependence(
        name=cue.name,
        phrase=cue.phrase,
        suspicious=cue.suspicious,
        area=cue.area,
        probes=pairs.tested,
        labels=labels[pairs.tested],
        gaps=gaps,
        errors=errors,
        flips=_share_changed(answers, base, exchanged[pairs.other], others),
        shares=shares,
        control=None if control is None else _share_changed(answers, base, control, others),
        harmless=cue.harmless,
        mask=cue.mask,
        donors=(of_donors[0], of_donors[1], of_donors[2]),
        sorts=sorts,
    )


def gap_without(column: int, pairs: Pairs, exchanged: Scores, truth: Truth, answers: Answers) -> float:
    """The mean gap between probes and donors that don't have a column; 0 if there are none. See `exchange_cue`."""
    has = truth.has[:, column]
    kept = ~has[pairs.probes] & ~has[pairs.donors]
    if not kept.any():
        return 0.0
    means, weights = _mean_effects(answers.values(exchanged[kept]), truth, pairs[kept])
    known = weights.any(axis=1)
    return float(means[known].mean()) if known.any() else 0.0


def _share_changed(answers: Answers, base: Scores, exchanged: Scores, pairs: Pairs) -> np.ndarray:
    """With the cue of which share of its donors the answer about each tested probe changes: float64 `[N]`."""
    changed = answers.changed(base[pairs.probes], exchanged)
    return (np.bincount(pairs.probes, changed) / np.maximum(np.bincount(pairs.probes), 1))[pairs.tested]


def _sums(values: np.ndarray, pairs: Pairs, count: int) -> np.ndarray:
    """The sums of `[..., B, C]` over each probe's pairs: float64 `[..., P, C]`."""
    order, starts = pairs.runs
    sums = np.zeros((*values.shape[:-2], count, values.shape[-1]))
    sums[..., pairs.tested, :] = np.add.reduceat(values[..., order, :], starts, axis=-2, dtype="float64")
    return sums


def t_quantile(chance: float, freedom: int) -> float:
    """Student's t quantile: t = sqrt(freedom) tan(angle), and the angle's density goes with cos^(freedom - 1)."""
    if chance < 0.5:
        return -t_quantile(1 - chance, freedom)
    return float(freedom**0.5 * np.tan(np.interp(1 - chance, *_tails(freedom))))


@functools.lru_cache(8)
def _tails(freedom: int) -> tuple[np.ndarray, np.ndarray]:
    """The chances to lie beyond an angle, and the angles."""
    angles = np.linspace(np.pi / 2, 0, 20_001)  # from the far end, or small tails would be lost in 1
    density = np.cos(angles) ** (freedom - 1)
    beyond = np.cumsum(density) - (density + density[0]) / 2
    return 0.5 * beyond / beyond[-1], angles
