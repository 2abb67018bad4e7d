"""Exchange: what is put from which donor into which probe, and what the live model says of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import numpy as np

from picasso_callbacks.live_model import LiveModel
from picasso_callbacks.probes import Probes
from picasso_callbacks.scores import Scores
from picasso_callbacks.shortcuts.cues import Cue, find_tags, standard_cues
from picasso_callbacks.shortcuts.dependence import Dependence, measure
from picasso_callbacks.shortcuts.donors import choose_pairs
from picasso_callbacks.shortcuts.regions import elsewhere, spread_region

DONORS = 4
"""Donors of either kind for each probe and cue: eight forward passes."""

TAGS = 2
"""How many small places with a constant mark are tried."""


class Exchanges:
    """Measures on what the answers about the probes depend, at one look after another.

    With an expected region, what lies outside of it is exchanged: each other region, and all of the rest at once.
    Else kinds of cues are, which no label should hang on unless the user says so.

    Args:
        probes: Labelled probes, two or more of at least two classes.
        expected: The region that the answers should come from, if the probes have regions.
        allowed: Names of cues, or with an expected region names of regions, that the label may hang on.

    Raises:
        ValueError: No labels, too few probes of a class, no such region or cue.
    """

    def __init__(self, probes: Probes, expected: str | None = None, allowed: Collection[str] = ()):
        self._probes = probes
        self._images = probes.images.astype("float64")
        if probes.labels is None:
            raise ValueError("Picasso: shortcuts can't be told without labels. Pass Probes(..., labels=...).")
        self._labels = probes.labels
        self._pairs = choose_pairs(probes.labels, DONORS)
        if len(self._pairs.tested) < 4:
            raise ValueError(
                "Picasso: to tell shortcuts it takes two or more probes of two or more classes; there are "
                f"{np.unique(probes.labels, return_counts=True)[1].tolist()} of each class."
            )
        self._cues = self._kinds_of_cues(allowed) if expected is None else self._region_cues(expected, allowed)

    def measure(self, live: LiveModel, base: Scores) -> list[Dependence]:
        """The dependence on each cue, for the weights of the moment.

        Args:
            live: The model.
            base: Its scores of the untouched probes.
        """
        pairs, count = self._pairs, len(self._pairs.probes)
        cues = [cue for cue, _ in self._cues] + [control for _, control in self._cues if control is not None]
        scores = live.scores_of_images(lambda rows: self._exchanged(cues, rows), np.tile(pairs.probes, len(cues)))
        parts = [scores[index * count : (index + 1) * count] for index in range(len(cues))]
        controls = iter(parts[len(self._cues) :])
        found = []
        for (cue, control), part in zip(self._cues, parts, strict=False):
            gaps, flips, share = measure(base, part, self._labels, pairs)
            of_control = None if control is None else measure(base, next(controls), self._labels, pairs)[1]
            labels = self._labels[pairs.tested]
            found.append(
                Dependence(cue.name, cue.phrase, cue.suspicious, cue.area, labels, gaps, flips, share, of_control)
            )
        return found

    def _exchanged(self, cues: list[Cue], rows: np.ndarray) -> np.ndarray:
        """The probes with their donors' cue, for rows of `cues` x pairs: `[len(rows), H, W, C]`."""
        which, pair = np.divmod(rows, len(self._pairs.probes))
        probes, donors = self._pairs.probes[pair], self._pairs.donors[pair]
        images = np.empty((len(rows), *self._images.shape[1:]))
        for index in np.unique(which):
            chosen = which == index
            images[chosen] = cues[index].exchange(probes[chosen], donors[chosen])
        return np.clip(images, *self._probes.value_range).astype("float32")

    def _kinds_of_cues(self, allowed: Collection[str]) -> list[tuple[Cue, Cue | None]]:
        """The cues to try without masks, as exchanges between probes given by their indices."""
        images = self._images
        size = images.shape[1:3]
        tag_size = (max(size[0] // 8, 2), max(size[1] // 8, 2))
        cues = standard_cues(size, find_tags(images, self._labels, tag_size, TAGS), tag_size)
        _check_allowed(allowed, [cue.name for cue in cues])
        return [(_between(images, cue, cue.name in allowed), None) for cue in cues]

    def _region_cues(self, expected: str, allowed: Collection[str]) -> list[tuple[Cue, Cue | None]]:
        """Every region that is neither expected nor allowed, and all else at once; each with a control of its size."""
        regions = self._probes.regions or {}
        if expected not in regions:
            raise ValueError(f"Picasso: expected is {expected!r}; the probes' regions are {sorted(regions)}.")
        _check_allowed(allowed, list(regions))
        inside = regions[expected]
        outside = ~inside & inside.any(axis=(1, 2), keepdims=True)  # where it is not marked, anything may be the object
        for name in allowed:
            outside = outside & ~regions[name]
        masks = {name: mask & outside for name, mask in regions.items() if name not in (expected, *allowed)}
        masks["surroundings"] = outside
        return [self._region_cue(name, mask, expected) for name, mask in masks.items()]

    def _region_cue(self, name: str, masks: np.ndarray, expected: str) -> tuple[Cue, Cue | None]:
        images, area = self._images, float(masks.mean())
        present = np.asarray(masks.any(axis=(1, 2)))
        spread = spread_region(images, masks)

        def exchange(probes: np.ndarray, donors: np.ndarray) -> np.ndarray:
            there = np.logical_and(masks[probes], present[donors][:, None, None])[..., None]
            return np.asarray(np.where(there, spread[donors], images[probes]))

        moved = elsewhere(masks)

        def control(probes: np.ndarray, donors: np.ndarray) -> np.ndarray:
            return np.where(moved[probes][..., None], images[donors], images[probes])

        phrase = f"everything but the {expected}" if name == "surroundings" else f"the {name}"
        of_same_size = None if area > 0.5 else Cue(f"{name} elsewhere", "a part of that size", control, area=area)
        return Cue(name, phrase, exchange, area=area), of_same_size


def _check_allowed(allowed: Collection[str], names: list[str]) -> None:
    unknown = [allowed] if isinstance(allowed, str) else sorted(set(allowed) - set(names))
    if unknown:
        raise ValueError(f"Picasso: allowed is {allowed!r}; expected a list of some of {names}.")


def _between(images: np.ndarray, cue: Cue, allowed: bool) -> Cue:
    return dataclasses.replace(
        cue,
        exchange=lambda probes, donors: cue.exchange(images[probes], images[donors]),
        suspicious=cue.suspicious and not allowed,
    )
