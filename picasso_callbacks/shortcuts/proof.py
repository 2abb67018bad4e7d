"""Proof: a few exchanges behind an alarm, to look at: what was put where, and what the network said of it."""

from __future__ import annotations

import dataclasses

import numpy as np

from picasso_callbacks.model import Scores
from picasso_callbacks.shortcuts.donors import Pairs

SWAPS = 3
"""How many exchanges with donors from elsewhere are shown."""


@dataclasses.dataclass(frozen=True, eq=False)
class Swap:
    """One exchange.

    Args:
        probe, donor: Which probes.
        image: `[H, W, C]`, in the units and type of the probes: the probe with the donor's cue.
        before, after: The answers, class indices.
        chances: The probability of the answer before, and that of the answer after.
    """

    probe: int
    donor: int
    image: np.ndarray
    before: int
    after: int
    chances: tuple[float, float]


@dataclasses.dataclass(frozen=True, eq=False)
class Proof:
    """Exchanges of one cue.

    Args:
        name: The dependence's.
        phrase: How a sentence calls the cue, with the class where it is that of a single one.
        mask: bool `[H, W]`, or `[P, H, W]`: where it is; `None` for what is everywhere.
        swaps: The most telling ones, of different probes, whose donors are of another class.
        control: The first of these probes with a donor of its own class; `None` where there is none.
    """

    name: str
    phrase: str
    mask: np.ndarray | None
    swaps: tuple[Swap, ...]
    control: Swap | None


def most_telling(base: Scores, exchanged: Scores, pairs: Pairs) -> tuple[list[int], int | None]:
    """Which pairs to show.

    Args:
        base: Scores of the P untouched probes.
        exchanged: Scores of the probes with their donors' cue, in the order of `pairs`.
        pairs: Who gave to whom.

    Returns:
        The pairs with donors from elsewhere whose cue takes most of the answer's probability, one a probe, in turns of
        the answers before; and the first pair of the first of these probes with a donor of its own class.
    """
    assert base.probabilities is not None
    assert exchanged.probabilities is not None
    answers = base.ranking.argmax(axis=1)[pairs.probes]
    rows = np.arange(len(answers))
    falls = base.probabilities[pairs.probes, answers] - exchanged.probabilities[rows, answers]
    chosen: list[int] = []
    for pair in sorted(np.flatnonzero(pairs.other).tolist(), key=lambda pair: -falls[pair]):
        if pairs.probes[pair] not in pairs.probes[chosen]:
            chosen.append(pair)
    turn = [sum(answers[one] == answers[pair] for one in chosen[:place]) for place, pair in enumerate(chosen)]
    chosen = [chosen[place] for place in np.argsort(turn, kind="stable")][:SWAPS]
    own = np.flatnonzero(~pairs.other & (pairs.probes == pairs.probes[chosen[0]])) if chosen else np.zeros(0, dtype=int)
    return chosen, int(own[0]) if len(own) else None


def swap_of(base: Scores, exchanged: Scores, pairs: Pairs, pair: int, image: np.ndarray) -> Swap:
    """One of the pairs with its picture and answers."""
    assert base.probabilities is not None
    assert exchanged.probabilities is not None
    probe, donor = int(pairs.probes[pair]), int(pairs.donors[pair])
    before, after = int(base.ranking[probe].argmax()), int(exchanged.ranking[pair].argmax())
    chances = float(base.probabilities[probe, before]), float(exchanged.probabilities[pair, after])
    return Swap(probe, donor, image, before, after, chances)
