"""Rules: which part of a layer's input each part of its output is made of. What has no rule ends the local part."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from picasso_callbacks.model.incremental.graph import Step

layers = keras.layers


@dataclasses.dataclass(frozen=True)
class Axis:
    """Along one axis, output i is made of `extent` inputs, the first of which is `i * stride - before`."""

    extent: int = 1
    stride: int = 1
    before: int = 0


@dataclasses.dataclass(frozen=True)
class Reach:
    """How a layer makes its output out of its input `[N, H, W, C]`, and how it is called on a part of it.

    Args:
        rows: Along the height.
        columns: Along the width.
        unpadded: Attributes with which the layer would do the same without any padding of its own.
        fill: What its padding consists of.
        averages: Whether it divides by the number of inputs that are no padding.
    """

    rows: Axis = Axis()
    columns: Axis = Axis()
    unpadded: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    fill: float = 0.0
    averages: bool = False

    def part(self, operation: Any) -> Any:
        """The operation without its padding: a twin that shares its variables. The live one stays as it is."""
        if not self.unpadded:
            return operation
        twin = object.__new__(type(operation))  # copy.copy would save and load the layer
        twin.__dict__.update(operation.__dict__)
        twin.__dict__.update(self.unpadded)
        return twin


Rule = Callable[[Step], Reach | None]
"""Says how a step reaches, or `None` if it has to be computed as a whole."""


def pointwise(step: Step) -> Reach | None:
    """Each pixel of the output is made of the same pixel of the inputs alone, wherever it is."""
    same = all(shape[:2] == step.output_shapes[0][:2] for shape in step.input_shapes)
    return Reach() if same else None


def sliding(step: Step) -> Reach | None:
    """A kernel that slides over the image: convolutions and pooling."""
    layer = step.operation
    if layer.data_format != "channels_last" or layer.padding not in ("same", "valid"):
        return None
    kernel = _pair(layer.pool_size if hasattr(layer, "pool_size") else layer.kernel_size)
    strides, dilation = _pair(layer.strides), _pair(getattr(layer, "dilation_rate", 1))
    axes = list(zip(step.input_shapes[0][:2], kernel, strides, dilation, strict=True))
    same = layer.padding == "same"
    missing = [_missing(*axis) if same else 0 for axis in axes]
    averages = same and isinstance(layer, layers.AveragePooling2D)
    if averages and any(one % 2 for one in missing) and keras.backend.backend() == "torch":
        return None  # Keras repeats the border there, and counts it in
    rows, columns = (
        Axis((k - 1) * d + 1, stride, one // 2) for (_, k, stride, d), one in zip(axes, missing, strict=True)
    )
    fill = -np.inf if isinstance(layer, layers.MaxPooling2D) else 0.0
    return Reach(rows, columns, {"padding": "valid"}, fill, averages)


def _missing(side: int, kernel: int, stride: int, dilation: int) -> int:
    """By how much `same` pads one axis, on both ends together."""
    return max((-(-side // stride) - 1) * stride + (kernel - 1) * dilation + 1 - side, 0)


def bordering(step: Step) -> Reach | None:
    """Adds to the border, or takes from it."""
    layer = step.operation
    if layer.data_format != "channels_last":
        return None
    crops = isinstance(layer, layers.Cropping2D)
    name = "cropping" if crops else "padding"
    (top, _), (left, _) = getattr(layer, name)
    sign = -1 if crops else 1
    return Reach(Axis(before=sign * top), Axis(before=sign * left), {name: ((0, 0), (0, 0))})


def over_channels(step: Step) -> Reach | None:
    """Normalises, or joins, along the channels only: its axis has to be the last."""
    axis = getattr(step.operation, "axis", -1)
    return pointwise(step) if axis in (-1, 3, [-1], [3], (-1,), (3,)) else None


def _with_activation(rule: Rule) -> Rule:
    """`rule`, where the layer's activation is Keras' own, and so known to look at one pixel at a time."""

    def checked(step: Step) -> Reach | None:
        activation = getattr(step.operation, "activation", None)
        return rule(step) if activation is None or is_pixelwise(activation) else None

    return checked


def is_pixelwise(activation: Any) -> bool:
    """Whether an activation function, or a layer in its place, looks at one pixel at a time."""
    if isinstance(activation, keras.Layer):
        return type(activation) in _POINTWISE
    activation = getattr(activation, "__wrapped__", activation)
    return getattr(activation, "__module__", "").startswith("keras.")


def _normalization(step: Step) -> Reach | None:
    mean = getattr(step.operation, "mean", None)
    return pointwise(step) if mean is not None and np.prod(mean.shape[:-1], dtype=int) == 1 else None


def _with_numbers(step: Step) -> Reach | None:
    """Arithmetic of tensors and numbers, without arrays that differ from pixel to pixel."""
    arguments = keras.tree.flatten((step.arguments.args, step.arguments.kwargs))
    rest = [one for one in arguments if not isinstance(one, keras.KerasTensor)]
    return pointwise(step) if all(isinstance(one, (int, float, str, type(None))) for one in rest) else None


def rule_of(operation: Any) -> Rule | None:
    """The rule of an operation: that of its very class, since a subclass may do anything."""
    if type(operation) in rules:
        return rules[type(operation)]
    known = type(operation).__module__ in ("keras.src.ops.numpy", "keras.src.ops.nn", "keras.src.ops.core")
    return _with_numbers if known and type(operation).__name__ in _ARITHMETIC else None


def _pair(value: Any) -> tuple[int, int]:
    first, second = value if isinstance(value, (tuple, list)) else (value, value)
    return first, second


_ARITHMETIC = {
    *("Add", "Subtract", "Multiply", "TrueDivide", "Maximum", "Minimum", "Negative", "Absolute", "Square", "Sqrt"),
    *("Exp", "Log", "Tanh", "Clip", "Cast", "Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Gelu", "Silu", "Sigmoid"),
    *("HardSigmoid", "HardSilu", "Softplus", "Softsign"),
}

_POINTWISE = (
    *(layers.ReLU, layers.LeakyReLU, layers.ELU, layers.Rescaling),
    *(layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum),
    *(layers.Dropout, layers.SpatialDropout2D, layers.GaussianNoise, layers.GaussianDropout),  # inference: identities
    *(layers.ActivityRegularization, layers.Identity),
    *(layers.RandomFlip, layers.RandomRotation, layers.RandomZoom, layers.RandomTranslation),
    *(layers.RandomContrast, layers.RandomBrightness),
)

rules: dict[type, Rule] = {
    **dict.fromkeys(_POINTWISE, pointwise),
    **dict.fromkeys((layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D), _with_activation(sliding)),
    **dict.fromkeys((layers.MaxPooling2D, layers.AveragePooling2D), sliding),
    **dict.fromkeys((layers.ZeroPadding2D, layers.Cropping2D), bordering),
    **dict.fromkeys(
        (layers.BatchNormalization, layers.LayerNormalization, layers.Concatenate, layers.Softmax), over_channels
    ),
    layers.Activation: _with_activation(pointwise),
    layers.Normalization: _normalization,
}
"""The rule of each class of layer. A layer of your own is given one by `rules[MyLayer] = pointwise`, say."""
