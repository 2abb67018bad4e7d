"""Passes: forward passes of the live model, and what is read of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from picasso_callbacks.model.backends import Backend
from picasso_callbacks.model.batches import Batches
from picasso_callbacks.model.head import Derived, Pick, Reader, make_reader, recorded_activations, to_numpy
from picasso_callbacks.model.inputs import Inputs
from picasso_callbacks.options import Options

_PRECISIONS = {"float16": 2.0**-10, "bfloat16": 2.0**-7}
"""The distance from 1 to the next number, in types of 16 bits."""

_LONG = 1000
"""Characters of somebody else's message that are shown."""


class Passes:
    """Calls the model on image inputs, and takes of what it returns what its `Reader` needs.

    Args:
        backend: The backend of the model.
        inputs: Puts the probes' extra inputs beside the images.
        batches: For the batch size of the probes.
        options: How the outputs are read.
        derived: Targets beside the classes.

    Attributes:
        backend: The backend of the model.
        reader: Makes `Scores` of what is extracted; there once `begin` was called.
        classes: How many classes the model tells apart, likewise.
    """

    reader: Reader
    classes: int

    def __init__(
        self, backend: Backend, inputs: Inputs, batches: Batches, options: Options, derived: Sequence[Derived]
    ):
        self.backend = backend
        self._inputs = inputs
        self._batches = batches
        self._options = options
        self._derived = derived
        self._pick = Pick(backend.model, options.output, everything=callable(options.decode_prob))
        self._wants_all = self._pick.everything or any(callable(one) for one in derived)
        self._forward = backend.compile(self._ask)

    def begin(self, inputs: np.ndarray) -> Reader:
        """Asks about some of the probes, finds out how the answer is to be read, and returns the reader.

        Args:
            inputs: `[P, ...]`, the probes', preprocessed.

        Raises:
            ValueError: The model can't be called on the probes, or its outputs can't be read so.
        """
        outputs, logits = self._batches.fit(lambda size: self._first_answer(inputs, size), len(inputs))
        precision = max(_PRECISIONS.get(layer.compute_dtype, 0.0) for layer in self.backend.model._flatten_layers())
        made = make_reader(outputs, logits, self._pick, self._options, self._derived, len(inputs), precision)
        self.reader, self.classes = made
        return self.reader

    def of(self, inputs: np.ndarray, rows: np.ndarray) -> dict[str, Any]:
        """What the reader needs of image inputs `[N, ...]` that stand for the probes `rows`, int `[N]`; in NumPy."""
        rows = rows.astype("int32")
        outputs, logits = self._forward(inputs, rows)
        return to_numpy(self.reader.extract(outputs, logits, rows))

    def extracted(self, call: Any, inputs: Any, rows: Any) -> dict[str, Any]:
        """The same while tracing, so that no more than that leaves the device."""
        return self.reader.extract(*self._ask(call, inputs, rows), rows)

    def extract(self, run: Callable[[], Any], rows: Any) -> dict[str, Any]:
        """What the reader needs of `run()`, which returns what the model does; while tracing."""
        return self.reader.extract(*self._record(run), rows)

    def target_scores(self, call: Any, inputs: Any, rows: Any) -> Any:
        """Differentiable scores of classes and derived targets, while tracing: `[N, classes + derived]`."""
        return self.reader.target_scores(*self._ask(call, inputs, rows), rows)

    def scores_of_outputs(self, call: Any, inputs: Any, rows: Any) -> Any:
        """As `target_scores`, from the outputs alone, without logits that were recorded on the way."""
        outputs, _ = self._ask(call, inputs, rows)
        return self.reader.without_logits().target_scores(outputs, None, rows)

    def _first_answer(self, inputs: np.ndarray, size: int) -> tuple[Any, Any]:
        rows = np.minimum(np.arange(size), len(inputs) - 1).astype("int32")
        model = self.backend.model
        try:
            if not model.built:
                self._build(inputs[rows], rows)
            return self._forward(inputs[rows], rows)
        except Exception as error:
            if isinstance(error, ValueError) and str(error).startswith("Picasso:"):
                raise
            said = _own_words(error)
            raise ValueError(
                f"Picasso: the model could not be called on the probes, inputs of shape {inputs[rows].shape} and dtype "
                f"{inputs.dtype}, with training=False: {type(error).__name__}: {said}\n{_advice(said)}"
            ) from error

    def _build(self, inputs: np.ndarray, rows: np.ndarray) -> None:
        """Makes the model's variables as fit does, without numbers: for any batch size, or else for this one."""
        model = self.backend.model
        try:
            model(self._inputs.symbols(inputs, None))
        except Exception:
            if not self.backend.eager:
                model(self._inputs.symbols(inputs, len(inputs)))
                return
            before = [(variable, keras.ops.copy(variable.value)) for variable in model.variables]
            model(
                keras.tree.map_structure(keras.ops.convert_to_tensor, self._inputs.feed(inputs, rows)), training=False
            )
            for variable, value in before:
                variable.assign(value)

    def _ask(self, call: Any, inputs: Any, rows: Any) -> tuple[Any, Any]:
        return self._record(lambda: call(self._inputs.feed(inputs, rows)))

    def _record(self, run: Callable[[], Any]) -> tuple[Any, Any]:
        """What the model returns, and the logits of the output that is explained, where they are to be found."""
        with recorded_activations(self.backend.model) as recorded:
            outputs = run()
        picked = self._pick(outputs)
        logits = recorded.logits_of(picked)
        wanted = lambda one: self._wants_all or one is picked  # noqa: E731
        floats = keras.tree.map_structure(lambda one: _as_float(one) if wanted(one) else None, outputs)
        return floats, None if logits is None else _as_float(logits)


def _as_float(one: Any) -> Any:
    """A tensor in 32 bits; `None` for what is none, or holds no numbers."""
    if not keras.ops.is_tensor(one) or keras.backend.standardize_dtype(one.dtype) == "string":
        return None
    return keras.ops.cast(one, "float32")


def _own_words(error: Exception) -> str:
    """What an error says, without what Keras puts around it, without colours of a terminal and whole arrays."""
    said = error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
    said = re.sub(r"\x1b\[\d*m", "", said).partition("\n\nArguments received by")[0]
    for around in ("Error encountered:\n\n", ".call().\n\n"):
        said = said.rpartition(around)[2]
    return said.strip() if len(said) <= _LONG else f"{said[: _LONG // 2].strip()} ... {said[-_LONG // 2 :].strip()}"


def _advice(said: str) -> str:
    """What to do about a model that can't be called, by what it said."""
    if "call()` method implemented" in said:
        return (
            "It can't be asked about images: give it a call(self, images), which returns what is to be explained, or "
            "look at the part of it that has one, with explain(part, probes)."
        )
    if any(word in said.lower() for word in ("shape", "dimension", "incompatible", "rank", "ndim", "channels")):
        return (
            "Pass probes as fit gets its images, or preprocess=..., which makes the model's inputs of them, and "
            "postprocess=..., where those are no images."
        )
    return (
        "It is called as predict calls it. If fit calls it otherwise, with other inputs or through a train_step of its "
        "own, pass preprocess=... and Probes(extra=...) so that a call of the model alone works."
    )
