"""Worker: one thread that runs jobs in order, behind a bounded queue.

It knows nothing of pictures or files. Guarantees: jobs run in the order in which they were submitted, one at a time;
one that was taken is not lost, also when the interpreter ends before `close`; a job's exception is logged, and ends
neither the thread nor the jobs after it; for a job that itself waits, as for a disk, others wait a bounded time.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import queue
import threading
import time
import weakref
from collections.abc import Callable, Iterator

logger = logging.getLogger("picasso_callbacks")

EXIT_SECONDS = 10.0
"""How long the interpreter's exit waits for jobs that still run."""

PATIENCE = 1.0
"""Seconds after which a person would like to know what is waited for."""

_TICK = 0.05
"""Seconds from one question whether a job waits outside to the next."""

Job = Callable[[], None]


class Worker:
    """Runs jobs on one thread. To be used from one thread, and not from a job.

    The thread starts with the first job and, once closed, or in a process that was forked, again with the next. It
    holds no reference to the worker, so that a worker that is forgotten is collected, and its thread ends after the
    jobs that are left.

    Args:
        capacity: How many jobs may be waiting or running. Default 2. What they hold bounds the memory.

    Example:

    ```python
    worker = Worker()
    worker.submit(lambda: print("on another thread"))
    worker.close()
    ```
    """

    def __init__(self, capacity: int = 2) -> None:
        self._capacity = capacity
        self._spent = [0.0]
        self._waited = 0.0
        self._running: _Thread | None = None

    @contextlib.contextmanager
    def outside(self) -> Iterator[None]:
        """Within this, a job waits for what may never answer, such as a disk."""
        thread = self._running
        assert thread is not None
        thread.is_outside.set()
        try:
            yield
        finally:
            thread.is_outside.clear()

    def submit(self, job: Job, patience: float = float("inf")) -> bool:
        """Queues `job`; waits while the queue is full.

        Args:
            job: What to run.
            patience: For how many seconds of this jobs may be `outside`; the time in which they work is not counted.

        Returns:
            Whether `job` was queued.
        """
        thread = self._thread()
        queued, outside, inside = thread.waits(lambda seconds: thread.slots.acquire(timeout=seconds), patience)
        if not queued or outside > max(PATIENCE, inside):
            self._waited += outside
        if not queued:
            return False
        thread.jobs.put((job, thread.slots.release))
        return True

    def submit_beyond(self, job: Job) -> None:
        """Queues a job however many there are: for few, and for those that hold little."""
        self._thread().jobs.put((job, lambda: None))

    def drain(self) -> None:
        """Returns when all jobs submitted so far have run."""
        if self._current() is not None:
            done = threading.Event()
            self.submit_beyond(done.set)
            done.wait()

    def close(self, lasts: Callable[[], None] = lambda: None, patience: float = float("inf")) -> bool:
        """Waits until all jobs submitted so far have run and the thread has ended. May be called again.

        Args:
            lasts: Is called if that takes more than `PATIENCE` seconds.
            patience: As in `submit`; what is left is then run when it can be.

        Returns:
            Whether they have.
        """
        thread = self._current()
        if thread is None:
            return True
        self._stop()
        if not thread.ended.wait(PATIENCE):
            lasts()
            if not thread.waits(thread.ended.wait, patience)[0]:
                return False
        self._running = None
        return True

    @property
    def seconds(self) -> float:
        """The processor time that jobs took so far."""
        return self._spent[0]

    @property
    def waited(self) -> float:
        """For how many seconds `submit` waited since jobs were `outside`.

        Without what was neither long nor longer than their work took: there it is the work that is waited for.
        """
        return self._waited

    def is_idle(self) -> bool:
        """Whether all jobs that `submit` took have run."""
        thread = self._current()
        if thread is None:
            return True
        free = [thread.slots.acquire(blocking=False) for _ in range(self._capacity)].count(True)
        for _ in range(free):
            thread.slots.release()
        return free == self._capacity

    def _current(self) -> _Thread | None:
        """The thread, unless this process was forked from that whose thread it is."""
        if self._running is not None and self._running.process != os.getpid():
            self._running = None
        return self._running

    def _thread(self) -> _Thread:
        """A thread that takes jobs. Where the last was told to stop and has not yet, the new one waits for its end."""
        before = self._current()
        if before is None or not self._stop.alive:
            self._running = _Thread(self._capacity, self._spent, before)
            # What a finalizer calls must be reentrant, since garbage is collected anywhere; SimpleQueue.put is.
            self._stop: weakref.finalize = weakref.finalize(self, self._running.jobs.put, None)
            self._running.start()
        assert self._running is not None
        return self._running


class _Thread(threading.Thread):
    """The thread with its queue, which has no bounds so that `None`, its end, never waits; `slots` bound it."""

    def __init__(self, capacity: int, spent: list[float], before: _Thread | None) -> None:
        super().__init__(name="picasso-worker", daemon=True)
        self.slots = threading.Semaphore(capacity)
        self.jobs: queue.SimpleQueue[tuple[Job, Callable[[], None]] | None] = queue.SimpleQueue()
        self.is_outside: threading.Event = before.is_outside if before is not None else threading.Event()
        # Not is_alive: a join that Ctrl-C interrupts marks a thread as ended that has not (Python 3.11).
        self.ended = threading.Event()
        self.process = os.getpid()
        self._spent, self._before = spent, before
        _threads.add(self)

    def waits(self, done: Callable[[float], bool], patience: float) -> tuple[bool, float, float]:
        """Asks `done(seconds)`, which waits so long at most, until it is true, or jobs were outside for too long.

        Returns:
            Whether it is; for how many seconds jobs were outside, and for how many not.
        """
        outside = inside = 0.0
        while not done(_TICK if outside < patience else 0.0):
            if outside >= patience:
                return False, outside, inside
            if self.is_outside.is_set():
                outside += _TICK
            else:
                inside += _TICK
        return True, outside, inside

    def run(self) -> None:
        if self._before is not None:
            self._before.ended.wait()
            self._before = None
        while (work := self.jobs.get()) is not None:
            job, release = work
            begin = time.thread_time()
            try:
                job()
            except BaseException as error:  # A SystemExit, too, would end the thread and leave `drain` waiting.
                logger.error("Picasso: what runs beside the training failed.", exc_info=error)
            self._spent[0] += time.thread_time() - begin
            del job, work  # Or what they hold would live until the next one comes.
            release()
        self.ended.set()


_threads: weakref.WeakSet[_Thread] = weakref.WeakSet()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.clear)  # they run in the parent


@atexit.register
def _finish() -> None:
    """Lets the jobs end that an interrupted training left; daemon threads die at exit otherwise."""
    deadline = time.monotonic() + EXIT_SECONDS
    threads = list(_threads)
    for thread in threads:
        thread.jobs.put(None)
    for thread in threads:
        thread.ended.wait(max(0.0, deadline - time.monotonic()))
