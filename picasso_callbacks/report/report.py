"""Report: everything that one look at a model found."""

from __future__ import annotations

import dataclasses
import functools
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from picasso_callbacks.explanation import Explanation
from picasso_callbacks.plain import readable
from picasso_callbacks.player import bounded, cell, document
from picasso_callbacks.probes import Probes
from picasso_callbacks.render import Exchanged, Exhibit, Heatmap, Panel, draw_exhibit, draw_panel, percent
from picasso_callbacks.report.comparison import Comparison
from picasso_callbacks.report.overview import overview
from picasso_callbacks.report.record import PROOFS, as_run
from picasso_callbacks.report.save import save, save_page
from picasso_callbacks.report.table import Row, make_rows
from picasso_callbacks.shortcuts import Dependence, Findings, Proof, Swap, words_on_card
from picasso_callbacks.trust import Trust

CELL_BYTES, PAGE_BYTES = 2_000_000, 25_000_000
"""What the player takes of a notebook, with the page that stands in for it, and of a file."""

CELL_PICTURE = 160
"""The longer side of pictures in a notebook."""


@dataclasses.dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Report(Findings):
    """What one look found: numbers, and pictures of them. Shows itself in a notebook.

    Args:
        probes: The probes looked at.
        class_names: A name for each class.
        derived_names: Names of the contrasts and functions among the targets, which are numbered on from the last
            class.
        targets: int `[P, K]`, what is explained of each probe.
        class_scores: float32 `[P, classes]`: logits, or the outputs themselves where they are plain numbers.
        log_odds: float32 `[P, K]`: of each target `log(p / (1 - p))` in nats, which never saturates; of a contrast, a
            function or a plain number, its value.
        probabilities: float32 `[P, classes]`; `None` where the outputs are plain numbers.
        exclusive: Whether one class excludes the others, as under a softmax; else each is a yes or no of its own.
        explanations: An `Explanation` for each method, by its name.
        trust: How far each method's maps are to be trusted, by its name; empty if that was not asked.
        notes: What one must know of the model's answers to read the numbers right, a sentence or two each.
        dependences: How far the answers hang on each cue that was tried; empty if shortcuts were not looked for.
        alarms: Those of them on which answers should not hang, but do; the worst first.
        unsure: Those on which answers seem to hang, as far as so few probes can tell; the worst first, if there is no
            alarm.
        proofs: Exchanges to look at, of each alarm.
        evidence: How much of each heatmap lies on each region; empty without regions.
        hidings: What hiding each region does to the answers; empty without an expected region.
        stable_since: The epoch (or step) since which the first heatmaps have hardly changed; `None` if they still do,
            or outside of a training.
        verdict: What all that means, in words; empty if shortcuts were not looked for.
        expected: The region that answers should come from, where one was named.

    Example:

        report = explain(model, probes)
        report["partial_occlusion"].values   # float32 [P, K, H, W], nats
        report.to_dataframe().sort_values("log_odds")
        report.save("look")                  # a folder of cards and numbers; "look.html", "look.png": one file
    """

    probes: Probes
    class_names: tuple[str, ...]
    derived_names: tuple[str, ...]
    targets: np.ndarray
    class_scores: np.ndarray
    log_odds: np.ndarray
    probabilities: np.ndarray | None
    explanations: Mapping[str, Explanation]
    exclusive: bool = True
    trust: Mapping[str, Trust] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __getitem__(self, method: str) -> Explanation:
        if method not in self.explanations:
            raise KeyError(f"No method {method!r} in this report; it holds {sorted(self.explanations)}.")
        return self.explanations[method]

    def __len__(self) -> int:
        return len(self.probes)

    def __repr__(self) -> str:
        *others, last = self.explanations or ("no method",)
        methods = f"{', '.join(others)} and {last}" if others else last
        words = [f"{len(self)} probes", methods, *self._alarmed()]
        return f"Report({readable(', '.join(words))})"

    def image(self, index: int) -> Image.Image:
        """The composite picture of probe `index`: the probe, its heatmaps and its class probabilities."""
        return Image.fromarray(self._draw(index))

    def panel(self, index: int, moment: str = "", limits: Mapping[str, float] | None = None) -> Panel:
        """What the composite picture of probe `index` shows.

        Args:
            index: Which probe.
            moment: When it was looked at, to be named in the picture: `"epoch 3"`.
            limits: Where the scales of methods without a natural unit end, by method; by default at the largest value
                of this probe over all targets.
        """
        limits = self.limits(index) if limits is None else limits
        heatmaps = [
            Heatmap(
                title=name,
                values=found.values[index],
                scale=found.scale if found.scale.limit is not None else found.scale.with_limit(limits[name]),
                unit=found.unit,
                notes=found.notes,
            )
            for name, found in self.maps().items()
        ]
        bars = [found.values[index] for found in self.explanations.values() if not found.is_map]
        targets = tuple(int(target) for target in self.targets[index])
        names = (*self.class_names, *self.derived_names)
        plain = self.probabilities is None
        truth = self.probes.true_values
        told = plain and truth is not None and truth.shape[1] == len(self.class_names)
        alarm = self.alarm_of(index)
        return Panel(
            name=self.probes.names[index],
            moment=moment,
            image=self.probes.display([index])[0],
            class_names=self.class_names,
            probabilities=bars[0] if bars and not plain else None,
            plain_values=bars[0] if bars and plain else None,
            finding=words_on_card(self.dependences, self.alarms, self.unsure, index),
            alarm=bool(self.alarms),
            outline=None if alarm is None else alarm.mask_of(index),
            labels=None if plain else self.probes.labels_of(index),
            targets=targets,
            target_names=tuple(names[target] for target in targets),
            heatmaps=tuple(heatmaps),
            exclusive=self.exclusive,
            notes=self.notes,
            true_values=truth[index] if told else None,  # type: ignore[index]
        )

    def alarm_of(self, index: int) -> Dependence | None:
        """The worst alarm that holds for the answer about probe `index`, whose cue its card outlines."""
        return next((one for one in self.alarms if one.moves(index)), None)

    def proof(self, name: str | None = None) -> Image.Image:
        """A picture of the exchanges behind an alarm: three that tell most, and one with a donor of the same class.

        Args:
            name: The name of one of the `alarms`. `None`: the worst.

        Raises:
            KeyError: There is no such alarm.
        """
        names = [one.name for one in self.proofs]
        if not names or name not in (None, *names):
            raise KeyError(f"No alarm {name or ''!r} in this report; its alarms are {names}.")
        return Image.fromarray(draw_exhibit(self.exhibit(names.index(name) if name else 0)))

    def exhibit(self, index: int, moment: str = "") -> Exhibit:
        """What `proof` draws of alarm `index`; `moment` as in `panel`."""
        proof = self.proofs[index]
        swaps = [(swap, False) for swap in proof.swaps] + ([(proof.control, True)] if proof.control else [])
        return Exhibit(f"swapping {proof.phrase}", moment, tuple(self._exchanged(proof, *each) for each in swaps))

    def _exchanged(self, proof: Proof, swap: Swap, control: bool) -> Exchanged:
        probe, donor = self.probes.display([swap.probe, swap.donor])
        (first, before), (then, after) = (
            (self.class_names[which], f"{much:.4g}" if self.probabilities is None else percent(much))
            for which, much in (swap.before, swap.after)
        )
        turned = f"then {then} ({after})" if first != then else f"then {after}" if swap.changed else f"still ({after})"
        masks = proof.mask
        mask, of_donor = (masks if masks is None or masks.ndim == 2 else masks[one] for one in (swap.probe, swap.donor))
        return Exchanged(
            probe=probe,
            donor=donor,
            both=self.probes.as_seen(swap.image[None])[0],
            mask=mask,
            donor_mask=of_donor,
            answers=f"{first} ({before}), {turned}",
            words=f"with that of {self.probes.names[swap.donor]}" + (f", {proof.alike}" if control else ""),
            changed=swap.changed,
            control=control,
        )

    def maps(self) -> dict[str, Explanation]:
        """The explanations that are heatmaps, by method."""
        return {name: found for name, found in self.explanations.items() if found.is_map}

    def limits(self, index: int) -> dict[str, float]:
        """For each method whose scale has no limit: the largest absolute finite value of probe `index`.

        Where the outputs are plain numbers, that of all probes: their units are the same, as nats are.
        """
        return {name: float(of[index]) for name, of in self._largest.items()}

    @functools.cached_property
    def _largest(self) -> dict[str, np.ndarray]:
        """For each method whose scale has no limit, where the scale of each probe ends: float32 `[P]`."""
        found = {}
        for name, each in self.maps().items():
            if each.scale.limit is None:
                sizes = np.abs(np.where(np.isfinite(each.values), each.values, 0)).max(axis=(1, 2, 3))
                found[name] = sizes if self.probabilities is not None else np.full_like(sizes, sizes.max())
        return found

    def to_dataframe(self) -> Any:
        """The numbers as a `pandas.DataFrame`, a row for each probe and target.

        Returns:
            Columns `probe`, `label` (a class's name, or `None`), `answer` (the most probable class; `None` where the
            outputs are plain numbers), `right` (whether that is the label), `target`, its `probability` (0..1; NaN for
            contrasts and functions) and `log_odds` (as `report.log_odds`), or its `value` where the outputs are plain
            numbers. Then for each method with
            maps, such as `partial_occlusion`: `partial_occlusion_max` and `_min`, the largest and smallest value of the
            map, in its unit; `_row` and `_column`, the pixel of the largest, from 0; and `_where`, the region of the
            probes that holds it, or else words such as `"top left"`. NaN and `None` where no value is finite.

        Raises:
            ImportError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError("to_dataframe needs pandas, which is not installed: pip install pandas") from error
        return pandas.DataFrame(self._rows(self._answered()))

    def save(self, path: str | os.PathLike[str]) -> pathlib.Path:
        """Writes the cards, numbers and words, as a folder or as one file.

        Args:
            path: A folder, which is made if needed: a card for each probe in the probes' order, `00 tank 03.png`, or
                `.jpg` where that suits it; `numbers.npz` with `targets`, `probabilities`, `class_scores`, `log_odds`,
                `labels`, `names`, `class_names`, and `<method>_values` of each method; and `verdict.txt`. A later save
                to the same folder replaces these. Other files in it stay, and their number is printed. Or a file: all
                cards on one sheet if it ends in `.png` or `.jpg`; if in `.html`, what a notebook shows. As of other
                programs, a file by that very name is written over.

        Returns:
            The path.

        Raises:
            ValueError: The path ends as another kind of file.
            FileExistsError: The folder holds a file by the name of one to be written that no earlier save wrote.
        """
        numbers = {
            "targets": self.targets,
            "class_scores": self.class_scores,
            "log_odds": self.log_odds,
            "names": np.array(self.probes.names),
            "class_names": np.array(self.class_names),
            **{f"{name}_values": found.values for name, found in self.explanations.items()},
        }
        for name, known in (("probabilities", self.probabilities), ("labels", self.probes.labels)):
            if known is not None:
                numbers[name] = known
        words = "\n\n".join(filter(None, [repr(self), self.verdict, *self.notes]))
        return save(path, self.probes.names, self._draw, numbers, words, self._repr_html_)

    def save_html(self, path: str | os.PathLike[str], max_bytes: int = PAGE_BYTES) -> pathlib.Path:
        """Writes one HTML file with the player: choose methods and targets, point at windows, without a network.

        Args:
            path: The file. One by that name is written over.
            max_bytes: About how large it may get; maps and pictures are made smaller where there are many.

        Returns:
            The path.
        """
        path, fallback = pathlib.Path(path), self._repr_html_()
        return save_page(path, document(path.stem, bounded([as_run(self)], max_bytes - len(fallback)), fallback))

    def compare(self, other: Report, names: tuple[str, str] = ("first", "second")) -> Comparison:
        """This look beside another at the same probes, on one scale: which answers changed, how far maps moved.

        Args:
            other: A report about the same probes, of the same methods: of another model, or at another epoch.
            names: What this one and the other are called, such as `("epoch 1", "epoch 9")`.

        Returns:
            A `Comparison`, which shows itself in a notebook.

        Raises:
            ValueError: The probes, classes, methods or units are not the same, or no target is.
        """
        if not isinstance(other, Report):
            raise ValueError(f"compare: other is a {type(other).__name__}; expected a Report, as explain returns it.")
        looks, verdicts = (self._answered(), other._answered()), (self.verdict, other.verdict)
        return Comparison(looks, (self.panel, other.panel), self.maps(), names, verdicts)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: the player, and where no script runs, as in one not trusted yet, the overview."""
        fallback = self._repr_html_()
        contents = bounded([as_run(self)], CELL_BYTES - len(fallback), CELL_PICTURE)
        return {"text/plain": repr(self), "text/html": cell(contents, fallback)}

    def _repr_html_(self) -> str:
        panels = self._answered()
        exhibits = [self.exhibit(index) for index in range(len(self.proofs))][:PROOFS]
        proofs = [(draw_exhibit(one), " ".join([f"{one.title}.", *(row.told for row in one.rows)])) for one in exhibits]
        return overview(panels, self._rows(panels), self._draw, self.maps(), self._alarmed(), self.verdict, proofs)

    def _draw(self, index: int) -> np.ndarray:
        return draw_panel(self.panel(index))

    def _answered(self) -> list[Panel]:
        """The panels with the model's answers, which cards show only where `class_probabilities` was asked for."""
        answers = self.probabilities if self.probabilities is not None else [None] * len(self)
        return [dataclasses.replace(self.panel(index), probabilities=answers[index]) for index in range(len(self))]

    def _rows(self, panels: list[Panel]) -> list[Row]:
        return make_rows(panels, self.log_odds, self.probes.regions or {})

    def _alarmed(self) -> list[str]:
        if not self.dependences:
            return []
        if self.unsure:
            return ["too few to tell shortcuts"]
        names = ", ".join(one.name for one in self.alarms)
        return [f"{len(self.alarms)} alarm{'s' * (len(self.alarms) > 1)}: {names}" if names else "no alarm"]
