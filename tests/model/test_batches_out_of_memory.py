"""Where memory does not suffice for a batch, smaller ones are asked."""

import os

import keras
import numpy as np
import pytest
from helpers.processes import run

from picasso_callbacks.model.batches import Batches, is_out_of_memory
from picasso_callbacks.model.incremental import plan
from picasso_callbacks.model.live_model import LiveModel
from picasso_callbacks.model.windows import Windows
from picasso_callbacks.options import Options
from picasso_callbacks.probes import Probes


def suffices_for(rows):
    """Squares at most so many rows at once; notes how many were asked."""
    asked = []

    def ask(batch):
        asked.append(len(batch))
        if len(batch) > rows:
            raise MemoryError
        return (batch**2,)

    return ask, asked


def test_a_batch_is_halved_until_it_fits_and_stays_so(caplog):
    batches, (ask, asked) = Batches(12), suffices_for(3)
    assert batches.collect(ask, 12)[0].tolist() == [i**2 for i in range(12)]
    assert asked == [12, 6, 3, 3, 3, 3]
    assert batches.collect(ask, 12)[0].tolist() == [i**2 for i in range(12)]
    assert asked[6:] == [3, 3, 3, 3]
    assert [record.message for record in caplog.records] == [
        "Picasso: out of memory with 12 images at once; going on with 3."
    ]


def test_what_was_answered_is_kept():
    seen = []

    def ask(batch):
        if len(seen) >= 4 and len(batch) > 2:  # the memory that is left shrinks
            raise MemoryError
        seen.extend(batch.tolist())
        return (batch * 10,)

    assert Batches(4).collect(ask, 10)[0].tolist() == [i * 10 for i in range(10)]
    assert seen == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_one_kind_of_question_does_not_slow_down_another():
    batches, (ask, _) = Batches(8), suffices_for(2)
    other = batches.of(8)
    other.collect(ask, 8)
    assert (other.limit, batches.limit) == (2, 8)


def test_a_single_row_that_does_not_fit_is_an_error():
    with pytest.raises(MemoryError):
        Batches(4).collect(suffices_for(0)[0], 4)


def test_other_errors_are_raised_at_once():
    def ask(batch):
        asked.append(len(batch))
        raise ValueError("no")

    asked = []
    with pytest.raises(ValueError, match="no"):
        Batches(4).collect(ask, 4)
    assert asked == [4]


@pytest.mark.parametrize(
    "error",
    [
        type("ResourceExhaustedError", (Exception,), {})("OOM when allocating tensor with shape[9,9]"),
        type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory: you tried"),
        type("XlaRuntimeError", (RuntimeError,), {})("RESOURCE_EXHAUSTED: Out of memory allocating 1 bytes."),
        np._core._exceptions._ArrayMemoryError((9, 9), np.dtype("float32")),
        MemoryError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_frameworks_way_to_say_so(error):
    assert is_out_of_memory(error)
    wrapped = ValueError("the model could not be called")
    wrapped.__cause__ = error
    assert is_out_of_memory(wrapped)
    assert not is_out_of_memory(ValueError("shapes do not match"))


PROGRAM = """
import logging, resource
import keras, numpy as np
from picasso_callbacks.model.incremental import plan
from picasso_callbacks.model.live_model import LiveModel
from picasso_callbacks.options import Options
from picasso_callbacks.probes import Probes
from picasso_callbacks.model.windows import Windows

logging.basicConfig(format="%(message)s")
model = keras.Sequential([
    keras.Input((64, 64, 3)),
    keras.layers.Conv2D(64, 3, padding="same", activation="relu"),
    keras.layers.Conv2D(64, 3, padding="same", activation="relu"),
    keras.layers.GlobalAveragePooling2D(),
    keras.layers.Dense(2, activation="softmax"),
])
images = np.random.default_rng(0).random((4, 64, 64, 3), dtype="float32")
live = LiveModel(model, Probes(images), Options(incremental=INCREMENTAL, batch_size=8))
windows, keep = Windows((64, 64), 16, 8), lambda scores, rows: scores.logits
expected = live.scores_under_windows(windows, live.canvases("grey"), keep)

live = LiveModel(model, Probes(images), Options(incremental=INCREMENTAL, batch_size=196))
live.scores()  # 196 images take 196 MiB and more in each layer
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (ROOM << 20),) * 2)
found = live.scores_under_windows(windows, live.canvases("grey"), keep)
np.testing.assert_allclose(found, expected, atol=1e-4)
print("agrees")
"""


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="Linux limits the memory of a process")
@pytest.mark.skipif(keras.backend.backend() != "torch", reason="the others end the process, or say 'internal error'")
@pytest.mark.parametrize("incremental", [False, True])
def test_with_too_little_memory_the_numbers_are_the_same(incremental):
    done = run(PROGRAM.replace("INCREMENTAL", str(incremental)).replace("ROOM", "180"))
    assert done.stdout.split()[-1:] == ["agrees"], done.stderr[-3000:]
    assert "Picasso: out of memory with 196 images at once; going on with" in done.stderr


@pytest.mark.parametrize("incremental", [False, True])
def test_the_live_model_goes_on_with_smaller_batches(caplog, monkeypatch, incremental):
    monkeypatch.setattr(plan, "PAYS", 99.0)

    class Small(keras.layers.Layer):
        """Has room for four images."""

        def call(self, inputs):
            if isinstance(inputs.shape[0], int) and inputs.shape[0] > 4:
                raise MemoryError
            return inputs

        def compute_output_spec(self, inputs):
            return keras.KerasTensor(inputs.shape, inputs.dtype)

    model = keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            keras.layers.Conv2D(8, 3, activation="relu"),
            Small(),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2),
        ]
    )
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    images = np.random.default_rng(0).random((6, 16, 16, 1), dtype="float32")
    windows, keep = Windows((16, 16), 4, 4), lambda scores, rows: scores.logits
    found = []
    for batch_size in (None, 3):
        live = LiveModel(model, Probes(images), Options(incremental=incremental, batch_size=batch_size))
        gradients = live.gradients(np.zeros((6, 1), int))
        occluded = live.scores_under_windows(windows, live.canvases("grey"), keep)
        found.append((live.scores().logits, gradients, occluded))
        assert (live._under_masks.route(windows) is not None) == incremental
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)
    assert any("going on with 3." in record.message for record in caplog.records)
