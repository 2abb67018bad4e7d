"""Roster: who is about to watch a training, since no two may write to one directory."""

from __future__ import annotations

import os
from typing import Any

_beginning: dict[str, Any] = {}


def enter(directory: str, params: Any) -> None:
    """A callback that writes to `directory` begins to watch a training.

    Args:
        directory: A path or URL.
        params: The callback's, an object that Keras makes for each training; `None` in a loop of one's own.

    Raises:
        ValueError: Another one does so in the same training, or the same one a second time.
    """
    place = _place(directory)
    if params is not None and _beginning.get(place) is params:
        raise ValueError(
            f"Picasso: two callbacks of this training write to {directory!r}, or one is in its list twice; expected a "
            "log_dir for each. Pass another one, such as 'logs/second', or take one callback out."
        )
    _beginning[place] = params


def leave(directory: str) -> None:
    """All who watch that training have begun."""
    _beginning.pop(_place(directory), None)


def _place(directory: str) -> str:
    return directory if "://" in directory else os.path.realpath(directory)
