"""torch: the model called eagerly, without a gradient of its parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import torch

from picasso_callbacks.backends.base import Backend, Tensor


class TorchBackend(Backend):
    pixels = 2**18

    def __init__(self, model: keras.Model):
        super().__init__(model)
        self.in_memory = keras.ops.zeros(1).device.type == "cpu"

    def _call(self, inputs: Any) -> Any:
        return self.model(inputs, **self._inference)

    def compile(self, function: Callable[..., Any], keep: bool = False) -> Callable[..., Any]:
        def run(*arrays: Any) -> Any:
            with torch.no_grad():
                outputs = function(self._call, *map(self.to_device, arrays))
            return outputs if keep else keras.tree.map_structure(_to_numpy, outputs)

        return run

    def compile_gradients(self, function: Callable[..., Tensor]) -> Callable[..., np.ndarray | None]:
        def run(inputs: Any, *arrays: Any) -> np.ndarray | None:
            with torch.enable_grad():
                leaf = self.to_device(inputs).detach().requires_grad_()
                columns = function(self._call, leaf, *map(self.to_device, arrays)).unbind(dim=1)
                last = len(columns) - 1
                found = [
                    torch.autograd.grad(column.sum(), leaf, retain_graph=k < last, allow_unused=True)[0]
                    if column.requires_grad
                    else None
                    for k, column in enumerate(columns)
                ]
            return None if any(g is None for g in found) else _to_numpy(torch.stack(found, dim=1))  # type: ignore[arg-type]

        return run

    def gather(self, table: Tensor, rows: Tensor) -> Tensor:
        return table.index_select(0, rows.reshape(-1)).reshape(*rows.shape, *table.shape[1:])

    def to_device(self, array: Any) -> Tensor:
        return keras.ops.convert_to_tensor(array)

    def is_first_process(self) -> bool:
        distributed = torch.distributed
        return not (distributed.is_available() and distributed.is_initialized()) or distributed.get_rank() == 0


def _to_numpy(tensor: Tensor | None) -> np.ndarray | None:
    return None if tensor is None else tensor.detach().cpu().numpy()


make = TorchBackend
