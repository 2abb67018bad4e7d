"""Occluded images exist a batch at a time: memory doesn't grow with the number of windows."""

import gc
import os
import weakref

import numpy as np
import pytest
from helpers.models import cnn
from helpers.processes import run

from picasso_callbacks.model import under_masks
from picasso_callbacks.model.live_model import LiveModel
from picasso_callbacks.model.windows import Windows
from picasso_callbacks.options import Options
from picasso_callbacks.probes import Probes

tells_the_peak = pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="Linux tells the peak of a process")

LOOK = """
import re
import keras
import numpy as np
from picasso_callbacks import PartialOcclusion
from picasso_callbacks.explain import Inquiry
from picasso_callbacks.options import Options
from picasso_callbacks.probes import Probes

keras.utils.set_random_seed(0)
model = keras.Sequential([
    keras.Input((224, 224, 3)),
    keras.layers.Conv2D(8, 7, strides=4, activation="relu"),
    keras.layers.GlobalAveragePooling2D(),
    keras.layers.Dense(4, activation="softmax"),
])
probes = Probes(np.random.default_rng(0).random((PROBES, 224, 224, 3), dtype="float32"))
methods = [PartialOcclusion(window=SIDE, stride=SIDE), "saliency_map", "class_probabilities"]
inquiry = Inquiry(probes, methods, options=Options(incremental=False))
inquiry.look(inquiry.watch(model))
# Not getrusage: its maximum is that of the parent process too.
print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
"""

PROGRAM = """
import re
import keras
import numpy as np
from picasso_callbacks import PartialOcclusion, Picasso
from picasso_callbacks.probes import Probes

keras.utils.set_random_seed(0)
images = np.random.default_rng(0).random((2, 224, 224, 3), dtype="float32")
model = keras.Sequential([
    keras.Input((224, 224, 3)),
    keras.layers.Conv2D(4, 7, strides=4, activation="relu"),
    keras.layers.GlobalAveragePooling2D(),
    keras.layers.Dense(2, activation="softmax"),
])
model.compile("sgd", "sparse_categorical_crossentropy")
occlusion = PartialOcclusion(window=SIDE, stride=SIDE)
picasso = Picasso(LOG_DIR, Probes(images, labels=[0, 1]), methods=[occlusion], batch_size=14)
model.fit(images, np.array([0, 1]), epochs=2, callbacks=[picasso], verbose=0)
# Not getrusage: its maximum is that of the parent process too.
print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
"""


def peak(program, windows, **names):
    """MiB of memory that a program needs at most, with so many windows on each probe."""
    for name, value in {"SIDE": round(224 / windows**0.5), **names}.items():
        program = program.replace(name, repr(value))
    done = run(program, timeout=600)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1]) / 1024


@pytest.mark.parametrize(("kept", "taken_by_then"), [(0, [1, 2]), (7 * 16 * 16 * 3 * 4, [1, 1])])
def test_batches_are_put_together_in_memory_that_is_kept_only_if_small(monkeypatch, kept, taken_by_then):
    options = Options(incremental=False, batch_size=7)
    live = LiveModel(cnn((16, 16, 3))[0], Probes(np.ones((2, 16, 16, 3), "float32")), options)
    if not live._backend.in_memory:
        pytest.skip("batches are put together on the device")
    empty, taken = live._backend.empty, []

    def noted(*args):
        memory = empty(*args)
        taken.append(weakref.ref(memory))
        return memory

    monkeypatch.setattr(live._backend, "empty", noted)
    monkeypatch.setattr(under_masks, "KEPT", kept)
    windows = Windows((16, 16), 4, 4)  # five batches
    for count in taken_by_then:
        live.scores_under_windows(windows, live.canvases("grey"), lambda scores, rows: scores.logits)
        gc.collect()
        assert len(taken) == count
        assert [memory() is not None for memory in taken] == [kept > 0] * count


@pytest.mark.slow
@tells_the_peak
def test_memory_does_not_grow_with_the_number_of_windows(tmp_path):
    peaks = {windows: peak(PROGRAM, windows, LOG_DIR=str(tmp_path)) for windows in (49, 196, 784)}
    print(peaks)
    # The occluded images of 784 windows would take 900 MiB, and those of one batch take 8.
    assert max(peaks.values()) - peaks[49] < 40


@pytest.mark.slow
@tells_the_peak
def test_memory_does_not_grow_with_the_number_of_probes():
    few, many = peak(LOOK, 49, PROBES=8), peak(LOOK, 784, PROBES=64)
    print(few, many)
    assert many < 1.2 * few
