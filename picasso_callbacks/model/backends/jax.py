"""JAX: jitted functions of the model's state, which is read at each call since training donates the old arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import keras
import numpy as np
from jax.extend.core import Var

from picasso_callbacks.model.backends.base import Backend, Scored, Tensor


class JaxBackend(Backend):
    pixels = 2**19

    def __init__(self, model: keras.Model):
        super().__init__(model)
        self.in_memory = jax.default_backend() == "cpu"

    def _variables(self) -> list[keras.Variable]:
        return self.model.variables  # in an order that stays when layers are frozen, unlike the trainable ones first

    def _state(self) -> list[Tensor]:
        return [variable.value for variable in self._variables()]

    def _with(self, state: list[Tensor], function: Callable[..., Any], *tensors: Tensor) -> Any:
        """Calls `function(call, *tensors)` while the model, and each of its layers, has the weights `state`."""
        with keras.StatelessScope(state_mapping=list(zip(self._variables(), state, strict=True))):
            return function(self.call, *tensors)

    def compile(self, function: Callable[..., Any], keep: bool = False) -> Callable[..., Any]:
        compiled = self._jit(lambda state, *tensors: self._with(state, function, *tensors))

        def run(*arrays: Any) -> Any:
            outputs = compiled(self._state(), *arrays)
            return outputs if keep else jax.tree.map(np.asarray, outputs)

        return run

    def compile_gradients(self, function: Scored) -> Callable[..., tuple[np.ndarray | None, Any]]:
        def gradients(state: list[Tensor], targets: Tensor, inputs: Tensor, *tensors: Tensor) -> tuple[Tensor, Any]:
            scores, pull, rest = jax.vjp(lambda x: self._with(state, function, x, *tensors), inputs, has_aux=True)
            columns = [jax.nn.one_hot(column, scores.shape[1], dtype=scores.dtype) for column in targets.T]
            return jax.numpy.stack([pull(column)[0] for column in columns], axis=1), rest

        compiled = self._jit(gradients)

        def run(targets: Any, *arrays: Any) -> tuple[np.ndarray | None, Any]:
            found, rest = jax.tree.map(np.asarray, compiled(self._state(), targets, *arrays))
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
        return jax.numpy.asarray(array)

    def processes(self) -> tuple[int, int]:
        return jax.process_index(), jax.process_count()


make = JaxBackend
