"""Verdict: what was measured, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from picasso_callbacks.plain import readable
from picasso_callbacks.shortcuts.by_class import ClassDependence
from picasso_callbacks.shortcuts.cues import TEXTURE
from picasso_callbacks.shortcuts.dependence import Dependence, counted, overlap
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
    probe_names: Sequence[str] = (),
) -> str:
    """A sentence for each class about the worst alarm, then what else is known of it; or one that there is none, or
    that there are too few probes to tell. On one line, whatever the names hold.

    Args:
        told: What was detected.
        class_names: A name for each class.
        expected: The region that answers should come from.
        evidence: Of each method and region, the most telling method first.
        hidings: Of each region.
        stable_since: Since when what the network looks at has been the same, such as "epoch 3".
        probe_names: A name for each probe.
    """
    return readable(_said(told, class_names, expected, evidence, hidings, stable_since, probe_names))


def _said(
    told: Detection,
    class_names: Sequence[str],
    expected: str | None,
    evidence: Sequence[Evidence],
    hidings: Sequence[Hiding],
    stable_since: str | None,
    probe_names: Sequence[str],
) -> str:
    drift = [] if stable_since is None else [f"What it looks at has been the same since {stable_since}."]
    if told.unsure:
        return _too_few(told.unsure[0])
    if not told.alarms:
        return " ".join([_none_seen(told.dependences, expected), *drift])
    worst, *others = told.alarms
    all_else = expected is not None and worst.cue == SURROUNDINGS
    sentences = _about_classes(worst, class_names)
    if all_else:
        sentences += [_alone(one) for one in others]
    sentences += _look_at(worst, probe_names)
    sentences += _place(worst, evidence, expected)
    if not all_else:
        sentences += _also(worst, others)
    sentences += _without(hidings, expected)
    sentences.append(
        f"Not what you would expect: the answers should come from the {expected}."
        if expected is not None and worst.cue != TEXTURE.name  # which may be the expected region's own
        else f"Should answers hang on that? If so, say allowed={_cues(told.alarms)}; else mind your data."
    )
    return " ".join([*sentences, *drift])


def words_on_card(
    dependences: Sequence[Dependence], alarms: Sequence[Dependence], unsure: Sequence[Dependence], probe: int
) -> str:
    """What a card of one probe says: of alarms, only those that hold for its own answer; empty if none was looked for.

    Args:
        dependences, alarms, unsure: As in `Detection`.
        probe: Which probe.
    """
    if not dependences:
        return ""
    if unsure:
        return f"too few probes to tell: {', '.join(f'{one.name} {one.count}' for one in unsure[:2])}"
    if not alarms:
        return f"no shortcut seen ({_extent(dependences)})"
    moving = _apart([one for one in alarms if one.moves(probe)])
    if not moving:
        return "a shortcut was seen; this answer stays"
    first, *others = moving[:2]
    more = [f", {one.name} ({one.count})" for one in others]
    return f"hangs on {first.phrase} ({first.count} answers){''.join(more)}"


def _none_seen(tried: Sequence[Dependence], expected: str | None) -> str:
    where = "none of the cues that were tried" if expected is None else f"nothing outside of the {expected}"
    return f"No shortcut seen: the answers hang on {where} ({_extent(tried)})."


def _extent(tried: Sequence[Dependence]) -> str:
    cues = {one.cue for one in tried if one.suspicious}
    return f"{max(len(one.labels) for one in tried)} probes, {len(cues)} cue{'s' * (len(cues) > 1)}"


def _too_few(one: Dependence) -> str:
    return (
        f"Too few probes to tell: swapping {one.phrase} changes {one.count} answers, and so few may be chance. "
        "Probes.from_dataset(..., count=24) takes more."
    )


def _about_classes(one: Dependence, class_names: Sequence[str]) -> list[str]:
    if isinstance(one, ClassDependence):
        return [_about_class(one)]
    labels = np.unique(one.labels)
    if len(labels) > 4:
        return [_about(one, np.ones(len(one.labels), dtype=bool), "All classes")]
    return [_about(one, one.labels == label, (one.sorts or class_names)[label]) for label in labels]


def _about(one: Dependence, rows: np.ndarray, name: str) -> str:
    words = f"{name}: swapping {one.phrase} changes {counted(one.flips[rows])} answers"
    control = "" if one.control is None else f" (a part of that size elsewhere: {one.control[rows].sum():.0f})"
    return f"{words}{control}."


def _about_class(one: ClassDependence) -> str:
    """What becomes of images of other classes that get the cue, and of images of the class that get another."""
    others, own = one.flips[~one.inside], one.flips[one.inside]
    its = f"its {one.phrase.removeprefix('the ')}" if one.phrase.startswith("the ") else one.phrase
    name = one.class_name
    if one.kind == "value":
        return (
            f"{name}: with {one.phrase} of higher ones, {counted(others)} lower answers change; with that of lower "
            f"ones, {counted(own)} higher ones do."
        )
    elsewhere = "images of other classes become" if one.kind == "class" else "images without it are called"
    return (
        f"{name}: with {its}, {counted(others)} {elsewhere} {name}; with that of others, {counted(own)} of its own are "
        "lost."
    )


def _place(worst: Dependence, evidence: Sequence[Evidence], expected: str | None) -> Iterator[str]:
    """How much of the evidence lies there, beside its area; where no map tells, how much the exchange carried.

    A map that puts less than its area there shows the shortcut as little as one that shows nothing; nor does one of
    which most lies on the expected region show what surrounds it.
    """
    around = worst.cue == SURROUNDINGS
    region = expected if around else worst.cue
    told = [one for one in evidence if expected is not None and one.region == region and not np.isnan(one.share)]
    for one in told:
        if one.share < 0.5 if around else (one.share > one.area):
            yield f"{one.share:.0%} of the evidence lies on the {region}, which is {one.area:.0%} of the picture."
            return
    if told and not around:
        yield f"The maps do not show it: what they hide the {region} with may look like it."
    least = worst.area if worst.area < 1 else 0
    if not isinstance(worst, ClassDependence) and least < worst.share <= 1:  # one that tells little may give any number
        place = f", which is {worst.area:.0%} of the picture" if worst.area < 1 else ""
        yield f"{worst.share:.0%} of what tells the classes apart travels with it{place}."


def _alone(part: Dependence) -> str:
    return f"Swapping {part.phrase} alone changes {part.count}."


def _look_at(worst: Dependence, names: Sequence[str]) -> Iterator[str]:
    """Where a person begins: the probes whose answers hang on it most; images like them are in the training data."""
    order = np.argsort(-worst.gaps, kind="stable")
    most = [int(worst.probes[one]) for one in order if worst.moves(int(worst.probes[one]))][:3]
    if most and names:
        yield f"Look first at {', '.join(names[one] for one in most)}, and at training images like these."


def _cues(alarms: Sequence[Dependence]) -> list[str]:
    """What it takes to allow all of them: what is left would be the next alarm."""
    return list(dict.fromkeys(one.cue for one in alarms))


def _also(worst: Dependence, others: Sequence[Dependence]) -> Iterator[str]:
    if named := _apart([worst, *others])[1:]:
        yield f"Answers also hang on {', '.join(f'{one.phrase} ({one.count})' for one in named)}."


def _apart(alarms: Sequence[Dependence]) -> list[Dependence]:
    """Those that change answers, and are not a part of what was named: a picture's colours are its sky's, too."""
    named: list[Dependence] = []
    for one in alarms:
        if not any(overlap(one, each) for each in named) and (round(one.flips.sum()) or not named):
            named.append(one)
    return named


def _without(hidings: Sequence[Hiding], expected: str | None) -> Iterator[str]:
    """How many answers do without what they should come from, if most do."""
    for one in hidings:
        stay = (1 - one.flips.mean(axis=1)).sum()
        if one.region == expected and stay > len(one.flips) / 2:
            yield f"With the {expected} hidden, {stay:.0f} of {len(one.flips)} answers stay the same."
