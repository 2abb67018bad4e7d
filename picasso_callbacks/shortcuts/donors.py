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
    def of_other_classes(self) -> Pairs:
        """The pairs whose donor is of another class."""
        return Pairs(self.probes[self.other], self.donors[self.other], self.other[self.other])


def choose_pairs(labels: np.ndarray, each: int, among: np.ndarray | None = None) -> Pairs:
    """For every probe `each` donors of other classes and `each` of its own, as evenly spread as possible.

    Args:
        labels: int `[P]`.
        each: How many of either kind; fewer where there are not so many.
        among: bool `[P]`, which probes take part; by default all.

    Returns:
        The pairs of all probes that have donors of both kinds.
    """
    rng = np.random.default_rng(0)
    rows: list[tuple[int, int, bool]] = []
    used = np.zeros((2, len(labels)))
    among = np.ones(len(labels), dtype=bool) if among is None else among
    for probe in rng.permutation(len(labels)):
        same = np.flatnonzero(among & (labels == labels[probe]) & (np.arange(len(labels)) != probe))
        other = np.flatnonzero(among & (labels != labels[probe]))
        if not among[probe] or not len(same) or not len(other):
            continue
        for kind, candidates in enumerate((same, other)):
            order = np.lexsort((rng.random(len(candidates)), used[kind, candidates]))  # the least used first
            chosen = candidates[order[:each]]
            used[kind, chosen] += 1
            rows += [(int(probe), int(donor), bool(kind)) for donor in chosen]
    table = np.array(sorted(rows), dtype=int).reshape(-1, 3)
    return Pairs(table[:, 0], table[:, 1], table[:, 2].astype(bool))
