"""Inside: what the model's layers make of the probes, and what their answers owe to it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from picasso_callbacks.model.attention import Attention
from picasso_callbacks.model.batches import Batches
from picasso_callbacks.model.feature_maps import FeatureMap, FeatureMaps
from picasso_callbacks.model.gradients import Gradients
from picasso_callbacks.model.passes import Passes


class Inside:
    """Asks about layers, in the model's own pass: nothing is cut, copied or added.

    Args:
        passes: Forward passes of the model, whose reader is known.
        gradients: Asks for gradients.
        inputs: The preprocessed probes, `[P, ...]`.
        size: (h, w) of the probes' maps.
        batches: Splits the probes into batches of forward passes, and of gradients.
    """

    def __init__(
        self,
        passes: Passes,
        gradients: Gradients,
        inputs: np.ndarray,
        size: tuple[int, int],
        batches: tuple[Batches, Batches],
    ):
        self._gradients = gradients
        self._inputs = inputs
        self._batches, self._gradient_batches = batches
        self._maps = FeatureMaps(passes, size)
        self._attention = Attention(passes)

    def feature_map(self, layer: str | None = None) -> FeatureMap:
        """The map that a layer makes: its name and size.

        Args:
            layer: The layer's name, or its attributes from the model down, `"backbone.conv5"`. `None`: the last one
                whose output is laid out as a picture, before the answer.

        Raises:
            ValueError: There is no such layer, or its output is not laid out as a picture.
        """
        return self._batches.fit(lambda size: self._maps.find(layer, *self._some(size)), len(self._inputs))

    def activations(self, layer: str | None = None) -> np.ndarray:
        """What a layer makes of the probes: float32 `[P, h, w, c]`. See `feature_map`."""
        place = self.feature_map(layer)

        def ask(rows: np.ndarray) -> tuple[np.ndarray, ...]:
            return (self._maps.of(place, self._inputs[rows], rows),)

        return self._batches.collect(ask, len(self._inputs))[0]

    def activations_and_gradients(self, targets: np.ndarray, layer: str | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The same, and the gradients of targets' scores by it, in one pass.

        Args:
            targets: int `[P, K]`, the targets of each probe.
            layer: As in `feature_map`.

        Returns:
            float32 `[P, h, w, c]` and `[P, K, h, w, c]`.

        Raises:
            ValueError: As `feature_map`, or the scores don't depend on the layer.
        """
        place = self.feature_map(layer)

        def ask(rows: np.ndarray) -> tuple[np.ndarray, ...]:
            return self._gradients.by_map(place, targets[rows], self._inputs[rows], rows)

        activations, gradients = self._gradient_batches.collect(ask, len(targets))
        return activations, gradients

    def attention(self, keep: Callable[[list[np.ndarray]], np.ndarray]) -> np.ndarray:
        """What attention layers attend to.

        Args:
            keep: Makes of the attention of a batch, for each layer the mean over its heads, float32 `[n, T, T]` from
                tokens to tokens, what is wanted of it, `[n, ...]`.

        Returns:
            What `keep` returns, for all probes.

        Raises:
            ValueError: There are no such layers, or their tokens are not the same.
        """

        def ask(rows: np.ndarray) -> tuple[np.ndarray, ...]:
            return (keep(self._attention.of(self._inputs[rows], rows)),)

        return self._batches.collect(ask, len(self._inputs))[0]

    def token_places(self, tokens: int) -> tuple[int, int]:
        """Rows and columns in which so many tokens lie, or all but the first, which then is the class's.

        Raises:
            ValueError: They are no picture.
        """
        return self._batches.fit(lambda size: self._maps.token_places(tokens, *self._some(size)), len(self._inputs))

    def _some(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """So many inputs, and whose they are."""
        rows = np.minimum(np.arange(size), len(self._inputs) - 1)
        return self._inputs[rows], rows
