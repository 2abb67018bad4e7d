"""JAX: jitted functions of the model's state, which is read at each call since training donates the old arrays.

Where every device has all weights, one device computes, and no other process is needed: arrays handed to all devices
would have each of them compute the same. Where weights are split, all devices and processes compute it together.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import jax
import keras
import numpy as np
from jax.experimental import multihost_utils
from jax.extend.core import Var

from picasso_callbacks.model.backends.base import Backend, Scored, Tensor


class JaxBackend(Backend):
    pixels = 2**19

    def __init__(self, model: keras.Model):
        super().__init__(model)
        self.in_memory = jax.default_backend() == "cpu"
        self.in_step = jax.process_count() > 1

    def _variables(self) -> list[keras.Variable]:
        return self.model.variables  # in an order that stays when layers are frozen, unlike the trainable ones first

    def _state(self) -> list[Tensor]:
        values = [variable.value for variable in self._variables()]
        return values if self._is_split() else list(map(_on_one_device, values))

    def _is_split(self) -> bool:
        """Whether there are weights of which no device has all."""
        return not all(variable.value.is_fully_replicated for variable in self._variables())

    def _with(self, state: list[Tensor], function: Callable[..., Any], *tensors: Tensor) -> Any:
        """Calls `function(call, *tensors)` while the model, and each of its layers, has the weights `state`."""
        alone = contextlib.nullcontext() if self._is_split() else _undistributed()
        with alone, keras.StatelessScope(state_mapping=list(zip(self._variables(), state, strict=True))):
            return function(self.call, *tensors)

    def compile(self, function: Callable[..., Any], keep: bool = False) -> Callable[..., Any]:
        compiled = self._jit(lambda state, *tensors: self._with(state, function, *tensors))

        def run(*arrays: Any) -> Any:
            outputs = compiled(self._state(), *arrays)
            return outputs if keep else jax.tree.map(_to_numpy, outputs)

        return run

    def compile_gradients(self, function: Scored) -> Callable[..., tuple[np.ndarray | None, Any]]:
        def gradients(state: list[Tensor], targets: Tensor, inputs: Tensor, *tensors: Tensor) -> tuple[Tensor, Any]:
            scores, pull, rest = jax.vjp(lambda x: self._with(state, function, x, *tensors), inputs, has_aux=True)
            columns = [jax.nn.one_hot(column, scores.shape[1], dtype=scores.dtype) for column in targets.T]
            return jax.numpy.stack([pull(column)[0] for column in columns], axis=1), rest

        compiled = self._jit(gradients)

        def run(targets: Any, *arrays: Any) -> tuple[np.ndarray | None, Any]:
            found, rest = jax.tree.map(_to_numpy, compiled(self._state(), targets, *arrays))
            return found if found.any() or self._differentiable(function, *arrays) else None, rest

        return run

    def _differentiable(self, function: Scored, inputs: Tensor, *tensors: Tensor) -> bool:
        """Whether scores depend on inputs through what has a derivative: rounding has none, for which JAX gives 0."""

        def slope(x: Tensor, change: Tensor) -> Tensor:
            return jax.jvp(lambda x: self._with(self._state(), function, x, *tensors)[0], (x,), (change,))[1]

        graph = jax.make_jaxpr(slope)(inputs, inputs).jaxpr
        changing = {graph.invars[1]}
        for step in graph.eqns:
            if any(isinstance(one, Var) and one in changing for one in step.invars):
                changing.update(step.outvars)
        return any(isinstance(one, Var) and one in changing for one in graph.outvars)

    def _jit(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if not self.eager:
            return jax.jit(function)
        return lambda *arrays: function(*jax.tree.map(jax.numpy.asarray, arrays))

    def gather(self, table: Tensor, rows: Tensor) -> Tensor:
        return jax.numpy.take(table, rows, axis=0, mode="clip")

    def to_device(self, array: np.ndarray) -> Tensor:
        if self.in_step and self._is_split():
            return array  # one of a single process could not be used together with weights of several
        return jax.numpy.asarray(array)

    def processes(self) -> tuple[int, int]:
        return jax.process_index(), jax.process_count()

    def as_first(self, decided: bool) -> bool:
        return bool(multihost_utils.broadcast_one_to_all(np.array(decided)))


def _on_one_device(value: Tensor) -> Tensor:
    return value.addressable_data(0) if len(value.sharding.device_set) > 1 else value


@contextlib.contextmanager
def _undistributed() -> Iterator[None]:
    """Within this, layers don't spread what they compute over the devices of a mesh."""
    before = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(before)


def _to_numpy(tensor: Tensor) -> np.ndarray:
    if isinstance(tensor, jax.Array) and not (tensor.is_fully_addressable or tensor.is_fully_replicated):
        tensor = multihost_utils.process_allgather(tensor, tiled=True)
    return np.asarray(tensor)


make = JaxBackend
