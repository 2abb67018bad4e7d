"""Explanation: what a method returns. Numbers, their unit, and the scale on which they are comparable."""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Scale:
    """Maps attributions to positions on a colour bar, the same for every epoch.

    Args:
        limit: The value at the bar's end, > 0. `None`: the method's numbers have no natural unit; whoever draws them
            keeps a running maximum and calls `with_limit`.
        signed: `True`: the bar runs from `-limit` to `limit`, and 0 is neutral. `False`: from 0 to `limit`.
        knee: `None`: linear. A float > 0: compressive, `asinh(value / knee)`, so that values around the knee and values
            many times larger can both be seen. Below the knee it is nearly linear, above it nearly logarithmic.
        neutral: Maps whose largest absolute value lies below this are labelled as showing nothing.
    """

    limit: float | None
    signed: bool
    knee: float | None = None
    neutral: float = 0.0

    def with_limit(self, limit: float) -> Scale:
        """The same scale, ending at `limit`."""
        return dataclasses.replace(self, limit=limit)

    def positions(self, values: np.ndarray) -> np.ndarray:
        """Where `values` lie on the bar: float32 in -1..1 (signed) or 0..1, clipped at the ends."""
        if self.limit is None:
            raise ValueError("Scale: this scale has no limit yet; call with_limit(...) first.")
        values = np.asarray(values, dtype="float32")
        limit = max(self.limit, 1e-30)
        if self.knee is None:
            positions = values / limit
        else:
            positions = np.arcsinh(values / self.knee) / np.arcsinh(limit / self.knee)
        return np.clip(positions, -1.0 if self.signed else 0.0, 1.0).astype("float32")


@dataclasses.dataclass(frozen=True, eq=False)
class WindowValues:
    """Heatmaps that are a number for each window, before these were averaged to pixels.

    Args:
        values: float32 `[P, K, rows, columns]`: of the window at each place down and across.
        rows: int `[rows, 2]`, where each place down begins and ends, in pixels of `size`.
        columns: int `[columns, 2]`, the same across.
        size: (h, w) of the pixels over which windows slide: those of the model's input.
        canvas: uint8 `[1 or P, H, W, 3]`: what a hidden place shows, as a person sees it, of all probes or of each.
    """

    values: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    size: tuple[int, int]
    canvas: np.ndarray


@dataclasses.dataclass(frozen=True)
class Explanation:
    """A method's answer about every probe.

    Args:
        values: float32 `[P, K, H, W]`: a heatmap for each probe and target, in display pixels. Positive means evidence
            for the target, unless the scale is unsigned. Or float32 `[P, classes]`: one number for each class.
        unit: The unit of `values`, for example `"nats"`; empty for pure numbers.
        score: Which score of the model was explained and where it was found, for example `"log-odds of the logits"`.
        title: What the numbers are, in a few words. The column is headed with the method's name, as `report[name]` has
            it; a notebook shows both.
        scale: How `values` become colours.
        notes: What a reader must know to read the numbers right, a sentence each. Drawn under the picture.
        attribution: Whether a larger absolute value in a heatmap means that the place counts for more. Not where it
            shows something else, such as the score itself.
        windows: The numbers of which the heatmaps are averages, where they are of windows: what is kept of them then,
            and shown where a person points at one.
    """

    values: np.ndarray
    unit: str
    score: str
    title: str
    scale: Scale
    notes: tuple[str, ...] = ()
    attribution: bool = True
    windows: WindowValues | None = None

    @property
    def is_map(self) -> bool:
        """Whether this is a heatmap of each target, and not a number for each class."""
        return self.values.ndim == 4
