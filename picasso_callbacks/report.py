"""Report: everything that one look at a model found."""

from __future__ import annotations

import base64
import dataclasses
import html
import io
from collections.abc import Mapping

import numpy as np
from PIL import Image

from picasso_callbacks.explanation import Explanation
from picasso_callbacks.probes import Probes
from picasso_callbacks.render import Heatmap, Panel, draw_panel
from picasso_callbacks.shortcuts import Findings


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Report(Findings):
    """What one look found: numbers, and pictures of them. Shows itself in a notebook.

    Args:
        probes: The probes looked at.
        class_names: A name for each class.
        derived_names: Names of the contrasts and functions among the targets, which are numbered on from the last
            class.
        targets: int `[P, K]`, what is explained of each probe.
        class_scores: float32 `[P, classes]`: logits, or the outputs themselves where they are plain numbers.
        probabilities: float32 `[P, classes]`; `None` where the outputs are plain numbers.
        explanations: An `Explanation` for each method, by its name.
        notes: What one must know of the model's answers to read the numbers right, a sentence or two each.
        dependences: How far the answers hang on each cue that was tried; empty if shortcuts were not looked for.
        alarms: Those of them on which answers should not hang, but do; the worst first.
        unsure: Those on which answers seem to hang, as far as so few probes can tell; the worst first, if there is no
            alarm.
        evidence: How much of each heatmap lies on each region; empty without regions.
        hidings: What hiding each region does to the answers; empty without an expected region.
        stable_since: The epoch (or step) since which the first heatmaps have hardly changed; `None` if they still do,
            or outside of a training.
        verdict: What all that means, in words; empty if shortcuts were not looked for.

    Example:

        report = explain(model, probes)
        report["partial_occlusion"].values   # float32 [P, K, H, W], nats
        report.image(0).save("probe.png")
    """

    probes: Probes
    class_names: tuple[str, ...]
    derived_names: tuple[str, ...]
    targets: np.ndarray
    class_scores: np.ndarray
    probabilities: np.ndarray | None
    explanations: Mapping[str, Explanation]
    notes: tuple[str, ...] = ()

    def __getitem__(self, method: str) -> Explanation:
        if method not in self.explanations:
            raise KeyError(f"No method {method!r} in this report; it holds {sorted(self.explanations)}.")
        return self.explanations[method]

    def __len__(self) -> int:
        return len(self.probes)

    def image(self, index: int) -> Image.Image:
        """The composite picture of probe `index`: the probe, its heatmaps and its class probabilities."""
        return Image.fromarray(draw_panel(self.panel(index)))

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
        return Panel(
            name=self.probes.names[index],
            moment=moment,
            image=self.probes.display([index])[0],
            class_names=self.class_names,
            probabilities=bars[0] if bars and not plain else None,
            plain_values=bars[0] if bars and plain else None,
            warning=self._warning(),
            unsure=", ".join(f"{one.name} {one.flips.sum():.0f} of {len(one.flips)}" for one in self.unsure[:2]),
            label=None if self.probes.labels is None or plain else int(self.probes.labels[index]),
            targets=targets,
            target_names=tuple(names[target] for target in targets),
            heatmaps=tuple(heatmaps),
            notes=self.notes,
        )

    def _warning(self) -> str | None:
        """The alarms in a few words, empty if there are none; `None` if shortcuts were not looked for."""
        if not self.dependences:
            return None
        return ", ".join(f"{one.name} {max(one.change, one.errors.mean()):.0%}" for one in self.alarms)

    def maps(self) -> dict[str, Explanation]:
        """The explanations that are heatmaps, by method."""
        return {name: found for name, found in self.explanations.items() if found.is_map}

    def limits(self, index: int) -> dict[str, float]:
        """For each method whose scale has no limit: the largest absolute finite value of probe `index`."""
        running = {name: found for name, found in self.maps().items() if found.scale.limit is None}
        return {name: _largest(found.values[index]) for name, found in running.items()}

    def _repr_html_(self) -> str:
        pictures = []
        for index, name in enumerate(self.probes.names):
            file = io.BytesIO()
            self.image(index).save(file, "PNG")
            data = base64.b64encode(file.getvalue()).decode()
            pictures.append(f'<img alt="{html.escape(name)}" width="420" src="data:image/png;base64,{data}">')
        return f'<div style="display:flex;flex-wrap:wrap;gap:8px">{"".join(pictures)}</div>'


def _largest(values: np.ndarray) -> float:
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size else 0.0
