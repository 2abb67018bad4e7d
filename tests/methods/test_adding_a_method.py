"""docs/adding_a_method.md does what it says."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import keras
import numpy as np
from helpers.models import linear

import picasso_callbacks
from picasso_callbacks import Probes

GUIDE = pathlib.Path(__file__).parents[2] / "docs" / "adding_a_method.md"

SETTING = """
import keras, numpy as np
from picasso_callbacks import Picasso, Probes, explain

# The logit of class 1 is the number of bright pixels among the four in the left upper corner.
weights = np.zeros((8, 8, 2), "float32")
weights[:2, :2, 1] = 1.0
dense = keras.layers.Dense(2, "softmax")
model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), dense])
dense.set_weights([weights.reshape(-1, 2), np.zeros(2)])
model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=False)
x, y = np.ones((2, 8, 8, 1), "float32"), np.array([1, 1])
probes = Probes(x[:1], labels=y[:1], value_range=(0, 1))
"""

ANSWER = """
print(np.round(report["only_window"].values[0, 0, ::3, ::3], 3).tolist())
"""


def blocks():
    return re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)


def test_the_method_is_short():
    assert len([line for line in blocks()[0].splitlines() if line.strip()]) < 40


def test_the_method_works_by_its_name(tmp_path):
    copy = tmp_path / "picasso_callbacks"
    shutil.copytree(picasso_callbacks.__path__[0], copy, ignore=shutil.ignore_patterns("__pycache__"))
    method, use, _ = blocks()
    [path] = re.findall(r"`picasso_callbacks/(methods/\w+\.py)`:", GUIDE.read_text("utf-8"))
    (copy / path).write_text(method)
    ran = subprocess.run(
        [sys.executable, "-c", SETTING + use + ANSWER],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "KERAS_BACKEND": keras.config.backend()},
        capture_output=True,
        text=True,
        timeout=120,
    )
    # Windows of 2 x 2 at a stride of 1: alone, each bright pixel of the corner in it is worth half a nat over grey.
    # Pixel (0, 0) lies in one window, which shows the whole corner. No window over (3, 3) shows any of it.
    found = ran.stdout.strip().splitlines()[-1:]
    assert found == ["[[2.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]"], ran.stdout + ran.stderr
    assert list(tmp_path.glob("logs/picasso/*tfevents*"))


def test_a_method_of_ones_own_is_passed_as_an_instance():
    model = linear((6, 8, 3), np.random.default_rng(1).normal(size=(6 * 8 * 3, 2)), "softmax")
    names = {"model": model, "probes": Probes(np.random.default_rng(2).random((2, 6, 8, 3)), labels=[0, 1])}
    exec(blocks()[2], names)
    report = names["report"]
    assert list(report.explanations) == ["partial_occlusion", "gradient"]
    # The gradients of two logits, and of two log-probabilities, differ as the weights do, summed over the channels.
    first, second = report["gradient"].values[0]
    weights = np.reshape(model.get_weights()[0], (6, 8, 3, 2)).sum(axis=2)[..., report.targets[0]]
    np.testing.assert_allclose(first - second, weights[..., 0] - weights[..., 1], atol=1e-5)
