"""The command line: `picasso explain`, `picasso report`, `picasso watch`."""

from picasso_callbacks.command.command import main

__all__ = ["main"]
