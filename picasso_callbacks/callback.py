"""Picasso: the callback. It decides when to look, and hands what it sees on."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterable
from typing import Any, Literal

import keras

from picasso_callbacks.explain import DEFAULT_METHODS, Inquiry
from picasso_callbacks.interruptions import interruptible
from picasso_callbacks.log import Recorder, cards_cost, check_writable
from picasso_callbacks.methods import Method
from picasso_callbacks.model import LiveModel
from picasso_callbacks.options import Options
from picasso_callbacks.plain import logger, tell
from picasso_callbacks.probes import Probes
from picasso_callbacks.problems import Problems
from picasso_callbacks.report import Report
from picasso_callbacks.training import (
    Budget,
    Responder,
    announcement,
    cost_notice,
    enter,
    leave,
    make_schedule,
    mismatch_notice,
    spacing_notice,
    writing_notice,
)
from picasso_callbacks.typing import (
    DecodeProb,
    Every,
    OnAlarm,
    OutputMask,
    Postprocess,
    Preprocess,
    Targets,
    is_one_of,
)


class Picasso(keras.callbacks.Callback):
    """Shows what a network looks at while it trains: a TensorBoard card for each probe, with a slider over epochs.

    At the end of the epochs that `every` names, and after the last one, it asks the model that is being trained about
    the probes, and writes pictures and class probabilities to `<log_dir>/picasso`. The training is left exactly as it
    would be without: weights, optimizer, statistics, random numbers, metrics. Wrong arguments raise before the first
    training step; an error after that is logged once and the training goes on.

    Args:
        log_dir: Where TensorBoard looks, also after the working directory was changed; the same as that of
            `keras.callbacks.TensorBoard`, if there is one. A second `Picasso` needs another.
        probes: The images to ask about; the same at every epoch.
        methods: Names of methods (see `available_methods()`) or instances, in the order of their columns. Defaults to
            `"partial_occlusion"`, `"saliency_map"` and `"class_probabilities"`.
        targets: What is explained. `None`: each probe's label and the strongest other class, without labels the top
            classes. `"top"`, `"label"`, a class index or name, a contrast of two classes `("tank", "half-track")`, a
            function of the model's outputs, or a list of these for every probe.
        top: How many classes `"top"` explains.
        preprocess: Turns probe images `[N, H, W, C]`, NumPy, into the model's inputs `[N, ...]`. `None`: the probes are
            as `fit` gets its images.
        postprocess: Rearranges input-shaped arrays `[N, ...]` into `[N, h, w]` or `[N, h, w, c]`, for inputs that are
            not images.
        decode_prob: Turns raw model outputs into probabilities `[N, classes]`; or `"softmax"` or `"sigmoid"` where the
            outputs are logits, `"value"` where they are plain numbers. Needed only where that can't be found out from
            the model and its loss.
        output: Which of several outputs is explained, by name or index. `None`: the first, with a notice.
        output_mask: For dense outputs such as segmentations, the positions whose mean log-odds are explained: bool
            `[h, w]`, or one for each probe, `[P, h, w]`. `None`: all.
        shortcuts: Whether to measure what the answers hang on, by exchanging cues between probes: about 20 forward
            passes a probe, 40 where something stands out. `None`: if probes are labelled, two or more of two or more
            classes.
        expected: The region of the probes (`Probes(regions=...)`) that the answers should come from.
        allowed: Cues that labels may hang on, such as `["colour"]`; with `expected`, further regions.
        on_alarm: What to do when answers hang on what they should not. `"warn"`: log a verdict in words when that
            changes. `"log"`: only show it in TensorBoard. `"stop"`: warn and stop the training; of several processes
            the first decides, and each needs the callback. A function: is called with the `Report`, in every process
            of a distributed training; the others log in the first one. The
            largest dependence that is suspicious is also in `logs`, as `picasso_dependence`, for `EarlyStopping` and
            the like, which must come after `Picasso` in the list of callbacks.
        every: `n`: looks at epochs 0, n, 2n, ... `"n steps"`: looks after each n batches, and counts in batches rather
            than epochs. Or a function of the 0-based epoch that says whether to look. The end of the training is always
            looked at.
        budget: Which share of the training time the looks may take, such as 0.05. Of those that `every` names only as
            many are taken as that pays for, evenly spaced, always with the first and the last. `None`: all. Not
            for a training of several processes, each of which would measure other times.
        layout: `"composite"`: one card a probe. `"separate"`: one card for each probe and method.
        on_error: `"warn"`: an error during training is logged once; what failed is tried again at the next looks, and
            switched off after three failures in a row. `"raise"`: it is raised.
        trust: Whether to measure how far each map is to be trusted, and to say so beneath it: how fast the score falls
            when places are hidden in the map's order, beside random orders; 30 forward passes for each probe, target
            and map, and 120 for each probe. In a single look, also whether the map changes when the top layer, the top
            half and all of a copy of the weights are shuffled, for which all is asked and compiled three times more.
        batch_size: The most images computed at once. `None`: found from the size of the images.
        incremental: Whether occlusion computes only what a window changes, where the model can be taken apart and that
            pays; the numbers are the same. `False`: always whole forward passes.

    Raises:
        ValueError: An argument is wrong, or (when training begins) probes and model don't go together.

    Example:

        probes = Probes(x_test[:8], labels=y_test[:8], class_names=["half-track", "tank"])
        model.fit(x, y, epochs=10, callbacks=[
            Picasso("logs", probes),
            keras.callbacks.TensorBoard("logs"),
        ])
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str],
        probes: Probes,
        *,
        methods: Iterable[str | Method] = DEFAULT_METHODS,
        targets: Targets = None,
        top: int = 2,
        preprocess: Preprocess | None = None,
        postprocess: Postprocess | None = None,
        decode_prob: DecodeProb | None = None,
        output: str | int | None = None,
        output_mask: OutputMask | None = None,
        shortcuts: bool | None = None,
        expected: str | None = None,
        allowed: Collection[str] = (),
        on_alarm: OnAlarm = "warn",
        every: Every = 1,
        budget: float | None = None,
        layout: Literal["composite", "separate"] = "composite",
        on_error: Literal["warn", "raise"] = "warn",
        trust: bool = False,
        batch_size: int | None = None,
        incremental: bool = True,
    ):
        super().__init__()
        options = Options.among(locals())
        path = os.fspath(log_dir) if isinstance(log_dir, (str, os.PathLike)) else None
        if not isinstance(path, str) or not path:  # a path may be bytes
            raise ValueError(f"Picasso: log_dir is {log_dir!r}; expected a path.")
        for argument, value, known in (
            ("layout", layout, ("composite", "separate")),
            ("on_error", on_error, ("warn", "raise")),
        ):
            if not is_one_of(value, known):
                raise ValueError(f"Picasso: {argument} is {value!r}; expected one of {list(known)}.")
        self._log_dir = path
        self._directory = os.path.join(_absolute(self._log_dir), "picasso")
        self._place = check_writable(self._directory)
        self._probes = probes
        self._inquiry = Inquiry(probes, methods, targets, top, options)
        self._responder = Responder(on_alarm)
        looked_for, why_not = self._inquiry.shortcuts()
        if not looked_for and (callable(on_alarm) or on_alarm == "stop"):
            raise ValueError(f"Picasso: on_alarm is {on_alarm!r}, but there can be no alarm: {why_not}")
        self._schedule = make_schedule(every)
        self._budget = Budget(budget)
        self._layout = layout
        self._live: LiveModel | None = None
        self._recorder: Recorder | None = None
        self._problems = Problems(raises=on_error == "raise")
        self._looked_at = self._last_look = self._written = -1
        self._dependence_logs: dict[str, float] = {}
        self._unknown: dict[str, float] = {}  # what is logged where nothing was measured
        self._first_epoch: int | None = None
        self._announced = self._cost_told = False
        self._mismatches = 0
        self._drawn_before = 0.0

    def __getstate__(self) -> dict[str, Any]:
        """For copies and other processes: without the model that is watched, and what is written of it."""
        return {**vars(self), "_live": None, "_recorder": None}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        enter(self._place, self.params)
        self._problems.forget()
        self._looked_at = -1
        self._first_epoch = None
        with interruptible():
            self._live = self._inquiry.watch(self.model)
            self._budget.check(self._live.processes()[1])
            rehearsed = self._inquiry.rehearse(self._live)
        self._dependence_logs = self._unknown = {"picasso_dependence": math.nan} if self._inquiry.shortcuts()[0] else {}
        self._schedule.start(self._parameter("epochs"), self._parameter("steps"), self.model.steps_per_execution)
        self._announce(self._live.batches.rehearsed_seconds, rehearsed)
        self._cost_told = False
        self._mismatches = 0
        self._drawn_before = 0.0 if self._recorder is None else self._recorder.seconds
        self._budget.start()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._first_epoch is None:
            self._first_epoch = epoch
            leave(self._place)
        self._schedule.begin_epoch(epoch)

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self._schedule.before_batch(batch) and self._can_afford():
            with interruptible():
                self._problems.attempt("waiting for the training", self._wait_for_training)
            self._look()
            self._problems.raise_kept()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._schedule.end_epoch(epoch)
        stops = getattr(self.model, "stop_training", False)  # before it was ever fitted there is none
        last = epoch + 1 == self._parameter("epochs") or stops
        if last or (self._problems.attempt("every", self._schedule.is_due) and self._can_afford()):
            report = self._look()
            if report is not None and self._mismatches < 2:
                self._problems.attempt("comparing accuracies", self._compare, logs, report)
        if logs is not None:
            logs.update(self._dependence_logs)
        self._problems.raise_kept()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self._looked_at < self._schedule.now:  # a callback after this one ended the training
            self._look()
        if self._recorder is not None:
            self._recorder.filmstrips()
            self._recorder.close(lambda: tell(writing_notice(len(self._probes))))
        self._live = None
        self._problems.raise_kept()

    def _can_afford(self) -> bool:
        allowed = self._budget.allows(self._schedule.done())
        if not allowed:
            self._tell_cost(spacing_notice(self._budget, self._schedule))
        return allowed

    def _is_first(self) -> bool:
        """Whether this process of the training is the one that writes and talks."""
        return self._live is not None and self._live.processes()[0] == 0

    def _tell_cost(self, notice: str) -> None:
        """Once in a training."""
        if not self._cost_told and self._is_first():
            self._cost_told = True
            tell(notice)

    def _wait_for_training(self) -> None:
        """Lets batches end that are still being computed, whose time would be taken for that of the look."""
        for variable in self.model.metrics_variables[:1]:
            keras.ops.convert_to_numpy(variable)

    def _compare(self, logs: dict[str, Any] | None, report: Report) -> None:
        notice = mismatch_notice(logs, report)
        self._mismatches = 0 if notice is None else self._mismatches + 1
        # Once may be the network's own unsteadiness: logs tell of the whole epoch.
        if self._mismatches == 2 and self._is_first():
            logger.warning("%s", notice)

    def _look(self) -> Report | None:
        now = self._looked_at = self._schedule.now
        if now <= self._last_look:  # back in time: another training
            self._inquiry.restart()
            self._responder.restart()
        self._last_look = now
        self._dependence_logs = self._unknown
        assert self._live is not None
        with self._budget.spending():
            with interruptible():
                report = self._problems.attempt("looking at the model", self._report, self._live)
            several = self._live.processes()[1] > 1
            stops = report is not None and self._respond(now, report, aloud=self._is_first())
            if self._all_stop(stops) if several else stops:
                self.model.stop_training = True
            if report is not None and self._is_first():
                self._record(now, report)
        if self._budget.is_dear():
            self._tell_cost(cost_notice(self._budget, several))
        return report

    def _report(self, live: LiveModel) -> Report:
        assert self.model is not None  # on JAX the property also brings the model's weights up to date
        return self._inquiry.look(live, self._problems.attempt, self._schedule.unit, self._schedule.now)

    def _respond(self, now: int, report: Report, aloud: bool) -> bool:
        suspects = [one.change for one in report.dependences if one.suspicious]
        self._dependence_logs = {"picasso_dependence": max(suspects)} if suspects else self._unknown
        moment = f"{self._schedule.unit} {now}"
        return bool(self._problems.attempt("on_alarm", self._responder.respond, moment, report, aloud))

    def _all_stop(self, stops: bool) -> bool:
        """Whether all processes stop: each may see other statistics than the first, which decides."""
        assert self._live is not None
        if not self._responder.may_stop:
            return False
        return bool(self._problems.attempt("asking the first process whether to stop", self._live.as_first, stops))

    def _record(self, now: int, report: Report) -> None:
        if self._recorder is None or now <= self._written:
            self._recorder, self._drawn_before = self._next_recorder(), 0.0
        self._written = now
        self._recorder.record(now, report)
        self._budget.account_for(self._recorder.seconds - self._drawn_before)

    def _next_recorder(self) -> Recorder:
        """A recorder of the run that is written next: the first of this object goes on where training was resumed."""
        resumes = self._recorder is None and bool(self._first_epoch)
        if self._recorder is not None:
            self._recorder.close()
        return Recorder(self._directory, self._layout, self._problems, self._schedule.unit, resumes)

    def _parameter(self, name: str) -> int | None:
        """`"epochs"`: up to which one Keras trains; `"steps"`: batches of an epoch. `None` where that is not known."""
        return (self.params or {}).get(name)

    def _announce(self, look_seconds: float, rehearsed: Report) -> None:
        size, seconds = cards_cost(rehearsed, self._layout)  # drawn, too, before training is paid for
        if not self._announced and self._is_first():
            self._announced = True
            count = len(self._probes)
            lines = announcement(self._log_dir, count, self._schedule, look_seconds, count * seconds, count * size)
            tell(*lines, self._inquiry.intention())


def _absolute(path: str) -> str:
    """A path that stays where it is when the working directory changes; a URL as it is."""
    try:
        return path if "://" in path else os.path.abspath(path)
    except OSError as error:
        raise ValueError(
            f"Picasso: log_dir is {path!r}, relative to a working directory that is gone. Pass an absolute path."
        ) from error
