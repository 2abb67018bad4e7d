"""Runs: which directory a training is written to, and whether it can be."""

import os

import pytest
from helpers.processes import run

from picasso_callbacks.log.runs import check_writable


def test_check_writable_creates_nothing(tmp_path):
    check_writable(str(tmp_path / "logs" / "run" / "picasso"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("below", ["", "run/picasso"])
def test_check_writable_names_the_file_in_the_way(tmp_path, below):
    file = tmp_path / "logs"
    file.write_text("not a directory")
    with pytest.raises(ValueError, match=r"Picasso: log_dir .*'[^']*logs' is not a directory"):
        check_writable(str(file / below))


def test_check_writable_names_the_directory_that_is_closed():
    program = """
import os
from picasso_callbacks.log.runs import check_writable
if os.geteuid() == 0:
    os.setuid(65534)  # Root may write anywhere.
check_writable("/logs/picasso")
"""
    if not hasattr(os, "setuid"):
        pytest.skip("needs users")
    ended = run(program, bare=True)
    assert "Picasso: log_dir would write to '/logs/picasso', but this user may not write to '/'" in ended.stderr


def test_check_writable_names_a_store_that_is_unknown():
    with pytest.raises(ValueError, match=r"Picasso: log_dir would write to 'nowhere://logs'"):
        check_writable("nowhere://logs")
