"""Alarm: one rule that tells a shortcut from chance and from what honest networks do."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

from picasso_callbacks.shortcuts.dependence import Dependence

CHANCE = 0.01
"""The chance of a false alarm in a whole training, over all cues and epochs, for networks at the threshold."""

HOLD = 0.05
"""The level at which an alarm that was raised is kept: there is nothing to correct for any more."""

_HARMLESS = {"colour": 0.14, "layout": 0.14, "texture": 0.2}
_HARMLESS_PLACE = 0.04

_NEARLY = 0.05
"""All that surrounds the object carries what the sky does, and a little noise: the sky should be named first."""


def harmless(dependence: Dependence) -> float:
    """The change up to which honest networks depend on a cue.

    What is spread over the whole picture always carries a little of the object itself: its coarse layout the object's
    place and size, its fine texture the object's edges.
    """
    return _HARMLESS.get(dependence.name, _HARMLESS_PLACE)


def alarms(dependences: Iterable[Dependence], look: int, raised: Collection[str] = ()) -> list[Dependence]:
    """The suspicious cues on which answers depend by more than is harmless, the worst first; of equals, the smallest.

    The rule: the lower confidence bound of a cue's change, or of the errors it causes, lies above what is harmless. The
    level of the bound is corrected for the number of suspicious cues (Bonferroni) and for looking at every epoch: look
    n may spend 6 / (pi n)^2 of the chance, which sums to 1 over any number of looks. An alarm that was raised stays
    while the bound at the plain level `HOLD` does.

    Args:
        dependences: All cues at one look.
        look: Which look this is, from 1.
        raised: Names of the alarms at the look before.
    """
    suspects = [one for one in dependences if one.suspicious]
    level = CHANCE / max(len(suspects), 1) * 6 / (math.pi * look) ** 2
    found = [one for one in suspects if one.lower_bound(HOLD if one.name in raised else level) > harmless(one)]
    return sorted(found, key=lambda one: one.change - _NEARLY * one.area, reverse=True)
