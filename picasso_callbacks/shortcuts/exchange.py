"""Exchange: what the live model says of probes into which cues of other probes were put."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from picasso_callbacks.model import LiveModel, Scores
from picasso_callbacks.probes import Probes, in_units_of
from picasso_callbacks.shortcuts.cues import Exchange
from picasso_callbacks.shortcuts.dependence import Dependence, errors, flips, gaps_and_share
from picasso_callbacks.shortcuts.donors import Pairs
from picasso_callbacks.shortcuts.trials import make_trials


class Exchanges:
    """Measures on what the answers about the probes depend, at one look after another.

    Args:
        probes, expected, allowed: As in `make_trials`.

    Raises:
        ValueError: As `make_trials`.
    """

    def __init__(self, probes: Probes, expected: str | None = None, allowed: Collection[str] = ()):
        self._probes = probes
        self._trials = make_trials(probes, expected, allowed)

    @property
    def suspicious(self) -> list[str]:
        """The names of the cues on which answers should not hang."""
        return [trial.cue.name for trial in self._trials if trial.cue.suspicious]

    def measure(self, live: LiveModel, base: Scores) -> list[Dependence]:
        """The dependence on each cue, for the weights of the moment.

        Args:
            live: The model.
            base: Its scores of the untouched probes.
        """
        assert self._probes.labels is not None
        controls = [(trial.control, trial.pairs.of_other_classes) for trial in self._trials if trial.control]
        answers = self._ask(live, [*((trial.exchange, trial.pairs) for trial in self._trials), *controls])
        of_controls = iter(answers[len(self._trials) :])
        found = []
        for trial, scores in zip(self._trials, answers, strict=False):
            gaps, share = gaps_and_share(base, scores, self._probes.labels, trial.pairs)
            control = flips(base, next(of_controls), trial.pairs.of_other_classes) if trial.control else None
            found.append(
                Dependence(
                    name=trial.cue.name,
                    phrase=trial.cue.phrase,
                    suspicious=trial.cue.suspicious,
                    area=trial.cue.area,
                    probes=trial.pairs.tested,
                    labels=self._probes.labels[trial.pairs.tested],
                    gaps=gaps,
                    errors=errors(scores, self._probes.labels, trial.pairs),
                    flips=flips(base, scores, trial.pairs),
                    share=share,
                    control=control,
                    harmless=trial.cue.harmless,
                    mask=trial.cue.mask,
                )
            )
        return found

    def _ask(self, live: LiveModel, questions: Sequence[tuple[Exchange, Pairs]]) -> list[Scores]:
        """The scores of the images of each question, in the order of its pairs; all are asked in the same batches."""
        ends = np.cumsum([len(pairs.probes) for _, pairs in questions])
        starts = np.concatenate([[0], ends[:-1]])

        def make(rows: np.ndarray) -> np.ndarray:
            which = np.searchsorted(ends, rows, side="right")
            parts = []
            for index in np.unique(which):
                exchange, pairs = questions[index]
                pair = rows[which == index] - starts[index]
                parts.append(exchange(pairs.probes[pair], pairs.donors[pair]))
            images = np.concatenate(parts) if len(parts) > 1 else parts[0]  # rows ascend, so the parts are in order
            images.clip(*self._probes.value_range, out=images)
            return in_units_of(self._probes.images, images)

        scores = live.scores_of_images(make, np.concatenate([pairs.probes for _, pairs in questions]))
        return [scores[start:end] for start, end in zip(starts, ends, strict=True)]
