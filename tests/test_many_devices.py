"""Trainings on several devices and by several processes: what a look sees, who writes, who waits."""

import keras
import numpy as np
import pytest
from helpers import processes
from helpers.many_devices import EPOCHS, STEPS, compiled, network, numbers_of, run
from helpers.shortcut_training import probes

import picasso_callbacks
from picasso_callbacks import Method, Picasso, explain

BACKEND = keras.backend.backend()

SETUPS = [
    ("tensorflow", "mirrored", {"devices": 2}),
    ("tensorflow", "mirrored", {"devices": 4}),
    ("tensorflow", "workers", {"processes": 2}),
    ("jax", "data", {"devices": 4}),
    ("jax", "model", {"devices": 4}),
    ("jax", "data", {"processes": 2}),
    ("jax", "model", {"processes": 2}),
    ("torch", "ddp", {"processes": 2}),
]

SEVERAL = {"tensorflow": "workers", "jax": "data", "torch": "ddp"}
"""Of each backend the setup of several processes in which each has all weights."""


class Keeping(Method):
    """Keeps what is compared of the last look."""

    def explain(self, look):
        found, self.numbers = numbers_of(look)
        return found


def parts(left, prefix):
    return [left[name] for name in sorted(left.files) if name.startswith(prefix)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setup", "given"),
    [
        pytest.param(setup, given, id=f"{setup}-{'-'.join(f'{number}-{what}' for what, number in given.items())}")
        for backend, setup, given in SETUPS
        if backend == BACKEND
    ],
)
def test_a_look_sees_what_one_device_would_and_the_training_is_the_same(setup, given, tmp_path):
    count = given.get("processes", 1)
    for ended, _, errors in run(tmp_path, setup, **given):
        assert ended == 0, errors.read_text()
    left = [np.load(tmp_path / f"{rank}.npz") for rank in range(count)]
    for of in left:
        assert of["of_first"].tolist() == [True, False]
        without, watched = parts(of, "without"), parts(of, "with_")
        assert len(without) == len(watched) > 6
        for one, other in zip(without, watched, strict=True):
            np.testing.assert_array_equal(one, other)

    expected = [*range(2, STEPS * EPOCHS, 2), STEPS * EPOCHS]
    [training] = picasso_callbacks.load(tmp_path / "logs").values()  # one wrote, and all that was looked at
    assert training.steps.tolist() == expected
    assert len(list(tmp_path.rglob("*tfevents*"))) == 1

    model, keeping = compiled(), Keeping()
    for of in left:
        looks = {name[: name.rindex("_")] for name in of.files if name.startswith("look")}
        assert len(looks) == len(expected)  # every process took every look
        for look in looks:
            *seen, weights = parts(of, look)[:3], parts(of, look)[3:]
            for variable, value in zip(model.variables, weights, strict=True):
                variable.assign(value)
            explain(model, probes(), methods=[keeping], shortcuts=False)
            for one, other in zip(seen[0], keeping.numbers, strict=True):
                np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)


@pytest.mark.slow
def test_who_is_left_when_a_process_is_killed_does_not_wait_for_picasso(tmp_path):
    """It ends as it does without the callback, by what the framework does about it, though an alarm would be agreed."""
    seconds = {}
    for watched in (False, True):
        directory = tmp_path / str(watched)
        directory.mkdir()
        ended = run(directory, SEVERAL[BACKEND], processes=2, kill=True, watched=[watched])
        assert ended[1][0] == -9
        assert isinstance(ended[0][0], int)
        assert ended[0][0] != 0
        seconds[watched] = ended[0][1]
    assert seconds[True] < seconds[False] + 30  # what is left is drawn and written, and a busy machine takes its time
    assert picasso_callbacks.load(tmp_path / "True" / "logs")["picasso"].steps.tolist() == [2, 4]


def test_a_loop_of_ones_own_needs_no_fit_before(tmp_path):
    """A model that was never fitted has no `stop_training`."""
    model = network()
    callback = Picasso(tmp_path, probes(), methods=["class_probabilities"], shortcuts=False)
    calls = keras.callbacks.CallbackList([callback], model=model, epochs=2, steps=1)
    calls.on_train_begin()
    for epoch in range(2):
        calls.on_epoch_begin(epoch)
        calls.on_epoch_end(epoch, {})
    calls.on_train_end()
    assert picasso_callbacks.load(tmp_path)["picasso"].steps.tolist() == [0, 1]


ON_WHICH_DEVICES = """
import os
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"
import keras, numpy as np
from picasso_callbacks.model.backends import make_backend
devices = keras.distribution.list_devices()
mesh = keras.distribution.DeviceMesh((2, 2), ("batch", "model"), devices)
layouts = keras.distribution.LayoutMap(mesh)
layouts[".*kernel"] = (None, "model")
split = keras.distribution.ModelParallel(layout_map=layouts)
for distribution in (keras.distribution.DataParallel(devices=devices), split):
    keras.distribution.set_distribution(distribution)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    found = make_backend(model).compile(lambda call, x: call(x), keep=True)(np.ones((4, 3), "float32"))
    assert keras.distribution.distribution() is distribution
    print(len(found.sharding.device_set), end=" ")
"""


@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "jax", reason="keras.distribution is JAX's")
def test_one_device_computes_unless_weights_are_split():
    """What is handed to all of a mesh, each of them computes."""
    ended = processes.run(ON_WHICH_DEVICES, timeout=120)
    assert ended.stdout == "1 4 ", ended.stderr
