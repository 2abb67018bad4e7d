"""Trainings that a signal interrupts at a random moment, and what is left of them in the same process."""

import dataclasses
import gc
import os
import pathlib
import signal
import sys
import threading
import traceback

import keras
import numpy as np

import picasso_callbacks
from helpers.kills import readable
from helpers.small_training import AtEpochEnd, compiled, fit, probes
from picasso_callbacks import Picasso

PACKAGE = os.path.dirname(picasso_callbacks.__file__)


@dataclasses.dataclass(frozen=True)
class Interrupted:
    """What was left of a training, and of the one after it.

    Args:
        during: The package's file that was at work, the innermost one; `""` where Keras trained.
        epochs: How many epochs had ended, their looks handed on.
        shown: The steps of which the event file has all, once the second training has ended.
        kept: The steps that the store has.
        again: Both of the second training, of three epochs.
        threads: How many threads are left that were not there before.
        untouched: Whether the weights are those of a training without the callback, after some batch; `None` where
            Keras itself leaves none.
        equal: Whether the second training's weights are those of one without the callback.
    """

    during: str
    epochs: int
    shown: list[int]
    kept: list[int]
    again: tuple[list[int], list[int]]
    threads: int
    untouched: bool | None
    equal: bool

    @property
    def lost(self) -> int:
        """Looks that had been handed on and can't be read, or more where there is a hole."""
        whole = all(steps == list(range(len(steps))) for steps in (self.shown, self.kept))
        return max(self.epochs - min(len(self.shown), len(self.kept)), 0) if whole else self.epochs

    @property
    def harmless(self) -> bool:
        """Whether all is as it should be."""
        after = self.again == ([0, 1, 2], [0, 1, 2]) and self.equal
        return self.lost == 0 and after and not self.threads and self.untouched is not False


def interrupt_after(log_dir: pathlib.Path, seconds: float, number: int = signal.SIGINT) -> Interrupted:
    """Trains, and sends itself the signal so long after `fit` was called; then trains once more with the callback.

    `SIGTERM` raises `SystemExit`, as in programs that want to end in order.
    """
    before = set(threading.enumerate())
    picasso, model, epochs = Picasso(log_dir, probes(3)), compiled(), [0]
    counts = AtEpochEnd(lambda _, epoch: epochs.append(epoch + 1))
    handler = signal.default_int_handler if number == signal.SIGINT else lambda *_: sys.exit("terminated")
    earlier = signal.signal(number, handler)
    ended = threading.Event()
    # More than once: Python drops what is raised where it can't be, as in a finalizer.
    sends = threading.Thread(target=lambda: _send(number, seconds, ended))
    sends.start()
    try:
        fit(model, picasso, counts, epochs=100_000)
    except (KeyboardInterrupt, SystemExit) as interruption:
        during = _during(interruption)
    finally:
        ended.set()
        sends.join()
        signal.signal(number, earlier)
    left = _values(model)
    fit(again := compiled(), picasso)
    fit(plain := compiled())
    del picasso
    gc.collect()
    *first, last = sorted({path.parent.name for path in log_dir.rglob("*tfevents*")})
    shown, kept = readable(log_dir, first[0]) if first else ([], [])
    return Interrupted(
        during=during,
        epochs=epochs[-1],
        shown=shown,
        kept=kept,
        again=readable(log_dir, last),
        threads=sum(one.name.startswith("picasso") for one in set(threading.enumerate()) - before),
        untouched=None if left is None else _is_a_state(left, epochs[-1] + 2),
        equal=all(map(np.array_equal, again.get_weights(), plain.get_weights())),
    )


def _send(number: int, seconds: float, ended: threading.Event) -> None:
    while not ended.wait(seconds):
        os.kill(os.getpid(), number)
        seconds = 5.0


def _during(interruption: BaseException) -> str:
    files = [frame.filename for frame in traceback.extract_tb(interruption.__traceback__)]
    own = [os.path.relpath(file, PACKAGE) for file in files if file.startswith(PACKAGE)]
    work = [file for file in own if file != "interruptions.py"]  # which only stands around it
    return work[-1] if work else ""


def _values(model: keras.Model) -> list[np.ndarray] | None:
    """The weights; `None` where they are gone, as they are on JAX while Keras trains."""
    values = [variable._value for variable in model.weights]
    if any(value is None or getattr(value, "is_deleted", bool)() for value in values):
        return None
    return model.get_weights()


def _is_a_state(left: list[np.ndarray], epochs: int) -> bool:
    """Whether a training without the callback goes through these weights."""

    class Compares(keras.callbacks.Callback):
        found = False

        def compare(self):
            self.found = self.found or all(map(np.array_equal, left, self.model.get_weights()))

        def on_train_begin(self, logs=None):
            self.compare()

        def on_train_batch_end(self, batch, logs=None):
            self.compare()
            self.model.stop_training = self.found

    compares = Compares()
    fit(compiled(), compares, epochs=epochs)
    return compares.found
