"""Detector: tells, look after look, whether answers hang on what they should not."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import numpy as np

from picasso_callbacks.model import LiveModel, Scores
from picasso_callbacks.options import Options
from picasso_callbacks.probes import Probes
from picasso_callbacks.shortcuts.alarm import alarms, seeming, without_repeats
from picasso_callbacks.shortcuts.dependence import Dependence
from picasso_callbacks.shortcuts.exchange import Exchanges
from picasso_callbacks.shortcuts.proof import Proof


@dataclasses.dataclass(frozen=True)
class Detection:
    """What one look found.

    Args:
        dependences: How far the answers hang on each cue that was tried.
        alarms: Those on which they should not, but do; the worst first. All that surrounds the expected region is one
            only if no part of it is as bad.
        unsure: Those on which they seem to, as far as so few probes can tell; the worst first, if there is no alarm.
        proofs: Exchanges to look at, of each alarm.
    """

    dependences: tuple[Dependence, ...]
    alarms: tuple[Dependence, ...]
    unsure: tuple[Dependence, ...]
    proofs: tuple[Proof, ...] = ()


class Detector:
    """Measures dependences and applies the alarm's rule. Counts its looks, since the rule is corrected for them.

    Args:
        probes: Labelled probes.
        expected: The region that answers should come from.
        allowed: Names of cues that labels may hang on.
        insists: Whether a model of which nothing can be told is an error.

    Raises:
        ValueError: Too few or unlabelled probes; no such region or cue.
    """

    def __init__(self, probes: Probes, expected: str | None, allowed: Collection[str], insists: bool = False):
        self._exchanges = Exchanges(probes, expected, allowed)
        self._insists = insists
        self.expected = expected
        self.restart()

    def restart(self) -> None:
        """Begins to count looks anew, as for another training."""
        self._looks = 0
        self._raised: list[str] = []

    def detect(self, live: LiveModel, scores: Scores) -> Detection | None:
        """What the answers hang on now; `None` without probabilities of classes, or if not all of them are finite.

        Args:
            live: The model.
            scores: Its scores of the untouched probes.

        Raises:
            ValueError: The model gives no probabilities of classes, and the detector insists.
        """
        if scores.probabilities is None or live.head.dense:
            if self._insists:
                kind = "a class for each position" if live.head.dense else "plain numbers"
                raise ValueError(
                    f"Picasso: the model's output is {kind}; shortcuts are told of models that give an image "
                    "probabilities of classes. Leave out shortcuts=True, expected and allowed."
                )
            return None
        if not np.isfinite(scores.probabilities).all():
            return None
        self._looks += 1
        dependences = self._exchanges.measure(live, scores, self._raised)
        found = alarms(dependences, self._looks, self._raised)
        self._raised = [one.name for one in found]
        unsure = () if found else seeming(dependences)
        told = tuple(without_repeats(found))
        proofs = tuple(self._exchanges.prove(one, scores) for one in told)
        return Detection(tuple(dependences), told, tuple(unsure), proofs)

    @property
    def tried(self) -> list[str]:
        """The names of the cues on which answers should not hang."""
        return self._exchanges.suspicious


def make_detector(probes: Probes, options: Options) -> tuple[Detector | None, str]:
    """A `Detector`, or `None` if shortcuts are not to be looked for, or can't be and nobody asked; then, why.

    Raises:
        ValueError: They were asked for, and can't be told from these probes.
    """
    if options.shortcuts is False:
        return None, "shortcuts=False."
    insists = bool(options.shortcuts or options.expected is not None or options.allowed)
    try:
        return Detector(probes, options.expected, options.allowed, insists), ""
    except ValueError as error:
        if insists:
            raise
        return None, str(error).removeprefix("Picasso: ")
