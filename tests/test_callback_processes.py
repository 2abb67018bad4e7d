"""A training by two processes: both stop, one logs and writes."""

import os
import subprocess
import sys

import keras
import pytest
from helpers.event_files import read

from picasso_callbacks.model.backends import make_backend

on_torch = pytest.mark.skipif(keras.backend.backend() != "torch", reason="processes of torch")

BEGIN = """
import sys, torch
log_dir, rank = sys.argv[1], int(sys.argv[2])
torch.distributed.init_process_group("gloo", f"file://{log_dir}/meeting", rank=rank, world_size=2)
from picasso_callbacks import Picasso
from helpers.shortcut_training import compiled, fit, probes
settings = dict(methods=["class_probabilities"], expected="vehicle", on_alarm="stop")
"""

STOPS = """
print("epochs", fit(compiled(), Picasso(f"{log_dir}/logs", probes(), **settings), epochs=5).epoch)
torch.distributed.barrier()
"""

SEE_OTHER_THINGS = """
alarmed = int(sys.argv[3])
settings["expected"] = "vehicle" if rank == alarmed else "sky"
print("epochs", fit(compiled(), Picasso(f"{log_dir}/logs", probes(), **settings), epochs=2).epoch)
torch.distributed.barrier()
"""

HAS_A_BUDGET = """
try:
    fit(compiled(), Picasso(f"{log_dir}/logs", probes(), budget=0.05, **settings), epochs=5)
except ValueError as error:
    print(error)
torch.distributed.barrier()
"""


def run_two(program, tmp_path, *arguments):
    """What each of two processes writes to its output and its errors."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", BEGIN + program, str(tmp_path), str(rank), *arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    return [process.communicate(timeout=120) for process in processes]


@pytest.mark.slow
@on_torch
def test_an_alarm_stops_both_and_is_told_by_the_first(tmp_path):
    (first, first_told), (second, second_told) = run_two(STOPS, tmp_path)
    assert "epochs [0]" in first, first_told
    assert "epochs [0]" in second, second_told
    assert first_told.count("swapping the sky changes 6 of 6 answers") == 2  # once for each class
    assert "swapping" not in second_told
    assert len(list(tmp_path.glob("logs/picasso/events*"))) == 1
    assert ("picasso", "picasso_verdict", 0) in read(tmp_path / "logs")


@pytest.mark.slow
@on_torch
@pytest.mark.parametrize(("alarmed", "epochs"), [("0", "epochs [0]"), ("1", "epochs [0, 1]")])
def test_the_first_decides_for_all_where_they_see_other_things(alarmed, epochs, tmp_path):
    """As with BatchNormalization, of which each process has statistics of its own."""
    for told, errors in run_two(SEE_OTHER_THINGS, tmp_path, alarmed):
        assert epochs in told, errors


@pytest.mark.slow
@on_torch
def test_a_budget_is_refused_in_both(tmp_path):
    for told, errors in run_two(HAS_A_BUDGET, tmp_path):
        assert "budget is 0.05 in a training of 2 processes; expected None" in told, errors


def test_one_process_is_the_first_of_one():
    assert make_backend(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])).processes() == (0, 1)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="clusters of TensorFlow")
@pytest.mark.parametrize(
    ("job", "task", "cluster", "expected"),
    [
        ("worker", 0, {"worker": ["a:1", "b:1"]}, (0, 2)),
        ("worker", 1, {"worker": ["a:1", "b:1"]}, (1, 2)),
        ("chief", 0, {"chief": ["a:1"], "worker": ["b:1"]}, (0, 2)),
        ("worker", 0, {"chief": ["a:1"], "worker": ["b:1"]}, (1, 2)),
        ("worker", 0, {"worker": ["a:1"]}, (0, 1)),
        (None, None, {}, (0, 1)),
    ],
)
def test_which_process_of_a_cluster_this_is(job, task, cluster, expected):
    import tensorflow as tf

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    cluster = tf.train.ClusterSpec(cluster)
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(cluster, task_type=job, task_id=task)
    # A strategy of several workers would wait for the others to answer.
    model._distribute_strategy = type("Strategy", (), {"cluster_resolver": resolver})()
    assert make_backend(model).processes() == expected
