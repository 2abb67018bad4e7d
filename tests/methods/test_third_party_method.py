"""A method from somebody else's package: installed by pip, found by its name in another process."""

import os
import pathlib
import subprocess
import sys

import keras
import pytest

ROOT = pathlib.Path(__file__).parents[2]

PROGRAM = """
import keras, numpy as np
import picasso_shapley
from picasso_callbacks import Probes, available_methods, explain

assert "shapley" in available_methods(), available_methods()
weights = np.zeros((12 * 12, 2), "float32")
weights[[r * 12 + c for r in range(3, 5) for c in range(6, 8)], 1] = 1.0  # class 1 is seen in one bright place
dense = keras.layers.Dense(2, "softmax")
model = keras.Sequential([keras.Input((12, 12, 1)), keras.layers.Flatten(), dense])
dense.set_weights([weights, np.zeros(2)])
probes = Probes(np.ones((1, 12, 12, 1), "float32"), labels=[1], value_range=(0, 1))
report = explain(model, probes, methods=["shapley"], targets="label")
values = report["shapley"].values
assert values.shape == (1, 1, 12, 12), values.shape
# Cells are of 3 x 3 pixels. One holds all that counts: four pixels, each worth half a nat over grey.
expected = np.zeros((12, 12))
expected[3:6, 6:9] = 2.0
print(picasso_shapley.__file__, np.allclose(values[0, 0], expected, atol=1e-5))
"""


@pytest.mark.slow
def test_an_installed_package_brings_a_method(tmp_path):
    env = {**os.environ, "KERAS_BACKEND": keras.config.backend()}
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", tmp_path]
    subprocess.run([*install, ROOT / "examples" / "methods"], check=True, timeout=300)
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env={**env, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.stdout.strip().endswith(f"{tmp_path / 'picasso_shapley.py'} True"), ran.stdout + ran.stderr
