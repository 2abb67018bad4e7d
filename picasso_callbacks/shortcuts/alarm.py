"""Alarm: one rule that tells a shortcut from chance and from what honest networks do."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

from picasso_callbacks.shortcuts.by_class import ClassDependence
from picasso_callbacks.shortcuts.cues import TEXTURE
from picasso_callbacks.shortcuts.dependence import Dependence, overlap
from picasso_callbacks.shortcuts.regions import SURROUNDINGS

CHANCE = 0.05
"""The nominal chance of a false alarm in a whole training, over all cues and epochs, for networks at the threshold.

Nominal, since the bounds take the probes' gaps for independent, and probes share donors: docs/shortcuts_statistics.md.
"""

HOLD = 0.5
"""The level at which an alarm that was raised is kept: until the cue is about as likely to be harmless as not."""

SCREENING = 0.6
"""The level at which a cue stands out by a few exchanges, and is looked at more closely."""

RARER = 10
"""By how many times rarer than of the two others the bound of the share is wrong: it adds little to the chance."""

FELT = 0.1
"""So much more often are answers wrong, if a shortcut that shows in log-odds is to be told."""

FAR = 0.2
"""So much more than is harmless is worth a word, though too few probes to tell."""

OTHERS = 0.25
"""If other classes among themselves hang on a cue by so much of what one class does, it is told of all."""

NEARLY = 0.05
"""All that surrounds the object carries what the sky does, and a little noise: the sky should be named first."""


def alarms(dependences: Iterable[Dependence], look: int, raised: Collection[str] = ()) -> list[Dependence]:
    """The suspicious cues on which answers depend by more than is harmless, the worst first; of equals, the smallest.

    The rule: the lower confidence bound of a cue's mean gap, or of the errors it causes, lies above what is harmless.
    Or that of the share of what tells the classes apart that travels with the cue does, and some answers are wrong:
    while a network is unsure, few answers say little, and its log-odds say it clearly.
    The level of the bounds is corrected for the number of suspicious cues (Bonferroni) and for looking at every epoch:
    look n may spend 6 / (pi n)^2 of the chance, which sums to 1 over any number of looks. What the probes alone show of
    a class is one question that was there before the first look; it is not corrected. An alarm that was raised stays
    while one of the bounds at the level `HOLD` does.

    Args:
        dependences: All cues at one look.
        look: Which look this is, from 1.
        raised: Names of the alarms at the look before.
    """
    suspects = [one for one in dependences if one.suspicious]
    corrected = CHANCE / max(len(suspects), 1) * 6 / (math.pi * look) ** 2

    def level(one: Dependence) -> float:
        if one.name in raised:
            return HOLD
        return CHANCE if isinstance(one, ClassDependence) and one.foreseen else corrected

    found = [one for one in suspects if _exceeds(one, level(one))]
    return sorted(found, key=lambda one: one.gap - NEARLY * one.area, reverse=True)


def stands_out(one: Dependence) -> bool:
    """Whether answers may depend on a suspicious cue by more than is harmless, so that it should be found out."""
    return one.suspicious and _exceeds(one, SCREENING)


def seeming(dependences: Iterable[Dependence]) -> list[Dependence]:
    """The suspicious cues on which answers depend by far more than is harmless, unless by chance; the worst first."""
    suspects = [one for one in dependences if one.suspicious and not isinstance(one, ClassDependence)]
    found = [one for one in suspects if one.gap > one.harmless[0] + FAR]
    return sorted(found, key=lambda one: one.gap, reverse=True)


def without_repeats(alarms: list[Dependence]) -> list[Dependence]:
    """Without what others say already.

    All that surrounds the expected region, where a part of it comes first: it carries what that part does. And a cue of
    all classes where it is a single class's, or else of the single class.
    """
    places = [one.cue for one in alarms if one.cue != TEXTURE.name]
    parts = [one for one in alarms if one.cue != SURROUNDINGS or places[0] == SURROUNDINGS]
    return [one for one in parts if not any(_tells_more(other, one) for other in parts)]


def _tells_more(one: Dependence, other: Dependence) -> bool:
    """Whether of a cue of a single class and one of all classes, which are the same in part, the first says it all."""
    if isinstance(one, ClassDependence) == isinstance(other, ClassDependence) or not overlap(one, other):
        return False
    of_class, of_all = (one, other) if isinstance(one, ClassDependence) else (other, one)
    assert isinstance(of_class, ClassDependence)
    single = of_all.without.get(of_class.of, 0.0) < OTHERS * of_class.gap
    return single == (one is of_class)


def _exceeds(one: Dependence, level: float) -> bool:
    gap, errors, share = one.harmless
    if any(bound > limit for bound, limit in zip(one.lower_bounds(level), (gap, errors), strict=True)):
        return True
    return one.error > FELT and one.share_bound(level / RARER) > share
