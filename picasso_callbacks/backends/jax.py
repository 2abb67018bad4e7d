"""JAX: jitted functions of the model's state, which is read at each call since training donates the old arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from picasso_callbacks.backends.base import Backend, Call, Tensor


class JaxBackend(Backend):
    def _state(self) -> tuple[list[Tensor], list[Tensor]]:
        return (
            [variable.value for variable in self.model.trainable_variables],
            [variable.value for variable in self.model.non_trainable_variables],
        )

    def _call_with(self, state: tuple[list[Tensor], list[Tensor]]) -> Call:
        return lambda inputs: self.model.stateless_call(*state, inputs, **self._inference)[0]

    def compile(self, function: Callable[..., Any]) -> Callable[..., Any]:
        compiled = jax.jit(lambda state, *tensors: function(self._call_with(state), *tensors))
        return lambda *arrays: jax.tree.map(np.asarray, compiled(self._state(), *arrays))

    def compile_gradients(self, function: Callable[..., Tensor]) -> Callable[..., np.ndarray | None]:
        def gradients(state: Any, inputs: Tensor, *tensors: Tensor) -> Tensor:
            scores, pull = jax.vjp(lambda x: function(self._call_with(state), x, *tensors), inputs)
            one_hot = jax.numpy.eye(scores.shape[1], dtype=scores.dtype)
            columns = [pull(jax.numpy.broadcast_to(row, scores.shape))[0] for row in one_hot]
            return jax.numpy.stack(columns, axis=1)

        compiled = jax.jit(gradients)
        return lambda *arrays: np.asarray(compiled(self._state(), *arrays))

    def to_device(self, array: np.ndarray) -> Tensor:
        return jax.numpy.asarray(array)

    def is_first_process(self) -> bool:
        return jax.process_index() == 0


make = JaxBackend
