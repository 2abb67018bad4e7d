"""What a signal raises during a look ends it, also where a library makes an error of it, or Python ignores it."""

import contextlib
import inspect
import itertools
import signal
import sys
import threading

import keras
import pytest
from helpers.small_training import CountsBatches, ZerosUntil, compiled, fit, probes, zeros

from picasso_callbacks import Picasso, explain
from picasso_callbacks.interruptions import interruptible


@pytest.fixture(autouse=True)
def _handlers():
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.signal(signal.SIGINT, earlier) is signal.default_int_handler  # left as it was found


def misled(number=signal.SIGINT):
    """As TensorFlow does where it lists what Python returned."""
    try:
        signal.raise_signal(number)
    except BaseException:
        raise SystemError("bad argument to internal function") from None


class Finalized:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)


def ignored():
    Finalized()
    return zeros((1, 1, 8, 8))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("how", [misled, ignored])
@pytest.mark.parametrize("on_error", ["warn", "raise"])
@pytest.mark.parametrize(("looks", "batches"), [(0, 0), (2, 6)])
def test_a_training_ends_where_it_was_interrupted(tmp_path, how, on_error, looks, batches):
    counts = CountsBatches()
    picasso = Picasso(tmp_path, probes(), methods=[ZerosUntil(looks, how)], on_error=on_error)
    with pytest.raises(KeyboardInterrupt):
        fit(compiled(), counts, picasso)
    assert counts.batches == batches


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("how", [misled, ignored])
def test_a_single_look_ends(how):
    with pytest.raises(KeyboardInterrupt):
        explain(compiled(), probes(), methods=[ZerosUntil(0, how)])


def test_what_a_handler_of_the_users_raises_is_raised_as_it_is():
    class PreemptedError(RuntimeError):
        pass

    def preempt(number, frame):
        raise PreemptedError(number)

    earlier = signal.signal(signal.SIGTERM, preempt)
    try:
        with pytest.raises(PreemptedError, match=str(int(signal.SIGTERM))) as raised, interruptible():
            misled(signal.SIGTERM)
        assert isinstance(raised.value.__cause__, SystemError)
        assert signal.getsignal(signal.SIGTERM) is preempt
    finally:
        signal.signal(signal.SIGTERM, earlier)


def test_a_handler_that_raises_nothing_ends_nothing():
    heard = []
    earlier = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        with interruptible():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, earlier)
    assert heard == [signal.SIGTERM]


def test_a_handler_that_is_set_meanwhile_stays():
    earlier = signal.getsignal(signal.SIGTERM)
    try:
        with interruptible():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, earlier)


def test_other_errors_are_raised_as_they_are():
    with pytest.raises(ValueError, match="another"), interruptible():
        raise ValueError("another")


def test_in_another_thread_nothing_is_set():
    """Python allows it in the main thread only, which alone runs handlers."""
    found = []

    def work():
        with interruptible():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="of torch alone")
def test_wherever_it_strikes_torch_is_left_as_it_was():
    """Raised as one function after another is entered, of those around a look, until a look gets through."""
    import torch

    from picasso_callbacks.model.backends import torch as backend

    around = {inspect.getfile(one) for one in (contextlib, torch.random, torch.no_grad, backend)}
    model, asked = compiled(), probes()
    state = torch.get_rng_state()
    for count in itertools.count(1):
        left = count

        def strike(frame, event, argument):
            nonlocal left
            left -= event == "call" and frame.f_code.co_filename in around
            if left == 0:
                sys.setprofile(None)
                raise KeyboardInterrupt

        sys.setprofile(strike)
        try:
            explain(model, asked, methods=["saliency_map", "class_probabilities"])
        except KeyboardInterrupt:
            assert left == 0
        sys.setprofile(None)
        assert torch.is_grad_enabled()
        assert torch.equal(torch.get_rng_state(), state)
        if left > 0:
            break
    assert count > 100
