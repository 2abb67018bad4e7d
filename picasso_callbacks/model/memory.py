"""Memory: how many images a model can be asked about at once, by what its activations take."""

from __future__ import annotations

import contextlib
import math

import keras

from picasso_callbacks.model.incremental import make_graph

BOUND = 10**9
"""How many bytes the activations of a batch may take."""

CHANNELS = 64
"""So many channels, as many pixels as the input has, are taken for the widest layer of a model that can't be read."""

AT_ONCE = 3
"""What is alive of a forward pass: a layer's input, its output, and what it works with."""


def images_at_once(model: keras.Model, shape: tuple[int, ...]) -> tuple[int, int]:
    """How many images of an input shape fit into `BOUND`, at least one: in a forward pass, and in a gradient.

    Of a forward pass the widest layer counts, of a gradient all layers do, twice, since they are kept for the way back.
    """
    graph = None
    if len(shape) == 3:
        with contextlib.suppress(Exception):  # a layer that can't say what it makes
            graph = make_graph(model, shape)
    if graph is None:
        widest = CHANNELS * math.prod(shape[:2])
        return max(BOUND // (4 * AT_ONCE * widest), 1), max(BOUND // (4 * 2 * AT_ONCE * widest), 1)
    sizes = [math.prod(shape), *(math.prod(one) for step in graph.steps for one in step.output_shapes)]
    return max(BOUND // (4 * AT_ONCE * max(sizes)), 1), max(BOUND // (4 * 2 * sum(sizes)), 1)
