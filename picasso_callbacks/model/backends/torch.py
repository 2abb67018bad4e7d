"""torch: the model called eagerly, without a gradient of its parameters."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import torch

from picasso_callbacks.model.backends.base import Backend, Scored, Tensor


class TorchBackend(Backend):
    pixels = 2**18

    def __init__(self, model: keras.Model):
        super().__init__(model)
        self.in_memory = keras.ops.zeros(1).device.type == "cpu"

    def compile(self, function: Callable[..., Any], keep: bool = False) -> Callable[..., Any]:
        function = self.left_alone(function)

        def run(*arrays: Any) -> Any:
            with _gradients(False), self._own_state():
                outputs = function(*map(self.to_device, arrays))
            return outputs if keep else keras.tree.map_structure(_to_numpy, outputs)

        return run

    def compile_gradients(self, function: Scored) -> Callable[..., tuple[np.ndarray | None, Any]]:
        function = self.left_alone(function)

        def run(targets: Any, inputs: Any, *arrays: Any) -> tuple[np.ndarray | None, Any]:
            with _gradients(True), self._own_state():
                leaf = self.to_device(inputs).detach().requires_grad_()
                scores, rest = function(leaf, *map(self.to_device, arrays))
            rest = keras.tree.map_structure(_to_numpy, rest)
            if not scores.requires_grad:
                return None, rest
            places = self.to_device(targets).long()
            last = places.shape[1] - 1
            found = []
            for k in range(last + 1):
                column = torch.zeros_like(scores).scatter_(1, places[:, k, None], 1)
                found += torch.autograd.grad(scores, leaf, column, retain_graph=k < last, allow_unused=True)
            unknown = any(gradient is None for gradient in found)
            return None if unknown else _to_numpy(torch.stack(found, dim=1)), rest

        return run

    @contextlib.contextmanager
    def _own_state(self) -> Iterator[None]:
        """Within this, a `call` may draw from torch's global generators, and change buffers; then all is as before."""
        device = keras.ops.zeros(1).device
        held = [(part, name, one) for part in self.model.modules() for name, one in part._buffers.items()]
        before = [None if one is None else one.clone() for _, _, one in held]
        try:
            with torch.random.fork_rng([device] if device.type == "cuda" else []):
                yield
        finally:
            for (part, name, buffer), value in zip(held, before, strict=True):
                if buffer is not None:
                    buffer.detach().copy_(value)
                part._buffers[name] = buffer

    def gather(self, table: Tensor, rows: Tensor) -> Tensor:
        return table.index_select(0, rows.reshape(-1)).reshape(*rows.shape, *table.shape[1:])

    def to_device(self, array: Any) -> Tensor:
        return keras.ops.convert_to_tensor(array)

    def processes(self) -> tuple[int, int]:
        distributed = torch.distributed
        several = distributed.is_available() and distributed.is_initialized()
        return (distributed.get_rank(), distributed.get_world_size()) if several else (0, 1)

    def as_first(self, decided: bool) -> bool:
        told = self.to_device([int(decided)])
        torch.distributed.broadcast(told, src=0)
        return bool(told.item())


@contextlib.contextmanager
def _gradients(enabled: bool) -> Iterator[None]:
    """As `torch.no_grad` and `torch.enable_grad`, which an interruption may leave half entered or half left.

    These two call the same function, but in functions of Python's own, where a signal's handler may run.
    """
    before = torch.is_grad_enabled()
    try:
        torch._C._set_grad_enabled(enabled)
        yield
    finally:
        torch._C._set_grad_enabled(before)


def _to_numpy(tensor: Tensor | None) -> np.ndarray | None:
    return None if tensor is None else tensor.detach().cpu().numpy()


make = TorchBackend
