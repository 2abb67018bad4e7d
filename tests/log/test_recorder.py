"""Recorder: what is queued is written, all of it and in order, and costs the same however much came before."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from helpers.event_files import event_files, read, steps
from helpers.processes import run
from helpers.small_training import compiled, probes

from picasso_callbacks import explain
from picasso_callbacks.log.recorder import Recorder
from picasso_callbacks.problems import Problems

PROBES = 3


def recorder(tmp_path, **settings):
    return Recorder(str(tmp_path / "picasso"), "composite", Problems(raises=True), **settings)


def test_more_looks_than_the_queue_holds_are_all_written(tmp_path):
    """Nobody waits between them, so that the queue of two is full from the third one on."""
    watched = probes(PROBES)
    report = explain(compiled(), watched)
    writes = recorder(tmp_path)
    for step in range(40):
        writes.record(step, report)
    writes.close()
    written = read(tmp_path)
    for name in watched.names:
        assert [step for _, tag, step in written if tag == f"picasso/{name}"] == list(range(40))


@pytest.mark.parametrize(("unit", "step"), [("epoch", 7), ("step", 1500)])
def test_pictures_say_what_is_counted(tmp_path, unit, step):
    watched = probes()
    report = explain(compiled(), watched)

    def pictures(directory, unit):
        writes = recorder(tmp_path / directory, unit=unit)
        writes.record(step, report)
        writes.filmstrips()
        writes.close()
        values = {tag: value for (_, tag, _), value in read(tmp_path / directory).items()}
        return [values[f"{group}/left 00"].tensor.string_val[2] for group in ("picasso", "picasso_filmstrip")]

    again, other = pictures("again", unit), pictures("other", {"epoch": "step", "step": "epoch"}[unit])
    assert pictures("once", unit) == again
    assert all(one != another for one, another in zip(again, other, strict=True))


@pytest.mark.fault(
    "too many open files",
    injected="a limit of 3, for two of four looks",
    outcome="written again at the next look",
    lost="those two",
    training="none: the log alone",
)
def test_writing_goes_on_when_there_are_files_to_open_again(tmp_path, caplog):
    """Without a training: TensorFlow itself aborts when it can open none."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    report = explain(compiled(), probes())
    writes = Recorder(str(tmp_path / "picasso"), "composite", Problems(raises=False))
    for step, most in enumerate([before[0], 3, 3, before[0]]):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, before[1]))
        try:
            writes.record(step, report)
            writes._worker.drain()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
    writes.close()
    failed, *_, works, said = [record.getMessage() for record in caplog.records]
    assert failed.startswith(f"Picasso: writing to {tmp_path}/picasso failed")
    assert "Too many open files" in str(caplog.records[0].exc_info[1])
    assert works.endswith("works again.")
    assert said.startswith("Picasso: 2 of 4 looks")
    assert steps(tmp_path, "picasso", "picasso/") == [0, 3]


@pytest.mark.slow
def test_the_three_hundredth_look_costs_what_the_tenth_did(tmp_path):
    """In processor time of drawing and writing, in memory of the process, and in bytes of the event file."""
    watched = probes(PROBES)
    report = explain(compiled(), watched)
    writes = recorder(tmp_path)
    seconds, sizes = [], []
    for step in range(300):
        begin = time.process_time()
        writes.record(step, report)
        writes._worker.drain()
        seconds.append(time.process_time() - begin)
        sizes.append(sum(file.stat().st_size for file in event_files(tmp_path)))
    writes.close()
    early, late = np.median(seconds[5:55]), np.median(seconds[250:])
    assert late < 1.5 * early
    grown = np.diff(sizes)
    assert grown[-50:].mean() == pytest.approx(grown[:50].mean(), rel=0.02)


FORKS = """
import os, sys
from helpers.processes import run
from helpers.small_training import compiled, probes
from picasso_callbacks import explain
from picasso_callbacks.log.recorder import Recorder
from picasso_callbacks.problems import Problems
writes = Recorder(LOG_DIR + "/picasso", "composite", Problems(raises=False))
report = explain(compiled(), probes())
writes.record(0, report)
writes._worker.drain()
child = os.fork()
writes.record(1 if child else 2, report)
writes.close()
if child:
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.fault(
    "`fork`",
    injected="after a look",
    outcome="the child has a thread and files of its own",
    lost="none",
    training="none: the log alone",
)
@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_writes_a_file_of_its_own(tmp_path):
    """As after a training that was interrupted, whose file is open and whose thread waits for more."""
    helpers = f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n"
    ended = run(helpers + FORKS.replace("LOG_DIR", repr(str(tmp_path))))
    assert ended.returncode == 0, ended.stderr
    assert len(event_files(tmp_path)) == 2
    assert sorted(steps(tmp_path, "picasso", "picasso/")) == [0, 1, 2]
