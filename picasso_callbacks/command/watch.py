"""Watch: each new checkpoint of a folder becomes a look of one run."""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import re
import sys
import tempfile
import time

import keras

from picasso_callbacks.command.checkpoints import WEIGHTS, Checkpoints, step_of
from picasso_callbacks.command.look import attempt, make_inquiry, progress, read_probes
from picasso_callbacks.command.saved_model import load_model, load_weights
from picasso_callbacks.explain import Inquiry
from picasso_callbacks.interruptions import interruptible
from picasso_callbacks.log import Recorder, check_writable
from picasso_callbacks.model import LiveModel
from picasso_callbacks.plain import tell
from picasso_callbacks.problems import Problems
from picasso_callbacks.report import Report
from picasso_callbacks.store import Run
from picasso_callbacks.training import Responder
from picasso_callbacks.trainings import Trainings, load

POLL = 1.0
"""Seconds between two looks at the folder; a file that does not change in that time is complete."""


def watch(given: argparse.Namespace) -> None:
    """`picasso watch`: explains each new checkpoint, until Ctrl-C, or with `--once` until all have been."""
    if not os.path.isdir(given.folder):
        raise ValueError(f"FOLDER is {given.folder!r}; expected a folder of checkpoints, which is there.")
    with contextlib.ExitStack() as stack:
        log_dir = given.log_dir or stack.enter_context(tempfile.TemporaryDirectory())
        log_dir = log_dir if "://" in log_dir else os.path.abspath(log_dir)
        check_writable(os.path.join(log_dir, "picasso"))
        watcher = Watcher(given, log_dir)
        checkpoints = Checkpoints(given.folder)
        try:
            while True:
                for path in checkpoints.ready():
                    watcher.take(path)
                if given.once and not checkpoints.waits():
                    break
                time.sleep(POLL)
        except KeyboardInterrupt:
            tell("Picasso: ends.")
        finally:
            watcher.close()
        if given.once and not checkpoints:
            raise ValueError(f"FOLDER is {given.folder!r}, in which there is no .keras or {WEIGHTS} file.")


class Watcher:
    """Explains checkpoints and keeps one run of them, which a later one of the same images goes on with.

    A checkpoint of an earlier step that was written later is of a training that went back, or another: as the callback
    does, it begins a further run.

    Args:
        given: The command line.
        log_dir: Where the run is kept.
    """

    def __init__(self, given: argparse.Namespace, log_dir: str):
        self._given, self._log_dir = given, log_dir
        self._problems = Problems(raises=True)
        self._recorder: Recorder | None = None
        self._inquiry: Inquiry | None = None
        self._live: LiveModel | None = None
        self._last = self._done = -1
        self._newest = self._former = 0.0  # when what was explained last was written, in this run and in the one before
        self._looked = False
        self._responder = Responder("warn")
        self._model = load_model(given.model, "--model") if given.model else None
        if self._model is not None:
            self._begin(self._model)

    def take(self, path: pathlib.Path) -> None:
        """Explains a checkpoint. One that can't be loaded, or, but for the first, not be asked, is told and left out.

        Raises:
            ValueError: The command line, or what is explained first, is wrong.
        """
        try:
            number, written = step_of(path.name), path.stat().st_mtime
        except FileNotFoundError:
            return _leave_out(path, "it is gone")
        if self._is_done(number, written):
            return
        try:
            model = self._load(path)
        except ValueError as error:
            return _leave_out(path, str(error))
        inquiry = self._inquiry or self._begin(model)
        step = self._last + 1 if number is None else number
        if self._is_done(number, written):  # as is known only now
            return
        goes_back = step < self._last
        if goes_back and written <= self._newest:
            return _leave_out(path, f"its step {step} is before {self._last}, which was explained before it came")
        try:
            if goes_back:
                inquiry.restart()
            with interruptible():
                self._live = self._live or inquiry.watch(model)
                report = inquiry.look(self._live, attempt, "step", step)
        except ValueError as error:
            if not self._looked:
                raise
            return _leave_out(path, str(error))
        if goes_back:
            progress("")
            tell(f"Picasso: {path.name} is newer than step {self._last}: a training went back, or another began.")
            self.close()
            self._done, self._former, self._responder = -1, self._newest, Responder("warn")
            self._recorder = self._make_recorder(resumes=False)
        self._newest = written
        self._keep(step, report)
        progress("")
        tell(f"Picasso: step {step}, {path.name}: {report!r}")
        self._responder.respond(f"step {step}", report, True)

    def close(self) -> None:
        """Writes what comes last, and waits for the disk."""
        if self._recorder is not None and self._looked:
            self._recorder.filmstrips()
            self._recorder.close()

    def _is_done(self, number: int | None, written: float) -> bool:
        """Whether it is of the training before, or its step was looked at, or left behind, since it was written."""
        if number is None:
            return False
        return written <= self._former or (number <= self._done and written <= self._newest)

    def _load(self, path: pathlib.Path) -> keras.Model:
        """The model with a checkpoint's weights: the one there is, whose questions are compiled, if it is the same."""
        progress(f"loading {path.name}")
        if path.name.endswith(WEIGHTS):
            if self._model is None:
                raise ValueError("it holds weights alone; pass --model, the model that they are of")
            load_weights(self._model, os.fspath(path), "the checkpoint")
            return self._model
        loaded = load_model(os.fspath(path), "the checkpoint")
        if self._model is not None and loaded.get_config() == self._model.get_config():
            self._model.set_weights(loaded.get_weights())
        else:
            self._model, self._live = loaded, None
        return self._model

    def _begin(self, model: keras.Model) -> Inquiry:
        probes = read_probes(self._given, model)
        self._inquiry = make_inquiry(self._given, probes)
        runs = _own_runs(self._log_dir)
        alike = [one.unit == "step" and one.probes == probes.names for one in runs]
        if resumes := alike[-1:] == [True]:
            self._done = self._last = int(runs[-1].steps[-1])
            self._newest = _last_look(runs[-1])
            self._former = _last_look(runs[-2]) if alike[-2:-1] == [True] else 0.0
        self._recorder = self._make_recorder(resumes)
        return self._inquiry

    def _make_recorder(self, resumes: bool) -> Recorder:
        return Recorder(os.path.join(self._log_dir, "picasso"), "composite", self._problems, "step", resumes)

    def _keep(self, step: int, report: Report) -> None:
        assert self._recorder is not None
        self._last, self._looked = step, True
        progress("writing")
        self._recorder.record(step, report)
        self._recorder.flush()
        self._problems.raise_kept()
        if self._given.out:
            run = _own_runs(self._log_dir)[-1]
            progress("")
            Trainings({run.name: run}).save_html(self._given.out)


def _own_runs(log_dir: str) -> list[Run]:
    """The runs that `Picasso` wrote under `log_dir`, in their order."""
    try:
        runs = load(log_dir)
    except ValueError:  # there is none yet
        return []
    numbers = {name: re.fullmatch(r"picasso(?:_(\d+))?", name) for name in runs}
    return [runs[name] for _, name in sorted((int(match[1] or 1), name) for name, match in numbers.items() if match)]


def _last_look(run: Run) -> float:
    """When it was taken."""
    return float(run.findings(int(run.steps[-1]))["time"])


def _leave_out(path: pathlib.Path, why: str) -> None:
    progress("")
    tell(f"picasso watch: {path.name} is left out: {' '.join(why.split())}", to=sys.stderr)
