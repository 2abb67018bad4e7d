"""Passes: forward passes of the live model, and what is read of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from picasso_callbacks.model.backends import Backend
from picasso_callbacks.model.batches import Batches
from picasso_callbacks.model.head.activations import recorded_activations
from picasso_callbacks.model.head.find_head import find_head
from picasso_callbacks.model.head.head import DecodeProb
from picasso_callbacks.model.head.outputs import Pick, loss_of
from picasso_callbacks.model.head.reader import Derived, OutputMask, Reader, check_derived, position_weights
from picasso_callbacks.model.inputs import Inputs


class Passes:
    """Calls the model on image inputs, and takes of what it returns what its `Reader` needs.

    Args:
        backend: The backend of the model.
        inputs: Puts the probes' extra inputs beside the images.
        pick: Takes the output that is explained.
        batches: For the batch size of the probes.

    Attributes:
        backend: The backend of the model.
        reader: Makes `Scores` of what is extracted; there once `begin` was called.
        classes: How many classes the model tells apart, likewise.
    """

    reader: Reader
    classes: int

    def __init__(self, backend: Backend, inputs: Inputs, pick: Pick, batches: Batches):
        self.backend = backend
        self._inputs = inputs
        self._pick = pick
        self._batches = batches
        self._forward = backend.compile(self._ask)

    def begin(
        self, inputs: np.ndarray, decode_prob: DecodeProb | None, mask: OutputMask | None, derived: Sequence[Derived]
    ) -> Reader:
        """Asks about some of the probes, finds out how the answer is to be read, and returns the reader.

        Args:
            inputs: `[P, ...]`, the probes', preprocessed.
            decode_prob: As in `LiveModel`.
            mask: As `output_mask` in `LiveModel`.
            derived: As in `LiveModel`.

        Raises:
            ValueError: The model can't be called on the probes, or its outputs can't be read so.
        """
        outputs, logits = self._batches.fit(lambda size: self._first_answer(inputs, size), len(inputs))
        output = self._pick(outputs)
        head = find_head(output, logits, decode_prob, loss_of(self.backend.model, self._pick.key))
        if mask is not None and not head.dense:
            raise ValueError(
                f"Picasso: output_mask was passed, but the model's output has shape {np.shape(output)}, without "
                f"positions; expected [N, h, w, classes]. Pass output_mask=None."
            )
        weights = position_weights(output, mask, len(inputs)) if head.dense else None
        of_classes = Reader(head, self._pick, (), weights)
        rows = np.arange(len(keras.tree.flatten(outputs)[0]))
        self.classes = of_classes.read(_to_numpy(of_classes.extract(outputs, logits, rows))).classes
        check_derived(derived, outputs, self.classes, len(rows))
        self.reader = Reader(head, self._pick, derived, weights)
        return self.reader

    def of(self, inputs: np.ndarray, rows: np.ndarray) -> tuple[Any, ...]:
        """What the reader needs of image inputs `[N, ...]` that stand for the probes `rows`, int `[N]`; in NumPy."""
        rows = rows.astype("int32")
        outputs, logits = self._forward(inputs, rows)
        return _to_numpy(self.reader.extract(outputs, logits, rows))

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


def _to_numpy(nest: Any) -> Any:
    return keras.tree.map_structure(keras.ops.convert_to_numpy, nest)
