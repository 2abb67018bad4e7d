"""What attention layers attend to, recorded while the model is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from picasso_callbacks.model.passes import Passes
from picasso_callbacks.model.replaced import replaced, together

_LAYERS = (keras.layers.MultiHeadAttention, keras.layers.GroupQueryAttention)


class Attention:
    """Asks for the attention of all layers in which tokens attend to each other.

    Args:
        passes: Forward passes of the model, whose reader is known.
    """

    def __init__(self, passes: Passes):
        self._passes = passes
        self._compiled = passes.backend.compile(self._trace)

    def of(self, inputs: np.ndarray, rows: np.ndarray) -> list[np.ndarray]:
        """Of each layer, in their order, the mean over its heads: float32 `[n, T, T]`, from tokens to tokens.

        Raises:
            ValueError: The model has no such layer, or they don't all have the same tokens.
        """
        found = self._compiled(inputs, rows.astype("int32"))
        shapes = [one.shape[1:] for one in found]
        if len(set(shapes)) != 1 or shapes[0][0] != shapes[0][1]:
            raise ValueError(
                "Picasso: attention_rollout follows attention through the model's layers, and that of its "
                f"MultiHeadAttention and GroupQueryAttention layers has shapes {shapes}; expected (T, T) of each, from "
                "the same tokens to the same tokens. Leave attention_rollout out of methods=[...]."
            )
        return found

    def _trace(self, call: Any, inputs: Any, rows: Any) -> list[Any]:
        heard: list[Any] = []
        layers = [layer for layer in self._passes.backend.model._flatten_layers() if isinstance(layer, _LAYERS)]
        with replaced([(layer, "call", _telling(layer.call, heard)) for layer in layers]):
            scores = self._passes.target_scores(call, inputs, rows)
        known = [one for one in heard if together(one, scores)]
        return [keras.ops.mean(keras.ops.cast(one, "float32"), axis=1) for one in known if len(one.shape) == 4]


def _telling(call: Callable[..., Any], heard: list[Any]) -> Callable[..., Any]:
    """A layer's call, made to tell what it attends to, `[N, heads, T, T]`."""

    def run(*args: Any, **kwargs: Any) -> Any:
        wanted = kwargs.pop("return_attention_scores", False)
        output, scores = call(*args, return_attention_scores=True, **kwargs)
        heard.append(scores)
        return (output, scores) if wanted else output

    return run
