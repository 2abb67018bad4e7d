"""What a picture shows. Numbers and names only; where they go on the paper is decided by whoever draws them."""

from __future__ import annotations

import dataclasses

import numpy as np

from picasso_callbacks.explanation import Scale


@dataclasses.dataclass(frozen=True, eq=False)
class Heatmap:
    """One method's maps of one probe: a column of the panel.

    Args:
        title: A few words over the column.
        values: float32 `[K, H, W]`, a map for each target. Non-finite values are drawn hatched.
        scale: How values become colours. Its limit is set.
        unit: The unit of `values`, for example `"nats"`; empty for pure numbers.
        notes: Sentences that are drawn under the picture.
    """

    title: str
    values: np.ndarray
    scale: Scale
    unit: str = ""
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, eq=False)
class Panel:
    """Everything that one composite picture shows of one probe at one look.

    Args:
        name: The probe's name: any unicode, any length.
        moment: When the model was looked at, such as `"epoch 3"`; empty outside training.
        image: uint8 `[h, w, 3]`, the probe as a person sees it. The maps are stretched over it.
        class_names: One for each class.
        probabilities: float32 `[classes]`, or `None` where the model gives none.
        labels: The classes that the probe is labelled with, one or several or none; `None` where that is not known.
        targets: K class indices that the maps are about.
        target_names: K names of the targets.
        heatmaps: None to five. A method that failed is absent.
        plain_values: float32 `[classes]`: what the model says where its outputs are plain numbers.
        exclusive: Whether one class excludes the others; else all above one half are what the model says.
        notes: Sentences on the model's answers, drawn under the picture.
        finding: What is said of shortcuts; empty: they were not looked for.
        alarm: Whether that is an alarm.
        outline: bool `[h, w]`: where the cue is on which this answer hangs and should not; `None`: nowhere.
        true_values: float `[classes]`: what the plain values should be, or `None`.
    """

    name: str
    moment: str
    image: np.ndarray
    class_names: tuple[str, ...]
    probabilities: np.ndarray | None
    labels: tuple[int, ...] | None
    targets: tuple[int, ...]
    target_names: tuple[str, ...]
    heatmaps: tuple[Heatmap, ...]
    plain_values: np.ndarray | None = None
    exclusive: bool = True
    notes: tuple[str, ...] = ()
    finding: str = ""
    alarm: bool = False
    outline: np.ndarray | None = None
    true_values: np.ndarray | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Frame:
    """One look of a filmstrip.

    Args:
        step: The epoch or step.
        probabilities: float32 `[classes]`, or `None`.
        targets: K class indices; the strip shows the first one's maps.
        heatmaps: As in `Panel`, their maps made small by `thumbnail`.
    """

    step: int
    probabilities: np.ndarray | None
    targets: tuple[int, ...]
    heatmaps: tuple[Heatmap, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Exchanged:
    """One exchange of an exhibit.

    Args:
        probe, donor, both: uint8 `[h, w, 3]`: a probe, whose cue it gets, and the probe with that cue.
        mask, donor_mask: bool `[h, w]`: where the cue is in both, and in the donor; `None` for what is everywhere.
        answers: What the model said before and after.
        words: Whose cue it was.
        changed: Whether the answer changed.
        control: Whether the donor is no different from the probe.
    """

    probe: np.ndarray
    donor: np.ndarray
    both: np.ndarray
    mask: np.ndarray | None
    donor_mask: np.ndarray | None
    answers: str
    words: str
    changed: bool
    control: bool

    @property
    def told(self) -> str:
        """The same in words, for those who can't see it."""
        return f"{self.answers}, {self.words}."


@dataclasses.dataclass(frozen=True, eq=False)
class Exhibit:
    """What a picture shows of the exchanges behind an alarm.

    Args:
        title: What was exchanged.
        moment: As in `Panel`.
        rows: One or more.
    """

    title: str
    moment: str
    rows: tuple[Exchanged, ...]
