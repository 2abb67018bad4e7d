"""Hiding: what becomes of the answers when a region is covered by something neutral."""

from __future__ import annotations

import dataclasses

import numpy as np

from picasso_callbacks.model import LiveModel, Scores
from picasso_callbacks.shortcuts.answers import Answers

CANVASES = ("grey", "mean", "blur")
"""What a region is hidden with. None is neutral to every network - grey may be a cloudy sky -, so it takes several."""


@dataclasses.dataclass(frozen=True, eq=False)
class Hiding:
    """What hiding a region does to the answers about the N probes that have it: three forward passes each.

    Args:
        region: Which region.
        probes: int `[N]`, the probes that have it.
        canvases: The names of the canvases.
        falls: float64 `[N, canvases]`: by how much the log-odds of the label fall, in nats, or what else speaks for
            what the probe is: `Answers.support`.
        flips: bool `[N, canvases]`: whether the answer changes.
    """

    region: str
    probes: np.ndarray
    canvases: tuple[str, ...]
    falls: np.ndarray
    flips: np.ndarray

    @property
    def fall(self) -> float:
        """The mean of `falls` over probes and canvases."""
        return float(self.falls.mean())

    @property
    def flipped(self) -> float:
        """The share of answers that change, 0..1, over probes and canvases."""
        return float(self.flips.mean())


def hide_regions(live: LiveModel, base: Scores, answers: Answers) -> tuple[Hiding, ...]:
    """Hides each region of the probes, which must be labelled, behind each canvas.

    Args:
        live: The model.
        base: Its scores of the untouched probes.
        answers: How these are read.
    """
    regions = live.probes.regions or {}
    which, probes = np.nonzero([masks.any(axis=(1, 2)) for masks in regions.values()])
    masks = _scaled(np.stack(list(regions.values())), live.layout.size)[which, probes]

    def measure(scores: Scores, rows: np.ndarray) -> np.ndarray:
        return np.stack([answers.support(scores, rows), answers.changed(base[rows], scores)], axis=1)

    count = len(CANVASES)
    of_canvas = np.tile(np.arange(count), len(probes))
    of_probe, of_mask = np.repeat(probes, count), np.repeat(np.arange(len(probes)), count)
    canvases = np.concatenate([live.canvases(name) for name in CANVASES])
    rows = (of_probe, of_canvas * len(base) + of_probe, of_mask)
    found = live.scores_under_masks(live.inputs, canvases, lambda index: masks[index], rows, measure)
    found = found.astype("float64").reshape(len(probes), count, 2)
    falls = answers.support(base[probes], probes)[:, None] - found[..., 0]
    return tuple(
        Hiding(name, probes[which == index], CANVASES, falls[which == index], found[which == index, :, 1] > 0)
        for index, name in enumerate(regions)
    )


def _scaled(masks: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Masks `[..., H, W]` at another size, each pixel that of its centre: `[..., h, w]`."""
    sides = zip(masks.shape[-2:], size, strict=True)
    rows, columns = (((np.arange(to) + 0.5) * side / to).astype(int) for side, to in sides)
    return masks[..., rows, :][..., columns]
