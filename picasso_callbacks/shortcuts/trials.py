"""Trials: which cues of these probes are exchanged, and between which of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import numpy as np

from picasso_callbacks.model import hide_in_memory
from picasso_callbacks.plain import logger
from picasso_callbacks.probes import Probes
from picasso_callbacks.shortcuts.answers import Truth
from picasso_callbacks.shortcuts.cues import SPREAD_TEXTURE, TEXTURE, Cue, Exchange, find_tags, standard_cues
from picasso_callbacks.shortcuts.donors import Pairs
from picasso_callbacks.shortcuts.marks import find_marks, mark_cues, mark_names
from picasso_callbacks.shortcuts.regions import SURROUNDINGS, elsewhere, spread_region

SCREENING_DONORS = 1
"""Donors of either kind for each probe, by which it is seen which cues stand out: two forward passes."""

DONORS = 2
"""Donors of either kind for each cue that stands out, and once more as many if it still does."""

MEASURED = 12
"""By how many probes it is measured how far answers hang on what is not suspicious anyway."""

TAGS, MARKS = 2, 2
"""How many small places that tell classes apart are tried, and marks that lie elsewhere in each image, if there are."""

FEWEST = 4
"""Fewer probes than these allow no statement about a cue."""


@dataclasses.dataclass(frozen=True)
class Trial:
    """One cue to be tried.

    Args:
        cue: The cue, or a region as one.
        screening: Between whom it is exchanged at every look.
        pairs: Between whom, if it stands out; others than before where there are such.
        more: Between whom, too, if it still does; others again, where there are any.
        exchange: Puts it from probes into probes.
        control: Exchanges a part of the same size elsewhere; `None` where there is no such thing.
    """

    cue: Cue
    screening: Pairs
    pairs: Pairs
    more: Pairs
    exchange: Exchange
    control: Exchange | None = None


def make_trials(
    probes: Probes, truth: Truth, expected: str | None = None, allowed: Collection[str] = ()
) -> list[Trial]:
    """The trials of these probes.

    With an expected region, what lies outside of it is exchanged: each other region, and all of the rest at once; and
    the fine texture, which may lie on the object as well and not belong to it. Without one, all kinds of cues that no
    label should hang on.

    Args:
        probes: The probes.
        truth: What their labels say.
        expected: The region that the answers should come from, if the probes have regions.
        allowed: Names of cues or regions that the label may hang on.

    Raises:
        ValueError: Too few probes of a class, no such region or cue.
    """
    among = _pairs(truth)
    if not _enough(among[0], truth):
        raise ValueError(f"Picasso: to tell shortcuts it takes {_too_few(truth)}.")
    images = np.ascontiguousarray(probes.images, "float32")
    texture = SPREAD_TEXTURE if truth.kind == "label" else TEXTURE
    if expected is None:
        size = images.shape[1:3]
        tag_size = (max(size[0] // 8, 2), max(size[1] // 8, 2))
        cues = standard_cues(size, find_tags(images, truth.has, tag_size, TAGS), tag_size, texture)
        _check_allowed(allowed, [*(cue.name for cue in cues), *mark_names(MARKS)])
        cues += mark_cues(find_marks(images, truth.has, tag_size, MARKS), size)
        return [_cue_trial(images, cue, among, allowed) for cue in cues]
    masks = _regions_to_try(probes, expected, allowed)
    trials = [_region_trial(images, truth, name, mask, expected) for name, mask in masks.items()]
    left_out = [trial.cue.name for trial in trials if not _enough(trial.pairs, truth)]
    if SURROUNDINGS in left_out:
        marked = int(masks[SURROUNDINGS].any(axis=(1, 2)).sum())
        raise ValueError(
            f"Picasso: expected is {expected!r}; {marked} of {len(probes)} probes have it and something around it. To "
            "tell what lies outside of it takes two or more such probes of two or more classes."
        )
    if left_out:
        logger.warning("Picasso: too few probes of two classes have the region %s; it is not tried.", left_out)
    return [
        *(trial for trial in trials if trial.cue.name not in left_out),
        _cue_trial(images, texture, among, allowed),
    ]


def _enough(pairs: Pairs, truth: Truth) -> bool:
    """Whether a statement about a cue is possible."""
    has = truth.has[pairs.tested]
    return len(pairs.tested) >= FEWEST and bool((has.any(axis=0) & ~has.all(axis=0)).any())


def _too_few(truth: Truth) -> str:
    """What it takes to tell shortcuts, and what there is."""
    if truth.kind == "value":
        return f"{FEWEST} or more probes of different true values"
    if truth.kind == "label":
        return "a label that two or more probes have and two or more have not"
    many = np.sum(truth.has.sum(axis=0) > 1)
    return (
        f"two or more probes of two or more classes; of {len(truth.names)} classes {many} have so many. "
        "Probes.from_dataset(..., count=24) takes more"
    )


def _pairs(truth: Truth, among: np.ndarray | None = None) -> tuple[Pairs, Pairs, Pairs]:
    """Between whom cues are exchanged at every look, if they stand out, and if they still do."""
    screening = truth.pairs(SCREENING_DONORS, among)
    pairs = truth.pairs(DONORS, among, screening)
    return screening, pairs, truth.pairs(DONORS, among, screening + pairs).without(pairs)


def _cue_trial(images: np.ndarray, cue: Cue, among: tuple[Pairs, Pairs, Pairs], allowed: Collection[str]) -> Trial:
    screening, pairs, more = among
    suspicious = cue.suspicious and cue.name not in allowed
    few = screening if cue.suspicious else screening.of(screening.tested[:: -(-len(screening.tested) // MEASURED)])
    return Trial(dataclasses.replace(cue, suspicious=suspicious), few, pairs, more, cue.prepare(images))


def _regions_to_try(probes: Probes, expected: str, allowed: Collection[str]) -> dict[str, np.ndarray]:
    """Every region that is neither expected nor allowed, without what belongs to those, and all of the rest."""
    regions = probes.regions or {}
    if expected not in regions:
        raise ValueError(f"Picasso: expected is {expected!r}; the probes' regions are {sorted(regions)}.")
    for taken in (SURROUNDINGS, TEXTURE.name):
        if taken in regions:
            raise ValueError(f"Picasso: a region is called {taken!r}, as is what Picasso tries itself. Rename it.")
    _check_allowed(allowed, [*regions, TEXTURE.name])
    inside = regions[expected]
    outside = ~inside & inside.any(axis=(1, 2), keepdims=True)  # where it is not marked, anything may be the object
    for name in set(allowed) & set(regions):
        outside = outside & ~regions[name]
    masks = {name: mask & outside for name, mask in regions.items() if name not in (expected, *allowed)}
    return {**masks, SURROUNDINGS: outside}


def _region_trial(images: np.ndarray, truth: Truth, name: str, masks: np.ndarray, expected: str) -> Trial:
    present = np.asarray(masks.any(axis=(1, 2)))
    area = float(masks[present].mean()) if present.any() else 0.0
    spread, moved = spread_region(images, masks).astype("float32"), elsewhere(masks)

    def exchange(probes: np.ndarray, donors: np.ndarray) -> np.ndarray:
        return hide_in_memory(images, spread, probes, donors, masks[probes][..., None])

    def control(probes: np.ndarray, donors: np.ndarray) -> np.ndarray:
        return hide_in_memory(images, images, probes, donors, moved[probes][..., None])

    phrase = f"everything but the {expected}" if name == SURROUNDINGS else f"the {name}"
    cue = Cue(name, phrase, lambda _: exchange, area=area, mask=masks)
    return Trial(cue, *_pairs(truth, present), exchange, None if area > 0.5 else control)


def _check_allowed(allowed: Collection[str], names: list[str]) -> None:
    unknown = [allowed] if isinstance(allowed, str) else sorted(set(allowed) - set(names))
    if unknown:
        raise ValueError(f"Picasso: allowed is {allowed!r}; expected a list of some of {names}.")
