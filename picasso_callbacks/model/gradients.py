"""Gradients of targets' scores: by what goes into the model, or by what one of its layers makes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from picasso_callbacks.model.feature_maps import FeatureMap
from picasso_callbacks.model.guided import guided_rectifiers
from picasso_callbacks.model.head import Head
from picasso_callbacks.model.hearing import changed_output
from picasso_callbacks.model.passes import Passes

Score = Callable[..., Any]
"""As `Passes.target_scores`."""

Trace = Callable[..., tuple[Any, Any]]
"""Takes a `Score`, and what `Backend.compile_gradients` hands to its function; returns what that has to."""


class Gradients:
    """Asks for gradients a batch at a time. Each kind is compiled when it is first asked for.

    Args:
        passes: Forward passes of the model, whose reader is known.
        differentiable: Whether inputs have a gradient.

    Attributes:
        head: How the scores are read that are differentiated; logits are not always to be had.
    """

    head: Head

    def __init__(self, passes: Passes, differentiable: bool):
        self._passes, self._differentiable = passes, differentiable
        self.head = passes.reader.head
        self._compiled: dict[Any, tuple[Head, Callable[..., Any]]] = {}

    def by_inputs(self, targets: np.ndarray, inputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """By image inputs `[n, ...]` of the probes `rows`, int `[n]`: float32 `[n, K, ...]`."""
        return self._ask("inputs", _by_inputs, targets, inputs, rows)[0]

    def guided(self, targets: np.ndarray, inputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The same, but rectifiers hand back only what is positive: guided backpropagation."""

        def trace(score: Score, call: Any, inputs: Any, rows: Any) -> tuple[Any, None]:
            with guided_rectifiers(self._passes.backend.model):
                return score(call, inputs, rows), None

        return self._ask("guided", trace, targets, inputs, rows)[0]

    def by_map(
        self, place: FeatureMap, targets: np.ndarray, inputs: np.ndarray, rows: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """What a layer makes of inputs, float32 `[n, h, w, c]`, and the gradients by it, `[n, K, h, w, c]`."""

        def trace(score: Score, call: Any, change: Any, inputs: Any, rows: Any) -> tuple[Any, Any]:
            with changed_output(self._passes.backend.model, place.layer, place.nth, change) as output:
                return score(call, inputs, rows), output()

        change = np.zeros((len(inputs), *place.shape), "float32")  # the gradient by what is added is that by the sum
        gradients, output = self._ask(place, trace, targets, change, inputs, rows)
        return place.to_maps(output), place.to_maps(gradients)

    def _ask(self, kind: Any, trace: Trace, targets: np.ndarray, *tensors: np.ndarray) -> tuple[np.ndarray, Any]:
        of_layer = isinstance(kind, FeatureMap)
        *arrays, rows = tensors
        asked = targets.astype("int32"), *arrays, rows.astype("int32")
        found = rest = None
        if of_layer or self._differentiable:
            if kind not in self._compiled:
                self._compiled[kind] = self.head, self._compile(trace, self.head)
            head, run = self._compiled[kind]
            found, rest = run(*asked)
            if found is None and head.source == "logits":  # computed anew on the way back
                head = dataclasses.replace(head, source="probabilities")
                run = self._compile(trace, head)
                found, rest = run(*asked)
                if found is not None:
                    self.head, self._compiled[kind] = head, (head, run)
        if found is None:
            what = f"the layer {kind.name!r}" if of_layer else "its input"
            which = "Name another layer" if of_layer else "Leave saliency_map and its like out of methods=[...]"
            raise ValueError(
                f"Picasso: the model's scores don't depend on {what} in a way that can be differentiated, so there is "
                f"no gradient. {which}."
            )
        return found, rest

    def _compile(self, trace: Trace, head: Head) -> Callable[..., Any]:
        passes = self._passes
        score = passes.target_scores if head is passes.reader.head else passes.scores_of_outputs
        return passes.backend.compile_gradients(lambda *given: trace(score, *given))


def _by_inputs(score: Score, call: Any, inputs: Any, rows: Any) -> tuple[Any, None]:
    return score(call, inputs, rows), None
