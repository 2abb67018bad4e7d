"""TensorFlow: `tf.function`s that read the model's variables when they run."""

from __future__ import annotations

import contextlib
import functools
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context

from picasso_callbacks.model.backends.base import ALIGNMENT, Backend, Scored, Tensor

_SEED = 0x9CA550
"""None that a person chooses."""


class TensorFlowBackend(Backend):
    pixels = 2**21

    def __init__(self, model: keras.Model):
        super().__init__(model)
        self.in_memory = not any(tf.config.list_logical_devices(kind) for kind in ("GPU", "TPU"))

    def compile(self, function: Callable[..., Any], keep: bool = False) -> Callable[..., Any]:
        compiled = self._compiled(self.left_alone(function))
        convert = _to_tensor if self.in_memory else tf.convert_to_tensor

        def run(*arrays: Any) -> Any:
            outputs = compiled(*map(convert, arrays))
            return outputs if keep else tf.nest.map_structure(_to_numpy, outputs)

        return run

    def compile_gradients(self, function: Scored) -> Callable[..., tuple[np.ndarray | None, Any]]:
        compiled = self._compiled(functools.partial(_gradients, self.left_alone(function)))
        return lambda *arrays: tf.nest.map_structure(_to_numpy, compiled(*map(tf.convert_to_tensor, arrays)))

    def _compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A `tf.function` after which variables that Keras does not know of are as before, too."""
        if self.eager:
            return functools.partial(self._eagerly, function)
        # A partial, not a lambda: TensorFlow would count the traces of all lambdas of this line as retracing.
        compiled = tf.function(functools.partial(function), autograph=False)
        touched: list[tf.Variable] | None = None

        def run(*tensors: Any) -> Any:
            nonlocal touched
            if touched is None:
                touched = self._not_of_keras(compiled.get_concrete_function(*tensors).graph.variables)
            before = [variable.read_value() for variable in touched]
            outputs = compiled(*tensors)
            for variable, value in zip(touched, before, strict=True):
                variable.assign(value)
            return outputs

        return run

    def _eagerly(self, function: Callable[..., Any], *tensors: Any) -> Any:
        """Calls `function` as it is; then variables and generators are as before, the model's and TensorFlow's own."""
        parts = [tf.random.get_global_generator(), *map(vars, self.model._flatten_layers())]
        held = self._not_of_keras({id(one): one for one in _variables_in(parts)}.values())
        before = [variable.read_value() for variable in held]
        with _another_seed():
            outputs = function(*tensors)
        for variable, value in zip(held, before, strict=True):
            variable.assign(value)
        return outputs

    def _not_of_keras(self, variables: Iterable[tf.Variable]) -> list[tf.Variable]:
        values = [variable.value for variable in self.model.variables]
        own = {id(part) for value in values for part in (value, *getattr(value, "values", ()))}  # on several devices
        return [variable for variable in variables if id(variable) not in own]

    def gather(self, table: Tensor, rows: Tensor) -> Tensor:
        return tf.gather(table, rows)

    def to_device(self, array: np.ndarray) -> Tensor:
        return tf.convert_to_tensor(array)

    def processes(self) -> tuple[int, int]:
        strategy = self.model.distribute_strategy
        resolver = getattr(strategy, "cluster_resolver", None)
        if resolver is None or isinstance(strategy, tf.distribute.TPUStrategy):  # one process, for all TPUs
            return 0, 1
        cluster, own = resolver.cluster_spec().as_dict(), (resolver.task_type, resolver.task_id)
        training = [(job, task) for job in ("chief", "worker") for task in range(len(cluster.get(job, ())))]
        return (training.index(own), len(training)) if own in training else (0, 1)

    def as_first(self, decided: bool) -> bool:
        strategy = self.model.distribute_strategy
        told = strategy.experimental_distribute_values_from_function(
            lambda replica: tf.constant(int(decided and replica.replica_id_in_sync_group == 0))
        )
        return bool(strategy.reduce("SUM", told, axis=None).numpy())


def _variables_in(held: Any) -> Iterator[tf.Variable]:
    """Variables in lists, dicts and modules, and the states of generators."""
    if isinstance(held, tf.Variable):
        yield held
    elif isinstance(held, tf.random.Generator):
        yield held.state
    elif isinstance(held, tf.Module):
        yield from held.variables
    elif isinstance(held, (dict, list, tuple)):
        for one in held.values() if isinstance(held, dict) else held:
            yield from _variables_in(one)


@contextlib.contextmanager
def _another_seed() -> Iterator[None]:
    """Within this, operations draw by another global seed than the training's, whose kernels would remember it."""
    inner = context.context()
    if inner._seed is None:  # nobody's numbers come again, and there is no generator of seeds yet
        yield
        return
    before = inner._seed, inner._rng
    inner._seed, inner._rng = _SEED, random.Random(_SEED)
    try:
        yield
    finally:
        inner._seed, inner._rng = before


def _gradients(function: Scored, targets: Tensor, inputs: Tensor, *tensors: Tensor) -> tuple[Tensor | None, Any]:
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        scores, rest = function(inputs, *tensors)
    columns = tf.unstack(tf.one_hot(targets, tf.shape(scores)[1], dtype=scores.dtype), axis=1)
    found = [tape.gradient(scores, inputs, column) for column in columns]
    return None if any(gradient is None for gradient in found) else tf.stack(found, axis=1), rest


def _to_tensor(array: Any) -> Tensor:
    """Large arrays without a copy, where TensorFlow takes them so: one that is not aligned would end the process."""
    large = isinstance(array, np.ndarray) and array.dtype == "float32" and array.nbytes >= 2**20
    if large and not array.ctypes.data % ALIGNMENT and array.flags.c_contiguous and array.flags.writeable:
        return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
    return tf.convert_to_tensor(array)


def _to_numpy(tensor: Tensor | None) -> np.ndarray | None:
    return None if tensor is None else tensor.numpy()


make = TensorFlowBackend
