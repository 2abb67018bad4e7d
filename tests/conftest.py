"""What every test needs before Keras is imported: a backend, and TensorFlow without its chatter."""

import collections
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # for channels first, on processors for which it is off by default

import keras
import pytest


def pytest_addoption(parser):
    parser.addoption("--whole", action="store_true", help="run all parameters of tests marked `part`")


def pytest_collection_modifyitems(config, items):
    """Leaves out what others stand for; always the same."""
    if config.getoption("whole"):
        return
    counts = collections.Counter()
    kept, left = [], []
    for item in items:
        function = getattr(item, "function", None)
        mark = item.get_closest_marker("part")
        stands = mark is None or counts[function] % mark.args[0] == 0
        counts[function] += mark is not None
        (kept if stands else left).append(item)
    config.hook.pytest_deselected(items=left)
    items[:] = kept


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)
