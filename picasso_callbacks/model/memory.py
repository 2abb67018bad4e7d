"""Memory: how many images a model can be asked about at once, by what its activations take."""

from __future__ import annotations

import contextlib
import math
import pathlib
import re

import keras

from picasso_callbacks.model.incremental import try_graph

BOUND = 10**9
"""How many bytes the activations of a batch may take, or half of what is free if that is less."""

CHANNELS = 64
"""So many channels, as many pixels as the input has, are taken for the widest layer of a model that can't be read."""

AT_ONCE = 3
"""What is alive of a forward pass: a layer's input, its output, and what it works with."""


RECYCLED = 2**24
"""Memory of more bytes than some such number goes back to the system whenever it is freed, and to get it anew for every
layer takes a third of a small network's time. glibc's own bound is twice that."""

_GROUPS = {
    "memory.max": ("memory.current", "inactive_file"),
    "memory/memory.limit_in_bytes": ("memory/memory.usage_in_bytes", "total_inactive_file"),
}
"""Where Linux says what a container may take, what it takes, and how much of that are mere copies of files."""


def free_bytes(root: pathlib.Path = pathlib.Path("/")) -> float:
    """How much memory Linux could still give to this process, or infinity where it does not say.

    Args:
        root: Where `proc` and `sys` are.
    """
    free = math.inf
    with contextlib.suppress(OSError, IndexError):
        said = (root / "proc/meminfo").read_text()
        free = 1024.0 * int(re.findall(r"^MemAvailable: +(\d+) kB$", said, re.MULTILINE)[0])
    groups = root / "sys/fs/cgroup"
    for limit, (taken, copies) in _GROUPS.items():
        with contextlib.suppress(OSError, ValueError, IndexError):  # "max": no limit
            statistics = (groups / limit).with_name("memory.stat").read_text()
            files = int(re.findall(rf"^{copies} (\d+)$", statistics, re.MULTILINE)[0])
            free = min(free, int((groups / limit).read_text()) - int((groups / taken).read_text()) + files)
    return max(free, 0.0)


def images_at_once(model: keras.Model, shape: tuple[int, ...], free: float = math.inf) -> tuple[int, int]:
    """How many images of an input shape fit into `BOUND`, at least one: in a forward pass, and in a gradient.

    Of a forward pass the widest layer counts, of a gradient all layers do, twice, since they are kept for the way back.

    Args:
        model: The model.
        shape: Of one input.
        free: How many bytes are free.
    """
    bound = int(min(BOUND, free / 2))
    sizes = _sizes(model, shape)
    if not sizes:
        widest = CHANNELS * math.prod(shape[:2])
        return max(bound // (4 * AT_ONCE * widest), 1), max(bound // (4 * 2 * AT_ONCE * widest), 1)
    return max(bound // (4 * AT_ONCE * max(sizes)), 1), max(bound // (4 * 2 * sum(sizes)), 1)


def images_recycled(model: keras.Model, shape: tuple[int, ...]) -> float:
    """How many images of an input shape a forward pass takes in memory that is used again, `RECYCLED`, if known."""
    sizes = _sizes(model, shape)
    return RECYCLED // (4 * max(sizes)) if sizes else math.inf


def _sizes(model: keras.Model, shape: tuple[int, ...]) -> list[int]:
    """How many numbers the input and each layer's output hold, of one image; none where that can't be read."""
    graph = try_graph(model, shape) if len(shape) == 3 else None
    if graph is None:
        return []
    return [math.prod(shape), *(math.prod(one) for step in graph.steps for one in step.output_shapes)]
