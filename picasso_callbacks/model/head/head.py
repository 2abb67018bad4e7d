"""Head: how a model's output is read - as which probabilities, and by which scores that don't saturate."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Literal

import keras
import numpy as np

from picasso_callbacks.problems import naming

Reading = Literal["softmax", "sigmoid", "binary", "value", "decoded"]
Source = Literal["logits", "outputs", "probabilities"]

TOLERANCE = 2e-3
"""How far what a user's `decode_prob` returns may be from 0..1, and from a sum of 1."""

_TINY = 1e-30


@dataclasses.dataclass(frozen=True)
class Head:
    """How a model's output is read.

    Args:
        reading: `"softmax"`: classes share one softmax; `"sigmoid"`: each class is a yes or no of its own;
            `"binary"`: one sigmoid unit, read as two classes; `"value"`: plain numbers, not probabilities, each of them
            a "class"; `"decoded"`: only the user's `decode_prob` can read it.
        source: Where scores come from: `"logits"`, what the last softmax or sigmoid was given; `"outputs"`, the outputs
            themselves; `"probabilities"`, the logarithm of the probabilities.
        dense: Whether there is an answer for each of many positions, `[N, ..., classes]`, as in segmentation. The score
            of a class is its mean log-odds over them.
        decode: The user's `decode_prob`, for the reading `"decoded"`.
        exclusive: Whether what `decode` returns sums to 1 over the classes.
        tolerance: How far outputs that are read as probabilities may be from 0..1, and from a sum of 1.
    """

    reading: Reading
    source: Source
    dense: bool = False
    decode: Callable[[Any], Any] | None = None
    exclusive: bool = False
    tolerance: float = TOLERANCE

    @property
    def competing(self) -> bool:
        """Whether class scores are logits that share one softmax."""
        return self.reading == "softmax" and not self.dense

    @property
    def description(self) -> str:
        """The score that is explained and how it was found, in words."""
        if self.reading == "value":
            found = "output itself"
        elif self.source == "logits":
            found = f"logits before the {'softmax' if self.reading == 'softmax' else 'sigmoid'}"
        else:
            found = {"outputs": "linear outputs, which are logits", "probabilities": "logarithm of the probabilities"}[
                self.source
            ]
        where = ", mean over positions" if self.dense else ""
        return found + where + (", decoded by decode_prob" if self.decode else "")

    def class_scores(self, output: Any, logits: Any, weights: Any = None) -> Any:
        """Differentiable scores `[N, classes]`, float32 tensors; called while tracing.

        Args:
            output: The model's output.
            logits: What `recorded_activations` found, or `None`.
            weights: For dense outputs, how much each position counts: `[N, positions]`, rows summing to 1.
        """
        ops = keras.ops
        if self.reading == "decoded":
            return self._log_odds_of_decoded(output)
        scores = ops.cast(logits if self.source == "logits" else output, "float32")
        if self.source == "probabilities":
            below = ops.log(ops.maximum(scores, _TINY))
            scores = below if self.reading == "softmax" else below - ops.log(ops.maximum(1 - scores, _TINY))
        if self.reading == "binary":
            scores = scores if scores.shape[-1] == 1 and len(scores.shape) > 1 else ops.expand_dims(scores, -1)
            scores = ops.concatenate([-scores, scores], axis=-1)
        elif len(scores.shape) == 1:
            scores = ops.expand_dims(scores, -1)
        if self.dense:
            if self.reading == "softmax":
                scores = _log_odds(scores)
            scores = ops.einsum("npc,np->nc", _positions_flat(scores), weights)
        return scores

    def off(self, output: Any) -> Any:
        """How far each answer is from probabilities, `[N]`, a tensor, where outputs are read as such."""
        ops = keras.ops
        p = ops.cast(output, "float32")
        beyond = ops.maximum(-p, p - 1)
        if self.reading == "softmax":
            beyond = ops.maximum(beyond, ops.abs(ops.sum(p, axis=-1, keepdims=True) - 1))
        return ops.max(ops.reshape(beyond, (ops.shape(p)[0], -1)), axis=1)

    def mean_probabilities(self, output: Any, logits: Any, weights: Any) -> Any:
        """For dense outputs, the probability of each class averaged over positions: `[N, classes]`, tensors."""
        ops = keras.ops
        scores = dataclasses.replace(self, dense=False).class_scores(output, logits)
        probabilities = ops.softmax(scores, axis=-1) if self.reading == "softmax" else ops.sigmoid(scores)
        return ops.einsum("npc,np->nc", _positions_flat(probabilities), weights)

    def _log_odds_of_decoded(self, output: Any) -> Any:
        assert self.decode is not None
        ops = keras.ops
        try:
            p = ops.convert_to_tensor(self.decode(output))
        except Exception as error:
            raise ValueError(
                "Picasso: decode_prob can't be differentiated, so there is no gradient of a class score and no "
                "saliency map. Write decode_prob with keras.ops, or leave saliency_map out of methods=[...]."
            ) from error
        if len(p.shape) == 1 or p.shape[-1] == 1:
            p = ops.reshape(p, (-1, 1))
            p = ops.concatenate([1 - p, p], axis=1)
        others = p @ (1 - ops.eye(p.shape[-1])) if self.exclusive else 1 - p  # a sum does not cancel as 1 - p does
        return ops.log(ops.maximum(p, _TINY)) - ops.log(ops.maximum(others, _TINY if self.exclusive else 1e-7))


def answers_in(outputs: Any) -> int:
    """To how many inputs a model's outputs, any nest of arrays, are the answers."""
    return len(next(one for one in keras.tree.flatten(outputs) if one is not None))


def decoded(decode: Callable[[Any], Any] | None, output: Any) -> np.ndarray:
    """What the user's `decode_prob` makes of an output: float32 `[N, classes]`, or a `ValueError`.

    NaN are left if the output is not finite either, as that of a network that diverged.
    """
    assert decode is not None
    with naming("decode_prob"):
        p = np.asarray(keras.ops.convert_to_numpy(decode(output)), dtype="float32")
    rows = answers_in(output)
    if p.ndim not in (1, 2) or len(p) != rows:
        raise ValueError(f"Picasso: decode_prob returned shape {p.shape}; expected [N, classes] with N = {rows}.")
    diverged = any(not np.isfinite(one).all() for one in keras.tree.flatten(output) if one is not None)
    wrong = ~((p >= -TOLERANCE) & (p <= 1 + TOLERANCE)) & ~(np.isnan(p) & diverged)
    if wrong.any():
        raise ValueError(
            f"Picasso: decode_prob returned numbers from {p.min():.4g} to {p.max():.4g}; expected probabilities in "
            "0..1."
        )
    if p.ndim == 1 or p.shape[1] == 1:
        p = np.concatenate([1 - p.reshape(-1, 1), p.reshape(-1, 1)], axis=1)
    return p


def _log_odds(logits: Any) -> Any:
    """Log-odds under a softmax over the last axis, tensors; without saturation for the winning class."""
    ops = keras.ops
    winner = ops.one_hot(ops.argmax(logits, axis=-1), logits.shape[-1], dtype="bool")
    log_p = logits - ops.logsumexp(logits, axis=-1, keepdims=True)
    losers = logits - ops.logsumexp(ops.where(winner, -1e30, logits), axis=-1, keepdims=True)
    return ops.where(winner, losers, log_p - ops.log1p(-ops.exp(ops.where(winner, -1.0, log_p))))


def _positions_flat(scores: Any) -> Any:
    """`[N, ..., classes]` as `[N, positions, classes]`."""
    return keras.ops.reshape(scores, (keras.ops.shape(scores)[0], -1, scores.shape[-1]))
