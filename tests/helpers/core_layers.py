"""Every layer of Keras itself, by name, and how to put it into a small network: or why not."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

Shape = tuple[int, ...]


class Called(layers.Layer):
    """A layer that takes more than one tensor, called with one."""

    def __init__(self, layer: Any, how: Callable[[Any, Any], Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.layer, self.how = layer, how

    def call(self, inputs):
        return self.how(self.layer, inputs)


class Branches(layers.Layer):
    """Two layers beside each other, merged."""

    def __init__(self, branches: list[Any], merge: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.branches, self.merge = branches, merge

    def unfolded(self, inputs: Any) -> Any:
        return self.merge([branch(inputs) for branch in self.branches])

    def call(self, inputs):
        return self.unfolded(inputs)


@dataclasses.dataclass(frozen=True)
class Entry:
    """How to put a layer into a network.

    Args:
        rank: How many axes it wants, without the batch: 1 a vector, 2 a sequence, 3 a picture, 4 a volume, 5 volumes.
        make: Makes it, and what has to stand before it, for an input of a shape.
        smooth: False where there is no gradient.
        backend: The only one that has it, None for all.
    """

    rank: int
    make: Callable[[np.random.Generator, Shape], Any]
    smooth: bool = True
    backend: str | None = None


def _plain(rank: int, make: Callable[[], Any], **kwargs: Any) -> Entry:
    return Entry(rank, lambda rng, shape: make(), **kwargs)


def _colours(make: Callable[[], Any], **kwargs: Any) -> Entry:
    """Of three channels."""
    return Entry(3, lambda rng, shape: [*([] if shape[-1] == 3 else [layers.Conv2D(3, 1)]), make()], **kwargs)


def _merged(name: str) -> Entry:
    def make(rng: np.random.Generator, shape: Shape) -> Any:
        branches = [layers.Conv2D(3, 3, padding="same", activation=one) for one in ("tanh", "relu")]
        return Branches(branches, getattr(layers, name)())

    return Entry(3, make)


def _counts(*behind: Callable[[], Any], **kwargs: Any) -> Entry:
    """Of whole numbers 0..3, by bounds that the means of what was normalised are not near."""
    return Entry(
        1,
        lambda rng, shape: [layers.Discretization([-0.31, 0.07, 0.29]), *(one() for one in behind)],
        smooth=False,
        **kwargs,
    )


def _recurrent(kind: Any) -> Entry:
    def make(rng: np.random.Generator, shape: Shape) -> Any:
        return kind(
            4,
            activation=["tanh", "sigmoid"][rng.integers(2)],
            dropout=[0, 0.2][rng.integers(2)],
            recurrent_dropout=[0, 0.2][rng.integers(2)],
            return_sequences=bool(rng.integers(2)),
            go_backwards=bool(rng.integers(2)),
        )

    return Entry(2, make)


def _convolution(rng: np.random.Generator, kind: Any, filters: bool = True, **settings: Any) -> Any:
    activation = ["relu", "tanh", "gelu", "sigmoid", "softplus", None][rng.integers(6)]
    kernel = int(rng.integers(1, 4))
    strides, dilation = [(1, 1), (2, 1), (1, 2)][rng.integers(3)]
    chosen = {"strides": strides, "dilation_rate": dilation, **settings}
    amount = {"filters": int(rng.integers(2, 6))} if filters else {}
    return kind(**amount, kernel_size=kernel, padding="same", activation=activation, **chosen)


def _pooling(rng: np.random.Generator, kind: Any) -> Any:
    return kind(2, strides=int(rng.integers(1, 3)), padding="same")


def _of_rank(dimensions: int) -> dict[str, Entry]:
    """What Keras has in one, two and three dimensions."""
    rank = dimensions + 1
    made: dict[str, Entry] = {}
    for name in ("AveragePooling", "MaxPooling"):
        made[name] = Entry(rank, lambda rng, shape, name=f"{name}{dimensions}D": _pooling(rng, getattr(layers, name)))
    for name in ("AdaptiveAveragePooling", "AdaptiveMaxPooling"):
        made[name] = _plain(rank, lambda name=f"{name}{dimensions}D": getattr(layers, name)(2))
    for name in ("GlobalAveragePooling", "GlobalMaxPooling"):
        made[name] = _plain(rank, lambda name=f"{name}{dimensions}D": getattr(layers, name)())
    made["Conv"] = Entry(rank, lambda rng, shape: _convolution(rng, getattr(layers, f"Conv{dimensions}D")))
    transposed = lambda rng, shape: _convolution(  # noqa: E731
        rng, getattr(layers, f"Conv{dimensions}DTranspose"), strides=1, dilation_rate=1
    )
    made["ConvTranspose"] = Entry(rank, transposed)
    made["Cropping"] = Entry(
        rank, lambda rng, shape: getattr(layers, f"Cropping{dimensions}D")(1) if min(shape[:-1]) > 2 else []
    )
    made["ZeroPadding"] = _plain(rank, lambda: getattr(layers, f"ZeroPadding{dimensions}D")(1))
    made["UpSampling"] = _plain(rank, lambda: getattr(layers, f"UpSampling{dimensions}D")(2))
    made["SpatialDropout"] = _plain(rank, lambda: getattr(layers, f"SpatialDropout{dimensions}D")(0.2))
    if dimensions < 3:
        separable = getattr(layers, f"SeparableConv{dimensions}D")
        made["SeparableConv"] = Entry(rank, lambda rng, shape: _convolution(rng, separable))
        depthwise = getattr(layers, f"DepthwiseConv{dimensions}D")
        made["DepthwiseConv"] = Entry(rank, lambda rng, shape: _convolution(rng, depthwise, filters=False))
    made["ConvLSTM"] = _plain(
        rank + 1, lambda: getattr(layers, f"ConvLSTM{dimensions}D")(2, 1, activation="sigmoid", dropout=0.1)
    )
    return {
        name.replace("Transpose", "") + f"{dimensions}D" + ("Transpose" if "Transpose" in name else ""): entry
        for name, entry in made.items()
    }


def _torch_module(rng: np.random.Generator, shape: Shape) -> Any:
    import torch

    class Module(layers.TorchModuleWrapper):  # its own can't be in a Functional model
        def compute_output_spec(self, inputs, **kwargs):
            return keras.KerasTensor((*inputs.shape[:-1], 5), inputs.dtype)

    return Module(torch.nn.Linear(shape[-1], 5))


ENTRIES: dict[str, Entry] = {
    **_of_rank(1),
    **_of_rank(2),
    **_of_rank(3),
    # activations
    "Activation": Entry(3, lambda rng, shape: layers.Activation(["swish", "mish", "exponential"][rng.integers(3)])),
    "ELU": _plain(3, layers.ELU),
    "LeakyReLU": _plain(3, layers.LeakyReLU),
    "PReLU": Entry(3, lambda rng, shape: layers.PReLU(shared_axes=[None, [1, 2]][rng.integers(2)])),
    "ReLU": Entry(3, lambda rng, shape: layers.ReLU(max_value=[None, 6][rng.integers(2)], negative_slope=0.1)),
    "Softmax": Entry(3, lambda rng, shape: layers.Softmax(axis=[-1, 1][rng.integers(2)])),
    # shapes and sums
    "ActivityRegularization": _plain(3, lambda: layers.ActivityRegularization(l2=1e-3)),
    "Dense": Entry(1, lambda rng, shape: layers.Dense(7, activation=["relu", "tanh", "selu"][rng.integers(3)])),
    "EinsumDense": Entry(3, lambda rng, shape: layers.EinsumDense("abcd,de->abce", (*shape[:2], 4), bias_axes="e")),
    "Embedding": _counts(lambda: layers.Embedding(4, 3)),
    "Flatten": _plain(3, layers.Flatten),
    "Identity": _plain(3, layers.Identity),
    "Lambda": _plain(3, lambda: layers.Lambda(lambda x: x * 0.5 + 0.1)),
    "Masking": _plain(2, lambda: layers.Masking(0.0)),
    "Permute": Entry(3, lambda rng, shape: layers.Permute([(2, 1, 3), (3, 1, 2)][rng.integers(2)])),
    "RepeatVector": _plain(1, lambda: layers.RepeatVector(3)),
    "Reshape": Entry(3, lambda rng, shape: layers.Reshape((shape[0] * shape[1], 1, shape[2]))),
    "ReversibleEmbedding": _counts(lambda: layers.ReversibleEmbedding(4, 3)),
    "SpectralNormalization": _plain(3, lambda: layers.SpectralNormalization(layers.Conv2D(3, 3, padding="same"))),
    "TimeDistributed": _plain(3, lambda: layers.TimeDistributed(layers.Conv1D(3, 2, padding="same"))),
    **{name: _merged(name) for name in ("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract")},
    "Dot": Entry(2, lambda rng, shape: Branches([layers.Dense(3), layers.Dense(3)], layers.Dot(axes=2))),
    # recurrence and attention
    **{kind.__name__: _recurrent(kind) for kind in (layers.LSTM, layers.GRU, layers.SimpleRNN)},
    "Bidirectional": _plain(2, lambda: layers.Bidirectional(layers.GRU(3, dropout=0.2, return_sequences=True))),
    "RNN": _plain(2, lambda: layers.RNN(layers.LSTMCell(4, dropout=0.2))),
    "LSTMCell": _plain(2, lambda: layers.RNN(layers.LSTMCell(4, recurrent_dropout=0.2), return_sequences=True)),
    "GRUCell": _plain(2, lambda: layers.RNN(layers.GRUCell(4, reset_after=False))),
    "SimpleRNNCell": _plain(2, lambda: layers.RNN(layers.SimpleRNNCell(4))),
    "StackedRNNCells": _plain(
        2, lambda: layers.RNN(layers.StackedRNNCells([layers.GRUCell(3, dropout=0.2), layers.SimpleRNNCell(4)]))
    ),
    "Attention": _plain(2, lambda: Called(layers.Attention(dropout=0.1), lambda layer, x: layer([x, x]))),
    "AdditiveAttention": _plain(2, lambda: Called(layers.AdditiveAttention(), lambda layer, x: layer([x, x]))),
    "MultiHeadAttention": _plain(
        2, lambda: Called(layers.MultiHeadAttention(2, 3, dropout=0.1), lambda layer, x: layer(x, x))
    ),
    "GroupQueryAttention": _plain(2, lambda: Called(layers.GroupQueryAttention(3, 4, 2), lambda layer, x: layer(x, x))),
    # normalization
    "BatchNormalization": Entry(3, lambda rng, shape: layers.BatchNormalization(axis=[-1, 1][rng.integers(2)])),
    "GroupNormalization": _plain(3, lambda: layers.GroupNormalization(-1)),
    "LayerNormalization": Entry(3, lambda rng, shape: layers.LayerNormalization([-1, [1, 2, 3]][rng.integers(2)])),
    "Normalization": Entry(
        3, lambda rng, shape: layers.Normalization(mean=rng.random(shape[-1]), variance=1 + rng.random(shape[-1]))
    ),
    "RMSNormalization": _plain(3, layers.RMSNormalization),
    "UnitNormalization": _plain(3, layers.UnitNormalization),
    # only while training
    "AlphaDropout": _plain(1, lambda: layers.AlphaDropout(0.2)),
    "Dropout": _plain(3, lambda: layers.Dropout(0.3)),
    "GaussianDropout": _plain(3, lambda: layers.GaussianDropout(0.2)),
    "GaussianNoise": _plain(3, lambda: layers.GaussianNoise(0.2)),
    # images
    "AugMix": _colours(lambda: layers.AugMix(value_range=(0, 1))),
    "AutoContrast": _plain(3, lambda: layers.AutoContrast(value_range=(0, 1)), smooth=False),
    "CenterCrop": _plain(3, lambda: layers.CenterCrop(4, 5)),
    "ContrastLimitedAdaptiveHistogramEqualization": _colours(
        lambda: layers.ContrastLimitedAdaptiveHistogramEqualization(value_range=(0, 1), tile_grid_size=(2, 2)),
        smooth=False,
    ),
    "CutMix": _plain(3, layers.CutMix),
    "MaxNumBoundingBoxes": _plain(3, lambda: layers.MaxNumBoundingBoxes(3)),
    "MixUp": _plain(3, layers.MixUp),
    "Pipeline": _plain(3, lambda: layers.Pipeline([layers.RandomFlip(), layers.Rescaling(2.0)])),
    "RandAugment": _colours(lambda: layers.RandAugment(value_range=(0, 1))),
    "RandomBrightness": _colours(lambda: layers.RandomBrightness(0.2, value_range=(0, 1))),
    "RandomColorDegeneration": _colours(lambda: layers.RandomColorDegeneration(0.2, value_range=(0, 1))),
    "RandomColorJitter": _colours(lambda: layers.RandomColorJitter((0, 1), 0.1, 0.1, 0.1, 0.1)),
    "RandomContrast": _plain(3, lambda: layers.RandomContrast(0.2, value_range=(0, 1))),
    "RandomCrop": Entry(3, lambda rng, shape: layers.RandomCrop(*shape[:2])),  # it does not crop in inference
    "RandomElasticTransform": _colours(lambda: layers.RandomElasticTransform(value_range=(0, 1))),
    "RandomErasing": _plain(3, lambda: layers.RandomErasing(value_range=(0, 1))),
    "RandomFlip": _plain(3, layers.RandomFlip),
    "RandomGaussianBlur": _colours(lambda: layers.RandomGaussianBlur(value_range=(0, 1))),
    "RandomGrayscale": _colours(layers.RandomGrayscale),
    "RandomHue": _colours(lambda: layers.RandomHue(0.2, value_range=(0, 1))),
    "RandomInvert": _colours(lambda: layers.RandomInvert(value_range=(0, 1))),
    "RandomPerspective": _plain(3, layers.RandomPerspective),
    "RandomPosterization": _colours(lambda: layers.RandomPosterization(4, value_range=(0, 1))),
    "RandomRotation": _plain(3, lambda: layers.RandomRotation(0.1)),
    "RandomSaturation": _colours(lambda: layers.RandomSaturation(0.2, value_range=(0, 1))),
    "RandomSharpness": _colours(lambda: layers.RandomSharpness(0.2, value_range=(0, 1))),
    "RandomShear": _plain(3, lambda: layers.RandomShear(0.1, 0.1)),
    "RandomTranslation": _plain(3, lambda: layers.RandomTranslation(0.1, 0.1)),
    "RandomZoom": _plain(3, lambda: layers.RandomZoom(0.1)),
    "Rescaling": _plain(3, lambda: layers.Rescaling(2.0, -1.0)),
    "Resizing": Entry(
        3, lambda rng, shape: layers.Resizing(9, 7, interpolation=["bilinear", "nearest", "bicubic"][rng.integers(3)])
    ),
    "Solarization": _plain(3, lambda: layers.Solarization(0.1, 0.4, value_range=(0, 1)), smooth=False),
    # features
    "CategoryEncoding": _counts(lambda: layers.CategoryEncoding(4, "multi_hot")),
    "Discretization": _plain(3, lambda: layers.Discretization([-0.31, 0.07, 0.29]), smooth=False),
    "HashedCrossing": _counts(
        lambda: Called(layers.HashedCrossing(5), lambda layer, x: layer((x[:, :1], x[:, -1:]))),
        lambda: layers.Embedding(5, 3),
        backend="tensorflow",
    ),
    "Hashing": _counts(lambda: layers.Hashing(5), lambda: layers.Embedding(5, 3), backend="tensorflow"),
    "IntegerLookup": _counts(
        lambda: layers.IntegerLookup(vocabulary=[0, 1, 2]), lambda: layers.Embedding(5, 3), backend="tensorflow"
    ),
    "MelSpectrogram": _plain(  # decibels hang on the batch; elsewhere its gradient is NaN
        1,
        lambda: [layers.Dense(64), layers.MelSpectrogram(16, 8, sampling_rate=64, num_mel_bins=5, power_to_db=False)],
        backend="tensorflow",
    ),
    "STFTSpectrogram": _plain(
        1, lambda: [layers.Dense(64), layers.Reshape((64, 1)), layers.STFTSpectrogram("magnitude", 16, 8)]
    ),
    # other frameworks
    "TorchModuleWrapper": Entry(1, _torch_module, backend="torch"),
}

LEFT_OUT = {
    "Equalization": "no Functional or Sequential model can hold it: it hands on its own input",
    "FlaxLayer": "flax is not among the packages of the project",
    "InputLayer": "stands in every Functional and Sequential model",
    "JaxLayer": "needs TensorFlow beside JAX",
    "Layer": "a base",
    "StringLookup": "takes text",
    "TextVectorization": "takes text",
    "TFSMLayer": "a SavedModel: another model's graph",
    "Wrapper": "a base",
}


def unknown() -> set[str]:
    """Layers of this Keras of which neither table has a name."""
    names: dict[type, set[str]] = {}
    for name, one in vars(layers).items():
        if inspect.isclass(one) and issubclass(one, keras.Layer):
            names.setdefault(one, set()).add(name)
    return {min(called) for called in names.values() if called.isdisjoint({*ENTRIES, *LEFT_OUT})}


def here() -> list[str]:
    """The names of the layers that this version of Keras and the backend in use have."""
    return [
        name
        for name, entry in ENTRIES.items()
        if hasattr(layers, name) and entry.backend in (None, keras.backend.backend())
    ]
