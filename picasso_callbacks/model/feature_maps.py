"""Feature maps: what a layer makes of the probes, where that is still laid out as a picture. Found, or named."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from picasso_callbacks.model.hearing import changed_output, heard_layers
from picasso_callbacks.model.passes import Passes
from picasso_callbacks.model.replaced import together


@dataclasses.dataclass(frozen=True)
class FeatureMap:
    """One call of a layer whose output is laid out as a picture.

    Args:
        layer: The layer.
        nth: Which of its calls, in one call of the model.
        shape: What it returns, without the batch.
        size: (h, w): rows and columns of the map.
        channels_first: Whether channels come before rows and columns.
        tokens: Whether it is a sequence of `h * w` places; one that is one longer begins with a token of the class.
    """

    layer: keras.Layer
    nth: int
    shape: tuple[int, ...]
    size: tuple[int, int]
    channels_first: bool = False
    tokens: bool = False

    @property
    def name(self) -> str:
        """The layer's name."""
        return str(self.layer.name)

    def __str__(self) -> str:
        return f"{self.name} ({self.size[0]} x {self.size[1]})"

    @property
    def class_token(self) -> bool:
        """Whether there is a token that stands for no place."""
        return self.tokens and self.shape[0] > math.prod(self.size)

    def to_maps(self, output: np.ndarray) -> np.ndarray:
        """Arrays `[..., *shape]` as `[..., h, w, c]`."""
        if self.channels_first:
            output = np.moveaxis(output, -len(self.shape), -1)
        if self.class_token:
            output = output[..., 1:, :]
        return output.reshape(*output.shape[: output.ndim - len(self.shape)], *self.size, output.shape[-1])


class FeatureMaps:
    """Finds layers whose output is a map, and asks for it.

    Args:
        passes: Forward passes of the model, whose reader is known.
        size: (h, w) of the probes' maps.
    """

    def __init__(self, passes: Passes, size: tuple[int, int]):
        self._passes = passes
        self._size = size
        self._heard: list[tuple[keras.Layer, FeatureMap]] | None = None
        self._compiled: dict[FeatureMap, Callable[..., Any]] = {}

    def find(self, layer: str | None, inputs: np.ndarray, rows: np.ndarray) -> FeatureMap:
        """The map of a named layer, or the last one before the answer.

        Args:
            layer: A layer's name, or its attributes from the model down, `"backbone.conv5"`; `None`: the last.
            inputs: Some image inputs, `[n, ...]`, of the probes `rows`, int `[n]`.

        Raises:
            ValueError: There is no such layer, or what it makes is no map.
        """
        heard = self._listen(inputs, rows)
        if layer is None:
            found = [one for one in self._before_the_answer() if not one.class_token]
        else:
            owner = _attribute(self._passes.backend.model, layer)
            found = [one for speaker, one in heard if speaker.name == layer or speaker is owner]
        if not found:
            known = list(dict.fromkeys(one.name for one in self._maps()))
            raise ValueError(
                f"Picasso: layer is {layer!r}, and no such layer's output is laid out as a picture; expected one of "
                f"{known}, or to leave out methods that explain by a layer's map."
            )
        return found[-1]

    def of(self, place: FeatureMap, inputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """What a layer makes of inputs `[n, ...]`, float32 `[n, h, w, c]`."""
        if place not in self._compiled:
            self._compiled[place] = self._passes.backend.compile(
                lambda call, inputs, rows: self._output(place, call, inputs, rows)
            )
        return place.to_maps(self._compiled[place](inputs, rows.astype("int32")))

    def token_places(self, tokens: int, inputs: np.ndarray, rows: np.ndarray) -> tuple[int, int]:
        """Rows and columns in which so many tokens lie, or all but the first, which then is the class's.

        Args:
            tokens: How many.
            inputs: As in `find`.
            rows: As in `find`.

        Raises:
            ValueError: They are no picture.
        """
        self._listen(inputs, rows)
        known = [one.size for one in self._maps() if one.tokens and one.shape[0] == tokens]
        places = known[-1] if known else _grid(tokens, self._size)
        if not math.prod(places):
            raise ValueError(
                f"Picasso: {tokens} tokens don't lie as a picture of {self._size[0]} x {self._size[1]} does, one token "
                "of the class apart. Leave attention_rollout out of methods=[...]."
            )
        return places

    def _output(self, place: FeatureMap, call: Any, inputs: Any, rows: Any) -> Any:
        with changed_output(self._passes.backend.model, place.layer, place.nth, None) as output:
            self._passes.target_scores(call, inputs, rows)
        return output()

    def _maps(self) -> list[FeatureMap]:
        """All maps in the order in which they are made, each once."""
        return [one for speaker, one in self._heard or () if speaker is one.layer]

    def _before_the_answer(self) -> list[FeatureMap]:
        """Without the last maps of one shape where the answer itself is a map, since these are the answer."""
        maps = self._maps()
        before = list(maps)
        while self._passes.reader.head.dense and before and before[-1].shape == maps[-1].shape:
            before.pop()
        return before or maps

    def _listen(self, inputs: np.ndarray, rows: np.ndarray) -> list[tuple[keras.Layer, FeatureMap]]:
        """Layers that return a map in one call of the model, and the map: of several that return one, the first's."""
        if self._heard is not None:
            return self._heard
        returned: list[tuple[keras.Layer, int, Any]] = []

        def hear(layer: keras.Layer, nth: int, output: Any) -> Any:
            returned.append((layer, nth, output))
            return output

        def trace(call: Any, inputs: Any, rows: Any) -> Any:
            with heard_layers(self._passes.backend.model, hear):
                scores = self._passes.target_scores(call, inputs, rows)
            tensors = [one for one in returned if hasattr(one[2], "shape") and together(one[2], scores)]
            firsts = [next(first for first in tensors if first[2] is one[2]) for one in tensors]
            made = _maps(
                [(layer, nth, tuple(side or 0 for side in one.shape)) for layer, nth, one in firsts], self._size
            )
            speakers = [layer for layer, _, _ in tensors]
            found[:] = [(layer, one) for layer, one in zip(speakers, made, strict=True) if one is not None]
            returned.clear()
            return scores

        found: list[tuple[keras.Layer, FeatureMap]] = []
        self._passes.backend.compile(trace)(inputs, rows.astype("int32"))
        self._heard = found
        return found


def _maps(calls: list[tuple[keras.Layer, int, tuple[int, ...]]], size: tuple[int, int]) -> list[FeatureMap | None]:
    """Each output as a map, `[N, h, w, c]`, or as a sequence of as many places as the map before, or the probe, has."""
    maps: list[FeatureMap | None] = []
    first = keras.config.image_data_format() == "channels_first"
    grid: tuple[int, int] | None = None
    for layer, nth, (_, *shape) in calls:
        first = getattr(layer, "data_format", "channels_first" if first else "") == "channels_first"
        tokens, places = len(shape) == 2, (0, 0)
        if len(shape) == 3:
            height, width = shape[1:] if first else shape[:2]
            places = grid = height, width
        elif tokens:
            places = grid or _grid(shape[0], size)
            places = places if shape[0] - math.prod(places) in (0, 1) else (0, 0)
        is_map = math.prod(places) > 1
        maps.append(FeatureMap(layer, nth, tuple(shape), places, first and not tokens, tokens) if is_map else None)
    return maps


def _grid(tokens: int, size: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns, in the proportions of the probes, of so many tokens, or of all but the first; or 0 and 0."""
    height, width = size
    for places in (tokens, tokens - 1):
        rows = max(round(math.sqrt(places * height / width)), 1)
        if places > 1 and places % rows == 0:
            columns = places // rows
            if 1 in size or abs(rows * width / (columns * height) - 1) < 0.2:  # signals: any number
                return rows, columns
    return 0, 0


def _attribute(model: keras.Model, path: str) -> Any:
    """What is at `"backbone.blocks.3"` below a model; `None` if there is nothing."""
    found: Any = model
    for part in path.split("."):
        if part.isdigit() and isinstance(found, (list, tuple)):
            found = found[int(part)] if int(part) < len(found) else None
        else:
            found = getattr(found, part, None)
    return found if isinstance(found, keras.Layer) else None
