"""Assets: the files of the player, which a browser is given as they are."""

from __future__ import annotations

from importlib import resources

ASSETS = {"player.js": "text/javascript", "player.css": "text/css", "tab.js": "text/javascript"}
"""All there are, and their types."""


def asset(name: str) -> bytes:
    """One of `ASSETS`. What is none of them is a `KeyError`, whatever path it may be."""
    if name not in ASSETS:
        raise KeyError(name)
    return resources.files(__package__).joinpath(name).read_bytes()
