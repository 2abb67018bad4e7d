"""picasso watch: each checkpoint is a look of one run, whose numbers are those of explain."""

import contextlib
import functools
import os
import pathlib
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import PIL.Image
import pytest
from helpers.event_files import read
from helpers.models import looks_at

from picasso_callbacks import load
from picasso_callbacks.command import main

ROOT = pathlib.Path(__file__).parents[2]


def model(weight):
    """The logit of its second class is `weight` where the first pixel is white, else 0."""
    return looks_at((8, 8, 1), (0, 0), weight / 255)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working directory with an empty folder `checkpoints`, and `white.png`, whose first pixel is white."""
    monkeypatch.chdir(tmp_path)
    pathlib.Path("checkpoints").mkdir()
    PIL.Image.fromarray(np.full((8, 8), 255, "uint8")).save("white.png")
    return tmp_path


def arguments(*more):
    return ["watch", "checkpoints", "--images", "white.png", "--methods", "saliency_map", *more]


def log_odds(run):
    """Of the second class, step by step."""
    targets = run.targets[:, 0].tolist()
    return {int(step): float(run.log_odds[i, 0, targets[i].index(1)]) for i, step in enumerate(run.steps)}


def test_each_checkpoint_becomes_a_step_of_one_run_and_of_a_page(place, capsys):
    for step in (10, 2):
        model(step / 10).save(f"checkpoints/epoch_{step}.keras")
    pathlib.Path("checkpoints/epoch_5.keras").write_bytes(b"PK, and no more")
    model(3.0).save("checkpoints/best.keras")
    assert main(arguments("--once", "--log-dir", "logs", "--out", "page.html")) == 0
    [run] = load("logs").values()
    assert (run.name, run.unit) == ("picasso", "step")
    assert log_odds(run) == pytest.approx({2: 0.2, 10: 1.0, 11: 3.0}, abs=1e-3)
    said = capsys.readouterr()
    assert [line.split(":")[1] for line in said.out.splitlines() if "step" in line] == [
        *(" step 2, epoch_2.keras", " step 10, epoch_10.keras", " step 11, best.keras")
    ]
    assert said.out.count("wrote page.html") == 3
    [line] = said.err.splitlines()
    assert line.startswith("picasso watch: epoch_5.keras is left out: ")
    assert "it is no .keras file, or not a whole one" in line
    written = read("logs")
    assert {step for run, tag, step in written if tag == "picasso/white"} == {2, 10, 11}
    assert ("picasso", "picasso_filmstrip/white", 11) in written


def test_weights_are_loaded_into_the_model_that_is_named(place, capsys):
    model(0.0).save("model.keras")
    for step in (1, 2):
        model(float(step)).save_weights(f"checkpoints/{step}.weights.h5")
    looks_at((4, 4, 1), (0, 0)).save_weights("checkpoints/3.weights.h5")
    assert main(arguments("--once", "--log-dir", "logs", "--model", "model.keras")) == 0
    assert log_odds(load("logs")["picasso"]) == pytest.approx({1: 1.0, 2: 2.0}, abs=1e-3)
    assert "3.weights.h5 is left out" in capsys.readouterr().err
    assert main(arguments("--once", "--log-dir", "others")) == 0
    assert capsys.readouterr().err.count("pass --model, the model that they are of") == 3
    assert not pathlib.Path("others").exists()


def test_a_run_of_the_same_images_is_gone_on_with(place, capsys):
    once = arguments("--once", "--log-dir", "logs")
    for step in (1, 2):
        model(float(step)).save(f"checkpoints/{step}.keras")
        assert main(once) == 0
    assert log_odds(load("logs")["picasso"]) == pytest.approx({1: 1.0, 2: 2.0}, abs=1e-3)
    assert capsys.readouterr().out.count("1.keras") == 1
    os.rename("white.png", "bright.png")
    once[once.index("white.png")] = "bright.png"
    assert main(once) == 0
    assert list(load("logs")) == ["picasso", "picasso_2"]
    assert load("logs")["picasso_2"].steps.tolist() == [1, 2]


def test_an_earlier_step_that_is_newer_begins_a_further_run(place, capsys):
    once = arguments("--once", "--log-dir", "logs")
    for step, weight in ((1, 1.0), (3, 3.0)):
        model(weight).save(f"checkpoints/{step}.keras")
    assert main(once) == 0
    model(2.0).save("checkpoints/2.keras")
    os.utime("checkpoints/2.keras", (1e9, 1e9))  # it came late, and is an old one
    assert main(once) == 0
    assert log_odds(load("logs")["picasso"]) == pytest.approx({1: 1.0, 3: 3.0}, abs=1e-3)
    for step in (1, 2):  # a second training writes over the first's
        model(step / 10).save(f"checkpoints/{step}.keras")
    assert main(once) == 0
    assert capsys.readouterr().out.count("1.keras is newer than step 3") == 1
    assert list(load("logs")) == ["picasso", "picasso_2"]
    assert log_odds(load("logs")["picasso"]) == pytest.approx({1: 1.0, 3: 3.0}, abs=1e-3)
    assert log_odds(load("logs")["picasso_2"]) == pytest.approx({1: 0.1, 2: 0.2}, abs=1e-3)
    assert main(once) == 0  # and goes on with that one
    assert list(load("logs")) == ["picasso", "picasso_2"]
    assert load("logs")["picasso_2"].steps.tolist() == [1, 2]


def test_a_checkpoint_may_be_of_another_architecture(place):
    model(1.0).save("checkpoints/1.keras")
    hidden = [keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax", kernel_initializer="zeros")]
    keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Rescaling(1 / 255), *hidden]).save("checkpoints/2.keras")
    model(3.0).save("checkpoints/3.keras")
    assert main(arguments("--once", "--log-dir", "logs")) == 0
    assert log_odds(load("logs")["picasso"]) == pytest.approx({1: 1.0, 2: 0.0, 3: 3.0}, abs=1e-3)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--once"], "FOLDER is 'checkpoints', in which there is no .keras or .weights.h5 file"),
        (["--model", "none.keras"], "--model is 'none.keras', which is not there"),
        (["--model", "model.keras", "--expected", "sky"], "have no labels, which shortcuts are told by"),
    ],
)
def test_a_problem_ends_it_with_a_line(place, more, said, capsys):
    model(1.0).save("model.keras")
    assert main(arguments("--log-dir", "logs", *more)) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("picasso watch: ")
    assert said in line
    assert not pathlib.Path("logs").exists()


@pytest.mark.slow
def test_it_waits_for_files_that_are_being_written_until_it_is_interrupted(place):
    model(1.0).save("whole.keras")
    whole = pathlib.Path("whole.keras").read_bytes()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": keras.config.backend()}
    command = [sys.executable, "-m", "picasso_callbacks", *arguments("--log-dir", "logs", "--out", "page.html")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with contextlib.ExitStack() as stack:
        # In the background of a shell Ctrl-C is ignored, and so it would be here.
        listen = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
        watching = stack.enter_context(
            subprocess.Popen(command, **pipes, text=True, env=environment, preexec_fn=listen)
        )
        stack.callback(watching.kill)
        with open("checkpoints/1.keras", "wb") as file:
            for start in range(0, len(whole), 2000):
                file.write(whole[start : start + 2000])
                file.flush()
                time.sleep(0.5)
        first = [watching.stdout.readline() for _ in range(2)]
        assert first[0].startswith("Picasso: wrote page.html")
        assert first[1].startswith("Picasso: step 1, 1.keras")
        pathlib.Path("checkpoints/2.keras").write_bytes(whole)
        assert [watching.stdout.readline() for _ in range(2)][1].startswith("Picasso: step 2, 2.keras")
        watching.send_signal(signal.SIGINT)
        out, err = watching.communicate(timeout=60)
    assert watching.returncode == 0
    assert out == "Picasso: ends.\n"
    assert "Traceback" not in err
    assert "left out" not in err
    assert load("logs")["picasso"].steps.tolist() == [1, 2]
