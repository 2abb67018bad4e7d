"""Roster: who is about to watch a training, since no two may write to one directory."""

from __future__ import annotations

from typing import Any

_beginning: dict[str, Any] = {}


def enter(place: str, params: Any) -> None:
    """A callback that writes to `place` begins to watch a training.

    Args:
        place: What `check_writable` returns. The disk is not asked again, since it may hang by now.
        params: The callback's, an object that Keras makes for each training; `None` in a loop of one's own.

    Raises:
        ValueError: Another one does so in the same training, or the same one a second time.
    """
    if params is not None and _beginning.get(place) is params:
        raise ValueError(
            f"Picasso: two callbacks of this training write to {place!r}, or one is in its list twice; expected a "
            "log_dir for each. Pass another one, such as 'logs/second', or take one callback out."
        )
    _beginning[place] = params


def leave(place: str) -> None:
    """All who watch that training have begun."""
    _beginning.pop(place, None)
