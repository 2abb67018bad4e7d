"""Answers: what the player asks for, as the bytes of `.npz` files. docs/store.md says what is in them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from picasso_callbacks.encode import encode, encode_png
from picasso_callbacks.explanation import Scale
from picasso_callbacks.render import overlay, resize_image, thumbnail
from picasso_callbacks.store import Run, from_npz, to_npz, to_text

CLASSES = 24
"""Of so many classes probabilities are drawn over epochs: those that probes are, or are taken for, first."""

EXACT = 64
"""Pictures up to so many pixels are enlarged: they are sent as they are."""

GREYS = 32
"""Into so many greys the probe under a map is divided."""


@dataclasses.dataclass(frozen=True)
class Smaller:
    """How much smaller a run is made for a page, where there is a limit.

    Args:
        steps: Which looks are kept; `None`: all.
        picture: The longer side of pictures, in pixels.
        map: That of maps that are not of windows; `None`: as they are.
    """

    steps: tuple[int, ...] | None = None
    picture: int = 256
    map: int | None = None

    def keeps(self, run: Run) -> list[int]:
        """The looks of a run that are kept."""
        return [step for step in run.steps.tolist() if self.steps is None or step in self.steps]


def index_of(names: Mapping[str, Sequence[int]], totals: Mapping[str, int] | None = None) -> dict[str, Any]:
    """Which looks there are of which run, and of how many."""
    totals = totals or {}
    return {
        "runs": [
            {"name": name, "steps": list(steps), "total": totals.get(name, len(steps))} for name, steps in names.items()
        ]
    }


def training(run: Run, smaller: Smaller = Smaller()) -> bytes:
    """What stays the same: probes, regions, canvases, what pixels take of windows, and the colours of the cards."""
    arrays = {"about": to_text(run.about), "colors_signed": _colors(True), "colors_unsigned": _colors(False)}
    arrays |= _files("pictures", run.images, smaller.picture)
    if run.regions:
        arrays["regions"] = np.stack(list(run.regions.values())).astype("uint8")
    for method, about in run.methods.items():
        if "windows" in about:
            for axis, weights in zip(("rows", "columns"), run.weights(method), strict=True):
                arrays[f"{axis}_{method}"] = weights.astype("float32")
            arrays |= _files(f"canvas_{method}", run.canvas(method), smaller.picture)
    return to_npz(arrays)


def history(run: Run, smaller: Smaller = Smaller()) -> bytes:
    """The small numbers of all looks that are kept, and what was said of each."""
    steps = smaller.keeps(run)
    kept = np.flatnonzero(np.isin(run.steps, steps))
    answers = run.probabilities if run.probabilities is not None else run.plain_values
    classes = _classes(run, answers)
    arrays = {
        "steps": np.array(steps, "int32"),
        "targets": run.targets[kept],
        "log_odds": run.log_odds[kept],
        "classes": classes.astype("int32"),
        "probabilities" if run.probabilities is not None else "values": answers[kept][..., classes],
        "changes": run.changes[kept],
    }
    if run.probabilities is not None:
        known = np.nan_to_num(answers[kept], nan=-1.0)
        labels = [one[0] if one else None for one in run.labels] or [None] * len(run.probes)
        of_label = [known[:, p, label] if label is not None else np.ones(len(kept)) for p, label in enumerate(labels)]
        arrays |= {"answers": known.argmax(axis=2).astype("int32"), "sure": known.max(axis=2)}
        arrays["of_label"] = np.stack(of_label, axis=1).astype("float32")
    evidence = run.evidence()
    for index, shares in enumerate(evidence.values()):
        arrays[f"evidence_{index}"] = shares[kept]
    for method, about in run.methods.items():
        if about["is_map"]:
            largest = run.largest(method)[kept]
            arrays[f"largest_{method}"] = np.nan_to_num(largest)
    said = [{name: run.findings(step)[name] for name in _SAID} for step in steps]
    arrays["about"] = to_text(
        {"said": said, "methods": run.methods, "evidence": list(evidence), "begun": run.about["begun"]}
    )
    return to_npz(arrays)


_SAID = ("verdict", "notes", "expected", "alarms", "dependences")


def look(run: Run, step: int, smaller: Smaller = Smaller()) -> bytes | None:
    """The maps of a look, and the exchanges behind its alarms; `None` where they are lost."""
    data = run.records.data("maps", step)
    if data is None or smaller.map is None:
        return data
    arrays = from_npz(data)
    for name, maps in arrays.items():
        if name.startswith("map_"):
            small = np.stack([thumbnail(each, smaller.map) for each in maps.astype("float32")])
            arrays[name] = small.astype("float16")
    return to_npz(arrays)


def _classes(run: Run, answers: np.ndarray) -> np.ndarray:
    """The classes whose answers are shown, in their own order."""
    count = answers.shape[-1]
    if count <= CLASSES:
        return np.arange(count)
    weight = np.nan_to_num(answers).max(axis=(0, 1))
    for labels in run.labels:
        weight[list(labels or ())] += 2
    targets = run.targets[(run.targets >= 0) & (run.targets < count)]
    weight[targets] += 1
    return np.sort(np.argsort(-weight, kind="stable")[:CLASSES])


def _colors(signed: bool) -> np.ndarray:
    """The colours of a bar over each of some greys of the probe: uint8 `[255, GREYS, 3]`, as the cards have them."""
    positions, greys = np.linspace(-1, 1, 255, dtype="float32"), np.arange(GREYS) * 256 // GREYS
    shape = (len(positions), GREYS)
    values = np.broadcast_to(positions[:, None], shape)
    return overlay(values, np.broadcast_to(greys.astype("uint8"), shape), Scale(1.0, signed))


def _files(name: str, pictures: Iterable[np.ndarray], side: int) -> dict[str, np.ndarray]:
    """Pictures as files, one after the other, and where each ends."""
    small = [_fit(each, side) for each in pictures]
    files = [encode_png(each) if max(each.shape) <= EXACT else encode(each) for each in small]
    ends = np.cumsum([len(file) for file in files]).astype("int32")
    return {name: np.frombuffer(b"".join(files), "uint8"), f"{name}_ends": ends}


def _fit(picture: np.ndarray, side: int) -> np.ndarray:
    scale = side / max(picture.shape[:2])
    if scale >= 1:
        return picture
    return resize_image(picture, (max(1, round(scale * picture.shape[0])), max(1, round(scale * picture.shape[1]))))
