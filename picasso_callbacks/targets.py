"""Targets: which classes of which probe are explained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

import numpy as np

from picasso_callbacks.probes import Probes

TargetSpec = str | int | Sequence[str | int] | None


class TargetChooser:
    """Chooses the classes to explain, at each look anew.

    Args:
        targets: `None`: a probe's label and the strongest other class, without labels as `"top"`. `"top"`: the `top`
            most probable classes. `"label"`: the label. A class index or name, or a list of them: these, for every
                probe.
        top: How many classes `"top"` explains.
        probes: The probes; for their labels and class names.

    Raises:
        ValueError: No such class, `"label"` without labels, `top` below 1.
    """

    def __init__(self, targets: TargetSpec, top: int, probes: Probes):
        if not _is_index(top) or top < 1:
            raise ValueError(f"top is {top!r}; expected how many classes to explain, an int >= 1.")
        self._top = top
        self._labels = probes.labels
        self._class_names = probes.class_names
        self._fixed: np.ndarray | None = None
        if targets is None:
            self._rule = "top" if probes.labels is None else "label and rival"
        elif isinstance(targets, str) and targets in ("top", "label") and targets not in (probes.class_names or ()):
            self._rule = targets
            if targets == "label" and probes.labels is None:
                raise ValueError("targets is 'label', but the probes have no labels. Pass Probes(..., labels=...).")
        else:
            self._rule = "fixed"
            listed = list(targets) if isinstance(targets, Sequence) and not isinstance(targets, str) else [targets]
            self._fixed = np.array([self._index(one) for one in listed], dtype=int)
            if not len(self._fixed) or len(set(self._fixed)) < len(self._fixed):
                raise ValueError(f"targets is {targets!r}; expected one or more classes, each once.")

    def check(self, classes: int) -> None:
        """Raises a `ValueError` if the model, which tells `classes` classes apart, does not go with the targets."""
        names = self._class_names
        if names is not None and len(names) != classes:
            raise ValueError(
                f"Picasso: the probes have {len(names)} class_names, {list(names)[:8]}, but the model tells {classes} "
                f"classes apart; expected one name for each, in the order of its outputs."
            )
        if self._labels is not None and self._labels.max() >= classes:
            raise ValueError(
                f"Picasso: the probes' labels go up to {self._labels.max()}, but the model tells {classes} classes "
                f"apart; expected labels in 0..{classes - 1}."
            )
        if self._fixed is not None and self._fixed.max() >= classes:
            raise ValueError(f"targets holds {self._fixed.max()}; expected class indices in 0..{classes - 1}.")

    def choose(self, probabilities: np.ndarray) -> np.ndarray:
        """The targets of each probe: int64 `[P, K]`, given the probabilities `[P, classes]` of this look."""
        if self._fixed is not None:
            return np.tile(self._fixed, (len(probabilities), 1))
        if self._labels is not None and self._rule == "label":
            return self._labels[:, None]
        ranked = np.argsort(-probabilities, axis=1, kind="stable")
        if self._rule == "top" or self._labels is None:
            return ranked[:, : self._top]
        label = self._labels[:, None]
        rival = np.where(ranked[:, :1] == label, ranked[:, 1:2], ranked[:, :1])
        return np.concatenate([label, rival], axis=1)

    def _index(self, target: object) -> int:
        if isinstance(target, str):
            if self._class_names is None or target not in self._class_names:
                known = "unknown: pass Probes(..., class_names=...)" if self._class_names is None else self._class_names
                raise ValueError(f"targets holds {target!r}; expected 'top', 'label' or a class; classes are {known}.")
            return self._class_names.index(target)
        if _is_index(target) and target >= 0:
            return target
        raise ValueError(f"targets holds {target!r}; expected a class index >= 0 or a class name.")


def _is_index(value: object) -> TypeGuard[int]:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
