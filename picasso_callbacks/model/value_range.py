"""Value range: whether inputs are like those that a model's first layers, which normalise them, are made for."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
from keras import layers

from picasso_callbacks.explanation import Explanation
from picasso_callbacks.model.incremental import try_graph

FAINT, STRONG = 0.02, 20.0
"""Normalised inputs have a spread of about 1; less or more than this is another range, not another contrast."""

STEEP = 100.0
"""Nats. A part of a picture that is worth more is worth a factor of 10^43 in the odds."""

_KEEPING = (
    layers.CenterCrop,
    layers.Dropout,
    layers.GaussianNoise,
    layers.RandomContrast,
    layers.RandomCrop,
    layers.RandomFlip,
    layers.RandomRotation,
    layers.RandomTranslation,
    layers.RandomZoom,
    layers.Resizing,
)
"""Layers that leave the range of an image as it is."""


def range_notes(model: keras.Model, inputs: np.ndarray) -> tuple[str, ...]:
    """A sentence if inputs `[P, h, w, c]` are of another range than the layers that normalise them expect; else none.

    It looks at `Rescaling`, and at `Normalization` and `BatchNormalization` with statistics, where they are the first
    layers that a Sequential or Functional model has.
    """
    if inputs.ndim != 4:
        return ()
    graph = try_graph(model, inputs.shape[1:])
    values, place, last = inputs.astype("float64"), 0, None
    low, high = values.min(), values.max()
    for step in graph.steps if graph else ():
        if step.inputs != (place,):
            continue
        layer, place = step.operation, step.outputs[0]
        if isinstance(layer, layers.Rescaling):
            values, last = values * _number(layer.scale) + _number(layer.offset), layer
        elif (statistics := _statistics(layer)) is not None:
            return _by_statistics(layer, values, *statistics)
        elif not isinstance(layer, _KEEPING):
            break
    return () if last is None or not low < high else _by_rescaling(last, values, low, high)


def steep_note(explanations: Iterable[Explanation], of_class: np.ndarray, images: np.ndarray) -> str | None:
    """A few sentences if heatmaps in nats are beyond what a network says of images like those it was made for.

    Args:
        explanations: What methods found.
        of_class: bool `[P, K]`: which of their targets are classes.
        images: The probes' images.
    """
    maps = [found.values[of_class] for found in explanations if found.is_map and found.unit == "nats"]
    steepest = max((float(np.abs(one).max(initial=0.0, where=np.isfinite(one))) for one in maps), default=0.0)
    if steepest <= STEEP:
        return None
    return (
        f"hiding a part of a probe changes log-odds by up to {steepest:.3g} nats, and more than {STEEP:.0f} can hardly "
        f"be right. Are the probes as fit gets its images? They range from {images.min():.4g} to {images.max():.4g} in "
        f"{images.dtype}. What a dataset or generator does to images on the way (scaling, normalising) has to be done "
        "to the probes, or by preprocess=... If they are as they should be, so are the network's logits that large: "
        "its inputs or weights are not scaled, or it diverges."
    )


def _by_rescaling(layer: Any, values: np.ndarray, low: float, high: float) -> tuple[str, ...]:
    spread = values.max() - values.min()
    scale, offset = (float(np.abs(_number(one)).max()) for one in (layer.scale, layer.offset))
    made_small = scale < 1 or offset > 0
    if not (spread < FAINT or (made_small and spread > STRONG * (offset or 1))):
        return ()
    return _note(
        f"range from {low:.4g} to {high:.4g}, and its layer {layer.name} (Rescaling, scale {scale:.4g}, offset "
        f"{float(np.mean(_number(layer.offset))):.4g}) makes {values.min():.4g} to {values.max():.4g} of them"
    )


def _by_statistics(layer: Any, values: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> tuple[str, ...]:
    expected, deviation = np.ravel(mean), np.sqrt(np.ravel(variance)) + 1e-12
    found, spread = values.mean(axis=(0, 1, 2)), values.std(axis=(0, 1, 2))
    wide, off = float(np.median(spread / deviation)), float(np.median(np.abs(found - expected) / deviation))
    if spread.max() < 1e-9 * deviation.max() or (FAINT < wide < STRONG and off < STRONG):
        return ()
    return _note(
        f"reach its layer {layer.name} ({type(layer).__name__}) with a mean of {found.mean():.4g} and a deviation of "
        f"{spread.mean():.4g}; it expects {expected.mean():.4g} and {deviation.mean():.4g}"
    )


def _note(what: str) -> tuple[str, ...]:
    return (
        f"The model's inputs {what}. Are the probes in the range of the images that fit gets? If they are, those are "
        "not what this layer is made for.",
    )


def _number(given: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(given), "float64")


def _statistics(layer: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """The mean and variance that a layer takes its input to have, by channel; `None` if it knows none."""
    if isinstance(layer, layers.Normalization) and not layer.invert:
        mean, variance = layer.mean, layer.variance
    elif isinstance(layer, layers.BatchNormalization):
        mean, variance = layer.moving_mean, layer.moving_variance
    else:
        return None
    mean, variance = _number(mean), _number(variance)
    fresh = not mean.any() and (variance == 1).all()
    return None if fresh or math.prod(mean.shape) not in (1, mean.shape[-1]) else (mean, variance)
