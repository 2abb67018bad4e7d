"""Finder: all that one look tells of what the answers hang on, and in words what that means."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from picasso_callbacks.explanation import Explanation
from picasso_callbacks.model import LiveModel, Scores
from picasso_callbacks.options import Options
from picasso_callbacks.probes import Probes
from picasso_callbacks.shortcuts.dependence import Dependence
from picasso_callbacks.shortcuts.detector import make_detector
from picasso_callbacks.shortcuts.drift import Drift
from picasso_callbacks.shortcuts.evidence import Evidence, weigh_regions
from picasso_callbacks.shortcuts.hiding import Hiding
from picasso_callbacks.shortcuts.proof import Proof
from picasso_callbacks.shortcuts.verdict import make_verdict


@dataclasses.dataclass(frozen=True)
class Findings:
    """What one look tells of what the answers hang on. `Report`, which is this and more, says what each field is."""

    dependences: tuple[Dependence, ...] = ()
    alarms: tuple[Dependence, ...] = ()
    unsure: tuple[Dependence, ...] = ()
    proofs: tuple[Proof, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    hidings: tuple[Hiding, ...] = ()
    stable_since: int | None = None
    verdict: str = ""
    expected: str | None = None


class Finder:
    """Finds out, look after look, what the answers hang on.

    Args:
        probes: The probes.
        options: For `shortcuts`, `expected` and `allowed`.

    Raises:
        ValueError: Shortcuts were asked for, and can't be told from these probes.
    """

    def __init__(self, probes: Probes, options: Options):
        self._regions = probes.regions or {}
        self._names = probes.names
        self._detector, self._why_not = make_detector(probes, options)
        self._drift = Drift()

    def intention(self) -> tuple[bool, str]:
        """Whether shortcuts are looked for, and which, or why not."""
        return (False, self._why_not) if self._detector is None else self._detector.intention()

    def restart(self) -> None:
        """Another training begins: the alarm's account is opened anew."""
        if self._detector is not None:
            self._detector.restart()

    def copy(self) -> Finder:
        """One whose looks are not counted here."""
        other = copy.copy(self)
        other._detector = copy.copy(self._detector)
        return other

    def find(
        self,
        live: LiveModel,
        scores: Scores,
        maps: Mapping[str, Explanation],
        class_names: Sequence[str],
        attempt: Callable[..., Any],
        unit: str,
        now: int | None,
    ) -> Findings:
        """What this look tells.

        Args:
            live: The model.
            scores: Its scores of the untouched probes.
            maps: The heatmaps that are attributions, by method.
            class_names: A name for each class.
            attempt: As in `Inquiry.look`.
            unit: In what looks are counted.
            now: The count of this one; `None` outside of a training, where there is no drift to be seen.
        """
        detector = self._detector
        told = None if detector is None else attempt("shortcuts", detector.detect, live, scores)
        evidence = attempt("evidence", weigh_regions, maps, self._regions) or ()
        since = None
        if now is not None and maps:
            first = next(iter(maps.values())).values[:, 0]
            # Without the sign: the target may be another class than at the look before, which the same place speaks
            # against.
            since = attempt("drift", self._drift.see, now, np.abs(first))
        expected = None if detector is None else detector.expected
        if detector is None or told is None:
            return Findings(evidence=evidence, stable_since=since, expected=expected)
        hidings = attempt("hiding", detector.hide, live, scores) or ()
        moment = None if since is None else f"{unit} {since}"
        about = told, class_names, expected, evidence, hidings, moment
        verdict = attempt("verdict", make_verdict, *about, self._names) or ""
        return Findings(
            **vars(told), evidence=evidence, hidings=hidings, stable_since=since, verdict=verdict, expected=expected
        )
