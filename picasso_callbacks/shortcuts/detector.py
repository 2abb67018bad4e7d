"""Detector: tells, look after look, whether answers hang on what they should not."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Collection

import numpy as np

from picasso_callbacks.model import LiveModel, Scores
from picasso_callbacks.options import Options
from picasso_callbacks.probes import Probes
from picasso_callbacks.shortcuts.alarm import alarms, seeming, without_repeats
from picasso_callbacks.shortcuts.dependence import Dependence
from picasso_callbacks.shortcuts.exchange import Exchanges
from picasso_callbacks.shortcuts.hiding import Hiding, hide_regions
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

    A copy counts its own; what it finds out about the model, both know.

    Args:
        probes: Labelled probes.
        expected: The region that answers should come from.
        allowed: Names of cues that labels may hang on.
        insists: Whether a model of which nothing can be told is an error.

    Raises:
        ValueError: Too few or unlabelled probes; no such region or cue.
    """

    def __init__(self, probes: Probes, expected: str | None, allowed: Collection[str], insists: bool = False):
        self._make = functools.partial(Exchanges, probes, expected=expected, allowed=allowed)
        self._insists = insists
        self._made: dict[tuple[bool, int | None], Exchanges | str] = {}  # or why not; shared by copies
        # What the labels mean, the model's output tells; until that is known, they are classes if they can be.
        try:
            self._made[False, None] = self._make()
        except ValueError as error:
            try:
                self._made[True, None] = self._make(plain=True)
            except ValueError:
                raise error from None
        self.expected = expected
        self.restart()

    def restart(self) -> None:
        """Begins to count looks anew, as for another training."""
        self._looks = 0
        self._raised: list[str] = []

    def detect(self, live: LiveModel, scores: Scores) -> Detection | None:
        """What the answers hang on now; `None` if the labels don't say it of such answers, or if not all are finite.

        Args:
            live: The model.
            scores: Its scores of the untouched probes.

        Raises:
            ValueError: The labels don't say it, and the detector insists.
        """
        exchanges = self._exchanges(scores)
        if isinstance(exchanges, str) or not np.isfinite(scores.ranking).all():
            return None
        self._looks += 1
        answers = exchanges.answers(live, scores)
        dependences = exchanges.measure(live, scores, answers, self._raised)
        found = alarms(dependences, self._looks, self._raised)
        self._raised = [one.name for one in found]
        unsure = () if found else seeming(dependences)
        told = tuple(without_repeats(found))
        proofs = tuple(exchanges.prove(one, scores, answers) for one in told)
        return Detection(tuple(dependences), told, tuple(unsure), proofs)

    def hide(self, live: LiveModel, scores: Scores) -> tuple[Hiding, ...]:
        """What hiding each region does to the answers, if there is one that they should come from."""
        exchanges = self._exchanges(scores)
        if self.expected is None or isinstance(exchanges, str):
            return ()
        return hide_regions(live, scores, exchanges.answers(live, scores))

    def _exchanges(self, scores: Scores) -> Exchanges | str:
        """What goes with the model's answers, or why nothing does."""
        plain = scores.probabilities is None
        of = plain, scores.classes if plain else None
        if of not in self._made:
            try:
                self._made[of] = self._make(*of)
            except ValueError as error:
                if self._insists:
                    raise
                self._made[of] = _reason(error)
        return self._made[of]

    def intention(self) -> tuple[bool, str]:
        """Whether shortcuts are looked for, and which, or why not, as far as is known of the model."""
        *_, exchanges = self._made.values()
        if isinstance(exchanges, str):
            return False, exchanges
        tried = exchanges.suspicious
        return True, f"probes exchange {len(tried)} cues ({', '.join(tried)})."


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
        return None, _reason(error)


def _reason(error: ValueError) -> str:
    return str(error).removeprefix("Picasso: ")
