"""Trust: what was measured of a method's maps, in numbers and in words."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping

import numpy as np

from picasso_callbacks.model import LiveModel, Scores
from picasso_callbacks.trust.orders import Areas, measure_areas, random_areas
from picasso_callbacks.trust.redrawn import DEPTHS, SHARE, redrawn_weights, resemblance

SAME, ANOTHER = 0.7, 0.3
"""Rank correlations from which two maps are the same, or up to which they are different ones."""


@dataclasses.dataclass(frozen=True, eq=False)
class Trust:
    """How far a method's maps are to be trusted, of this network at this moment.

    Args:
        areas: Of deletion and insertion by the map.
        by_chance: The same of random orders.
        by_occlusion: The same by occlusion's own map; `None` if it was not asked, or this is it.
        redrawn: The rank correlation of the map with that of a copy of the network whose top half is drawn anew;
            `None` if that was not tried.
        cascade: The same from the top layer down, by the share of layers that are drawn anew: the top one alone (0.0),
            half of them, all (1.0). A map that knows the network falls with the first; one that stays the same to the
            end shows the picture. Empty if that was not tried.
    """

    areas: Areas
    by_chance: Areas
    by_occlusion: Areas | None = None
    redrawn: float | None = None
    cascade: Mapping[float, float] = dataclasses.field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...]:
        """A sentence for what hiding shows, and one for what forgetting does."""
        return (self._hiding(), *self._forgetting())

    def _hiding(self) -> str:
        times = self.areas.times(self.by_chance)
        if times is None:
            return "Hiding at random hardly lowers the scores, so that no map can do better."
        deletion, insertion = times
        own = self.by_occlusion.times(self.by_chance) if self.by_occlusion is not None else None
        beside = f"; by occlusion's own map {own[0]:.1f} and {own[1]:.1f}" if own is not None else ""
        return (
            f"Hiding what this map points at first lowers the score {deletion:.1f} times as fast as hiding at random, "
            f"and showing it first raises it {insertion:.1f} times as fast{beside}."
        )

    def _forgetting(self) -> tuple[str, ...]:
        if self.redrawn is None or math.isnan(self.redrawn):
            return ()
        found = f"with its top half shuffled the network gives {{}} (rank correlation {self.redrawn:.2f}){{}}."
        if self.redrawn >= SAME:
            said = found.format("the same map", ": it shows edges, not evidence")
        elif self.redrawn > ANOTHER:
            said = found.format("a similar map", ": it shows edges as much as evidence")
        else:
            said = found.format("another map", "")
        return (said[0].upper() + said[1:],)


OCCLUSION = "partial_occlusion"


def measure_trust(
    live: LiveModel,
    scores: Scores,
    targets: np.ndarray,
    maps: Mapping[str, np.ndarray],
    with_weights: Callable[[list[np.ndarray]], Mapping[str, np.ndarray]] | None = None,
) -> dict[str, Trust]:
    """Measures each method's maps.

    Args:
        live: The model.
        scores: Its scores of the probes.
        targets: int `[P, K]`.
        maps: Of each method, float32 `[P, K, H, W]`.
        with_weights: Gives the maps of a network like this with other weights; `None`: not to be tried.
    """
    if not maps:
        return {}
    by_chance = random_areas(live, scores, targets)
    areas = {name: measure_areas(live, scores, targets, values) for name, values in maps.items()}
    cascades: dict[str, dict[float, float]] = {name: {} for name in maps}
    if with_weights is not None:
        own = live.model.get_weights()
        for share in DEPTHS:
            others = with_weights(redrawn_weights(own, share))
            for name, values in maps.items():
                cascades[name][share] = resemblance(values, others[name])
    return {
        name: Trust(
            areas[name],
            by_chance,
            areas.get(OCCLUSION) if name != OCCLUSION else None,
            cascades[name].get(SHARE),
            cascades[name],
        )
        for name in maps
    }
