"""Passes: forward passes of the live model, and what is read of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from picasso_callbacks.model.backends import Backend
from picasso_callbacks.model.batches import Batches
from picasso_callbacks.model.head import Derived, Pick, Reader, make_reader, recorded_activations, to_numpy
from picasso_callbacks.model.inputs import Inputs
from picasso_callbacks.options import Options


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
        self._forward = backend.compile(self._ask)

    def begin(self, inputs: np.ndarray) -> Reader:
        """Asks about some of the probes, finds out how the answer is to be read, and returns the reader.

        Args:
            inputs: `[P, ...]`, the probes', preprocessed.

        Raises:
            ValueError: The model can't be called on the probes, or its outputs can't be read so.
        """
        outputs, logits = self._batches.fit(lambda size: self._first_answer(inputs, size), len(inputs))
        made = make_reader(outputs, logits, self._pick, self._options, self._derived, len(inputs))
        self.reader, self.classes = made
        return self.reader

    def of(self, inputs: np.ndarray, rows: np.ndarray) -> tuple[Any, ...]:
        """What the reader needs of image inputs `[N, ...]` that stand for the probes `rows`, int `[N]`; in NumPy."""
        rows = rows.astype("int32")
        outputs, logits = self._forward(inputs, rows)
        return to_numpy(self.reader.extract(outputs, logits, rows))

    def extracted(self, call: Any, inputs: Any, rows: Any) -> tuple[Any, ...]:
        """The same while tracing, so that no more than that leaves the device."""
        return self.reader.extract(*self._ask(call, inputs, rows), rows)

    def extract(self, run: Callable[[], Any], rows: Any) -> tuple[Any, ...]:
        """What the reader needs of `run()`, which returns what the model does; while tracing."""
        return self.reader.extract(*self._record(run), rows)

    def target_scores(self, call: Any, inputs: Any, rows: Any) -> Any:
        """Differentiable scores of classes and derived targets, while tracing: `[N, classes + derived]`."""
        return self.reader.target_scores(*self._ask(call, inputs, rows), rows)

    def _first_answer(self, inputs: np.ndarray, size: int) -> tuple[Any, Any]:
        rows = np.arange(size, dtype="int32")
        try:
            if not self.backend.model.built:  # as fit does it: without numbers, for any batch size
                self.backend.model(self._inputs.symbols(inputs))
            return self._forward(inputs[rows], rows)
        except Exception as error:
            if isinstance(error, ValueError) and str(error).startswith("Picasso:"):
                raise
            raise ValueError(
                f"Picasso: the model could not be called on the probes, inputs of shape {inputs.shape} and dtype "
                f"{inputs.dtype}: {error}\nPass probes as fit gets its images, or preprocess=..., which makes the "
                f"model's inputs of them."
            ) from error

    def _ask(self, call: Any, inputs: Any, rows: Any) -> tuple[Any, Any]:
        return self._record(lambda: call(self._inputs.feed(inputs, rows)))

    def _record(self, run: Callable[[], Any]) -> tuple[Any, Any]:
        """All that the model returns, and the logits of the output that is explained, where they are to be found."""
        with recorded_activations(self.backend.model) as recorded:
            outputs = run()
        logits = recorded.logits_of(self._pick(outputs))
        as_float = lambda tensor: keras.ops.cast(tensor, "float32")  # noqa: E731
        return keras.tree.map_structure(as_float, outputs), None if logits is None else as_float(logits)
