"""Evidence: how much of a map lies on a region, beside how much of the picture the region is."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from picasso_callbacks.explanation import Explanation


@dataclasses.dataclass(frozen=True, eq=False)
class Evidence:
    """The share of a method's map of the first target that lies on a region, at one look.

    What counts is the absolute attribution. For unsigned maps, such as saliency, there is no other. For signed ones,
    such as occlusion, what speaks against a class is looked at as much as what speaks for it; and which of the two a
    place does depends on what it was hidden with. (A clear sky that is blurred stays clear: of a network that knew only
    the sky, the positive part of such occlusion maps put 1.4 times its area on half-tracks, the absolute value 0.7.)

    A map that shows nothing has no share: zero everywhere, or nowhere beyond what its scale calls neutral.

    Args:
        method: Whose map.
        region: On which region.
        shares: float64 `[P]`, 0..1: the share of each probe's map that lies on the region; NaN where a probe lacks the
            region or its map shows nothing.
        areas: float64 `[P]`, 0..1: the share of the picture that the region is, NaN in the same places. So much of a
            map lies on it by chance.
    """

    method: str
    region: str
    shares: np.ndarray
    areas: np.ndarray

    @property
    def share(self) -> float:
        """The mean share over probes; NaN if none has one."""
        return _mean(self.shares)

    @property
    def area(self) -> float:
        """The mean area in the same probes."""
        return _mean(self.areas)

    @property
    def lift(self) -> float:
        """How many times more of the map lies on the region than on any part of that size: `share / area`."""
        return self.share / self.area


def weigh_regions(maps: Mapping[str, Explanation], regions: Mapping[str, np.ndarray]) -> tuple[Evidence, ...]:
    """The evidence on each region in each map, method by method.

    Args:
        maps: Explanations with values `[P, K, H, W]`, attributions, by method.
        regions: Masks by name, bool `[P, H, W]`.
    """
    return tuple(
        Evidence(method, region, *_shares(found, masks))
        for method, found in maps.items()
        for region, masks in regions.items()
    )


def _shares(found: Explanation, masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    weights = np.abs(np.nan_to_num(found.values[:, 0].astype("float64"), posinf=0.0, neginf=0.0))
    told = (weights.max(axis=(1, 2)) > found.scale.neutral) & masks.any(axis=(1, 2))
    total = np.where(told, weights.sum(axis=(1, 2)), 1.0)
    inside = (weights * masks).sum(axis=(1, 2))
    return np.where(told, inside / total, np.nan), np.where(told, masks.mean(axis=(1, 2)), np.nan)


def _mean(values: np.ndarray) -> float:
    told = values[~np.isnan(values)]
    return float(told.mean()) if len(told) else float("nan")
