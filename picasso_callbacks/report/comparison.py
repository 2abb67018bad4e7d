"""Comparison: two looks at the same probes, on one scale."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from PIL import Image

from picasso_callbacks.explanation import Explanation
from picasso_callbacks.render import Panel, draw_pair, draw_panel, label_words, prediction
from picasso_callbacks.report.page import PICTURED, answer, gallery, legend, page, paragraph, picture, table, told
from picasso_callbacks.report.pairs import check_alike, correlations, on_one_scale
from picasso_callbacks.report.save import save

_ROOM = 12
"""So many letters of a name fit into a card's corner."""

_TOLD = 6
"""So many changes of answers are told one by one."""

Card = Callable[[int, str, Mapping[str, float]], Panel]


class Comparison:
    """Two looks at the same probes - of two models, or at two epochs - on one scale. Shows itself in a notebook.

    It comes from `report.compare(other)`. A map is compared with the other look's map of the same target: by default
    the second target is the strongest other class, which may be another one there.

    Args:
        looks: What is known of each probe at one look, and at the other.
        cards: The contents of a card of either look, from a probe's index, a moment and the ends of scales, as
            `Report.panel` gives them.
        maps: The methods' explanations by name, of the first look.
        names: What the two are called.
        verdicts: What was said of them in words.

    Attributes:
        names: As given.
        changed: bool `[P]`: whether the answer, the most probable class, is another one.
        correlations: For each method float64 `[P, K]`: Pearson's correlation, over the pixels, of the maps of the first
            look's targets with the second look's maps of the same targets. 1: the same places in the same proportions;
            0: nothing in common; -1: what spoke for the target speaks against it. NaN where the target was not
            explained the second time, or a map shows nothing.

    Raises:
        ValueError: The looks are not at the same probes, with the same classes, methods and units, or have no target in
            common.

    Example:

        comparison = explain(early, probes).compare(explain(late, probes), names=("epoch 1", "epoch 9"))
        comparison.correlations["partial_occlusion"].mean()
        comparison.save("moved.html")
    """

    def __init__(
        self,
        looks: tuple[Sequence[Panel], Sequence[Panel]],
        cards: tuple[Card, Card],
        maps: Mapping[str, Explanation],
        names: tuple[str, str] = ("first", "second"),
        verdicts: tuple[str, str] = ("", ""),
    ):
        check_alike(*looks)
        self._cards = cards
        self.names = (str(names[0]), str(names[1]))
        self._maps = maps
        self._verdicts = verdicts
        self._pairs = [on_one_scale(one, other) for one, other in zip(*looks, strict=True)]
        answers = [[prediction(panel.probabilities) for panel in pair] for pair in self._pairs]
        self.changed = np.array([one != other for one, other in answers])
        self.correlations = {
            name: np.array([correlations(one, other, column) for one, other in self._pairs])
            for column, name in enumerate(maps)
        }

    def __len__(self) -> int:
        return len(self._pairs)

    def __repr__(self) -> str:
        changed = f"{self.changed.sum()} answers changed" if self._answers() else "plain values"
        return f"Comparison({self.names[0]} with {self.names[1]}, {len(self)} probes, {changed})"

    def image(self, index: int) -> Image.Image:
        """Both cards of probe `index`, side by side."""
        return Image.fromarray(self._draw(index))

    @property
    def words(self) -> str:
        """Which answers changed, and how far maps moved: the mean correlations over probes and targets."""
        sentences = []
        if self._answers():
            changes = [
                f"{one.name}: {answer(one)}, then {answer(other)}"
                for (one, other), changed in zip(self._pairs, self.changed, strict=True)
                if changed
            ]
            more = [f"and {len(changes) - _TOLD} more"] if len(changes) > _TOLD else []
            told = f": {'; '.join(changes[:_TOLD] + more)}" if changes else ""
            sentences.append(f"{len(changes)} of {len(self)} answers changed{told}.")
        known = {name: values[~np.isnan(values)] for name, values in self.correlations.items()}
        means = [f"{values.mean():.2f} ({name})" for name, values in known.items() if values.size]
        if means:
            sentences.append(f"The maps of {self.names[0]} and {self.names[1]} correlate by {' and '.join(means)}.")
        compared = sum(name in other.target_names for one, other in self._pairs for name in one.target_names)
        targets = sum(len(one.targets) for one, _ in self._pairs)
        if compared < targets:
            sentences.append(
                f"{targets - compared} of {targets} targets were explained in the first look only; targets=... in both "
                "looks explains the same."
            )
        return " ".join(sentences)

    def save(self, path: str | os.PathLike[str]) -> pathlib.Path:
        """Writes the pairs of cards as `Report.save` does: a folder, or one file that ends in .png, .jpg or .html.

        The numbers in the folder's `numbers.npz` are `changed` and `<method>_correlations`.
        """
        numbers = {"changed": self.changed, "names": np.array([one.name for one, _ in self._pairs])}
        numbers |= {f"{name}_correlations": values for name, values in self.correlations.items()}
        names = [one.name for one, _ in self._pairs]
        return save(path, names, self._draw, numbers, f"{self!r}\n\n{self.words}", self._repr_html_)

    def _repr_html_(self) -> str:
        order = np.argsort(~self.changed, kind="stable")
        shown = order[: PICTURED // 2]
        panels = [panel for pair in self._pairs for panel in pair]
        heads = ["probe", "label", *self.names, *(f"{name}: correlation by target" for name in self._maps)]
        more = len(self) - len(shown)
        return page(
            [
                paragraph(self.words),
                *(
                    paragraph(f"{name}: {verdict}")
                    for name, verdict in zip(self.names, self._verdicts, strict=True)
                    if verdict
                ),
                paragraph("Changed answers come first, shaded." if self.changed.any() else ""),
                legend(panels, self._maps),
                table(heads, ((bool(self.changed[index]), self._cells(index)) for index in order)),
                *(self._shown(index) for index in shown),
                paragraph(f"{more} more pairs are in the table; .image(index) draws one." if more else ""),
            ]
        )

    def _cells(self, index: int) -> list[str]:
        one, other = self._pairs[index]
        moved = [
            ", ".join("n/a" if np.isnan(value) else f"{value:.2f}" for value in values[index])
            for values in self.correlations.values()
        ]
        return [one.name, label_words(one), answer(one), answer(other), *moved]

    def _shown(self, index: int) -> str:
        known = zip(self._draw_both(index), self.names, self._pairs[index], strict=True)
        return gallery(picture(pixels, f"{name}: {told(panel)}") for pixels, name, panel in known)

    def _draw(self, index: int) -> np.ndarray:
        return draw_pair(*self._draw_both(index))

    def _draw_both(self, index: int) -> list[np.ndarray]:
        limits = {each.title: each.scale.limit or 0.0 for each in self._pairs[index][0].heatmaps}
        moments = (name if len(name) <= _ROOM else f"{name[: _ROOM - 1]}…" for name in self.names)
        return [draw_panel(card(index, name, limits)) for card, name in zip(self._cards, moments, strict=True)]

    def _answers(self) -> bool:
        return self._pairs[0][0].probabilities is not None
