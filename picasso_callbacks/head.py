"""Head: how a model's output is read - as which probabilities, and by which scores that don't saturate."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Literal

import keras
import numpy as np

from picasso_callbacks.scores import Scores, sigmoid, softmax

DecodeProb = Callable[[Any], Any] | Literal["softmax", "sigmoid"]

_TOLERANCE = 2e-3  # float16 outputs of a softmax over many classes sum to 1 only so well
_TINY = 1e-30

_MEND = (
    "Pass decode_prob=..., which turns the model's outputs into probabilities [N, classes]: 'softmax' or 'sigmoid' "
    "where the outputs are logits, or a function of yours."
)


@dataclasses.dataclass(frozen=True)
class Head:
    """How a model's output is read.

    Args:
        reading: `"softmax"`: classes share one softmax; `"sigmoid"`: each class is a yes or no of its own; `"binary"`:
            one sigmoid unit, read as two classes; `"decoded"`: only the user's `decode_prob` can read it.
        source: Where class scores come from: `"logits"`, what the last softmax or sigmoid was given; `"outputs"`, the
            outputs themselves, which are logits; `"probabilities"`, the logarithm of the probabilities.
        decode: The user's `decode_prob`, for the reading `"decoded"`.
    """

    reading: Literal["softmax", "sigmoid", "binary", "decoded"]
    source: Literal["logits", "outputs", "probabilities"]
    decode: Callable[[Any], Any] | None = None

    @property
    def description(self) -> str:
        """The score that is explained and how it was found, in words."""
        found = {
            "logits": f"logits before the {'softmax' if self.reading == 'softmax' else 'sigmoid'}",
            "outputs": "linear outputs, which are logits",
            "probabilities": "logarithm of the probabilities",
        }[self.source]
        return f"{found}, decoded by decode_prob" if self.decode else found

    def extract(self, output: Any, logits: Any) -> Any:
        """What of a model's output scores are made of; called while tracing, so that only this leaves the device."""
        return output if self.reading == "decoded" else self.class_scores(output, logits)

    def class_scores(self, output: Any, logits: Any) -> Any:
        """Differentiable scores `[N, classes]` as float32 tensors: logits, or the nearest thing to them."""
        ops = keras.ops
        if self.reading == "decoded":
            return self._log_odds_of_decoded(output)
        scores = ops.cast(logits if self.source == "logits" else output, "float32")
        if self.source == "probabilities":
            below = ops.log(ops.maximum(scores, _TINY))
            scores = below if self.reading == "softmax" else below - ops.log(ops.maximum(1 - scores, _TINY))
        if self.reading == "binary":
            scores = ops.reshape(scores, (-1, 1))
            scores = ops.concatenate([-scores, scores], axis=1)
        return scores

    def scores(self, extracted: Any) -> Scores:
        """`Scores` of what `extract` took, now in NumPy."""
        if self.reading != "decoded":
            logits = np.asarray(extracted, dtype="float32")
            competing = self.reading == "softmax"
            return Scores(logits, softmax(logits) if competing else sigmoid(logits), competing)
        probabilities = decoded(self.decode, extracted)
        p = np.clip(probabilities.astype("float64"), _TINY, None)
        logits = np.log(p) - np.log(np.clip(1 - p, 1e-7, None))
        return Scores(logits.astype("float32"), probabilities, competing=False)

    def _log_odds_of_decoded(self, output: Any) -> Any:
        assert self.decode is not None
        try:
            p = keras.ops.convert_to_tensor(self.decode(output))
        except Exception as error:
            raise ValueError(
                "Picasso: decode_prob can't be differentiated, so there is no gradient of a class score and no "
                "saliency map. Write decode_prob with keras.ops, or leave saliency_map out of methods=[...]."
            ) from error
        if len(p.shape) == 1 or p.shape[-1] == 1:
            p = keras.ops.reshape(p, (-1, 1))
            p = keras.ops.concatenate([1 - p, p], axis=1)
        return keras.ops.log(keras.ops.maximum(p, _TINY)) - keras.ops.log(keras.ops.maximum(1 - p, 1e-7))


def find_head(model: keras.Model, output: Any, logits: np.ndarray | None, decode_prob: DecodeProb | None) -> Head:
    """Finds out how a model's output is to be read.

    Args:
        model: The model; its loss is asked where the numbers leave a choice.
        output: The model's output for some inputs, NumPy.
        logits: What its last softmax or sigmoid was given, where the backend knows.
        decode_prob: The user's word on it.

    Raises:
        ValueError: The numbers don't look like what they are read as; the message says what mends it.
    """
    if callable(decode_prob):
        return _decoded_head(output, logits, decode_prob)
    if not isinstance(output, np.ndarray) or output.ndim not in (1, 2):
        shape = {key: value.shape for key, value in output.items()} if isinstance(output, dict) else np.shape(output)
        raise ValueError(f"Picasso: the model's output has shape {shape}; expected [N, classes]. {_MEND}")
    if not np.isfinite(output).all():
        raise ValueError("Picasso: the model's outputs for the probes are not finite before training has begun.")
    one_unit = output.ndim == 1 or output.shape[1] == 1
    if decode_prob is not None:
        return Head(_reading(decode_prob, one_unit), "outputs")
    if logits is not None:
        return Head(_activation_of(output, logits, model, one_unit), "logits")
    if _from_logits(model):
        return Head(_reading("sigmoid" if one_unit or _is_binary(model) else "softmax", one_unit), "outputs")
    return Head(_reading(_as_probabilities(output, model, one_unit), one_unit), "probabilities")


def decoded(decode: Callable[[Any], Any] | None, output: Any) -> np.ndarray:
    """What the user's `decode_prob` makes of an output: float32 `[N, classes]`, or a `ValueError`."""
    assert decode is not None
    p = np.asarray(keras.ops.convert_to_numpy(decode(output)), dtype="float32")
    rows = len(keras.tree.flatten(output)[0])
    if p.ndim not in (1, 2) or len(p) != rows:
        raise ValueError(f"Picasso: decode_prob returned shape {p.shape}; expected [N, classes] with N = {rows}.")
    low, high = p.min(), p.max()
    if low < -_TOLERANCE or high > 1 + _TOLERANCE:
        raise ValueError(
            f"Picasso: decode_prob returned numbers from {low:.4g} to {high:.4g}; expected probabilities in 0..1."
        )
    if p.ndim == 1 or p.shape[1] == 1:
        p = np.concatenate([1 - p.reshape(-1, 1), p.reshape(-1, 1)], axis=1)
    return p


def _decoded_head(output: Any, logits: np.ndarray | None, decode: Callable[[Any], Any]) -> Head:
    """A softmax or sigmoid in the user's `decode_prob` is recognised by its numbers: then scores needn't saturate."""
    p = decoded(decode, output)
    candidates: list[tuple[Any, Literal["logits", "outputs"]]] = [(logits, "logits"), (output, "outputs")]
    for scores, source in candidates:
        if not isinstance(scores, np.ndarray) or scores.ndim != 2:
            continue
        if source == "outputs" and _close(scores, p):
            sums_to_one = np.abs(p.sum(axis=1) - 1).max() <= _TOLERANCE
            return Head("softmax" if sums_to_one else "sigmoid", "probabilities")
        if scores.shape == p.shape:
            for reading, function in (("softmax", softmax), ("sigmoid", sigmoid)):
                if _close(function(scores), p):
                    return Head(reading, source)  # type: ignore[arg-type]
        elif scores.shape[1] == 1 and p.shape[1] == 2 and _close(sigmoid(scores)[:, 0], p[:, 1]):
            return Head("binary", source)
    return Head("decoded", "probabilities", decode)


def _activation_of(
    output: np.ndarray, logits: np.ndarray, model: keras.Model, one_unit: bool
) -> Literal["softmax", "sigmoid", "binary"]:
    fits = {
        "softmax": not one_unit and _close(softmax(logits), output),
        "sigmoid": _close(sigmoid(logits), output),
    }
    if all(fits.values()):  # an untrained network can give the same numbers either way
        return "sigmoid" if _is_binary(model) else "softmax"
    if not any(fits.values()):
        raise ValueError(
            f"Picasso: the model's outputs are neither the softmax nor the sigmoid of its last logits. {_MEND}"
        )
    return _reading("softmax" if fits["softmax"] else "sigmoid", one_unit)


def _as_probabilities(output: np.ndarray, model: keras.Model, one_unit: bool) -> Literal["softmax", "sigmoid"]:
    low, high = float(output.min()), float(output.max())
    if low < -_TOLERANCE or high > 1 + _TOLERANCE:
        raise ValueError(
            f"Picasso: the model's outputs range from {low:.4g} to {high:.4g}, so they are no probabilities. {_MEND} "
            "Or compile the model with a loss that has from_logits=True."
        )
    if one_unit:
        return "sigmoid"
    sums = output.astype("float64").sum(axis=1)
    if np.abs(sums - 1).max() <= _TOLERANCE:
        return "softmax"
    if _is_binary(model):
        return "sigmoid"
    raise ValueError(
        f"Picasso: the model's outputs lie in 0..1 but sum to {sums.min():.4g}..{sums.max():.4g} over the "
        f"{output.shape[1]} classes, not to 1. For independent classes compile with binary cross-entropy or pass "
        "decode_prob=lambda outputs: outputs. " + _MEND
    )


def _reading(name: str, one_unit: bool) -> Literal["softmax", "sigmoid", "binary"]:
    if name == "softmax":
        if one_unit:
            raise ValueError("Picasso: a softmax over a single class is always 1; expected two classes or a sigmoid.")
        return "softmax"
    if name == "sigmoid":
        return "binary" if one_unit else "sigmoid"
    raise ValueError(f"Picasso: decode_prob is {name!r}; expected 'softmax', 'sigmoid', a function or None.")


def _losses(model: keras.Model) -> list[Any]:
    loss = getattr(model, "loss", None)
    return [
        keras.losses.get(one) if isinstance(one, str) else one for one in keras.tree.flatten(loss) if one is not None
    ]


def _from_logits(model: keras.Model) -> bool:
    def of(loss: Any) -> bool:
        return bool(getattr(loss, "from_logits", False) or getattr(loss, "_fn_kwargs", {}).get("from_logits", False))

    return any(of(loss) for loss in _losses(model))


def _is_binary(model: keras.Model) -> bool:
    names = [getattr(loss, "__name__", type(loss).__name__).lower() for loss in _losses(model)]
    return any("binary" in name for name in names)


def _close(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-2, atol=1e-6))
