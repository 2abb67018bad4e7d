"""Finding out how a model's output is to be read, from its numbers and its loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from picasso_callbacks.model.head.head import TOLERANCE, Head, Reading, Source, decoded
from picasso_callbacks.model.head.scores import sigmoid, softmax
from picasso_callbacks.typing import DecodeProb

_MEND = (
    "Pass decode_prob=..., which turns the model's outputs into probabilities [N, classes]: 'softmax' or 'sigmoid' "
    "where the outputs are logits, a function of yours, or 'value' where the outputs are plain numbers."
)
_REGRESSION = ("squared", "absolute", "percentage", "huber", "logcosh", "poisson", "mse", "mae", "msle")

EXACT = 1e-4
"""How far probabilities of 32 bits may be from a sum of 1: wide for a softmax, and too narrow for chance."""


def find_head(
    output: Any,
    logits: np.ndarray | None,
    decode_prob: DecodeProb | None,
    loss: Any = None,
    precision: float = 0.0,
    is_sigmoid: bool = False,
    own_loss: bool = False,
) -> Head:
    """Finds out how a model's output is to be read. Numbers that might be so by chance decide nothing.

    Args:
        output: The model's output for some inputs, NumPy: `[N]`, `[N, classes]` or dense `[N, ..., classes]`; anything
            if `decode_prob` is a function.
        logits: What its last softmax or sigmoid seems to have been given, in the same shape, if that is known.
        decode_prob: The user's word on it.
        loss: The loss for this output; it is asked where the numbers leave a choice. Only Keras' own are known.
        precision: The distance from 1 to the next number in the coarsest type that the model computes with.
        is_sigmoid: Whether the model's graph says that the output comes from a sigmoid.
        own_loss: Whether a `compute_loss` of the model's own decides what `loss` is applied to.

    Raises:
        ValueError: The numbers don't look like what they are read as; the message says what mends it.
    """
    if callable(decode_prob):
        return _decoded_head(output, logits, decode_prob)
    if not isinstance(output, np.ndarray) or output.ndim < 1:
        raise ValueError(f"Picasso: the model's output is {type(output).__name__}; expected [N, classes]. {_MEND}")
    if not np.isfinite(output).all():
        raise ValueError(
            f"Picasso: of the model's outputs for the probes, {np.count_nonzero(~np.isfinite(output))} of "
            f"{output.size} are not finite; expected numbers. Are the probes in the range that the model takes, and "
            "its weights finite?"
        )
    dense, one_unit = output.ndim > 2, output.ndim == 1 or output.shape[-1] == 1
    rows = output.reshape(-1, 1 if one_unit else output.shape[-1])
    tolerance = max(EXACT, 2e-7 * rows.shape[1], 4 * precision)
    if decode_prob == "value":
        return Head("value", "outputs", dense)
    fitting = () if logits is None else _activations(rows, logits.reshape(rows.shape), one_unit, precision)
    if decode_prob is not None:
        if not fitting:
            if decode_prob == "sigmoid" and is_sigmoid:
                return Head(_reading("sigmoid", one_unit), "probabilities", dense, tolerance=tolerance)
            return Head(_reading(decode_prob, one_unit), "outputs", dense)
        if decode_prob not in fitting:
            raise ValueError(
                f"Picasso: decode_prob is {decode_prob!r}, but the model's outputs are no logits: they have been "
                f"through a {fitting[0]} already. Pass decode_prob={fitting[0]!r}."
            )
        return Head(_reading(decode_prob, one_unit), "logits", dense)
    if fitting:
        return Head(_reading(_believed(fitting, loss), one_unit), "logits", dense)
    if _from_logits(loss):
        return Head(_reading(_as_logits(loss, one_unit, own_loss), one_unit), "outputs", dense)
    if _names(loss, *_REGRESSION):
        if is_sigmoid:
            raise ValueError(_ambiguous(("sigmoid",), loss))
        return Head("value", "outputs", dense)
    name = "sigmoid" if is_sigmoid else _as_probabilities(rows, loss, one_unit, tolerance)
    return Head(_reading(name, one_unit), "probabilities", dense, tolerance=tolerance)


def _decoded_head(output: Any, logits: np.ndarray | None, decode: Callable[[Any], Any]) -> Head:
    """A softmax or sigmoid in the user's `decode_prob` is recognised by its numbers: then scores needn't saturate."""
    p = decoded(decode, output)
    candidates: list[tuple[Any, Source]] = [(logits, "logits"), (output, "outputs")]
    for scores, source in candidates:
        if not isinstance(scores, np.ndarray) or scores.ndim != 2:
            continue
        if source == "outputs" and _close(scores, p):
            sums_to_one = np.abs(p.sum(axis=1) - 1).max() <= TOLERANCE
            return Head("softmax" if sums_to_one else "sigmoid", "probabilities")
        if _close(softmax(scores), p):
            return Head("softmax", source)
        if _close(sigmoid(scores), p):
            return Head("sigmoid", source)
        if scores.shape[1] == 1 and p.shape[1] == 2 and _close(sigmoid(scores)[:, 0], p[:, 1]):
            return Head("binary", source)
    exclusive = bool(np.abs(p.astype("float64").sum(axis=1) - 1).max() <= TOLERANCE)
    return Head("decoded", "probabilities", decode=decode, exclusive=exclusive)


def _activations(
    output: np.ndarray, logits: np.ndarray, one_unit: bool, precision: float
) -> tuple[Literal["softmax", "sigmoid"], ...]:
    """Which functions of `logits` the output is, by its numbers. An untrained network can give the same by both."""
    as_softmax = not one_unit and _close(softmax(logits), output, 4 * precision)
    as_sigmoid = _close(sigmoid(logits), output, 4 * precision)
    return (*(("softmax",) if as_softmax else ()), *(("sigmoid",) if as_sigmoid else ()))  # type: ignore[return-value]


def _believed(fitting: tuple[Literal["softmax", "sigmoid"], ...], loss: Any) -> Literal["softmax", "sigmoid"]:
    """Which of the functions that the output may be it is, and that it makes probabilities.

    Raises:
        ValueError: The loss is one of a regression, to 0..1, or of a classifier, as some are trained.
    """
    if "sigmoid" in fitting and _names(loss, *_REGRESSION):
        raise ValueError(_ambiguous(fitting, loss))
    return "sigmoid" if "sigmoid" in fitting and _names(loss, "binary") else fitting[0]


def _ambiguous(fitting: tuple[str, ...], loss: Any) -> str:
    return (
        f"Picasso: the model's outputs come from a {' or '.join(fitting)}, and its loss is {_name(loss)}; nobody can "
        f"tell whether they are probabilities or the plain numbers of a regression to 0..1. Pass decode_prob="
        f"{' or '.join(map(repr, fitting))} where they are probabilities, decode_prob='value' where they are plain "
        "numbers."
    )


def _as_logits(loss: Any, one_unit: bool, own_loss: bool) -> Literal["softmax", "sigmoid"]:
    """Which function makes probabilities of what `loss` takes for logits."""
    if own_loss or (one_unit and _names(loss, "categorical")):
        doubt = "its own compute_loss may give it others" if own_loss else "there is one for each image or position"
        raise ValueError(
            f"Picasso: the model's loss {_name(loss)} has from_logits=True, but whether the model's outputs are these "
            f"logits, nobody can tell: {doubt}. {_MEND}"
        )
    if not one_unit and not _names(loss, "crossentropy"):
        raise ValueError(
            f"Picasso: the model's outputs are logits, since its loss {_name(loss)} has from_logits=True; nobody "
            "can tell whether the classes share one softmax. Pass decode_prob='softmax' or 'sigmoid'."
        )
    return "sigmoid" if one_unit or _names(loss, "binary") else "softmax"


def _as_probabilities(output: np.ndarray, loss: Any, one_unit: bool, tolerance: float) -> Literal["softmax", "sigmoid"]:
    low, high = float(output.min()), float(output.max())
    if low < -tolerance or high > 1 + tolerance:
        raise ValueError(
            f"Picasso: the model's outputs range from {low:.4g} to {high:.4g}, so they are no probabilities. {_MEND} "
            "Or compile the model with a loss that has from_logits=True."
        )
    if _names(loss, "binary"):
        return "sigmoid"
    if one_unit:
        raise ValueError(
            f"Picasso: the model's outputs, one for each image, range from {low:.4g} to {high:.4g}; nobody can tell "
            f"from that whether they are probabilities, logits or plain numbers, nor from its loss, "
            f"{_name(loss) or 'which is not known'}; expected a sigmoid at the model's end, or a loss of Keras. Pass "
            "decode_prob='value' where they are plain numbers, 'sigmoid' where they are logits, or decode_prob=lambda "
            "outputs: outputs where they are probabilities."
        )
    sums = output.astype("float64").sum(axis=1)
    if np.abs(sums - 1).max() <= tolerance:
        return "softmax"
    digits = ".4g" if np.abs(sums - 1).max() > 1e-3 else ".7g"
    raise ValueError(
        f"Picasso: the model's outputs lie in 0..1 but sum to {sums.min():{digits}}..{sums.max():{digits}} over the "
        f"{output.shape[1]} classes, not to 1. For independent classes compile with binary cross-entropy or pass "
        "decode_prob=lambda outputs: outputs. " + _MEND
    )


def _reading(name: str, one_unit: bool) -> Reading:
    if name == "softmax":
        if one_unit:
            raise ValueError("Picasso: a softmax over a single class is always 1; expected two classes or a sigmoid.")
        return "softmax"
    if name == "sigmoid":
        return "binary" if one_unit else "sigmoid"
    return "value"


def _from_logits(loss: Any) -> bool:
    return bool(getattr(loss, "from_logits", False) or getattr(loss, "_fn_kwargs", {}).get("from_logits", False))


def _names(loss: Any, *parts: str) -> bool:
    """Whether one of `parts` is in the name of a loss of Keras, or of one that a loss is derived from.

    Of others, a name says nothing; and a loss of Keras may be given any name.
    """
    kinds = (loss,) if hasattr(loss, "__name__") else type(loss).__mro__
    names = [one.__name__ for one in kinds if getattr(one, "__module__", "").partition(".")[0] == "keras"]
    return any(part in name.lower().replace("_", "") for name in names for part in parts)


def _name(loss: Any) -> str:
    """What a loss is called; empty where there is none."""
    if loss is None:
        return ""
    return getattr(loss, "__name__", None) or getattr(loss, "name", None) or type(loss).__name__


def _close(a: np.ndarray, b: np.ndarray, coarse: float = 0.0) -> bool:
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=max(1e-2, coarse), atol=1e-6))
