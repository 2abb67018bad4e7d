"""Outputs: which of a model's outputs is explained, and with which loss it is trained."""

from __future__ import annotations

import logging
from typing import Any

import keras

logger = logging.getLogger("picasso_callbacks")


class Pick:
    """Takes the output that is explained out of all that a model returns: a tensor, or a dict, list or tuple of them.

    Args:
        model: The model; for the names of its outputs.
        output: The name or index of the output. `None`: the only one, or the first one, and a notice is logged.
        everything: Whether, if `output` is `None`, all outputs are taken as they are.
    """

    def __init__(self, model: keras.Model, output: str | int | None, everything: bool):
        self._output = output
        self._everything = everything and output is None
        self._names = list(getattr(model, "output_names", None) or ())

    def __call__(self, outputs: Any) -> Any:
        """The output to explain.

        Raises:
            ValueError: There is no such output.
        """
        if self._everything:
            return outputs
        if not isinstance(outputs, (dict, list, tuple)):
            if self._output in (None, 0, *self._names):
                return outputs
            raise ValueError(f"Picasso: output is {self._output!r}, but the model has one output. Pass output=None.")
        keys = self._keys(outputs)
        key = next(iter(keys.values())) if self._output is None else keys.get(self._output)
        if key is None or isinstance(outputs[key], (dict, list, tuple)):
            raise ValueError(
                f"Picasso: output is {self._output!r}; expected one of {list(keys)}, and a single tensor there. Where "
                f"outputs are nested, pass decode_prob=..., which gets all of them."
            )
        return outputs[key]

    def notify(self, outputs: Any) -> None:
        """Logs which output was taken, if that was a choice."""
        several = isinstance(outputs, (dict, list, tuple)) and len(outputs) > 1
        if several and self._output is None and not self._everything:
            keys = self._keys(outputs)
            names = [key for key in keys if isinstance(key, str)] or [*range(len(outputs))]
            logger.warning(
                "Picasso: the model has the outputs %s; the first is explained. Pass output=... for another.", names
            )

    def _keys(self, outputs: Any) -> dict[str | int, Any]:
        """Where each output is, by name and by index."""
        places = list(outputs) if isinstance(outputs, dict) else list(range(len(outputs)))
        names = places if isinstance(outputs, dict) else self._names if len(self._names) == len(places) else []
        return {**dict(zip(names, places, strict=False)), **dict(enumerate(places))}


def loss_of(model: keras.Model, output: str | int | None) -> Any:
    """The loss for an output, as a Keras object or function; `None` if it isn't known."""
    loss = getattr(model, "loss", None)
    if isinstance(loss, dict):
        names = list(loss)
        key = names[output] if isinstance(output, int) else names[0] if output is None else output
        loss = loss.get(key)
    elif isinstance(loss, (list, tuple)):
        names = list(getattr(model, "output_names", None) or ())
        index = names.index(output) if output in names else output if isinstance(output, int) else 0
        loss = loss[index] if index < len(loss) else None
    return keras.losses.get(loss) if isinstance(loss, str) else loss
