"""Worker: one thread that runs jobs in order, behind a bounded queue.

It knows nothing of pictures or files. Guarantees: jobs run in the order in which they were submitted, one at a time;
one that was taken is not lost, also when the interpreter ends before `close`; a job's exception is logged, and ends
neither the thread nor the jobs after it; for a job that itself waits, as for a disk, others wait a bounded time.

Whoever submits may be interrupted by a signal at any moment. So that thread shares no lock with this one: one that
Ctrl-C strikes between its taking and its releasing stays locked for ever. It asks again and again instead.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import threading
import time
import weakref
from collections.abc import Callable, Iterator

from picasso_callbacks.plain import logger

EXIT_SECONDS = 10.0
"""How long the interpreter's exit waits for jobs that still run."""

PATIENCE = 1.0
"""Seconds after which a person would like to know what is waited for."""

_TICK = 0.002
"""Seconds from one question to the next."""

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
        self._stop: weakref.finalize

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
        queued, outside, inside = thread.waits(lambda: thread.unfinished < self._capacity, patience)
        if not queued or outside > max(PATIENCE, inside):
            self._waited += outside
        if not queued:
            return False
        thread.jobs.put((job, True))
        thread.submitted += 1  # last: interrupted before, there is once room for one more, not for ever for one less
        return True

    def submit_beyond(self, job: Job) -> None:
        """Queues a job however many there are: for few, and for those that hold little."""
        self._thread().jobs.put((job, False))

    def drain(self) -> None:
        """Returns when all jobs submitted so far have run."""
        if self._current() is not None:
            done = list[bool]()
            self.submit_beyond(lambda: done.append(True))
            while not done:
                time.sleep(_TICK)

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
        if not thread.ends_within(PATIENCE):
            lasts()
            if not thread.waits(lambda: thread.ended, patience)[0]:
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
        return thread is None or thread.unfinished == 0

    def _current(self) -> _Thread | None:
        """The thread, unless this process was forked from that whose thread it is."""
        if self._running is not None and self._running.process != os.getpid():
            self._running = None
        return self._running

    def _thread(self) -> _Thread:
        """A thread that takes jobs. Where the last was told to stop and has not yet, the new one waits for its end."""
        before = self._current()
        if before is None or not self._stop.alive:
            thread = _Thread(self._spent, before)
            # What a finalizer calls must be reentrant, since garbage is collected anywhere; SimpleQueue.put is.
            stop: weakref.finalize = weakref.finalize(self, thread.jobs.put, None)
            thread.start()
            self._stop, self._running = stop, thread
        assert self._running is not None
        return self._running


class _Thread(threading.Thread):
    """The thread with its queue, which has no bounds so that `None`, its end, never waits.

    Attributes:
        jobs: What to run, and whether that is counted.
        submitted: How many jobs that are counted were queued.
        ran: How many of them have run.
    """

    def __init__(self, spent: list[float], before: _Thread | None) -> None:
        super().__init__(name="picasso-worker", daemon=True)
        self.jobs: queue.SimpleQueue[tuple[Job, bool] | None] = queue.SimpleQueue()
        self.submitted = self.ran = 0
        self.is_outside: threading.Event = before.is_outside if before is not None else threading.Event()
        # Not is_alive: a join that Ctrl-C interrupts marks a thread as ended that has not (Python 3.11).
        self.ended = False
        self.process = os.getpid()
        self._spent, self._before = spent, before
        _threads.add(self)

    @property
    def unfinished(self) -> int:
        """How many jobs that are counted wait or run."""
        return self.submitted - self.ran

    def ends_within(self, seconds: float) -> bool:
        """Waits for the end, so long at most; whether it has come."""
        deadline = time.monotonic() + seconds
        while not self.ended and time.monotonic() < deadline:
            time.sleep(_TICK)
        return self.ended

    def waits(self, done: Callable[[], bool], patience: float) -> tuple[bool, float, float]:
        """Asks `done()` until it is true, or jobs were outside for too long.

        Returns:
            Whether it is; for how many seconds jobs were outside, and for how many not.
        """
        outside = inside = 0.0
        now = time.monotonic()
        while not done():
            if outside >= patience:
                return False, outside, inside
            time.sleep(_TICK)
            before, now = now, time.monotonic()
            if self.is_outside.is_set():
                outside += now - before
            else:
                inside += now - before
        return True, outside, inside

    def run(self) -> None:
        if self._before is not None:
            while not self._before.ended:
                time.sleep(_TICK)
            self._before = None
        while (work := self.jobs.get()) is not None:
            job, counts = work
            begin = time.thread_time()
            try:
                job()
            except BaseException as error:  # A SystemExit, too, would end the thread and leave `drain` waiting.
                logger.error("Picasso: what runs beside the training failed.", exc_info=error)
            self._spent[0] += time.thread_time() - begin
            del job, work  # Or what they hold would live until the next one comes.
            self.ran += counts
        self.ended = True


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
        thread.ends_within(deadline - time.monotonic())
