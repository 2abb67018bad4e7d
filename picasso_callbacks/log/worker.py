"""Worker: one thread that runs jobs in order, behind a bounded queue.

It knows nothing of pictures or files. Guarantees: jobs run in the order in which they were submitted, one at a time;
none is lost, also when the interpreter ends before `close`; a job's exception ends neither the thread nor the jobs
after it.
"""

from __future__ import annotations

import atexit
import collections
import queue
import threading
import time
import weakref
from collections.abc import Callable

EXIT_SECONDS = 10.0
"""How long the interpreter's exit waits for jobs that still run."""

PATIENCE = 1.0
"""Seconds after which a person would like to know what is waited for."""

Job = Callable[[], None]


class Worker:
    """Runs jobs on one thread. To be used from one thread, and not from a job.

    The thread starts with the first job and, once closed, again with the next. It holds no reference to the worker, so
    that a worker that is forgotten is collected, and its thread ends after the jobs that are left.

    Args:
        capacity: How many jobs may be waiting or running. Default 2. What they hold bounds the memory.

    Example:

    ```python
    worker = Worker()
    worker.submit(lambda: print("on another thread"))
    worker.close()
    for error in worker.take_errors():
        raise error
    ```
    """

    def __init__(self, capacity: int = 2) -> None:
        self._capacity = capacity
        self._errors: collections.deque[BaseException] = collections.deque()
        self._spent = [0.0]
        self._thread: _Thread | None = None

    def submit(self, job: Job) -> None:
        """Queues `job`; waits while the queue is full."""
        if self._thread is None:
            self._thread = _Thread(self._capacity, self._errors, self._spent)
            # What a finalizer calls must be reentrant, since garbage is collected anywhere; SimpleQueue.put is.
            self._stop = weakref.finalize(self, self._thread.stop)
            self._thread.start()
        self._thread.submit(job)

    def drain(self) -> None:
        """Returns when all jobs submitted so far have run."""
        if self._thread is not None:
            done = threading.Event()
            self.submit(done.set)
            done.wait()

    def close(self, lasts: Callable[[], None] = lambda: None) -> None:
        """Returns when all jobs submitted so far have run and the thread has ended. May be called again.

        Args:
            lasts: Is called if that takes more than `PATIENCE` seconds.
        """
        if self._thread is not None:
            self._stop()
            self._thread.join(PATIENCE)
            if self._thread.is_alive():
                lasts()
                self._thread.join()
            self._thread = None

    @property
    def seconds(self) -> float:
        """The processor time that jobs took so far."""
        return self._spent[0]

    def take_errors(self) -> list[BaseException]:
        """The exceptions that jobs raised since the last call, oldest first, with their tracebacks."""
        return [self._errors.popleft() for _ in range(len(self._errors))]


class _Thread(threading.Thread):
    """The thread with its queue: a queue without bounds, whose `stop` never waits, and a semaphore that bounds it."""

    def __init__(self, capacity: int, errors: collections.deque[BaseException], spent: list[float]) -> None:
        super().__init__(name="picasso-worker", daemon=True)
        self._slots = threading.Semaphore(capacity)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._errors, self._spent = errors, spent
        _threads.add(self)

    def submit(self, job: Job) -> None:
        self._slots.acquire()
        self._jobs.put(job)

    def stop(self) -> None:
        self._jobs.put(None)

    def run(self) -> None:
        while (job := self._jobs.get()) is not None:
            begin = time.thread_time()
            try:
                job()
            except BaseException as error:  # A SystemExit, too, would end the thread and leave `drain` waiting.
                self._errors.append(error)
            self._spent[0] += time.thread_time() - begin
            del job  # Or what it holds would live until the next one comes.
            self._slots.release()


_threads: weakref.WeakSet[_Thread] = weakref.WeakSet()


@atexit.register
def _finish() -> None:
    """Lets the jobs end that an interrupted training left; daemon threads die at exit otherwise."""
    deadline = time.monotonic() + EXIT_SECONDS
    threads = list(_threads)
    for thread in threads:
        thread.stop()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
