"""Programs in a process of their own, for tests of how one ends."""

import subprocess
import sys

import picasso_callbacks

# The package's modules without what the package and its folders import: Keras would take seconds, and hide what a
# module imports itself.
BARE = f"""
import pathlib, sys, types
root = pathlib.Path({picasso_callbacks.__path__[0]!r})
for folder in (root, *(path for path in root.iterdir() if path.is_dir())):
    name = "picasso_callbacks" if folder == root else f"picasso_callbacks.{{folder.name}}"
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [str(folder)]
"""


def run(program: str, timeout: float = 60, bare: bool = False) -> subprocess.CompletedProcess[str]:
    """Runs `program` and returns its output and how it ended.

    Args:
        program: May import the package's modules.
        timeout: Seconds.
        bare: Whether modules come without what the package and its folders import.
    """
    command = [sys.executable, "-c", (BARE if bare else "") + program]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout)
