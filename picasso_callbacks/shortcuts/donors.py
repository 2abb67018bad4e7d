"""Donors: whose cue is put into which probe. Chosen once, the same at every epoch."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np


@dataclasses.dataclass(frozen=True)
class Pairs:
    """Which donor's cue goes into which probe.

    Args:
        probes: int `[B]`.
        donors: int `[B]`, never the probe itself.
        other: bool `[B]`: whether the donor is of another class than the probe.
    """

    probes: np.ndarray
    donors: np.ndarray
    other: np.ndarray

    @functools.cached_property
    def tested(self) -> np.ndarray:
        """The probes that have donors, each once: int `[N]`."""
        return np.unique(self.probes)

    @functools.cached_property
    def runs(self) -> tuple[np.ndarray, np.ndarray]:
        """An order in which the pairs of a probe follow each other, and where those of each tested probe begin."""
        order = np.argsort(self.probes, kind="stable")
        return order, np.searchsorted(self.probes[order], self.tested)

    @functools.cached_property
    def of_other_classes(self) -> Pairs:
        """The pairs whose donor is of another class."""
        return self[self.other]

    def of(self, probes: np.ndarray) -> Pairs:
        """The pairs of these probes."""
        return self[np.isin(self.probes, probes)]

    def __getitem__(self, rows: np.ndarray) -> Pairs:
        return Pairs(self.probes[rows], self.donors[rows], self.other[rows])

    def __add__(self, more: Pairs) -> Pairs:
        """These, and then those."""
        mine, others = (vars(pairs) for pairs in (self, more))
        return Pairs(*(np.concatenate([mine[name], others[name]]) for name in ("probes", "donors", "other")))

    def without(self, others: Pairs) -> Pairs:
        """Those that are not among others, too."""
        known = set(zip(others.probes.tolist(), others.donors.tolist(), strict=True))
        new = [pair not in known for pair in zip(self.probes.tolist(), self.donors.tolist(), strict=True)]
        return self[np.array(new, dtype=bool)]


def pairs_for_class(
    inside: np.ndarray, groups: np.ndarray, among: np.ndarray, used: Pairs, takers: int = 24, each: int = 2
) -> Pairs:
    """Who gives to whom to tell what one class hangs on: donors from the class and from others for either.

    Donors are as evenly used as possible, and not those that a probe had before where there are others.

    Args:
        inside: bool `[P]`: which probes are of the class.
        groups: int `[P]`: which probes are alike.
        among: bool `[P]`, which probes take part.
        used: Pairs that were looked at already.
        takers: How many probes of other classes take part at most, as many of each group.
        each: Donors of either kind for a probe of another class; twice as many for one of the class.
    """
    rng = np.random.default_rng(1)
    own = np.flatnonzero(among & inside)
    others = rng.permutation(np.flatnonzero(among & ~inside))
    turn = np.array([np.sum(groups[others[:place]] == groups[other]) for place, other in enumerate(others)])
    chosen = [*others[np.argsort(turn, kind="stable")][:takers], *own[:takers]]
    before, uses = _before(used, len(inside)), np.zeros(len(inside))
    rows: list[tuple[int, int, bool]] = []
    for taker in chosen:
        of_class = inside[taker]
        for donors, across in ((own, not of_class), (others, of_class)):
            order = np.lexsort((rng.random(len(donors)), uses[donors], before[taker, donors], donors == taker))
            for donor in donors[order[: each * (1 + of_class)]]:
                if donor != taker:
                    uses[donor] += 1
                    rows.append((int(taker), int(donor), bool(across)))
    table = np.array(rows, dtype=int).reshape(-1, 3)
    return Pairs(table[:, 0], table[:, 1], table[:, 2].astype(bool))


def choose_covering_pairs(
    has: np.ndarray, each: int, among: np.ndarray | None = None, used: Pairs | None = None
) -> Pairs:
    """For every probe twice `each` donors, so that as many columns as can be are had by some and not by others.

    Args:
        has: bool `[P, C]`: which probes have which columns.
        each, among, used: As in `choose_pairs`.
    """
    rng = np.random.default_rng(0)
    rows: list[tuple[int, int, bool]] = []
    uses, before = np.zeros(len(has)), _before(used, len(has))
    among = np.ones(len(has), dtype=bool) if among is None else among
    for probe in rng.permutation(np.flatnonzero(among)):
        candidates = np.flatnonzero(among & (np.arange(len(has)) != probe))
        covered = np.zeros((2, has.shape[1]), dtype=bool)
        for _ in range(min(2 * each, len(candidates))):
            news = has[candidates] @ (1.0 - covered[1]) + ~has[candidates] @ (1.0 - covered[0])
            keys = rng.random(len(candidates)), uses[candidates], before[probe, candidates], -news
            [donor, *_] = candidates[np.lexsort(keys)]
            candidates = candidates[candidates != donor]
            covered |= np.stack([~has[donor], has[donor]])
            uses[donor] += 1
            rows.append((int(probe), int(donor), bool((has[donor] != has[probe]).any())))
    table = np.array(sorted(rows), dtype=int).reshape(-1, 3)
    return Pairs(table[:, 0], table[:, 1], table[:, 2].astype(bool))


def choose_pairs(labels: np.ndarray, each: int, among: np.ndarray | None = None, used: Pairs | None = None) -> Pairs:
    """For every probe `each` donors of other classes and `each` of its own, as evenly spread as possible.

    Args:
        labels: int `[P]`.
        each: How many of either kind; fewer where there are not so many.
        among: bool `[P]`, which probes take part; by default all.
        used: Pairs that are left out where there are others.

    Returns:
        The pairs of all probes that have donors of both kinds.
    """
    rng = np.random.default_rng(0)
    rows: list[tuple[int, int, bool]] = []
    uses, before = np.zeros((2, len(labels))), _before(used, len(labels))
    among = np.ones(len(labels), dtype=bool) if among is None else among
    for probe in rng.permutation(len(labels)):
        same = np.flatnonzero(among & (labels == labels[probe]) & (np.arange(len(labels)) != probe))
        other = np.flatnonzero(among & (labels != labels[probe]))
        if not among[probe] or not len(same) or not len(other):
            continue
        for kind, candidates in enumerate((same, other)):
            keys = rng.random(len(candidates)), uses[kind, candidates], before[probe, candidates]
            chosen = candidates[np.lexsort(keys)[:each]]  # the least used first
            uses[kind, chosen] += 1
            rows += [(int(probe), int(donor), bool(kind)) for donor in chosen]
    table = np.array(sorted(rows), dtype=int).reshape(-1, 3)
    return Pairs(table[:, 0], table[:, 1], table[:, 2].astype(bool))


def _before(used: Pairs | None, count: int) -> np.ndarray:
    """Which probes had which donors: bool `[P, P]`."""
    before = np.zeros((count, count), dtype=bool)
    if used is not None:
        before[used.probes, used.donors] = True
    return before
