"""Verdict: what was measured, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from picasso_callbacks.shortcuts.dependence import Dependence


def make_verdict(alarms: Sequence[Dependence], class_names: Sequence[str], expected: str | None) -> str:
    """A sentence for each class about the worst alarm, and the names of the others; or one that there is none."""
    if not alarms:
        if expected is not None:
            return f"No shortcut seen: the answers hang on nothing outside of the {expected}."
        return "No shortcut seen: the answers hang on none of the cues that were tried."
    worst, *others = alarms
    sentences = [_about_class(worst, int(label), class_names[label]) for label in np.unique(worst.labels)]
    if len(sentences) > 4:
        sentences = [_about(worst, np.ones(len(worst.labels), dtype=bool), "All classes")]
    place = f", {worst.area:.0%} of the picture" if worst.area < 1 else ""
    sentences.append(f"{worst.share:.0%} of what tells the classes apart travels with it{place}.")
    if others:
        sentences.append(f"Answers also hang on {', '.join(one.phrase for one in others)}.")
    sentences.append(
        f"That is not the {expected}." if expected else "Should they? If so, say allowed=[...]; else mind your data."
    )
    return " ".join(sentences)


def _about_class(one: Dependence, label: int, name: str) -> str:
    return _about(one, one.labels == label, name)


def _about(one: Dependence, rows: np.ndarray, name: str) -> str:
    words = f"{name}: swapping {one.phrase} changes {one.flips[rows].sum():.0f} of {rows.sum()} answers"
    control = "" if one.control is None else f" (a part of that size elsewhere: {one.control[rows].sum():.0f})"
    return f"{words}{control}."
