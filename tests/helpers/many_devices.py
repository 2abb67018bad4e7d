"""Trainings on several devices and by several processes, run as programs: `python -m helpers.many_devices '{...}'`.

Each trains the same network without and with the callback, and leaves `<rank>.npz`: all variables after both, and what
each look of this process saw, with the weights of that moment.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

BATCH, STEPS, EPOCHS = 16, 3, 3
"""Of all replicas together."""


def run(directory, setup, processes=1, devices=1, kill=False, watched=(False, True)):
    """Runs a setup to its end: for each process its exit code, seconds since the first of them ended, and errors.

    With `kill`, the last process kills itself in the midst of the second epoch.
    """
    with socket.socket() as free, socket.socket() as another:
        for each in (free, another):
            each.bind(("127.0.0.1", 0))
        ports = [each.getsockname()[1] for each in (free, another)]
    told = {"directory": str(directory), "setup": setup, "devices": devices, "processes": processes}
    told |= {"ports": ports, "kill": kill, "watched": watched}
    running, errors = [], []
    for rank in range(processes):
        errors.append(pathlib.Path(directory) / f"errors_{rank}")
        with errors[-1].open("w") as log:
            command = [sys.executable, "-m", "helpers.many_devices", json.dumps({**told, "rank": rank})]
            running.append(subprocess.Popen(command, env=_environment(devices), stdout=log, stderr=log))
    ended, deadline = {}, time.monotonic() + 240
    while len(ended) < processes and time.monotonic() < deadline:
        for rank, process in enumerate(running):
            if rank not in ended and process.poll() is not None:
                ended[rank] = time.monotonic()
        time.sleep(0.02)
    for process in running:
        process.kill()
        process.wait()
    first = min(ended.values(), default=deadline)
    return [
        (process.returncode if rank in ended else "waits for ever", ended.get(rank, deadline) - first, errors[rank])
        for rank, process in enumerate(running)
    ]


def _environment(devices):
    flags = {"XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"} if devices > 1 else {}
    paths = os.pathsep.join([str(pathlib.Path(__file__).parents[1]), *map(os.path.abspath, sys.path)])
    return {**os.environ, **flags, "PYTHONPATH": paths}


def network():
    """Statistics and random numbers of its own in every replica."""
    import keras

    keras.utils.set_random_seed(1)
    layers = [
        *(keras.Input((12, 12, 1)), keras.layers.Conv2D(4, 3), keras.layers.BatchNormalization(momentum=0.5)),
        *(keras.layers.ReLU(), keras.layers.Dropout(0.2), keras.layers.Flatten()),
        keras.layers.Dense(2, activation="softmax", name="answer"),
    ]
    return keras.Sequential(layers)


def compiled():
    import keras

    model = network()
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def numbers_of(look):
    """What is compared of a look: occlusion, saliency and answers."""
    from picasso_callbacks.methods.partial_occlusion import PartialOcclusion
    from picasso_callbacks.methods.saliency_map import SaliencyMap

    found = PartialOcclusion().explain(look)
    return found, [found.values, SaliencyMap().explain(look).values, look.scores.probabilities]


def make_callbacks(log_dir, local, kill):
    """`Picasso`, and what notes in each process which looks it took, what they saw, and the weights of that moment."""
    import keras

    from helpers.shortcut_training import probes
    from picasso_callbacks import Method, Picasso

    class Noting(Method):
        def __init__(self):
            self.seen = []

        def explain(self, look):
            found, numbers = numbers_of(look)
            self.seen.append([*numbers, *map(local, look.live.model.variables)])
            return found

    class Forgetting(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 0:
                noting.seen.clear()  # the rehearsal

    noting = Noting()
    settings = {"on_alarm": "stop", "expected": "sky"} if kill else {"shortcuts": False}  # of which there is no alarm
    picasso = Picasso(log_dir, probes(), methods=[noting], every="2 steps", on_error="raise", **settings)
    return noting, [picasso, Forgetting()]


class Training:
    """A training in one of its processes."""

    def __init__(self, told):
        self.told = told
        self.rank, self.processes = told["rank"], told["processes"]
        self.begin(told["setup"])

    def begin(self, setup):
        """Meets the other processes."""

    def local(self, variable):
        """The value of a variable that a look of this process sees."""
        import keras

        return keras.ops.convert_to_numpy(variable)

    def every_copy(self, model):
        """All that the training leaves in this process."""
        optimizer = getattr(model, "optimizer", None)
        return [self.local(variable) for variable in (*model.variables, *(optimizer.variables if optimizer else ()))]

    def share(self):
        """The part of the data that this process trains on."""
        from helpers.shortcut_training import data

        images, labels = data(BATCH * STEPS)
        size = BATCH // self.processes
        rows = [range(BATCH * i + size * self.rank, BATCH * i + size * (self.rank + 1)) for i in range(STEPS)]
        return [(images[list(one)], labels[list(one)]) for one in rows]

    def train(self, callbacks):
        """Trains a new model and returns it, and what was logged."""
        raise NotImplementedError

    def loop(self, model, callbacks, step):
        """A training loop of one's own, as the guides of the frameworks have it, with callbacks."""
        import keras

        calls = keras.callbacks.CallbackList(callbacks, model=model, epochs=EPOCHS, steps=STEPS)
        calls.on_train_begin()
        losses = []
        for epoch in range(EPOCHS):
            calls.on_epoch_begin(epoch)
            for index, batch in enumerate(self.share()):
                calls.on_train_batch_begin(index)
                losses.append(float(step(*batch)))
                calls.on_train_batch_end(index, {})
            calls.on_epoch_end(epoch, {"loss": losses[-1]})
            if getattr(getattr(model, "module", model), "stop_training", False):
                break
        calls.on_train_end()
        return losses

    def run(self):
        import numpy as np

        from picasso_callbacks.model.backends import make_backend

        left = {}
        for watched in self.told["watched"]:
            noting, callbacks = None, []
            if watched:
                log_dir = os.path.join(self.told["directory"], "logs")
                noting, callbacks = make_callbacks(log_dir, self.local, self.told["kill"])
            if self.told["kill"] and self.rank == self.processes - 1:
                callbacks = [*callbacks, _kill_itself()]
            model, losses = self.train(callbacks)
            after = [*self.every_copy(model), np.array(losses, "float64")]
            left |= {f"{'with' if watched else 'without'}_{i:03}": values for i, values in enumerate(after)}
            for i, seen in enumerate(noting.seen if noting else ()):
                left |= {f"look_{i}_{j:03}": values for j, values in enumerate(seen)}
        if not self.told["kill"]:
            backend = make_backend(model)
            decided = [self.rank == 0, self.rank > 0]
            left["of_first"] = np.array([backend.as_first(one) if self.processes > 1 else one for one in decided])
        np.savez(os.path.join(self.told["directory"], f"{self.rank}.npz"), **left)


def _kill_itself():
    import keras

    class Kill(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.batches = getattr(self, "batches", 0) + 1
            if self.batches == STEPS + 2:
                os.kill(os.getpid(), signal.SIGKILL)

    return Kill()


class OnTensorFlow(Training):
    def begin(self, setup):
        if setup == "workers":
            workers = [f"127.0.0.1:{port}" for port in self.told["ports"]]
            os.environ["TF_CONFIG"] = json.dumps(
                {"cluster": {"worker": workers}, "task": {"type": "worker", "index": self.rank}}
            )
        import tensorflow as tf

        count = self.told["devices"]
        if setup == "workers":
            self.strategy = tf.distribute.MultiWorkerMirroredStrategy()
            return
        one = [tf.config.LogicalDeviceConfiguration()]
        tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], one * count)
        self.strategy = tf.distribute.MirroredStrategy([f"CPU:{i}" for i in range(count)])
        assert self.strategy.num_replicas_in_sync == count

    def local(self, variable):
        return getattr(variable.value, "values", [variable.value])[0].numpy()

    def every_copy(self, model):
        kept = [one.value for one in (*model.variables, *model.optimizer.variables)]
        return [copy.numpy() for value in kept for copy in getattr(value, "values", [value])]

    def train(self, callbacks):
        import keras
        import numpy as np
        import tensorflow as tf

        with self.strategy.scope():
            model = compiled()
        if self.told["setup"] == "mirrored":
            data = tf.data.Dataset.from_tensor_slices(
                tuple(np.concatenate(part) for part in zip(*self.share(), strict=True))
            ).batch(BATCH)
            history = model.fit(data, epochs=EPOCHS, verbose=0, callbacks=callbacks)
            return model, [value for values in history.history.values() for value in values]
        with self.strategy.scope():
            model.optimizer.build(model.trainable_variables)

        def replica(images, labels):
            with tf.GradientTape() as tape:
                answers = model(images, training=True)
                losses = keras.losses.sparse_categorical_crossentropy(labels, answers)
                loss = tf.reduce_sum(losses) / BATCH
            gradients = tape.gradient(loss, model.trainable_variables)
            model.optimizer.apply(gradients, model.trainable_variables)
            return loss

        @tf.function
        def step(images, labels):
            return self.strategy.reduce("SUM", self.strategy.run(replica, (images, labels)), axis=None)

        return model, self.loop(model, callbacks, lambda *batch: step(*map(tf.constant, batch)))


class OnJax(Training):
    def begin(self, setup):
        import jax

        if self.processes > 1:
            settings = (
                {"heartbeat_timeout_seconds": 10} if self.told["kill"] else {}
            )  # after so long JAX ends the others
            jax.distributed.initialize(f"127.0.0.1:{self.told['ports'][0]}", self.processes, self.rank, **settings)
        import keras

        devices = keras.distribution.list_devices()
        if setup == "data":
            distribution = keras.distribution.DataParallel(devices=devices, auto_shard_dataset=False)
        else:
            mesh = keras.distribution.DeviceMesh((len(devices) // 2, 2), ("batch", "model"), devices)
            layouts = keras.distribution.LayoutMap(mesh)
            layouts[".*conv2d.*kernel"] = (None, None, None, "model")
            layouts[".*answer.*kernel"] = ("model", None)
            distribution = keras.distribution.ModelParallel(layout_map=layouts, auto_shard_dataset=False)
        keras.distribution.set_distribution(distribution)

    def share(self):
        import keras

        replicas = keras.distribution.distribution().num_model_replicas
        if replicas < self.processes:  # each process has a part of the model, and all of the data
            return Training(self.told | {"processes": 1, "rank": 0}).share()
        return super().share()

    def local(self, variable):
        import numpy as np
        from jax.experimental import multihost_utils

        value = variable.value
        if value.is_fully_addressable or value.is_fully_replicated:
            return np.asarray(value)
        return np.asarray(multihost_utils.process_allgather(value, tiled=True))

    def train(self, callbacks):
        import keras

        share = self.share()

        class Share(keras.utils.PyDataset):
            def __len__(self):
                return STEPS

            def __getitem__(self, index):
                return share[index]

        model = compiled()
        history = model.fit(Share(), epochs=EPOCHS, verbose=0, shuffle=False, callbacks=callbacks)
        return model, [value for values in history.history.values() for value in values]


class OnTorch(Training):
    """As in Keras' guide to distributed training with PyTorch."""

    def begin(self, setup):
        import torch

        address = f"tcp://127.0.0.1:{self.told['ports'][0]}"
        torch.distributed.init_process_group("gloo", address, rank=self.rank, world_size=self.processes)

    def train(self, callbacks):
        import torch

        model = network()
        parallel = torch.nn.parallel.DistributedDataParallel(model)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

        def step(images, labels):
            optimizer.zero_grad()
            answers = parallel(torch.from_numpy(images), training=True)
            loss = torch.nn.functional.nll_loss(torch.log(answers), torch.from_numpy(labels))
            loss.backward()
            optimizer.step()
            return loss.item()

        return model, self.loop(parallel, callbacks, step)


if __name__ == "__main__":
    of = {"tensorflow": OnTensorFlow, "jax": OnJax, "torch": OnTorch}[os.environ.get("KERAS_BACKEND", "tensorflow")]
    of(json.loads(sys.argv[1])).run()
