"""Proof: a few exchanges behind an alarm, to look at: what was put where, and what the network said of it."""

from __future__ import annotations

import dataclasses

import numpy as np

from picasso_callbacks.shortcuts.donors import Pairs

SWAPS = 3
"""How many exchanges with donors from elsewhere are shown."""


@dataclasses.dataclass(frozen=True, eq=False)
class Swap:
    """One exchange.

    Args:
        probe, donor: Which probes.
        image: `[H, W, C]`, in the units and type of the probes: the probe with the donor's cue.
        before, after: What the model said, `(what, how much)`: the index of a class and its probability, or of an
            output and its number.
        changed: Whether that is another answer.
    """

    probe: int
    donor: int
    image: np.ndarray
    before: tuple[int, float]
    after: tuple[int, float]
    changed: bool


@dataclasses.dataclass(frozen=True, eq=False)
class Proof:
    """Exchanges of one cue.

    Args:
        name: The dependence's.
        phrase: How a sentence calls the cue, with the class where it is that of a single one.
        mask: bool `[H, W]`, or `[P, H, W]`: where it is; `None` for what is everywhere.
        swaps: The most telling ones, of different probes, whose donors are of another class.
        control: The first of these probes with a donor that is no different from it; `None` where there is none.
        alike: What that donor is.
    """

    name: str
    phrase: str
    mask: np.ndarray | None
    swaps: tuple[Swap, ...]
    control: Swap | None
    alike: str = "its own class"


def most_telling(moved: np.ndarray, groups: np.ndarray, pairs: Pairs) -> tuple[list[int], int | None]:
    """Which pairs to show.

    Args:
        moved: float `[B]`, how far the answer moved, in the order of `pairs`.
        groups: int `[P]`: which probes are alike.
        pairs: Who gave to whom.

    Returns:
        The pairs with donors from elsewhere whose cue moves the answer most, one a probe, in turns of the groups; and
        the first pair of the first of these probes with a donor that is no different from it.
    """
    chosen: list[int] = []
    for pair in sorted(np.flatnonzero(pairs.other).tolist(), key=lambda pair: -moved[pair]):
        if pairs.probes[pair] not in pairs.probes[chosen]:
            chosen.append(pair)
    of = groups[pairs.probes]
    turn = [sum(of[one] == of[pair] for one in chosen[:place]) for place, pair in enumerate(chosen)]
    chosen = [chosen[place] for place in np.argsort(turn, kind="stable")][:SWAPS]
    own = np.flatnonzero(~pairs.other & (pairs.probes == pairs.probes[chosen[0]])) if chosen else np.zeros(0, dtype=int)
    return chosen, int(own[0]) if len(own) else None
