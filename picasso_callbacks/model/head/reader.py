"""Reader: makes scores of a model's outputs, on the device while tracing and in NumPy afterwards."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from picasso_callbacks.model.head.find_head import find_head
from picasso_callbacks.model.head.head import Head, answers_in, decoded
from picasso_callbacks.model.head.pick import Pick
from picasso_callbacks.model.head.scores import Scores, sigmoid, softmax
from picasso_callbacks.options import Options
from picasso_callbacks.problems import naming
from picasso_callbacks.typing import OutputMask

Derived = tuple[int, int] | Callable[[Any], Any]
"""A target beside the classes: the contrast of two classes, or a function of the model's outputs, `[N]`."""


class Reader:
    """Reads a model's outputs as its head says, and appends derived targets.

    Args:
        head: How the output is read.
        pick: Takes the output that is explained out of all that the model returns.
        derived: Targets beside the classes.
        weights: For dense outputs, how much each position counts: float32 `[P, positions]`, rows summing to 1.

    Attributes:
        head: How the output is read.
        contrasts: For each derived target the two classes whose contrast it is, or `None`.
    """

    def __init__(self, head: Head, pick: Pick, derived: Sequence[Derived], weights: np.ndarray | None):
        self.head = head
        self._pick = pick
        self._derived = derived
        self._weights = weights
        self.contrasts = tuple(None if callable(one) else one for one in derived)

    def without_logits(self) -> Reader:
        """One that reads the outputs themselves, as probabilities."""
        head = dataclasses.replace(self.head, source="probabilities")
        return Reader(head, self._pick, self._derived, self._weights)

    def target_scores(self, outputs: Any, logits: Any, rows: Any) -> Any:
        """Differentiable scores of classes and derived targets: tensors `[N, classes + derived]`.

        Args:
            outputs: All that the model returns.
            logits: The logits that were found of the output that is explained, or `None`.
            rows: The probes that the inputs stand for, int `[N]`.
        """
        scores = self.head.class_scores(self._pick(outputs), logits, self._weights_of(rows))
        return self._append(scores, outputs, keras.ops)

    def extract(self, outputs: Any, logits: Any, rows: Any) -> dict[str, Any]:
        """What `read` needs, so that only this leaves the device."""
        if self.head.reading == "decoded":
            return {"outputs": outputs}
        output = self._pick(outputs)
        found = {"scores": self.target_scores(outputs, logits, rows)}
        if self.head.dense and self.head.reading != "value":
            found["probabilities"] = self.head.mean_probabilities(output, logits, self._weights_of(rows))
        if self.head.source == "probabilities":
            found["off"] = self.head.off(output)
        return found

    def read(self, extracted: dict[str, Any]) -> Scores:
        """The `Scores` of what `extract` took, now in NumPy."""
        if self.head.reading == "decoded":
            outputs = extracted["outputs"]
            probabilities = decoded(self.head.decode, self._pick(outputs))
            logits = _log_odds(probabilities, self.head.exclusive)
            return Scores(self._append(logits, outputs, np), probabilities, False, self.contrasts)
        logits, off = np.asarray(extracted["scores"], dtype="float32"), extracted.get("off")
        class_logits = logits[:, : logits.shape[1] - len(self._derived)]
        if self.head.reading == "value":
            return Scores(logits, None, False, self.contrasts)
        if self.head.dense:
            return Scores(logits, np.asarray(extracted["probabilities"]), False, self.contrasts, off)
        probabilities = softmax(class_logits) if self.head.competing else sigmoid(class_logits)
        return Scores(logits, probabilities, self.head.competing, self.contrasts, off)

    def _append(self, scores: Any, outputs: Any, ops: Any) -> Any:
        """`scores` with a column for each derived target; in NumPy or in tensors, as `ops` says."""
        columns = [scores]
        for one in self._derived:
            if callable(one):
                value = one(outputs)
                value = keras.ops.convert_to_numpy(value) if ops is np else ops.cast(value, "float32")
                columns.append(ops.reshape(value, (-1, 1)))
            else:
                columns.append(scores[:, one[0], None] - scores[:, one[1], None])
        return ops.concatenate(columns, axis=1) if self._derived else scores

    def _weights_of(self, rows: Any) -> Any:
        return None if self._weights is None else keras.ops.take(self._weights, rows, axis=0)


def make_reader(
    outputs: Any,
    logits: np.ndarray | None,
    pick: Pick,
    options: Options,
    derived: Sequence[Derived],
    probes: int,
    precision: float,
) -> tuple[Reader, int]:
    """Finds out from a first answer how a model is to be read; returns the reader and the number of classes.

    Args:
        outputs: All that the model returned for some of the probes, in NumPy.
        logits: The logits that were found of the output that is explained, or `None`.
        pick: Takes that output.
        options: For `decode_prob` and `output_mask`.
        derived: Targets beside the classes.
        probes: How many probes there are.
        precision: As in `find_head`.

    Raises:
        ValueError: The outputs can't be read so, or a mask or derived target doesn't go with them.
    """
    output = pick(outputs)
    head = find_head(output, logits, options.decode_prob, pick.loss, precision, pick.is_sigmoid, pick.own_loss)
    mask = options.output_mask
    if mask is not None and not head.dense:
        raise ValueError(
            f"Picasso: output_mask was passed, but the model's output has shape {np.shape(output)}, without positions; "
            f"expected [N, h, w, classes]. Pass output_mask=None."
        )
    weights = position_weights(output, mask, probes) if head.dense else None
    count = answers_in(outputs)
    rows = np.minimum(np.arange(count), probes - 1)  # a model of a fixed batch size may have answered more
    extracted = Reader(head, pick, (), weights).extract(outputs, logits, rows)
    classes = Reader(head, pick, (), weights).read(to_numpy(extracted)).classes
    check_derived(derived, outputs, classes, count)
    return Reader(head, pick, derived, weights), classes


def to_numpy(nest: Any) -> Any:
    """A nest of tensors, or `None`, as one of arrays."""
    return keras.tree.map_structure(lambda one: None if one is None else keras.ops.convert_to_numpy(one), nest)


def check_derived(derived: Sequence[Derived], outputs: Any, classes: int, count: int) -> None:
    """Raises a `ValueError` for contrasts of classes that there are not, and functions that don't give `[count]`."""
    for one in derived:
        if not callable(one):
            if max(one) >= classes:
                raise ValueError(f"targets holds {max(one)}; expected class indices in 0..{classes - 1}.")
            continue
        name = getattr(one, "__name__", "a function")
        with naming(f"targets' function {name}"):
            shape = np.shape(keras.ops.convert_to_numpy(one(outputs)))
        if shape not in ((count,), (count, 1)):
            raise ValueError(
                f"targets holds {name}, which returned shape {shape} for {count} inputs; expected a number for each, "
                f"[N]."
            )


def position_weights(output: np.ndarray, mask: OutputMask | None, probes: int) -> np.ndarray:
    """How much each position of a dense `output` `[N, ..., classes]` counts for each probe: float32 `[P, positions]`.

    Raises:
        ValueError: The mask has another shape than the positions, or leaves no position of a probe.
    """
    positions = output.shape[1:-1]
    counts = np.ones((probes, *positions)) if mask is None else np.asarray(mask, dtype="float64")
    if counts.shape == positions:
        counts = np.broadcast_to(counts, (probes, *positions))
    if counts.shape != (probes, *positions) or not (counts.reshape(probes, -1).sum(axis=1) > 0).all():
        raise ValueError(
            f"Picasso: output_mask has shape {counts.shape}; expected the positions of the model's output, "
            f"{positions}, or one for each probe, {(probes, *positions)}, true somewhere in each."
        )
    counts = counts.reshape(probes, -1)
    return (counts / counts.sum(axis=1, keepdims=True)).astype("float32")


def _log_odds(probabilities: np.ndarray, exclusive: bool) -> np.ndarray:
    """Log-odds of decoded probabilities: float32 `[N, classes]`. Of exclusive classes, 1 - p is the others' sum."""
    p = probabilities.astype("float64")
    others = p @ (1 - np.eye(p.shape[1])) if exclusive else np.maximum(1 - p, 1e-7)
    return (np.log(np.maximum(p, 1e-30)) - np.log(np.maximum(others, 1e-30))).astype("float32")
