"""A long training holds at its end what it held after ten epochs."""

import json
import os
import pathlib
import subprocess
import sys

import pytest
from helpers.soak import Held, grown

PROGRAM = """
import json, pathlib, sys
sys.path.insert(0, sys.argv[2])
from helpers.soak import soak
print(json.dumps(soak(pathlib.Path(sys.argv[1]), 60)))
"""

MEMORY = 100e3
"""Bytes an epoch; 31 kB were seen, of an allocator that settles. A card, of which six are drawn, has 844 kB."""


@pytest.mark.slow
@pytest.mark.skipif(not pathlib.Path("/proc/self/statm").exists(), reason="asks Linux what a process holds")
def test_nothing_grows_after_the_tenth_epoch(tmp_path):
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), str(pathlib.Path(__file__).parent)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    held = [Held(*one) for one in json.loads(ended.stdout.splitlines()[-1])]
    assert len(held) == 60
    growth = grown(held)
    # Frameworks start threads of their own when they first need them, up to one for each processor.
    assert growth.python_threads == growth.files == 0
    assert growth.threads <= os.cpu_count()
    assert growth.memory < MEMORY
