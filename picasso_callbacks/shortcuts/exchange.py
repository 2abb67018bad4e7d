"""Exchange: what the live model says of probes into which cues of other probes were put."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from picasso_callbacks.model import LiveModel, Scores
from picasso_callbacks.probes import Probes, in_units_of
from picasso_callbacks.shortcuts.alarm import NEARLY, stands_out
from picasso_callbacks.shortcuts.answers import Answers, make_truth
from picasso_callbacks.shortcuts.by_class import ClassDependence, class_dependence, screen
from picasso_callbacks.shortcuts.cues import Exchange
from picasso_callbacks.shortcuts.dependence import Dependence, exchange_cue, gap_without
from picasso_callbacks.shortcuts.donors import Pairs, pairs_for_class
from picasso_callbacks.shortcuts.proof import Proof, Swap, most_telling
from picasso_callbacks.shortcuts.trials import make_trials

STANDS_OUT = 0.2
"""The level of the bounds by which a class stands out, and is looked at more closely."""

SUSPECTS = 2
"""Of how many classes that stand out it is found out at a look whether they hang on a cue."""


class Exchanges:
    """Measures on what the answers about the probes depend, at one look after another.

    Args:
        probes: The probes.
        plain, outputs: As in `make_truth`.
        expected, allowed: As in `make_trials`.

    Raises:
        ValueError: As `make_truth` and `make_trials`.
    """

    def __init__(
        self,
        probes: Probes,
        plain: bool = False,
        outputs: int | None = None,
        expected: str | None = None,
        allowed: Collection[str] = (),
    ):
        self._arguments = probes, plain, outputs, expected, allowed
        self._probes = probes
        self.truth = make_truth(probes, plain, outputs)
        self._trials = make_trials(probes, self.truth, expected, allowed)
        self._pairs: dict[tuple[int, int], Pairs] = {}
        self._asked: dict[str, tuple[int, Pairs, Scores]] = {}

    def __reduce__(self) -> tuple[type[Exchanges], tuple[Any, ...]]:
        """In another process it is made anew: what exchanges cues are functions within functions."""
        return Exchanges, self._arguments

    @property
    def suspicious(self) -> list[str]:
        """The names of the cues on which answers should not hang."""
        return [trial.cue.name for trial in self._trials if trial.cue.suspicious]

    def answers(self, live: LiveModel, base: Scores) -> Answers:
        """How the model's scores are read at this look."""
        return Answers(self.truth, base, calibrated=live.head.dense or base.probabilities is None)

    def measure(
        self, live: LiveModel, base: Scores, answers: Answers, raised: Collection[str] = ()
    ) -> list[Dependence]:
        """The dependence on each cue, for the weights of the moment, and of single classes those that stand out.

        By a few exchanges of every cue it is seen which cues and classes stand out. What is told of these rests on
        others, between other pairs; so it is not told because it was chosen. The rest is told by the few, and a cue
        that no longer stands out by the first half of the others, by that half.

        Args:
            live: The model.
            base: Its scores of the untouched probes.
            answers: How they are read.
            raised: The names of dependences that are looked at closely in any case.
        """
        trials, told = self._trials, dict[int, tuple[Pairs, Scores]]()

        def tell(index: int, pairs: Pairs, scores: Scores, control: Scores | None = None) -> Dependence:
            told[index] = pairs, scores
            return exchange_cue(trials[index].cue, base, scores, self.truth, answers, pairs, control)

        def to_find_out(cues: Iterable[int]) -> list[int]:
            return [index for index in cues if stands_out(found[index]) or found[index].name in raised]

        few = self._ask(live, [(trial.exchange, trial.screening) for trial in trials])
        found = [tell(index, trials[index].screening, scores) for index, scores in enumerate(few)]
        cues, classes, self._asked = to_find_out(range(len(found))), self._suspects(answers, few, raised), {}
        questions = [(trials[index].exchange, trials[index].pairs) for index in cues]
        questions += [(trials[index].exchange, self._pairs_of(index, column)) for index, column in classes]
        closely = self._ask(live, questions)
        for index, scores in zip(cues, closely, strict=False):
            found[index] = tell(index, trials[index].pairs, scores)
        for index, more, control in self._ask_more(live, to_find_out(cues)):
            pairs, scores = told[index]
            found[index] = tell(index, pairs + trials[index].more, scores + more, control)
        for index in cues:
            gaps = {column: gap_without(column, *told[index], self.truth, answers) for _, column in classes}
            without = {int(self.truth.columns[column]): gap for column, gap in gaps.items()}
            found[index] = dataclasses.replace(found[index], without=without)
            self._asked[found[index].name] = index, *told[index]
        for (index, column), scores in zip(classes, closely[len(cues) :], strict=True):
            pairs = self._pairs_of(index, column)
            found.append(class_dependence(trials[index].cue, column, base, scores, self.truth, answers, pairs))
            self._asked[found[-1].name] = index, pairs, scores
        return found

    def _ask_more(self, live: LiveModel, cues: Sequence[int]) -> Iterator[tuple[int, Scores, Scores | None]]:
        """Of cues that still stand out, what the other half of the donors does, and the controls of both halves."""
        trials = {index: self._trials[index] for index in cues}
        more = [(trial.exchange, trial.more) for trial in trials.values()]
        controls = {
            index: (trial.control, (trial.pairs + trial.more).of_other_classes)
            for index, trial in trials.items()
            if trial.control
        }
        scores = self._ask(live, [*more, *controls.values()])
        of_controls = dict(zip(controls, scores[len(more) :], strict=True))
        for index, one in zip(trials, scores, strict=False):
            yield index, one, of_controls.get(index)

    def prove(self, one: Dependence, base: Scores, answers: Answers) -> Proof:
        """Exchanges to look at, of those of the last look; `one` is of that look, too."""
        index, pairs, scores = self._asked[one.name]
        column = self.truth.names.index(one.class_name) if isinstance(one, ClassDependence) else None
        moved = answers.moved(base[pairs.probes], scores, column)
        chosen, own = most_telling(moved, self.truth.groups, pairs)

        def swap(pair: int) -> Swap:
            row, probe, donor = slice(pair, pair + 1), pairs.probes[[pair]], pairs.donors[[pair]]
            [image] = self._as_probes(self._trials[index].exchange(probe, donor))
            before, after = answers.told(base[probe], scores[row], column)
            changed = bool(answers.changed(base[probe], scores[row], column)[0])
            return Swap(int(probe[0]), int(donor[0]), image, before, after, changed)

        control = None if own is None else swap(own)
        phrase = f"{one.phrase} of {one.class_name}" if isinstance(one, ClassDependence) else one.phrase
        alike = "" if control is None else self._alike(control.probe, column)
        return Proof(one.name, phrase, one.mask, tuple(swap(pair) for pair in chosen), control, alike)

    def _alike(self, probe: int, column: int | None) -> str:
        """What a donor is that is no different from this probe, in all columns or in one."""
        if column is None or self.truth.kind == "value":
            return {"class": "its own class", "label": "the same labels", "value": "the same half"}[self.truth.kind]
        name = self.truth.names[column]
        return f"{name} as well" if self.truth.has[probe, column] else f"not {name} either"

    def _as_probes(self, images: np.ndarray) -> np.ndarray:
        images.clip(*self._probes.value_range, out=images)
        return in_units_of(self._probes.images, images)

    def _suspects(self, answers: Answers, few: Sequence[Scores], raised: Collection[str]) -> list[tuple[int, int]]:
        """Trials and columns: the cue that stands out most of each class, of at most so many classes.

        Of how many classes there are, neither the cost nor the number of what may raise a false alarm depends.
        """
        best: dict[int, tuple[float, int]] = {}
        kept = []
        for index, (trial, scores) in enumerate(zip(self._trials, few, strict=True)):
            has = self.truth.has[trial.screening.tested]
            if not trial.cue.suspicious or has.any(axis=0).sum() < (3 if self.truth.kind == "class" else 2):
                continue
            excess = screen(scores, self.truth, answers, trial.screening, trial.cue, STANDS_OUT)
            for column in np.flatnonzero(has.sum(axis=0) > 1).tolist():
                if excess[column] > 0:
                    far = excess[column] - NEARLY * trial.cue.area
                    best[column] = max(best.get(column, (-1.0, 0)), (far, index))
                held = raised and f"{trial.cue.name} of {self.truth.names[column]}" in raised
                if held or column == trial.cue.column:
                    kept.append((index, column))
        worst = sorted(best, key=lambda column: best[column], reverse=True)[:SUSPECTS]
        return list(dict.fromkeys([*((best[column][1], column) for column in worst), *kept]))

    def _pairs_of(self, index: int, column: int) -> Pairs:
        if (index, column) not in self._pairs:
            used = self._trials[index].screening
            among = np.isin(np.arange(len(self._probes)), used.tested)
            self._pairs[index, column] = pairs_for_class(self.truth.has[:, column], self.truth.groups, among, used)
        return self._pairs[index, column]

    def _ask(self, live: LiveModel, questions: Sequence[tuple[Exchange, Pairs]]) -> list[Scores]:
        """The scores of the images of each question, in the order of its pairs; all are asked in the same batches."""
        ends = np.cumsum([len(pairs.probes) for _, pairs in questions])
        if not len(ends) or not ends[-1]:
            return []
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
