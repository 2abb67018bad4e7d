"""How many images a model is asked about at once, by what its activations take; worked out by hand."""

import math

import keras
import numpy as np
import pytest
from keras import layers

from picasso_callbacks import Probes
from picasso_callbacks.model.live_model import LiveModel
from picasso_callbacks.model.memory import free_bytes, images_at_once
from picasso_callbacks.options import Options


def wide(side):
    """Activations of 3, 50, 50 and 2 numbers a pixel, 2 x 2 and 2 in all."""
    image = keras.Input((side, side, 3))
    hidden = layers.Conv2D(50, 3, padding="same")(image)
    hidden = layers.ReLU()(hidden)
    hidden = layers.Conv2D(2, 3, padding="same")(hidden)
    return keras.Model(image, layers.Softmax()(layers.GlobalAveragePooling2D()(hidden)))


def test_of_a_forward_pass_the_widest_layer_counts_of_a_gradient_all_do():
    for side in (1000, 100):
        pixels = side * side
        expected = (10**9 // (4 * 3 * 50 * pixels), 10**9 // (4 * 2 * (105 * pixels + 4)))
        assert images_at_once(wide(side), (side, side, 3)) == expected


def test_one_image_is_always_asked_about():
    assert images_at_once(wide(5000), (5000, 5000, 3)) == (1, 1)


def test_half_of_what_is_free_if_that_is_less():
    pixels = 100 * 100
    assert images_at_once(wide(100), (100, 100, 3), free=4e8)[0] == 2 * 10**8 // (4 * 3 * 50 * pixels)
    assert images_at_once(wide(100), (100, 100, 3), free=0.0) == (1, 1)


@pytest.mark.parametrize(
    ("files", "free"),
    [
        ({}, math.inf),
        ({"proc/meminfo": "MemTotal:  9000 kB\nMemFree:  1 kB\nMemAvailable:    2000 kB\n"}, 2_048_000),
        (
            {
                "proc/meminfo": "MemAvailable:    2000 kB\n",
                "sys/fs/cgroup/memory.max": "1000000\n",
                "sys/fs/cgroup/memory.current": "700000\n",
                "sys/fs/cgroup/memory.stat": "anon 5\ninactive_file 200000\n",
            },
            500_000,
        ),
        (
            {
                "proc/meminfo": "MemAvailable:    2000 kB\n",
                "sys/fs/cgroup/memory.max": "max\n",
                "sys/fs/cgroup/memory.current": "700000\n",
                "sys/fs/cgroup/memory.stat": "inactive_file 200000\n",
            },
            2_048_000,
        ),
        (
            {
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "1000000\n",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": "1300000\n",
                "sys/fs/cgroup/memory/memory.stat": "inactive_file 7\ntotal_inactive_file 0\n",
            },
            0,
        ),
    ],
    ids=["nothing said", "machine", "container", "container without a limit", "older container"],
)
def test_what_is_free_is_what_machine_and_container_leave(files, free, tmp_path):
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert free_bytes(tmp_path) == free


class CantBeRead(keras.Model):
    def call(self, inputs):
        return inputs


@pytest.mark.parametrize("shape", [(1024, 1024, 3), (1024, 1024)])
def test_a_model_that_can_not_be_read_is_taken_to_be_wide(shape):
    assert images_at_once(CantBeRead(), shape) == (1, 1)


def test_a_batch_size_that_was_asked_for_is_kept():
    probes = Probes(np.zeros((2, 300, 300, 3), "float32"))
    assert LiveModel(wide(300), probes).batches.limit == 10**9 // (12 * 50 * 90000)
    assert LiveModel(wide(300), probes, Options(batch_size=64)).batches.limit == 64
