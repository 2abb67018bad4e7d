"""player: shows runs in a browser. One ES module, `player.js`; what it is given; and the page that holds both."""

from picasso_callbacks.player.answers import Smaller, history, index_of, look, training
from picasso_callbacks.player.assets import ASSETS, asset
from picasso_callbacks.player.page import Bounded, bounded, cell, document

__all__ = [
    "ASSETS",
    "Bounded",
    "Smaller",
    "asset",
    "bounded",
    "cell",
    "document",
    "history",
    "index_of",
    "look",
    "training",
]
