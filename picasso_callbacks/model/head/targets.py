"""Targets: which classes of which probe are explained."""

from __future__ import annotations

import numpy as np

from picasso_callbacks.model.head.reader import Derived
from picasso_callbacks.model.head.scores import Scores
from picasso_callbacks.probes import Probes
from picasso_callbacks.typing import Target, Targets, is_integer

LABELLED = 3
"""The most classes that are explained because a probe is labelled with them."""


class TargetChooser:
    """Chooses what to explain of each probe, at each look anew.

    Args:
        targets: `None`: a probe's label and the strongest other class, without labels as `"top"`. `"top"`: the `top`
            most probable classes. `"label"`: the label. A class index or name. A contrast of two classes, a tuple
            `("tank", "half-track")`: the difference of their logits, why this and not that. A function of the model's
            outputs that returns a number for each input, `[N]`, written with `keras.ops`. Or a list of classes,
            contrasts and functions: these, for every probe.
            Of several labels the first three are taken; a probe with fewer than another has the strongest other
            classes in their stead.
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
        self._labels, self._multi_hot, self._true_values = probes.labels, probes.multi_hot, probes.true_values
        self._class_names = probes.class_names
        self._rule = "label and rival" if targets is None else "fixed"
        if isinstance(targets, str) and targets in ("top", "label") and targets not in (probes.class_names or ()):
            self._rule = targets
        self._fixed: list[int] = []  # classes; derived target d is -1 - d, until the number of classes is known
        self.derived: list[Derived] = []
        self.derived_names: list[str] = []
        if self._rule == "label" and probes.labels is None and probes.multi_hot is None:
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
        if scores.probabilities is None:
            self._check_true_values(classes)
        else:
            self._check_labels(classes)
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
        if self._rule == "top" or scores.probabilities is None or (self._labels is None and self._multi_hot is None):
            return ranked[:, : self._top]
        if self._labels is None:
            return self._labelled_first(ranked)
        label = self._labels[:, None]
        if self._rule == "label":
            return label
        rival = np.where(ranked[:, :1] == label, ranked[:, 1:2], ranked[:, :1])
        return np.concatenate([label, rival], axis=1)

    def _labelled_first(self, ranked: np.ndarray) -> np.ndarray:
        """As many targets for each probe: classes it is labelled with, in their order, then the strongest others."""
        assert self._multi_hot is not None
        most = int(self._multi_hot.sum(axis=1).clip(1, LABELLED).max())
        rows = []
        for labelled, order in zip(self._multi_hot, ranked, strict=True):
            own = np.flatnonzero(labelled)
            rows.append(np.concatenate([own[:most], order[~labelled[order]], own[most:]]))
        return np.stack(rows)[:, : most + (self._rule != "label")]

    def _check_labels(self, classes: int) -> None:
        """Raises a `ValueError` for labels that don't go with a model that tells so many classes apart."""
        model = f"but the model tells {classes} classes apart; expected "
        if self._labels is not None and self._labels.max() >= classes:
            raise ValueError(
                f"Picasso: the probes' labels go up to {self._labels.max()}, {model}labels in 0..{classes - 1}."
            )
        if self._multi_hot is not None and self._multi_hot.shape[1] != classes:
            raise ValueError(
                f"Picasso: the probes' labels have {self._multi_hot.shape[1]} columns, {model}one for each class."
            )
        if self._true_values is not None and self._labels is None and self._multi_hot is None:
            odd = np.flatnonzero((self._true_values % 1 != 0).any(axis=1) | (self._true_values < 0).any(axis=1))
            row = self._true_values[odd[0] if odd.size else self._true_values.max(axis=1).argmax()]
            raise ValueError(
                f"Picasso: the probes' labels are true values such as {row if len(row) > 1 else row[0]}, {model}class "
                f"indices in 0..{classes - 1}, or rows of 0 and 1, one number for each class. If the outputs are the "
                "plain numbers of a regression, pass decode_prob='value'."
            )

    def _check_true_values(self, outputs: int) -> None:
        """Raises a `ValueError` for labels that can only be true values, but not of a model with so many outputs."""
        if self._true_values is None or self._labels is not None or self._multi_hot is not None:
            return
        if self._true_values.shape[1] != outputs:
            raise ValueError(
                f"Picasso: the probes' labels are {self._true_values.shape[1]} numbers for each image, but the model's "
                f"output has {outputs}; expected a true value for each, labels [P, {outputs}]."
            )

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
