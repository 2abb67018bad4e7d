"""Method: the contract of whatever asks a question about the probes; and Look: what it is given."""

from __future__ import annotations

import abc
import dataclasses
import functools
import re
from collections.abc import Callable

import numpy as np

from picasso_callbacks.explanation import Explanation
from picasso_callbacks.model import LiveModel, Scores

KEPT = 2**24
"""Gradients of so many bytes are kept for other methods of a look in any case."""


@dataclasses.dataclass(frozen=True)
class Look:
    """One look at the live model.

    Args:
        live: The model, its probes and how they go together.
        scores: What the model says of the untouched probes.
        targets: int `[P, K]`, the classes that are explained of each probe.

    What several methods need is asked for once a look, and kept as long as the look takes.
    """

    live: LiveModel
    scores: Scores
    targets: np.ndarray
    _asked: dict[str | None, tuple[np.ndarray, ...]] = dataclasses.field(default_factory=dict, init=False, repr=False)

    @functools.cached_property
    def gradients(self) -> np.ndarray:
        """The gradients of the targets' scores by the probes' inputs: float32 `[P, K, ...]`, not to be changed."""
        return self.live.gradients(self.targets)

    def of_gradients(self, keep: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """What `keep` makes of `gradients`; large ones that nobody asked for yet are not all in memory for it."""
        size = self.live.inputs.nbytes * self.targets.shape[1]
        if "gradients" in vars(self) or size <= KEPT:
            return keep(self.gradients)
        return self.live.gradients(self.targets, keep=keep)

    def activations(self, layer: str | None = None) -> np.ndarray:
        """What a layer makes of the probes, float32 `[P, h, w, c]`; see `Inside.feature_map`. Not to be changed."""
        if layer not in self._asked:
            self._asked[layer] = (self.live.inside.activations(layer),)
        return self._asked[layer][0]

    def activations_and_gradients(self, layer: str | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The same, and the gradients of the targets' scores by it, `[P, K, h, w, c]`. Not to be changed."""
        if len(self._asked.get(layer, ())) != 2:
            self._asked[layer] = self.live.inside.activations_and_gradients(self.targets, layer)
        activations, gradients = self._asked[layer]
        return activations, gradients

    def summed_over_channels(self, values: np.ndarray) -> np.ndarray:
        """Input-shaped numbers `[P, K, ...]` as maps to show: float32 `[P, K, H, W]`."""
        layout = self.live.layout
        maps = np.stack([layout.to_maps(of_targets).sum(axis=-1) for of_targets in values])
        return self.live.to_display(maps)


class Method(abc.ABC):
    """A question about the probes. It returns numbers; it never draws, schedules, tags or writes.

    A method of the library is a file in `picasso_callbacks/methods/` with one `Method` in it, named as the file is.
    Other packages pass an instance, or register their class under the entry-point group `picasso_callbacks.methods`.

    Example:

        class Gradient(Method):
            def explain(self, look):
                return Explanation(
                    look.summed_over_channels(look.gradients), unit="per unit of input",
                    score=look.live.head.description, title="gradient", scale=Scale(None, signed=True),
                )
    """

    @property
    def name(self) -> str:
        """What the method is called in reports and tags: the class's name in snake case."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()

    @abc.abstractmethod
    def explain(self, look: Look) -> Explanation:
        """Answers for all probes at once.

        Args:
            look: The live model at this moment, its scores of the probes, and the targets, int `[P, K]`.

        Returns:
            An `Explanation` with values `[P, K, H, W]` in display pixels, or `[P, classes]`. The same weights must give
            the same numbers: a method that needs noise seeds a generator of its own.
        """
