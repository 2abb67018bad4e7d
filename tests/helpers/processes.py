"""Programs in a process of their own, for tests of how one ends."""

import subprocess
import sys

import picasso_callbacks

# The package's modules without the package's own imports: Keras would take seconds, and hide what a module imports.
BARE = f"""
import sys, types
sys.modules["picasso_callbacks"] = types.ModuleType("picasso_callbacks")
sys.modules["picasso_callbacks"].__path__ = {list(picasso_callbacks.__path__)!r}
"""


def run(program: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Runs `program`, which may import the package's modules, and returns its output and how it ended."""
    return subprocess.run([sys.executable, "-c", BARE + program], capture_output=True, text=True, timeout=timeout)
