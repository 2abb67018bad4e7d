"""A real Chromium, and a real TensorBoard for it to look at."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"

PATIENCE = 60.0
"""Seconds that anything may take to start or to appear."""

in_a_browser = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not os.path.exists(CHROMIUM) and "CI" not in os.environ,
        reason="chromium is not installed: apt install chromium",
    ),
]


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@contextlib.contextmanager
def tensorboard(*arguments: str) -> Iterator[str]:
    """The address at which a TensorBoard that was started with these arguments answers."""
    process: Any = subprocess.Popen(
        [sys.executable, "-m", "tensorboard.main", *arguments, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    too_late = threading.Timer(PATIENCE, process.kill)  # which ends the loop below
    too_late.start()
    try:
        said = ""
        for line in process.stdout:
            said += line
            if found := re.search(r"TensorBoard .* at (http://\S+/)", line):
                break
        else:
            pytest.fail(f"TensorBoard did not start: {said}")
        too_late.cancel()
        yield found[1]
    finally:
        too_late.cancel()
        process.terminate()
        process.wait(PATIENCE)
        process.stdout.close()
