"""Pick: which of a model's outputs is explained, and with which loss it is trained."""

from __future__ import annotations

from typing import Any

import keras

from picasso_callbacks.model.own_training import overrides
from picasso_callbacks.plain import logger


class Pick:
    """Takes the output that is explained out of all that a model returns: a tensor, or a dict, list or tuple of them.

    Which one that is is settled at the first call, on what the model itself returns, since compiled functions may
    return a dict in another order.

    Args:
        model: The model; for the names and the order of its outputs.
        output: The name or index of the output. `None`: the only one, or the first one, and a notice is logged.
        everything: Whether, if `output` is `None`, all outputs are taken as they are.

    Attributes:
        everything: Whether all outputs are taken as they are.
        key: Where the output is among the model's: a key or index; `None` if there is one output, or all are taken.
    """

    def __init__(self, model: keras.Model, output: str | int | None, everything: bool):
        self._output = output
        self.everything = everything and output is None
        self._model = model
        self._names = list(getattr(model, "output_names", None) or ())
        structure = getattr(model, "output", None)
        self._order = list(structure) if isinstance(structure, dict) else None
        self._settled = False
        self.key: str | int | None = None

    def __call__(self, outputs: Any) -> Any:
        """The output to explain.

        Raises:
            ValueError: There is no such output.
        """
        if not self._settled:
            self._settle(outputs)
        return outputs if self.key is None else outputs[self.key]

    @property
    def loss(self) -> Any:
        """The loss that the model has for the output, as `loss_of` gives it."""
        return loss_of(self._model, self.key)

    @property
    def own_loss(self) -> bool:
        """Whether the model's own `compute_loss` decides what the loss is applied to."""
        return overrides(self._model, "compute_loss")

    @property
    def is_sigmoid(self) -> bool:
        """Whether the model's graph says that a sigmoid of `keras.ops` makes the output."""
        symbols: Any = getattr(self._model, "output", None)
        try:
            symbol = symbols if self.key is None else symbols[self.key]
        except (KeyError, IndexError, TypeError):
            return False
        operation = getattr(getattr(symbol, "_keras_history", None), "operation", None)
        return type(operation).__module__ == "keras.src.ops.nn" and type(operation).__name__ == "Sigmoid"

    def _settle(self, outputs: Any) -> None:
        if self.everything:
            self._settled = True
            return
        if not isinstance(outputs, (dict, list, tuple)):
            if self._output not in (None, 0, *self._names):
                raise ValueError(
                    f"Picasso: output is {self._output!r}, but the model has one output. Pass output=None."
                )
            self._settled = True
            return
        places = self._places(outputs)
        key = next(iter(places.values())) if self._output is None else places.get(self._output)
        if key is None or isinstance(outputs[key], (dict, list, tuple)):
            raise ValueError(
                f"Picasso: output is {self._output!r}; expected one of {list(places)}, and a single tensor there. "
                f"Where outputs are nested, pass decode_prob=..., which gets all of them."
            )
        self.key, self._settled = key, True
        if self._output is None and len(outputs) > 1:
            names = [name for name in places if isinstance(name, str)] or [*range(len(outputs))]
            logger.warning(
                "Picasso: the model has the outputs %s; the first is explained. Pass output=... for another.", names
            )

    def _places(self, outputs: Any) -> dict[str | int, Any]:
        """Where each output is, by name and by index."""
        if isinstance(outputs, dict):
            keys = self._order or list(outputs)
            return {**dict(zip(keys, keys, strict=True)), **dict(enumerate(keys))}
        names = self._names if len(self._names) == len(outputs) else []
        return {**{name: place for place, name in enumerate(names)}, **{place: place for place in range(len(outputs))}}


def loss_of(model: keras.Model, key: str | int | None) -> Any:
    """The loss for the output at `key`, as a Keras object or function; `None` if it isn't known."""
    loss = getattr(model, "loss", None)
    names = list(getattr(model, "output_names", None) or ())
    if isinstance(loss, dict):
        name = names[key] if isinstance(key, int) and key < len(names) else key
        loss = next(iter(loss.values()), None) if key is None else loss.get(name)
    elif isinstance(loss, (list, tuple)):
        index = names.index(key) if key in names else key if isinstance(key, int) else 0
        loss = loss[index] if index < len(loss) else None
    return keras.losses.get(loss) if isinstance(loss, str) else loss
