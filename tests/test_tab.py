"""The tab's server side: what it serves, and to whom it serves nothing."""

import argparse
import io
import json
import os
import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest
import werkzeug
from helpers.small_training import compiled, probes
from tensorboard.backend import application
from tensorboard.plugins import base_plugin
from werkzeug.test import Client

from picasso_callbacks import explain
from picasso_callbacks.log.numbers import Numbers
from picasso_callbacks.store import from_npz
from picasso_callbacks.tab import PicassoLoader

HOSTILE = 'run "><script>alert(1)</script> ../雪'.replace("/", "_")


@pytest.fixture(scope="module")
def report():
    return explain(compiled(), probes(2))


def keep(directory, report, steps):
    numbers = Numbers(str(directory), "epoch")
    for step in steps:
        numbers.write(numbers.records(step, report))
    return numbers


@pytest.fixture
def log_dir(tmp_path, report):
    keep(tmp_path / "logs" / HOSTILE / "picasso", report, [0, 1]).close()
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path / "logs"


def plugin(log_dir, **flags):
    flags = argparse.Namespace(**{"logdir_spec": "", **flags})
    return PicassoLoader().load(base_plugin.TBContext(logdir=str(log_dir), flags=flags))


def client(log_dir, **flags):
    """The plugin in TensorBoard's own application, with its routes and headers."""
    served = application.TensorBoardWSGI([plugin(log_dir, **flags)])
    return Client(served, werkzeug.Response)


def get(browser, path, **query):
    return browser.get(f"/data/plugin/picasso/{path}", query_string=query)


def test_it_is_found_by_tensorboard():
    [entry] = [one for one in metadata.entry_points(group="tensorboard_plugins") if one.name == "picasso"]
    assert entry.value == "picasso_callbacks.tab:PicassoLoader"
    assert plugin("").frontend_metadata().tab_name == "Picasso"


def test_an_index_and_looks_are_served(log_dir, report):
    browser = client(log_dir)
    [run] = json.loads(get(browser, "index").data)["runs"]
    assert run == {"name": f"{HOSTILE}/picasso", "steps": [0, 1], "total": 2}
    for what in ("training", "history", "0", "1"):
        answer = get(browser, "look", run=run["name"], what=what)
        assert answer.status_code == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "about" in from_npz(answer.data)
    history = from_npz(get(browser, "look", run=run["name"], what="history").data)
    np.testing.assert_allclose(history["probabilities"][1], report.probabilities, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "kind"), [("tab.js", "javascript"), ("player.js", "javascript"), ("player.css", "css")]
)
def test_the_player_is_served(log_dir, name, kind):
    answer = get(client(log_dir), name)
    assert answer.status_code == 200
    assert kind in answer.headers["Content-Type"]
    assert len(answer.data) > 100


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "static/../../secret.txt",
        "player.js/../../secret.txt",
        "/etc/passwd",
        "//etc/passwd",
        "__init__.py",
        "assets.py",
        "player.js%00",
        "PLAYER.JS",
        "",
    ],
)
def test_no_other_file_is_served(log_dir, path):
    answer = get(client(log_dir), path)
    assert answer.status_code == 404
    assert b"secret" not in answer.data


@pytest.mark.parametrize(
    "name", ["..", "../logs", "/", "/etc", f"{HOSTILE}", f"{HOSTILE}/picasso/", f"./{HOSTILE}/picasso", "", "a\x00b"]
)
def test_a_run_is_a_name_in_a_list_and_no_path(log_dir, name):
    assert get(client(log_dir), "look", run=name, what="training").status_code == 404


@pytest.mark.parametrize("what", ["", "2", "-1", "1.5", "maps", "training ", "0x1", "9" * 40, "१", "../index"])
def test_a_look_that_is_none_is_told(log_dir, what):
    assert get(client(log_dir), "look", run=f"{HOSTILE}/picasso", what=what).status_code == 404


def test_it_is_inactive_without_numbers(tmp_path, log_dir):
    assert plugin(log_dir).is_active()
    assert not plugin(tmp_path / "nothing").is_active()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "events.out.tfevents.1.host").write_bytes(b"")
    assert not plugin(tmp_path / "other").is_active()


def test_a_log_directory_that_cannot_be_read_leaves_other_tabs_alone(log_dir, monkeypatch, caplog):
    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("picasso_callbacks.tab.find_runs", refuse)
    assert plugin(log_dir).is_active() is False
    assert "could not be read" in caplog.text


def test_new_epochs_and_runs_are_found(tmp_path, report, monkeypatch):
    monkeypatch.setattr("picasso_callbacks.tab.FRESH", 0.0)
    browser = client(tmp_path)

    def steps():
        return {run["name"]: run["steps"] for run in json.loads(get(browser, "index").data)["runs"]}

    assert steps() == {}
    first = keep(tmp_path / "a" / "picasso", report, [0])
    assert steps() == {"a/picasso": [0]}
    first.write(first.records(1, report))
    keep(tmp_path / "b" / "picasso", report, [5])
    assert steps() == {"a/picasso": [0, 1], "b/picasso": [5]}
    history = from_npz(get(browser, "look", run="a/picasso", what="history").data)
    assert history["steps"].tolist() == [0, 1]


@pytest.mark.parametrize("ending", [".picasso", ".picasso-index"])
def test_a_truncated_store_shows_what_is_whole(log_dir, ending):
    [path] = log_dir.rglob(f"*{ending}")
    os.truncate(path, path.stat().st_size - 10)
    [run] = json.loads(get(client(log_dir), "index").data)["runs"]
    assert run["steps"] == [0]


def test_a_store_of_damaged_bytes_is_told_and_breaks_nothing(log_dir):
    [path] = log_dir.rglob("*.picasso")
    path.write_bytes(bytes(path.stat().st_size))
    browser = client(log_dir)
    assert get(browser, "index").status_code == 200
    for what in ("training", "history", "0"):
        assert get(browser, "look", run=f"{HOSTILE}/picasso", what=what).status_code == 404


def test_a_store_that_would_run_code_is_told_and_breaks_nothing(log_dir, report, monkeypatch):
    file = io.BytesIO()
    np.savez(file, about=np.array([print], dtype=object))
    monkeypatch.setattr("picasso_callbacks.store.writing.to_npz", lambda arrays: file.getvalue())
    keep(log_dir / "hostile", report, [0]).close()
    browser = client(log_dir)
    answer = get(browser, "look", run="hostile", what="training")
    assert answer.status_code == 404
    assert b"objects, which could run code, are never loaded" in answer.data
    assert get(browser, "look", run=f"{HOSTILE}/picasso", what="training").status_code == 200


def test_directories_that_cannot_be_read_hide_no_others(log_dir):
    os.makedirs(os.path.join(os.fsencode(log_dir), b"no text \xff"))
    (log_dir / "gone").symlink_to(log_dir / "nowhere")
    (log_dir / "locked").mkdir(mode=0o000)
    [run] = json.loads(get(client(log_dir), "index").data)["runs"]
    assert run["name"] == f"{HOSTILE}/picasso"


def test_twenty_runs(tmp_path, report):
    for number in range(20):
        keep(tmp_path / f"{number:02}" / "picasso", report, [0]).close()
    names = [run["name"] for run in json.loads(get(client(tmp_path), "index").data)["runs"]]
    assert names == [f"{number:02}/picasso" for number in range(20)]


def test_directories_with_names_of_their_own(log_dir):
    browser = client("", logdir_spec=f"mine:{log_dir}")
    [run] = json.loads(get(browser, "index").data)["runs"]
    assert run["name"] == f"mine/{HOSTILE}/picasso"


@pytest.mark.parametrize(
    ("given", "kept"),
    [(None, {"images": 300}), ({"scalars": 5}, {"scalars": 5, "images": 300}), ({"images": 3}, {"images": 3})],
)
def test_tensorboard_keeps_every_picture_unless_it_is_told_otherwise(given, kept):
    flags = argparse.Namespace(samples_per_plugin=given)
    PicassoLoader().fix_flags(flags)
    assert flags.samples_per_plugin == kept


def test_tensorboard_needs_no_keras_for_it():
    """Where `KERAS_BACKEND` names what is not installed, TensorBoard must start all the same."""
    program = (
        "import sys, picasso_callbacks.tab as tab\nassert tab.PicassoLoader\n"
        "assert not {'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ, "KERAS_BACKEND": "none"})
