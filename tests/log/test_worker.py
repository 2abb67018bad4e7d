import gc
import os
import signal
import sys
import threading
import time
import traceback
import weakref

import pytest
from helpers.processes import run

from picasso_callbacks.log import worker as worker_module
from picasso_callbacks.log.worker import Worker


@pytest.fixture
def worker():
    worker = Worker(capacity=2)
    yield worker
    worker.close()


def test_jobs_run_in_order_on_one_other_thread(worker):
    ran = []
    for number in range(50):
        worker.submit(lambda number=number: ran.append((number, threading.get_ident())))
    worker.drain()
    numbers, threads = zip(*ran, strict=True)
    assert list(numbers) == list(range(50))
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()


def test_what_takes_long_to_close_is_said(worker, monkeypatch):
    monkeypatch.setattr("picasso_callbacks.log.worker.PATIENCE", 0.01)
    ended, said = threading.Event(), []
    worker.submit(ended.wait)
    worker.close(lambda: (said.append("lasts"), ended.set()))
    worker.submit(lambda: None)
    monkeypatch.setattr("picasso_callbacks.log.worker.PATIENCE", 60.0)
    worker.close(lambda: said.append("again"))
    assert said == ["lasts"]


def test_the_processor_time_of_jobs_is_counted_and_not_their_waiting(worker):
    def work(seconds):
        begin = time.thread_time()
        while time.thread_time() - begin < seconds:
            pass

    for job in (lambda: work(0.05), lambda: time.sleep(0.3), lambda: work(0.05)):
        worker.submit(job)
        worker.drain()
    assert 0.1 <= worker.seconds < 0.2


def test_no_thread_before_the_first_job():
    before = threading.active_count()
    worker = Worker()
    worker.drain()
    worker.close()
    assert threading.active_count() == before


def test_submit_waits_while_the_queue_is_full(worker):
    started, release, submitted = threading.Event(), threading.Event(), threading.Event()

    def first():
        started.set()
        release.wait()

    def submit_one_too_many():
        worker.submit(lambda: None)
        submitted.set()

    worker.submit(first)
    worker.submit(lambda: None)
    started.wait()
    submitter = threading.Thread(target=submit_one_too_many)
    submitter.start()
    assert not submitted.wait(0.2)
    release.set()
    assert submitted.wait(10)
    submitter.join()


def test_drain_returns_after_the_last_job(worker):
    release, ran = threading.Event(), []
    worker.submit(release.wait)
    worker.submit(lambda: ran.append("last"))
    threading.Timer(0.1, release.set).start()
    worker.drain()
    assert ran == ["last"]


def test_an_error_is_told_and_the_jobs_after_it_run(worker, caplog):
    ran = []
    worker.submit(lambda: 1 / 0)
    worker.submit(lambda: ran.append("after"))
    worker.submit(sys.exit)
    worker.submit(lambda: ran.append("after exit"))
    worker.drain()
    assert ran == ["after", "after exit"]
    errors = [record.exc_info[1] for record in caplog.records]
    assert [type(error) for error in errors] == [ZeroDivisionError, SystemExit]
    assert "1 / 0" in "".join(traceback.format_exception(errors[0]))


def test_close_ends_the_thread_and_may_be_repeated_and_followed_by_jobs():
    before, ran = threading.active_count(), []
    worker = Worker()
    for _ in range(3):
        worker.submit(lambda: ran.append("job"))
        worker.close()
        worker.close()
    assert ran == ["job"] * 3
    assert threading.active_count() == before


def test_a_job_is_let_go_once_it_has_run(worker):
    class Pixels:
        pass

    pixels = Pixels()
    reference = weakref.ref(pixels)
    worker.submit(lambda pixels=pixels: None)
    del pixels
    worker.drain()
    assert reference() is None


def test_a_forgotten_worker_is_collected_and_its_thread_ends_after_its_jobs():
    class Callback:
        def __init__(self):
            self.worker = Worker()
            self.itself = self

    release, ran = threading.Event(), []
    callback = Callback()
    callback.worker.submit(release.wait)
    callback.worker.submit(lambda: ran.append(threading.current_thread()))
    reference = weakref.ref(callback)
    del callback
    gc.collect()
    assert reference() is None
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "picasso-worker"]
    release.set()
    thread.join(10)
    assert ran == [thread]
    assert not thread.is_alive()


@pytest.mark.parametrize("forget", ["", "del worker"])
def test_exit_waits_for_jobs_that_an_error_left_behind(forget):
    program = f"""
import time
from picasso_callbacks.log.worker import Worker
worker = Worker()
for number in range(5):
    worker.submit(lambda number=number: (time.sleep(0.05), print(number, flush=True)))
{forget}
raise KeyboardInterrupt
"""
    ended = run(program, bare=True)
    assert ended.stdout.split() == ["0", "1", "2", "3", "4"]
    assert "KeyboardInterrupt" in ended.stderr


def test_exit_does_not_wait_for_ever():
    program = """
import threading
from picasso_callbacks.log import worker
worker.EXIT_SECONDS = 0.2
worker.Worker().submit(threading.Event().wait)
"""
    ended = run(program, bare=True)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_submit_and_close_wait_a_bounded_time_for_what_is_outside(worker):
    started, answer, ran = threading.Event(), threading.Event(), []

    def ask():
        with worker.outside():
            started.set()
            answer.wait()

    worker.submit(ask)
    started.wait()
    assert worker.submit(lambda: ran.append("waits"), patience=0.1)
    assert not worker.submit(lambda: ran.append("dropped"), patience=0.1)
    worker.submit_beyond(lambda: ran.append("last"))
    assert not worker.close(patience=0.1)
    answer.set()
    assert worker.close()
    assert ran == ["waits", "last"]


@pytest.mark.parametrize(("outside", "inside", "counts"), [(0.5, 0.0, True), (0.1, 0.0, False), (0.5, 1.0, False)])
def test_what_was_waited_outside_is_counted_where_it_held_up_most(worker, monkeypatch, outside, inside, counts):
    monkeypatch.setattr("picasso_callbacks.log.worker.PATIENCE", 0.25)

    def job():
        time.sleep(inside)
        with worker.outside():
            time.sleep(outside)

    assert worker.is_idle()
    for _ in range(3):
        worker.submit(job)
    assert not worker.is_idle()
    worker.drain()
    assert worker.is_idle()
    assert worker.waited == pytest.approx(outside if counts else 0.0, abs=0.15)


def test_what_works_is_waited_for_however_long_it_takes():
    worker, ended = Worker(capacity=1), threading.Event()
    worker.submit(ended.wait)
    threading.Timer(0.5, ended.set).start()
    assert worker.submit(lambda: None, patience=0.1)
    assert worker.close(patience=0.1)


def test_jobs_after_a_close_that_was_interrupted_run_after_those_before_it(worker):
    """As by Ctrl-C; Python 3.11 then takes a thread for ended that was being joined."""
    started, release, ran = threading.Event(), threading.Event(), []
    worker.submit(lambda: (started.set(), release.wait(), ran.append("first")))
    worker.submit(lambda: ran.append("second"))
    started.wait()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            worker.close()
    finally:
        signal.signal(signal.SIGINT, before)
    worker.submit(lambda: ran.append("after"))
    release.set()
    worker.close()
    assert ran == ["first", "second", "after"]


def interrupted(function, at):
    """Calls it, and raises a `KeyboardInterrupt` before the line number `at` that is run in the worker's file."""
    left = [at]

    def trace(frame, event, _):
        if frame.f_code.co_filename != worker_module.__file__:
            return None
        if event == "line":
            left[0] -= 1
            if left[0] < 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        function()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


def test_ctrl_c_at_any_line_of_submit_drain_or_close_leaves_a_worker_that_works():
    def use(worker, ran):
        worker.submit(lambda: time.sleep(0.003))  # the next one waits
        worker.submit(lambda: ran.append("before"))
        worker.drain()
        worker.close()

    def works(worker, ran):
        for number in range(4):
            worker.submit(lambda number=number: ran.append(number))
        ran.append(worker.close())

    at = 0
    while True:
        worker, ran = Worker(capacity=1), []
        if not interrupted(lambda: use(worker, ran), at):  # noqa: B023
            break
        at += 1
        after = threading.Thread(target=works, args=(worker, ran), daemon=True)
        after.start()
        after.join(10)
        assert ran in ([0, 1, 2, 3, True], ["before", 0, 1, 2, 3, True]), at
    assert at > 30  # or it is not interrupted at all


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_has_a_thread_of_its_own():
    program = """
import os, threading
from picasso_callbacks.log.worker import Worker
worker, release = Worker(), threading.Event()
worker.submit(lambda: (release.wait(), print("the parent's", flush=True)))
child = os.fork()
if child == 0:
    worker.submit(lambda: print("the child's", flush=True))
    worker.close()
else:
    os.waitpid(child, 0)
    release.set()
    worker.close()
"""
    ended = run(program, timeout=20, bare=True)
    assert ended.stdout.splitlines() == ["the child's", "the parent's"]
