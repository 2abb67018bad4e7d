"""Trainings that are killed at a random moment, and what can be read afterwards."""

import collections
import dataclasses
import multiprocessing
import multiprocessing.connection
import os
import signal
import time
from pathlib import Path

from helpers.event_files import read
from helpers.small_training import AtEpochEnd, compiled, fit, probes
from picasso_callbacks import Picasso, load

CONTEXT = multiprocessing.get_context("forkserver")  # what takes seconds is imported once, and nothing is run before
CONTEXT.set_forkserver_preload([__name__])


@dataclasses.dataclass(frozen=True)
class Killed:
    """What was left of a training.

    Args:
        looks: How many looks had been handed on when it was killed, at least.
        shown: The steps of which the event file has all.
        kept: The steps that the store has.
    """

    looks: int
    shown: list[int]
    kept: list[int]

    @property
    def lost(self) -> int:
        """Looks that had been handed on and can't be read."""
        return self.looks - min(len(self.shown), len(self.kept))

    @property
    def whole(self) -> bool:
        """Whether nothing is missing but at the end."""
        return all(steps == list(range(len(steps))) for steps in (self.shown, self.kept))


def kill_after(log_dir: Path, seconds: float) -> Killed:
    """Trains in a process of its own, and kills it `seconds` after its first epoch."""
    receiver, sender = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_train, args=(log_dir, sender))
    process.start()
    assert receiver.poll(120), "The training did not begin."
    time.sleep(seconds)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    sender.close()
    epoch = -1
    while receiver.poll():
        try:
            epoch = receiver.recv()
        except EOFError:
            break
    return Killed(epoch + 1, *readable(log_dir))


def readable(log_dir: Path, run: str = "picasso") -> tuple[list[int], list[int]]:
    """The steps of which the event file has all, and those that the store has."""
    every_look = ("picasso/", "picasso_probability/")
    tags = collections.Counter(step for of, tag, step in read(log_dir) if of == run and tag.startswith(every_look))
    shown = [step for step, count in sorted(tags.items()) if count == tags[0]]
    kept = load(log_dir)[run].steps.tolist() if any((log_dir / run).rglob("*.picasso-index")) else []
    return shown, kept


def _train(log_dir: Path, sender: multiprocessing.connection.Connection) -> None:
    fit(compiled(), Picasso(log_dir, probes(3)), AtEpochEnd(lambda _, epoch: sender.send(epoch)), epochs=100_000)
