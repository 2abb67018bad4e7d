"""Pairs: the contents of two cards of one probe, held against each other."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from picasso_callbacks.render import Heatmap, Panel, label_words


def check_alike(first: Sequence[Panel], second: Sequence[Panel]) -> None:
    """Raises a `ValueError` that names what is not the same: probes, classes, labels, methods, scales, all targets."""
    if len(first) != len(second):
        raise ValueError(f"compare: one look is at {len(first)} probes, the other at {len(second)}; expected the same.")
    for one, other in zip(first, second, strict=True):
        if one.name != other.name or one.image.shape != other.image.shape or (one.image != other.image).any():
            raise ValueError(
                f"compare: the probes {one.name!r} and {other.name!r} are not the same picture under the same name; "
                "expected the same probes in the same order. Explain both models with one Probes."
            )
    one, other = first[0], second[0]
    _same("class_names", one.class_names, other.class_names)
    _same("labels", [label_words(panel) for panel in first], [label_words(panel) for panel in second])
    _same("methods", [each.title for each in one.heatmaps], [each.title for each in other.heatmaps])
    for left, right in zip(one.heatmaps, other.heatmaps, strict=True):
        _same(f"scales of {left.title!r}", _kind(left), _kind(right))
    if not any(set(left.target_names) & set(right.target_names) for left, right in zip(first, second, strict=True)):
        raise ValueError(
            f"compare: the targets are {list(one.target_names)} and {list(other.target_names)}, with none in common "
            "for any probe; expected the same. Pass targets=... to both looks."
        )


def _same(what: str, one: object, other: object) -> None:
    if one != other:
        raise ValueError(f"compare: the {what} are {one} and {other}; expected the same. Look at both in the same way.")


def _kind(heatmap: Heatmap) -> str:
    """All of a scale but where it ends."""
    scale = heatmap.scale
    return f"{heatmap.unit or 'pure numbers'}, signed={scale.signed}, knee={scale.knee}, neutral={scale.neutral}"


def on_one_scale(one: Panel, other: Panel) -> tuple[Panel, Panel]:
    """Both with scales that end where the larger one does."""
    limits = [max(each.scale.limit or 0.0 for each in both) for both in zip(one.heatmaps, other.heatmaps, strict=True)]
    left, right = (
        tuple(
            dataclasses.replace(each, scale=each.scale.with_limit(limit))
            for each, limit in zip(panel.heatmaps, limits, strict=True)
        )
        for panel in (one, other)
    )
    return dataclasses.replace(one, heatmaps=left), dataclasses.replace(other, heatmaps=right)


def correlations(one: Panel, other: Panel, column: int) -> list[float]:
    """For each target of the first, how its map of one method correlates with the other's map of the same target."""
    places = {name: k for k, name in enumerate(other.target_names)}
    left, right = one.heatmaps[column], other.heatmaps[column]
    return [
        _correlation(left.values[k], right.values[places[name]], left.scale.neutral) if name in places else np.nan
        for k, name in enumerate(one.target_names)
    ]


def _correlation(one: np.ndarray, other: np.ndarray, neutral: float) -> float:
    known = np.isfinite(one) & np.isfinite(other)
    one, other = one[known].astype("float64"), other[known].astype("float64")
    if any(np.ptp(each) == 0 or np.abs(each).max() <= neutral for each in (one, other) if each.size) or not one.size:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])
