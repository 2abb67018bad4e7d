"""A training by two processes: both stop, one logs and writes."""

import os
import subprocess
import sys

import keras
import pytest
from event_files import read

PROGRAM = """
import sys, torch
log_dir, rank = sys.argv[1], int(sys.argv[2])
torch.distributed.init_process_group("gloo", f"file://{log_dir}/meeting", rank=rank, world_size=2)
from picasso_callbacks import Picasso
from shortcut_training import compiled, fit, probes
picasso = Picasso(f"{log_dir}/logs", probes(), methods=["class_probabilities"], expected="vehicle", on_alarm="stop")
print("epochs", fit(compiled(), picasso, epochs=5).epoch)
torch.distributed.barrier()
"""


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "torch", reason="processes of torch")
def test_an_alarm_stops_both_and_is_told_by_the_first(tmp_path):
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    processes = [
        subprocess.Popen(
            [*command, str(rank)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    (first, first_told), (second, second_told) = (process.communicate(timeout=120) for process in processes)
    assert "epochs [0]" in first, first_told
    assert "epochs [0]" in second, second_told
    assert first_told.count("swapping the sky changes 6 of 6 answers") == 2  # once for each class
    assert "swapping" not in second_told
    assert len(list(tmp_path.glob("logs/picasso/events*"))) == 1
    assert ("picasso", "picasso_verdict", 0) in read(tmp_path / "logs")
