"""The same weights give the same maps on every backend that is installed, and no backend brings another one along."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

import picasso_callbacks
from picasso_callbacks import Probes, available_methods, explain

BACKENDS = ("tensorflow", "jax", "torch")
SIZE = (12, 15, 3)
IMAGES = np.random.default_rng(0).random((2, *SIZE), dtype="float32")
FOLDERS = [str(Path(__file__).parent), str(Path(__file__).parents[2]), str(Path(picasso_callbacks.__file__).parents[1])]


def plain():
    """Two convolutions, an activation that is smooth, a dense softmax."""
    return [
        layers.Conv2D(6, 3, activation="softplus"),
        layers.Conv2D(8, 3, strides=2, activation="tanh"),
        layers.Flatten(),
        layers.Dense(5, "softmax"),
    ]


def normalized():
    """With BatchNorm, pooling and a Softmax layer of its own."""
    return [
        layers.Conv2D(6, 3, padding="same"),
        layers.BatchNormalization(),
        layers.Activation("gelu"),
        layers.AveragePooling2D(2),
        layers.SeparableConv2D(8, 3, activation="tanh"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(4),
        layers.Softmax(),
    ]


def multi_label():
    return [layers.Conv2D(6, 5, activation="tanh"), layers.Flatten(), layers.Dense(3, "sigmoid")]


def segmentation():
    return [layers.Conv2D(6, 3, padding="same", activation="softplus"), layers.Conv2D(4, 1, activation="softmax")]


def attending():
    """Rectified patches that attend to each other."""
    return [
        layers.Conv2D(6, 3, strides=3, activation="relu"),
        layers.Reshape((20, 6)),
        Attends(2, 4),
        layers.GlobalAveragePooling1D(),
        layers.Dense(3, "softmax"),
    ]


class Attends(layers.Layer):
    """Attention of a sequence to itself, in a Sequential model."""

    def __init__(self, heads, size):
        super().__init__()
        self.attention = layers.MultiHeadAttention(heads, size)

    def build(self, shape):
        self.attention.build(shape, shape)

    def call(self, tokens):
        return tokens + self.attention(tokens, tokens)


MODELS = {one.__name__: one for one in (plain, normalized, multi_label, segmentation, attending)}
METHODS = [name for name in available_methods() if name != "class_probabilities"]
ONLY = {"guided_backprop": {"attending"}, "attention_rollout": {"attending"}}
"""The models that a method takes: those that have rectifiers, or attention."""


def build(name):
    model = keras.Sequential([keras.Input(SIZE), *MODELS[name]()])
    model.compile(loss="binary_crossentropy" if name == "multi_label" else "categorical_crossentropy")
    return model


def weights(model):
    """Weights in the order of `model.weights`: variances positive, the others of about unit gain."""
    rng = np.random.default_rng(1)
    found = []
    for weight in model.weights:
        fan_in = np.prod(weight.shape[:-1])
        positive = "variance" in weight.path or "gamma" in weight.path
        found.append(rng.uniform(0.5, 2, weight.shape) if positive else rng.normal(size=weight.shape) / fan_in**0.5)
    return found


def maps(name, values):
    """What all methods say of the model `name` with these weights."""
    model = build(name)
    model.set_weights(values)
    methods = [method for method in METHODS if name in ONLY.get(method, MODELS)]
    report = explain(model, Probes(IMAGES), targets=[0, 2], methods=methods)
    return {method: report[method].values for method in report.explanations}


def answer(folder):
    """What a process on another backend does: reads weights, writes maps."""
    for name in MODELS:
        with np.load(Path(folder) / f"{name}.npz") as file:
            values = [file[f"arr_{i}"] for i in range(len(file.files))]
        np.savez(Path(folder) / f"{name}_{keras.config.backend()}.npz", **maps(name, values))


def run_on(backend, program, *arguments):
    """Runs a program under another backend; returns what it prints."""
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": os.pathsep.join(FOLDERS)}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def needs(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed here, so there is nothing to compare with")


@pytest.mark.parametrize("backend", [one for one in BACKENDS if one != keras.config.backend()])
def test_maps_agree_with_those_of(backend, tmp_path):
    needs(backend)
    here = {}
    for name in MODELS:
        values = weights(build(name))
        here[name] = maps(name, values)
        np.savez(tmp_path / f"{name}.npz", *values)
    run_on(backend, "import sys, test_agreement; test_agreement.answer(sys.argv[1])", tmp_path)
    shown = set()
    for name, found in here.items():
        with np.load(tmp_path / f"{name}_{backend}.npz") as there:
            for method, ours in found.items():
                largest = max(np.abs(ours).max(), 1e-3)  # at some layers nothing speaks for a target: 0 everywhere
                difference = np.abs(ours - there[method]).max() / largest
                print(f"{keras.config.backend()} and {backend}, {name}, {method}: {difference:.1e}")
                assert difference < 1e-4, (name, method)
                shown |= {method} if largest > 1e-3 else set()
    assert shown == set(METHODS)


FIT = """
import sys
import keras
from helpers import small_training
from picasso_callbacks import Picasso
layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
model = keras.Sequential(layers)  # without keras.utils.set_random_seed, which imports TensorFlow to seed it too
model.compile("sgd", "sparse_categorical_crossentropy")
small_training.fit(model, Picasso(sys.argv[1], small_training.probes(2), on_error="raise"), epochs=2)
print("loaded:", "tensorflow" in sys.modules)
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_fit_imports_no_tensorflow(backend, tmp_path):
    needs(backend)
    printed = run_on(backend, FIT, tmp_path)
    assert printed.splitlines()[-1] == "loaded: False"
    assert list(tmp_path.rglob("*tfevents*"))
