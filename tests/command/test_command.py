"""picasso: what it is told on the command line is what explain and load are told in Python, and how it ends."""

import contextlib
import os
import pathlib
import re
import subprocess
import sys

import keras
import numpy as np
import PIL.Image
import pytest
from helpers.models import linear, looks_at
from helpers.small_training import compiled, fit, probes

from picasso_callbacks import Picasso, Probes, explain
from picasso_callbacks.command import main

ROOT = pathlib.Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": keras.config.backend()}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working directory with `model.keras`, whose logit of the second class is 2 where the first pixel is white, and
    eight pictures of two classes in `photos`, 8 x 8, the first pixel white in those of the second."""
    monkeypatch.chdir(tmp_path)
    looks_at((8, 8, 1), (0, 0), 2 / 255).save("model.keras")
    for number in range(8):
        pixels = np.random.default_rng(number).integers(0, 256, (8, 8), dtype="uint8")
        pixels[0, 0] = 255 * (number % 2)
        folder = pathlib.Path("photos", ["half-track", "tank"][number % 2])
        folder.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(pixels).save(folder / f"{number}.png")
    return tmp_path


def problem(capsys, *arguments):
    """The line that is said of a problem."""
    assert main([str(one) for one in arguments]) == 1
    said = capsys.readouterr()
    assert "wrote" not in said.out
    [line] = [line for line in said.err.splitlines() if line.startswith("picasso ")]
    assert said.err.endswith(f"{line}\n")
    return line


def test_explain_gives_the_numbers_of_explain(place, capsys):
    assert main(["explain", "model.keras", "photos", "--out", "look"]) == 0
    numbers = np.load("look/numbers.npz")
    report = explain(
        keras.saving.load_model("model.keras"), Probes.from_directory("photos", (8, 8), color_mode="grayscale")
    )
    for method in ("partial_occlusion", "saliency_map"):
        np.testing.assert_allclose(numbers[f"{method}_values"], report[method].values, atol=1e-5)
    assert numbers["names"].tolist() == list(report.probes.names)
    # Of half-tracks, label 0, the logits are 0 and 0; of tanks, label 1, 0 and 2.
    np.testing.assert_allclose(numbers["log_odds"][:, 0], [0, 0, 0, 0, 2, 2, 2, 2], atol=1e-5)
    said = capsys.readouterr().out
    assert report.verdict in said
    size = sum(file.stat().st_size for file in pathlib.Path("look").iterdir())
    assert f"Picasso: wrote look, {size / 1e6:.1f} MB." in said


@pytest.mark.parametrize("out", ["a/look.html", "look.png"])
def test_explain_writes_the_player_or_a_sheet_of_single_files(place, out, capsys):
    images = ["photos/tank/1.png", "photos/half-track"]
    options = ["--methods", "saliency_map,class_probabilities", "--top", "1", "--classes", "half-track,tank"]
    assert main(["explain", "model.keras", *images, "--out", out, *options]) == 0
    said = capsys.readouterr().out
    assert f"wrote {pathlib.Path(out)}, " in said
    assert "a folder with a folder of images for each class" in said
    data = pathlib.Path(out).read_bytes()
    assert data.startswith(b"\x89PNG") or (b"half-track" in data and b"attachShadow" in data)


def test_classes_come_from_a_file_too(place):
    pathlib.Path("names.txt").write_text("half-track\ntank\n\n")
    looks_at((8, 8, 1), (0, 0), 2 / 255).save("model.h5")
    assert main(["explain", "model.h5", "photos", "--out", "look", "--classes", "names.txt"]) == 0
    assert np.load("look/numbers.npz")["class_names"].tolist() == ["half-track", "tank"]


def test_preprocess_and_decode_prob_and_regions_are_as_in_explain(place):
    looks_at((8, 8, 1), (0, 0), 4.0, activation=None).save("logits.keras")
    pathlib.Path("scaling_of_this_test.py").write_text("def unit(images):\n    return images / 255\n")
    pathlib.Path("masks").mkdir()
    for number in range(8):
        PIL.Image.fromarray(np.eye(8, dtype="uint8") * 255).save(f"masks/{number}.png")
    options = ["--preprocess", "scaling_of_this_test:unit", "--decode-prob", "softmax", "--expected", "diagonal"]
    regions = ["--regions", "diagonal=masks", "--methods", "class_probabilities"]
    assert main(["explain", "logits.keras", "photos", "--out", "look", *options, *regions]) == 0
    np.testing.assert_allclose(np.load("look/numbers.npz")["log_odds"][:, 0], [0] * 4 + [4] * 4, atol=1e-5)
    assert "diagonal" in pathlib.Path("look/verdict.txt").read_text()


def test_a_saved_model_is_read_under_tensorflow_and_refused_elsewhere(place, capsys):
    if keras.config.backend() == "tensorflow":
        keras.saving.load_model("model.keras").export("saved", verbose=False)
        assert main(["explain", "saved", "photos", "--out", "look"]) == 0
        np.testing.assert_allclose(np.load("look/numbers.npz")["log_odds"][:, 0], [0] * 4 + [2] * 4, atol=1e-5)
    else:
        pathlib.Path("saved").mkdir()
        pathlib.Path("saved/saved_model.pb").touch()
        said = problem(capsys, "explain", "saved", "photos", "--out", "look")
        assert "set KERAS_BACKEND=tensorflow" in said


@pytest.mark.parametrize("name", ["lambda.keras", "lambda.h5"])
def test_code_in_a_file_is_not_run(place, name, capsys):
    def code(x):
        open("code_was_run", "w").close()
        return x

    inside = keras.layers.Lambda(code)
    keras.Sequential([keras.Input((8, 8, 1)), inside, keras.layers.Flatten(), keras.layers.Dense(2)]).save(name)
    pathlib.Path("code_was_run").unlink()
    said = problem(capsys, "explain", name, "photos", "--out", "look")
    assert "Lambda" in said
    assert "in Python" in said
    assert not pathlib.Path("code_was_run").exists()


def test_a_class_that_is_not_known_is_named(place, capsys):
    class OfMyOwn(keras.layers.Flatten):
        pass

    keras.Sequential([keras.Input((8, 8, 1)), OfMyOwn(), keras.layers.Dense(2)]).save("own.keras")
    said = problem(capsys, "explain", "own.keras", "photos", "--out", "look")
    assert "MODEL is 'own.keras', which can't be loaded: Could not locate class 'OfMyOwn'. Where that is" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.keras", "photos"], r"MODEL is 'none.keras', which is not there; expected a .keras"),
        (["broken.keras", "photos"], r"MODEL is 'broken.keras', which can't be loaded: it is no .keras file"),
        (["broken.h5", "photos"], r"MODEL is 'broken.h5', which can't be loaded"),
        (["model.keras", "none.png"], r"path is 'none.png', expected a folder that exists, or .* an image"),
        (["model.keras", "photos", "--classes", "tank"], r"--classes is 'tank', which is not there; expected a file"),
        (["model.keras", "photos", "--classes", "a,b"], r"folder 'half-track' is not one of class_names"),
        (["model.keras", "photos", "--methods", "x"], r"'x'.*partial_occlusion"),
        (["model.keras", "photos", "--preprocess", "x"], r"--preprocess is 'x'; expected module:function"),
        (["model.keras", "photos", "--preprocess", "os:x"], r"--preprocess is 'os:x', which can't be imported"),
        (["model.keras", "photos", "--decode-prob", "x"], r"--decode-prob is 'x'; expected module:function"),
        (["model.keras", "photos", "--expected", "sky"], r"expected is 'sky'"),
        (["model.keras", "photos", "--size", "4x4"], r"\(None, 8, 8, 1\)"),
        (["any_size.keras", "photos"], r"--size is not given, and the model doesn't tell it; expected HxW"),
        (["model.keras", "photos", "--out", "look.pdf"], r"'look.pdf'; expected a folder, or a file"),
        (["model.keras", "photos", "--out", "model.keras/look.html"], r"model.keras"),
    ],
)
def test_a_problem_is_told_in_a_line(place, arguments, said, capsys):
    pathlib.Path("broken.keras").write_bytes(b"PK")
    pathlib.Path("broken.h5").write_bytes(b"HDF")
    pooled = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2, activation="softmax")]
    keras.Sequential([keras.Input((None, None, 3)), *pooled]).save("any_size.keras")
    line = problem(capsys, "explain", "--out", "look.html", *arguments)
    assert re.match(f"picasso explain: .*{said}", line)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the following arguments are required: command"),
        (["explain", "model.keras", "--out", "look"], "IMAGES"),
        (["explain", "model.keras", "photos"], "--out"),
        (["explain", "model.keras", "photos", "--out", "x", "--size", "4"], "--size: it is '4'; expected height and"),
        (["explain", "model.keras", "photos", "--out", "x", "--regions", "sky"], "expected NAME=FOLDER"),
        (["report", "logs", "--out", "look.pdf"], "--out: it is 'look.pdf'; expected a file that ends in .html"),
        (["watch", "checkpoints", "--images", "photos"], "neither --log-dir nor --out is given"),
    ],
)
def test_wrong_usage_ends_with_2(arguments, said, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_grey_rgb_and_channels_first_are_taken_from_the_model(place):
    for name, shape in (("rgb.keras", (8, 8, 3)), ("first.keras", (3, 8, 8)), ("plain.keras", (8, 8))):
        linear(shape, np.zeros((np.prod(shape), 2)), "softmax").save(name)
        assert main(["explain", name, "photos", "--out", f"of {name}", "--methods", "class_probabilities"]) == 0


def _read(terminal):
    """What comes next, maybe a part; nothing once the other end is closed and all was read."""
    with contextlib.suppress(OSError):  # that it is closed
        return os.read(terminal, 10000)
    return b""


def test_progress_is_told_to_a_terminal_alone(place, capsys):
    reader, writer = os.openpty()
    with os.fdopen(writer, "w") as terminal, contextlib.redirect_stderr(terminal):
        assert main(["explain", "model.keras", "photos", "--out", "look"]) == 0
    shown = b"".join(iter(lambda: _read(reader), b"")).decode()
    os.close(reader)
    assert "loading the model..." in shown
    assert "partial_occlusion..." in shown
    assert shown.endswith("\r\x1b[K")  # and is wiped
    assert main(["explain", "model.keras", "photos", "--out", "look"]) == 0
    assert capsys.readouterr().err == ""


def test_report_needs_no_keras(tmp_path, capsys):
    fit(compiled(), Picasso(tmp_path / "logs", probes(3)), epochs=2)
    page = tmp_path / "training.html"
    command = "import sys; sys.modules['keras'] = None; from picasso_callbacks.command import main; sys.exit(main())"
    ran = subprocess.run(
        [sys.executable, "-c", command, "report", tmp_path / "logs", "--out", page],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == f"Picasso: wrote {page}, {page.stat().st_size / 1e6:.1f} MB.\n"
    assert "in which there are no numbers" in problem(capsys, "report", tmp_path / "none", "--out", page)


def test_the_script_is_this_command():
    [told] = re.findall(r'^\[project.scripts\]\npicasso = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert told == f"{main.__module__.removesuffix('.command')}:{main.__name__}"


def test_the_module_runs_as_the_command():
    ran = subprocess.run(
        [sys.executable, "-m", "picasso_callbacks", "--help"],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("usage: picasso [-h] {explain,report,watch}")


@pytest.mark.slow
def test_the_commands_of_the_readme_run(place):
    pathlib.Path("checkpoints").mkdir()
    pathlib.Path("checkpoints/epoch-03.keras").write_bytes(pathlib.Path("model.keras").read_bytes())
    fit(compiled(), Picasso("logs", probes(3)), epochs=1)
    commands = re.findall(r"^picasso (.*)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["explain", "report", "watch"]
    for command in commands:
        once = ["--once"] if command.startswith("watch") else []
        ran = subprocess.run(
            [sys.executable, "-m", "picasso_callbacks", *command.split(), *once],
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            timeout=300,
        )
        assert ran.returncode == 0, ran.stderr
        written = pathlib.Path(command.split("--out ")[1])
        assert f"Picasso: wrote {written}, {written.stat().st_size / 1e6:.1f} MB." in ran.stdout
