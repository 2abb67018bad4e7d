"""Scalars: the numbers of a report, by their tags. Probabilities, and what the answers hang on."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from picasso_callbacks.log.tags import distinct_tags
from picasso_callbacks.report import Report

ALL_CLASSES = 10
"""Up to so many classes, each has its scalar; beyond, only a probe's label and targets."""


def scalars_of(report: Report) -> dict[str, float]:
    """The numbers of a look, by tag."""
    return {**_of_answers(report), **_of_classes(report), **_of_shortcuts(report)}


def _of_answers(report: Report) -> dict[str, float]:
    """The probes in two numbers, since each class of each probe has its own: how many are right, and how sure."""
    labels, probabilities = report.probes.labels, report.probabilities
    if labels is None or probabilities is None:
        return {}
    return {
        "picasso_answers/right": float(np.mean(probabilities.argmax(axis=1) == labels)),
        "picasso_answers/probability of the label": float(np.mean(probabilities[np.arange(len(labels)), labels])),
    }


def _of_classes(report: Report) -> dict[str, float]:
    labels = None if report.probabilities is None else report.probes.labels
    group, values = "picasso_probability", report.probabilities
    if values is None:
        group, values = "picasso_value", report.class_scores
    class_tags = distinct_tags(report.class_names)
    scalars = {}
    for index, tag in enumerate(distinct_tags(report.probes.names)):
        classes = list(range(len(report.class_names)))
        if len(report.class_names) > ALL_CLASSES:
            label = [] if labels is None else [labels[index]]
            explained = [target for target in report.targets[index] if target < len(class_tags)]
            classes = sorted({int(one) for one in (*label, *explained)})
        for one in classes:
            scalars[f"{group}/{tag}/{class_tags[one]}"] = float(values[index, one])
    return scalars


def _of_shortcuts(report: Report) -> dict[str, float]:
    """A group for each kind of measurement, with a region's share beside its area."""
    cues = _tags([one.name for one in report.dependences])
    regions, methods = _tags(report.probes.regions or {}), _tags(report.explanations)
    scalars = {f"picasso_dependence/{cues[one.name]}": one.change for one in report.dependences}
    for one in report.evidence:
        if not math.isnan(one.share):
            scalars[f"picasso_evidence/{regions[one.region]}/{methods[one.method]}"] = one.share
            scalars[f"picasso_evidence/{regions[one.region]}/area"] = one.area
    for hidden in report.hidings:
        scalars[f"picasso_hiding/{regions[hidden.region]}/answers changed"] = hidden.flipped
        scalars[f"picasso_hiding/{regions[hidden.region]}/fall of log-odds"] = hidden.fall
    if report.stable_since is not None:
        scalars["picasso_stable_since"] = report.stable_since
    return scalars


def _tags(names: Iterable[str]) -> dict[str, str]:
    """A part of a tag for each of some distinct names."""
    names = list(names)
    return dict(zip(names, distinct_tags(names), strict=True))
