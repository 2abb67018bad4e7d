"""Verdict: what was measured, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from picasso_callbacks.shortcuts.cues import TEXTURE
from picasso_callbacks.shortcuts.dependence import Dependence
from picasso_callbacks.shortcuts.detector import Detection
from picasso_callbacks.shortcuts.evidence import Evidence
from picasso_callbacks.shortcuts.hiding import Hiding
from picasso_callbacks.shortcuts.regions import SURROUNDINGS


def make_verdict(
    told: Detection,
    class_names: Sequence[str],
    expected: str | None,
    evidence: Sequence[Evidence] = (),
    hidings: Sequence[Hiding] = (),
    stable_since: str | None = None,
) -> str:
    """A sentence for each class about the worst alarm, then what else is known of it; or one that there is none, or
    that there are too few probes to tell.

    Args:
        told: What was detected.
        class_names: A name for each class.
        expected: The region that answers should come from.
        evidence: Of each method and region, the most telling method first.
        hidings: Of each region.
        stable_since: Since when what the network looks at has been the same, such as "epoch 3".
    """
    drift = [] if stable_since is None else [f"What it looks at has been the same since {stable_since}."]
    if told.unsure:
        return _too_few(told.unsure[0])
    if not told.alarms:
        return " ".join([_none_seen(told.dependences, expected), *drift])
    worst, *others = told.alarms
    all_else = expected is not None and worst.name == SURROUNDINGS
    sentences = _about_classes(worst, class_names)
    if all_else:
        sentences += [_alone(one) for one in others]
    sentences += _place(worst, evidence, expected)
    if not all_else:
        sentences += _also(others)
    sentences += _without(hidings, expected)
    sentences.append(
        f"Not what you would expect: the answers should come from the {expected}."
        if expected is not None and worst.name != TEXTURE.name  # which may be the expected region's own
        else f"Should answers hang on that? If so, say allowed=[{worst.name!r}]; else mind your data."
    )
    return " ".join([*sentences, *drift])


def _none_seen(tried: Sequence[Dependence], expected: str | None) -> str:
    where = "none of the cues that were tried" if expected is None else f"nothing outside of the {expected}"
    cues = sum(one.suspicious for one in tried)
    probes = max(len(one.labels) for one in tried)
    return f"No shortcut seen: the answers hang on {where} ({probes} probes, {cues} cues)."


def _too_few(one: Dependence) -> str:
    return (
        f"Too few probes to tell: swapping {one.phrase} changes {one.flips.sum():.0f} of {len(one.flips)} answers, "
        "and so few may be chance. Probes.from_dataset(..., count=24) takes more."
    )


def _about_classes(one: Dependence, class_names: Sequence[str]) -> list[str]:
    labels = np.unique(one.labels)
    if len(labels) > 4:
        return [_about(one, np.ones(len(one.labels), dtype=bool), "All classes")]
    return [_about(one, one.labels == label, class_names[label]) for label in labels]


def _about(one: Dependence, rows: np.ndarray, name: str) -> str:
    words = f"{name}: swapping {one.phrase} changes {one.flips[rows].sum():.0f} of {rows.sum()} answers"
    control = "" if one.control is None else f" (a part of that size elsewhere: {one.control[rows].sum():.0f})"
    return f"{words}{control}."


def _place(worst: Dependence, evidence: Sequence[Evidence], expected: str | None) -> Iterator[str]:
    """How much of the evidence lies there, beside its area; where no map tells, how much the exchange carried."""
    region = expected if worst.name == SURROUNDINGS else worst.name
    if expected is not None:
        for one in evidence:
            if one.region == region and not np.isnan(one.share):
                yield f"{one.share:.0%} of the evidence lies on the {region}, which is {one.area:.0%} of the picture."
                return
    if 0 < worst.share <= 1:  # a network that tells little apart yet may give any number
        place = f", which is {worst.area:.0%} of the picture" if worst.area < 1 else ""
        yield f"{worst.share:.0%} of what tells the classes apart travels with it{place}."


def _alone(part: Dependence) -> str:
    return f"Swapping {part.phrase} alone changes {part.flips.sum():.0f} of {len(part.flips)}."


def _also(others: Sequence[Dependence]) -> Iterator[str]:
    if others:
        yield f"Answers also hang on {', '.join(one.phrase for one in others)}."


def _without(hidings: Sequence[Hiding], expected: str | None) -> Iterator[str]:
    """How many answers do without what they should come from."""
    for one in hidings:
        if one.region == expected:
            stay = (1 - one.flips.mean(axis=1)).sum()
            yield f"With the {expected} hidden, {stay:.0f} of {len(one.flips)} answers stay the same."
