"""Exchange: what the live model says of probes into which cues of other probes were put."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from picasso_callbacks.model import LiveModel, Scores
from picasso_callbacks.probes import Probes, in_units_of
from picasso_callbacks.shortcuts.alarm import NEARLY
from picasso_callbacks.shortcuts.by_class import ClassDependence, class_dependence, screen
from picasso_callbacks.shortcuts.cues import Exchange
from picasso_callbacks.shortcuts.dependence import Dependence, errors, flips, gaps_and_share
from picasso_callbacks.shortcuts.donors import Pairs, pairs_for_class
from picasso_callbacks.shortcuts.proof import Proof, Swap, most_telling, swap_of
from picasso_callbacks.shortcuts.trials import make_trials

SCREENING = 0.2
"""The level of the bounds by which a class stands out, and is looked at more closely."""

SUSPECTS = 2
"""Of how many classes that stand out it is found out at a look whether they hang on a cue."""


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
        self._pairs: dict[tuple[int, int], Pairs] = {}
        self._asked: dict[str, tuple[int, Pairs, Scores]] = {}

    @property
    def suspicious(self) -> list[str]:
        """The names of the cues on which answers should not hang."""
        return [trial.cue.name for trial in self._trials if trial.cue.suspicious]

    def measure(self, live: LiveModel, base: Scores, raised: Collection[str] = ()) -> list[Dependence]:
        """The dependence on each cue, for the weights of the moment, and of single classes those that stand out.

        Args:
            live: The model.
            base: Its scores of the untouched probes.
            raised: The names of dependences that are looked at again if they are of single classes.
        """
        controls = [(trial.control, trial.pairs.of_other_classes) for trial in self._trials if trial.control]
        answers = self._ask(live, [*((trial.exchange, trial.pairs) for trial in self._trials), *controls])
        of_controls = iter(answers[len(self._trials) :])
        found = []
        self._asked = {
            trial.cue.name: (index, trial.pairs, scores)
            for index, (trial, scores) in enumerate(zip(self._trials, answers, strict=False))
        }
        for trial, scores in zip(self._trials, answers, strict=False):
            gaps, share = gaps_and_share(base, scores, self._labels, trial.pairs)
            control = flips(base, next(of_controls), trial.pairs.of_other_classes) if trial.control else None
            found.append(
                Dependence(
                    name=trial.cue.name,
                    phrase=trial.cue.phrase,
                    suspicious=trial.cue.suspicious,
                    area=trial.cue.area,
                    probes=trial.pairs.tested,
                    labels=self._labels[trial.pairs.tested],
                    gaps=gaps,
                    errors=errors(scores, self._labels, trial.pairs),
                    flips=flips(base, scores, trial.pairs),
                    share=share,
                    control=control,
                    harmless=trial.cue.harmless,
                    mask=trial.cue.mask,
                )
            )
        return [*found, *self._of_classes(live, base, answers, raised)]

    def prove(self, one: Dependence, base: Scores) -> Proof:
        """Exchanges to look at, of those of the last look; `one` is of that look, too."""
        index, pairs, scores = self._asked[one.name]
        chosen, own = most_telling(base, scores, pairs)

        def swap(pair: int) -> Swap:
            exchanged = self._trials[index].exchange(pairs.probes[[pair]], pairs.donors[[pair]])
            [image] = self._as_probes(exchanged)
            return swap_of(base, scores, pairs, pair, image)

        control = None if own is None else swap(own)
        phrase = f"{one.phrase} of {one.class_name}" if isinstance(one, ClassDependence) else one.phrase
        return Proof(one.name, phrase, one.mask, tuple(swap(pair) for pair in chosen), control)

    def _as_probes(self, images: np.ndarray) -> np.ndarray:
        images.clip(*self._probes.value_range, out=images)
        return in_units_of(self._probes.images, images)

    def _of_classes(
        self, live: LiveModel, base: Scores, answers: Sequence[Scores], raised: Collection[str]
    ) -> list[ClassDependence]:
        """Of classes that seem to hang on a cue by the exchanges that were made, the most suspect, on fresh pairs.

        Of how many classes there are, neither the cost nor the number of what may raise a false alarm depends.
        """
        chosen = self._suspects(answers, raised)
        questions = [(self._trials[index].exchange, self._pairs_of(index, of)) for index, of in chosen]
        found = []
        for (index, of), scores in zip(chosen, self._ask(live, questions) if questions else (), strict=True):
            about = self._trials[index].cue, of, self._class_name(of)
            found.append(class_dependence(*about, base, scores, self._labels, self._pairs_of(index, of)))
            self._asked[found[-1].name] = index, self._pairs_of(index, of), scores
        return found

    def _suspects(self, answers: Sequence[Scores], raised: Collection[str]) -> list[tuple[int, int]]:
        """Trials and classes: the cue that stands out most of each class, of at most so many classes."""
        best: dict[int, tuple[float, int]] = {}
        kept = []
        for index, (trial, scores) in enumerate(zip(self._trials, answers, strict=False)):
            classes, counts = np.unique(self._labels[trial.pairs.tested], return_counts=True)
            if not trial.cue.suspicious or len(classes) < 3:
                continue
            classes = classes[counts > 1]
            excess = screen(scores, self._labels, trial.pairs, classes, trial.cue, SCREENING)
            for of, far in zip(classes.tolist(), excess.tolist(), strict=True):
                if far > 0:
                    best[of] = max(best.get(of, (-1.0, 0)), (far - NEARLY * trial.cue.area, index))
                if raised and f"{trial.cue.name} of {self._class_name(of)}" in raised:
                    kept.append((index, of))
        worst = sorted(best, key=lambda of: best[of], reverse=True)[:SUSPECTS]
        return list(dict.fromkeys([*((best[of][1], of) for of in worst), *kept]))

    def _pairs_of(self, index: int, of: int) -> Pairs:
        if (index, of) not in self._pairs:
            used = self._trials[index].pairs
            among = np.isin(np.arange(len(self._labels)), used.tested)
            self._pairs[index, of] = pairs_for_class(self._labels, of, among, used)
        return self._pairs[index, of]

    def _class_name(self, of: int) -> str:
        return self._probes.class_names[of] if self._probes.class_names else f"class {of}"

    @property
    def _labels(self) -> np.ndarray:
        assert self._probes.labels is not None
        return self._probes.labels

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
            return self._as_probes(images)

        scores = live.scores_of_images(make, np.concatenate([pairs.probes for _, pairs in questions]))
        return [scores[start:end] for start, end in zip(starts, ends, strict=True)]
