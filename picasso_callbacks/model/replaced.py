"""Attributes of a model's layers that are replaced for as long as a trace takes; then all is as before."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any


@contextlib.contextmanager
def replaced(attributes: Iterable[tuple[Any, str, Any]]) -> Iterator[None]:
    """Within this, attributes of objects have other values: an object, the attribute's name and its value each."""
    with contextlib.ExitStack() as put_back:
        for owner, name, value in attributes:
            if name in vars(owner):
                put_back.callback(setattr, owner, name, getattr(owner, name))
            else:  # of its class
                put_back.callback(delattr, owner, name)
            setattr(owner, name, value)
        yield


def together(tensor: Any, other: Any) -> bool:
    """Whether both are values of one trace: what was given within a loop, or to be computed again, is not to be had."""
    return all(getattr(tensor, place, None) is getattr(other, place, None) for place in ("_trace", "graph"))
