"""Targets: which classes of which probe are explained."""

from __future__ import annotations

import numpy as np

from picasso_callbacks.model.head.reader import Derived
from picasso_callbacks.model.head.scores import Scores
from picasso_callbacks.probes import Probes
from picasso_callbacks.typing import Target, Targets, is_integer


class TargetChooser:
    """Chooses what to explain of each probe, at each look anew.

    Args:
        targets: `None`: a probe's label and the strongest other class, without labels as `"top"`. `"top"`: the `top`
            most probable classes. `"label"`: the label. A class index or name. A contrast of two classes, a tuple
            `("tank", "half-track")`: the difference of their logits, why this and not that. A function of the model's
            outputs that returns a number for each input, `[N]`, written with `keras.ops`. Or a list of classes,
            contrasts and functions: these, for every probe.
        top: How many classes `"top"` explains.
        probes: The probes; for their labels and class names.

    Attributes:
        derived: The contrasts, as pairs of indices, and the functions. They are numbered on from the last class.
        derived_names: What they are called.

    Raises:
        ValueError: No such class, `"label"` without labels, `top` below 1.
    """

    def __init__(self, targets: Targets, top: int, probes: Probes):
        if not is_integer(top) or top < 1:
            raise ValueError(f"top is {top!r}; expected how many classes to explain, an int >= 1.")
        self._top = top
        self._labels = probes.labels
        self._class_names = probes.class_names
        self._rule = "label and rival" if targets is None else "fixed"
        if isinstance(targets, str) and targets in ("top", "label") and targets not in (probes.class_names or ()):
            self._rule = targets
        self._fixed: list[int] = []  # classes; derived target d is -1 - d, until the number of classes is known
        self.derived: list[Derived] = []
        self.derived_names: list[str] = []
        if self._rule == "label" and probes.labels is None:
            raise ValueError("targets is 'label', but the probes have no labels. Pass Probes(..., labels=...).")
        if self._rule == "fixed":
            targets = targets.tolist() if isinstance(targets, np.ndarray) else targets
            listed = targets if isinstance(targets, list) else [targets]
            self._fixed = [self._resolve(one) for one in listed]  # type: ignore[arg-type]
            if not self._fixed or len(set(self._fixed)) < len(self._fixed):
                raise ValueError(f"targets is {targets!r}; expected one or more targets, each once.")

    def check(self, scores: Scores) -> None:
        """Raises a `ValueError` if the model that gave `scores` does not go with the targets, names and labels."""
        classes, names = scores.classes, self._class_names
        if names is not None and len(names) != classes:
            raise ValueError(
                f"Picasso: the probes have {len(names)} class_names, {list(names)[:8]}, but the model tells {classes} "
                f"classes apart; expected one name for each, in the order of its outputs."
            )
        if self._has_labels(scores) and self._labels.max() >= classes:  # type: ignore[union-attr]
            raise ValueError(
                f"Picasso: the probes' labels go up to {self._labels.max()}, "  # type: ignore[union-attr]
                f"but the model tells {classes} classes apart; expected labels in 0..{classes - 1}."
            )
        if max(self._fixed, default=0) >= classes:
            raise ValueError(f"targets holds {max(self._fixed)}; expected class indices in 0..{classes - 1}.")
        if self._rule == "label" and scores.probabilities is None:
            raise ValueError("targets is 'label', but the model's outputs are plain numbers. Pass indices of outputs.")

    def choose(self, scores: Scores) -> np.ndarray:
        """The targets of each probe at this look: int64 `[P, K]`."""
        if self._rule == "fixed":
            indices = [one if one >= 0 else scores.classes - 1 - one for one in self._fixed]
            return np.tile(np.array(indices, dtype="int64"), (len(scores), 1))
        ranked = np.argsort(-scores.ranking, axis=1, kind="stable")
        if self._rule == "top" or self._labels is None or not self._has_labels(scores):
            return ranked[:, : self._top]
        label = self._labels[:, None]
        if self._rule == "label":
            return label
        rival = np.where(ranked[:, :1] == label, ranked[:, 1:2], ranked[:, :1])
        return np.concatenate([label, rival], axis=1)

    def _has_labels(self, scores: Scores) -> bool:
        """Whether labels name classes; where outputs are plain numbers they don't."""
        return self._labels is not None and scores.probabilities is not None

    def _resolve(self, target: Target) -> int:
        if callable(target):
            return self._derive(target, getattr(target, "__name__", "function"))
        if isinstance(target, tuple):
            pair = tuple(self._index(one) for one in target)
            if len(pair) != 2 or pair[0] == pair[1]:
                raise ValueError(f"targets holds {target!r}; expected a contrast of two classes, (this, not_that).")
            return self._derive((pair[0], pair[1]), f"{target[0]} vs {target[1]}")
        return self._index(target)

    def _derive(self, derived: Derived, name: str) -> int:
        if derived in self.derived:
            return -1 - self.derived.index(derived)
        self.derived.append(derived)
        self.derived_names.append(name)
        return -len(self.derived)

    def _index(self, target: object) -> int:
        if isinstance(target, str):
            if self._class_names is None or target not in self._class_names:
                classes = self._class_names or "not known: pass Probes(..., class_names=...)"
                raise ValueError(f"targets holds {target!r}; expected 'top', 'label' or a class; classes: {classes}.")
            return self._class_names.index(target)
        if is_integer(target) and target >= 0:
            return target
        raise ValueError(
            f"targets holds {target!r}; expected a class index >= 0 or name, a contrast (this, not_that) or a function."
        )
