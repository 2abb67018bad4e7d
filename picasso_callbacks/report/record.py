"""Record: what is kept of a look, as plain arrays. docs/store.md says what each of them is."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from picasso_callbacks.explanation import Explanation, WindowValues
from picasso_callbacks.render import resize_image, thumbnail
from picasso_callbacks.store import HeldRecords, Run, to_text

Report = Any
"""A `Report`, whose file imports this one."""

LOOK_BYTES = 900_000
"""What a look may take, before it is compressed: maps are made small enough for that. 1,000 looks are under 1 GB."""

LARGEST_MAP, SMALLEST_MAP = 64, 16
"""The longer side of a map that is kept, in pixels; the smaller one also where that takes more than `LOOK_BYTES`."""

PICTURE, PROOF_PICTURE = 256, 64
"""The longer side of a probe's picture and of one of an exchange."""

PROOFS = 2
"""Of so many alarms the exchanges are drawn and kept."""

Arrays = dict[str, np.ndarray]


def training_record(report: Report, unit: str) -> Arrays:
    """What stays the same over a training: the probes. `unit` is what looks are counted in."""
    probes = report.probes
    regions = probes.regions or {}
    about = {
        "unit": unit,
        "begun": time.time(),
        "names": probes.names,
        "class_names": report.class_names,
        "derived_names": report.derived_names,
        "exclusive": report.exclusive,
        "regions": list(regions),
        "size": probes.images.shape[1:3],
        "labels": [probes.labels_of(index) for index in range(len(probes))] if report.probabilities is not None else [],
        "true_values": None if probes.true_values is None else probes.true_values.tolist(),
    }
    arrays = {"about": to_text(about), "pictures": _small(probes.display(), PICTURE)}
    if regions:
        arrays["regions"] = np.stack([_small_masks(masks) for masks in regions.values()])
    for name, found in report.maps().items():
        if (windows := _windows(found)) is not None:
            arrays[f"canvas_{name}"] = _small(windows.canvas, PICTURE)
    return arrays


def numbers_record(report: Report) -> Arrays:
    """The small numbers of a look, and what is said of them."""
    about = {
        "time": time.time(),
        "verdict": report.verdict,
        "notes": report.notes,
        "expected": report.expected,
        "stable_since": report.stable_since,
        "methods": {name: _about(found) for name, found in report.explanations.items()},
        "dependences": [_dependence(report, one) for one in report.dependences],
        "alarms": [one.name for one in report.alarms],
        "unsure": [one.name for one in report.unsure],
        "evidence": [(one.method, one.region) for one in report.evidence],
        "hidings": [(one.region, one.fall, one.flipped) for one in report.hidings],
    }
    arrays = {
        "about": to_text(about),
        "targets": report.targets.astype("int32"),
        "log_odds": report.log_odds.astype("float32"),
    }
    answers = report.class_scores if report.probabilities is None else report.probabilities
    arrays["values" if report.probabilities is None else "probabilities"] = answers.astype("float32")
    if report.evidence:
        arrays["evidence"] = np.stack([[one.shares, one.areas] for one in report.evidence]).astype("float32")
    for name, found in report.explanations.items():
        if found.is_map:
            arrays[f"largest_{name}"] = np.abs(_finite(found.values)).max(axis=(1, 2, 3))
        elif found.values.shape != answers.shape or not np.array_equal(found.values, answers, equal_nan=True):
            arrays[f"values_{name}"] = found.values
    return arrays


def maps_record(report: Report) -> Arrays:
    """The maps of a look, as their windows' numbers or made small, and the exchanges behind its alarms."""
    arrays: Arrays = {}
    pixelwise = {}
    for name, found in report.maps().items():
        windows = _windows(found)
        if windows is None:
            pixelwise[name] = found.values
        else:
            arrays[f"windows_{name}"] = windows.values.astype("float32")
    proofs = [_proof(report, index) for index in range(min(PROOFS, len(report.proofs)))]
    if proofs:
        arrays["proofs"] = _small(np.concatenate([pictures for _, pictures in proofs]), PROOF_PICTURE)
    outlined, arrays["outlines"], size = _outlines(report)
    arrays["about"] = to_text({"proofs": [words for words, _ in proofs], "outlined": outlined, "outline_size": size})
    if not any(outlined):
        del arrays["outlines"]
    left = LOOK_BYTES - sum(array.nbytes for array in (*arrays.values(), *numbers_record(report).values()))
    side = _side(left, sum(math.prod(values.shape[:2]) for values in pixelwise.values()))
    for name, values in pixelwise.items():
        arrays |= to_halves(name, np.stack([thumbnail(each, side) for each in values]))
    return arrays


def _outlines(report: Report) -> tuple[list[str | None], np.ndarray, tuple[int, ...]]:
    """Of each probe the alarm whose cue is outlined on its card; where it lies, in bits; and the masks' size."""
    images = report.probes.images
    alarms = [report.alarm_of(index) for index in range(len(images))]
    masks = [None if one is None else one.mask_of(index) for index, one in enumerate(alarms)]
    nowhere = np.zeros(images.shape[1:3], bool)
    small = _small_masks(np.stack([nowhere if mask is None else mask for mask in masks]))
    names = [one.name if one and mask is not None else None for one, mask in zip(alarms, masks, strict=True)]
    return names, np.packbits(small.reshape(len(small), -1), axis=1), small.shape[1:]


def as_run(report: Report) -> Run:
    """A report as a training of a single look, which the player shows."""
    records = {("training", 0): training_record(report, "look")}
    return Run(
        "report", HeldRecords({**records, ("numbers", 0): numbers_record(report), ("maps", 0): maps_record(report)})
    )


def to_halves(name: str, values: np.ndarray) -> Arrays:
    """Maps `[P, K, h, w]` in 16 bits, as parts of the largest of each, which is kept in 32."""
    largest = np.abs(_finite(values)).max(axis=(2, 3))
    parts = values / np.where(largest > 0, largest, 1)[..., None, None]
    return {f"map_{name}": parts.astype("float16"), f"scale_{name}": largest.astype("float32")}


def _side(room: float, maps: int) -> int:
    """The longer side at which so many maps take no more than `room` bytes, within limits."""
    return int(np.clip(math.sqrt(max(room, 0) / (2 * max(maps, 1))), SMALLEST_MAP, LARGEST_MAP))


def _about(found: Explanation) -> dict[str, Any]:
    about = {
        "title": found.title,
        "unit": found.unit,
        "score": found.score,
        "notes": found.notes,
        "attribution": found.attribution,
        "is_map": found.is_map,
        "scale": vars(found.scale) if found.scale is not None else None,
    }
    if (windows := _windows(found)) is not None:
        about["windows"] = {
            "size": windows.size,
            "rows": windows.rows.tolist(),
            "columns": windows.columns.tolist(),
        }
    return about


def _windows(found: Explanation) -> WindowValues | None:
    """The windows of a map, where they are not so many that pixels, made small, take less."""
    few = found.windows is not None and found.windows.values.nbytes <= LOOK_BYTES / 3
    return found.windows if few else None


def _dependence(report: Report, one: Any) -> dict[str, Any]:
    return {
        "name": one.name,
        "phrase": one.phrase,
        "suspicious": one.suspicious,
        "change": one.change,
        "count": one.count,
        "gap": one.gap,
        "area": one.area,
        "share": one.share,
        "moved": [index for index in range(len(report)) if one.moves(index)],
    }


def _proof(report: Report, index: int) -> tuple[dict[str, Any], np.ndarray]:
    proof, exhibit = report.proofs[index], report.exhibit(index)
    swaps = [*proof.swaps, *([proof.control] if proof.control else [])]
    rows = [
        {"probe": swap.probe, "donor": swap.donor, "answers": row.answers, "words": row.words, "changed": row.changed}
        for swap, row in zip(swaps, exhibit.rows, strict=True)
    ]
    return {"name": proof.name, "title": exhibit.title, "rows": rows}, np.stack([row.both for row in exhibit.rows])


def _small(pictures: np.ndarray, side: int) -> np.ndarray:
    """uint8 `[N, H, W, 3]`, none longer than `side`."""
    height, width = pictures.shape[1:3]
    scale = side / max(height, width)
    if scale >= 1:
        return pictures
    size = max(1, round(scale * height)), max(1, round(scale * width))
    return np.stack([resize_image(each, size) for each in pictures])


def _small_masks(masks: np.ndarray) -> np.ndarray:
    return (thumbnail(masks.astype("float32"), LARGEST_MAP) >= 0.5).astype("uint8")


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, 0).astype("float32")
