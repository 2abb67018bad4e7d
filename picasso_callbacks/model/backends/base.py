"""Backend: the contract between the live model and the framework that computes it."""

from __future__ import annotations

import abc
import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

Tensor = Any
"""A tensor of the framework in use."""

Call = Callable[[Any], Any]
"""Runs the model on its inputs in inference mode, with the weights of this very moment."""

Scored = Callable[..., tuple[Tensor, Any]]
"""Makes scores that are differentiated, `[N, S]`, and whatever else is wanted of the same pass."""

ALIGNMENT = 64
"""JAX and TensorFlow can take arrays that begin at a multiple of so many bytes as they are, and copy others.
torch takes all as they are with `from_numpy`, and else copies all."""


class Backend(abc.ABC):
    """Compiles functions of a live model.

    What `compile` and `compile_gradients` return is traced once for each signature of its arguments and may be called
    for as long as the model lives: weights are read at each call, never captured. Nothing of the model changes: no
    weight, no random seed, no mode, no gradient.

    Attributes:
        pixels: How many pixels of small images a batch best has, on processors: measured on small networks.
        in_memory: Whether tensors live where NumPy's arrays do, so that nothing is gained by making them on the device.
        in_step: Whether several processes may have to compute each question together, and so to ask the same ones.
        other_weights: With which weights the model is called, in the order of its own; `None`: with its own.
    """

    pixels: int
    in_memory: bool
    in_step = False
    other_weights: Sequence[Tensor] | None = None

    def __init__(self, model: keras.Model):
        self.model = model
        self.eager = bool(getattr(model, "run_eagerly", False))  # as fit calls it: what can't be traced isn't

    def call(self, inputs: Any) -> Any:
        """Calls the model in inference mode.

        `training=False` is said whether or not `call` takes it: Keras, from 3.10 on, hands it to the layers inside.
        Some of them train unless they are told not to (Resizing, RandomFlip), and so does everything behind them.
        """
        if self.other_weights is None:
            return self.model(inputs, training=False)
        with keras.StatelessScope(state_mapping=list(zip(self.model.weights, self.other_weights, strict=True))):
            return self.model(inputs, training=False)

    def left_alone(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, but what is assigned to the model's variables within (seeds, statistics, counters) is dropped."""

        def run(*tensors: Any) -> Any:
            with keras.StatelessScope():
                return function(self.call, *tensors)

        return run

    @abc.abstractmethod
    def compile(self, function: Callable[..., Any], keep: bool = False) -> Callable[..., Any]:
        """Compiles `function(call, *tensors)`; the tensors and `None`s it returns, in any nest, come back in NumPy.

        The function may also call layers of the model itself. With `keep`, what it returns stays on the device.
        """

    @abc.abstractmethod
    def compile_gradients(self, function: Scored) -> Callable[..., tuple[np.ndarray | None, Any]]:
        """Compiles gradients of `function(call, inputs, *tensors)`, which returns scores `[N, S]` and whatever else.

        What is returned maps `(targets, inputs, *tensors)`, with `targets` int `[N, K]`, to float32 `[N, K, ...]`: for
        each of the K targets of an input the gradient of its score with regard to `inputs` `[N, ...]`, from one forward
        and K backward passes; or to `None` where the scores do not depend on `inputs` in a way that can be
        differentiated. Beside it stands what else the function returned, a nest of tensors and `None`s, in NumPy.
        """

    @abc.abstractmethod
    def gather(self, table: Tensor, rows: Tensor) -> Tensor:
        """Rows of a table, `[R, ...]` by int32 `[...]`. Unlike `keras.ops.take`, spends nothing on rows that don't
        exist: there must be none. Differentiation is not needed; called while tracing."""

    @abc.abstractmethod
    def to_device(self, array: np.ndarray) -> Tensor:
        """Moves an array to where the model is, for use in several calls."""

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """As `np.empty`, at an address from which arrays need not be copied for JAX and TensorFlow."""
        size = math.prod(shape) * dtype.itemsize
        memory = np.empty(size + ALIGNMENT, dtype="uint8")
        begin = -memory.ctypes.data % ALIGNMENT
        return memory[begin : begin + size].view(dtype).reshape(shape)

    @abc.abstractmethod
    def processes(self) -> tuple[int, int]:
        """The number of this process among those of the training, from 0, and how many there are."""

    @abc.abstractmethod
    def as_first(self, decided: bool) -> bool:
        """What the first of several processes decided. All have to ask, and wait until it does."""
