"""Runs: which directory a training is written to, and whether it can be."""

import concurrent.futures
import importlib.util
import os
import threading

import pytest
from helpers.processes import run

from picasso_callbacks.log.runs import Run, check_writable


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


@pytest.mark.parametrize(
    ("log_dir", "why"),
    [
        pytest.param("n" * 300, "File name too long", id="long name"),
        pytest.param("é" * 200, "File name too long", id="long in bytes"),
        pytest.param(os.path.join(*["d" * 200] * 21), "File name too long", id="long path"),
        pytest.param("a\0b", "null byte", id="NUL"),
        pytest.param("\ud800", "surrogates not allowed", id="half a character"),
        pytest.param("\udcff", "surrogates not allowed", id="a byte that is no UTF-8"),
    ],
)
def test_check_writable_tells_of_names_that_no_file_can_have(tmp_path, log_dir, why):
    with pytest.raises(ValueError, match=f"Picasso: log_dir would write to .*{why}.* Pass another log_dir"):
        check_writable(str(tmp_path / log_dir))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs Linux")
def test_check_writable_tells_of_places_where_nobody_writes():
    with pytest.raises(ValueError, match="'/proc/x/picasso', which can't be done there"):
        check_writable("/proc/x/picasso")


@pytest.mark.parametrize("url", ["s3://bucket/logs", "gs://bucket/logs"])
def test_check_writable_tells_of_packages_that_are_missing(url):
    package = {"s3": "s3fs", "gs": "gcsfs"}[url[:2]]
    if any(importlib.util.find_spec(name) for name in (package, "boto3")):
        pytest.skip(f"{package} or boto3 is installed")
    with pytest.raises(ValueError, match=f"log_dir would write to '{url}'.*{package}.*or pass a local log_dir"):
        check_writable(url)


def test_runs_are_counted_on_and_those_that_are_resumed_go_on(tmp_path, capsys):
    first = str(tmp_path / "picasso")
    names = [os.path.basename(os.fspath(Run(first, resumes))) for resumes in (True, False, True, False)]
    assert names == ["picasso", "picasso_2", "picasso_2", "picasso_3"]
    assert capsys.readouterr().out.splitlines() == [
        f"Picasso: {tmp_path} holds runs already; this training writes to {first}_2.",
        f"Picasso: {tmp_path} holds runs already; this training goes on in {first}_2.",
        f"Picasso: {tmp_path} holds runs already; this training writes to {first}_3.",
    ]


def test_two_runs_that_are_claimed_at_once_have_a_directory_each(tmp_path):
    """Twenty threads, as twenty trials of a tuner would be."""
    together = threading.Barrier(20)

    def claim(_):
        together.wait()
        return os.fspath(Run(str(tmp_path / "logs" / "picasso")))

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        claimed = list(pool.map(claim, range(20)))
    assert len(set(claimed)) == 20
