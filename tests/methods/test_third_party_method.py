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
import picasso_rise
from picasso_callbacks import Probes, available_methods, explain

assert "rise" in available_methods(), available_methods()
weights = np.zeros((12 * 12, 2), "float32")
weights[[r * 12 + c for r in range(2, 4) for c in range(6, 8)], 1] = 1.0   # class 1 is seen in one bright corner
dense = keras.layers.Dense(2, "softmax")
model = keras.Sequential([keras.Input((12, 12, 1)), keras.layers.Flatten(), dense])
dense.set_weights([weights, np.zeros(2)])
probes = Probes(np.ones((1, 12, 12, 1), "float32"), labels=[1], value_range=(0, 1))
report = explain(model, probes, methods=["rise"], targets="label")
values = report["rise"].values
assert values.shape == (1, 1, 12, 12), values.shape
inside = values[0, 0, 2:4, 6:8].mean()
values[0, 0, 2:4, 6:8] = 0
print(picasso_rise.__file__, inside > 1.0, np.abs(values[0, 0, :, :4]).max() < inside / 2)
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
    assert ran.stdout.strip().endswith(f"{tmp_path / 'picasso_rise.py'} True True"), ran.stdout + ran.stderr
