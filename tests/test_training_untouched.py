"""A training with the callback and one without it are the same, bit for bit."""

import contextlib
import dataclasses
import json
import random
import zipfile

import keras
import numpy as np
import pytest
from helpers.processes import run
from helpers.random_training import random_layers, seed

from picasso_callbacks import Picasso, Probes, available_methods
from picasso_callbacks.explain import explain


@keras.saving.register_keras_serializable("tests")
class BuiltInFit(keras.Model):
    """Has no weights before it is called."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.convolution = keras.layers.Conv2D(4, 3)
        self.normalization = keras.layers.BatchNormalization()
        self.dropout = keras.layers.Dropout(0.4)
        self.dense = keras.layers.Dense(3, activation="softmax")

    def call(self, inputs, training=False):
        features = self.normalization(self.convolution(inputs), training=training)
        return self.dense(self.dropout(keras.layers.Flatten()(features), training=training))


@keras.saving.register_keras_serializable("tests")
class TrainsByDefault(BuiltInFit):
    """Draws random numbers and moves statistics whenever it isn't told not to."""

    def call(self, inputs, training=True):
        return super().call(inputs, training=training)


@keras.saving.register_keras_serializable("tests")
class NoTrainingArgument(BuiltInFit):
    """Layers that train unless they are told not to, and take others along, in a `call` that can't be told."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.resizing, self.flip = keras.layers.Resizing(8, 8), keras.layers.RandomFlip()

    def call(self, inputs):
        features = self.normalization(self.convolution(self.flip(self.resizing(inputs))))
        return self.dense(self.dropout(keras.layers.Flatten()(features)))


@keras.saving.register_keras_serializable("tests")
class ChangesInCall(BuiltInFit):
    """Draws, counts, and moves statistics, whether it trains or not."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.seed_generator = keras.random.SeedGenerator(7)
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

    def call(self, inputs, training=False):
        self.calls.assign_add(1.0)
        noise = keras.random.normal(keras.ops.shape(inputs), seed=self.seed_generator)
        features = self.normalization(self.convolution(inputs + 0.1 * noise), training=True)
        return self.dense(keras.layers.Flatten()(features))


@keras.saving.register_keras_serializable("tests")
class StateOfTheFramework(BuiltInFit):
    """Draws and counts with the framework's own means, of which Keras knows nothing."""

    def __init__(self, **settings):
        super().__init__(**settings)
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            self.calls = tf.Variable(0.0, trainable=False)
            self.drawn = {"of their own": [tf.random.Generator.from_seed(5)]}
        if keras.backend.backend() == "torch":
            import torch

            self.register_buffer("counted", torch.zeros(()))
            self.register_buffer("replaced", torch.zeros(()))

    def call(self, inputs, training=False):
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            self.calls.assign_add(1.0)
            noise = self.drawn["of their own"][0].normal([]) + tf.random.normal([]) + tf.random.normal([], seed=4)
            inputs = inputs * (1 + 0.01 * self.calls) + 0.1 * noise
        if keras.backend.backend() == "torch":
            import torch

            self.counted += 1
            self.replaced = self.replaced + 1
            inputs = inputs + 0.1 * torch.rand(inputs.shape) + 0.01 * (self.counted + self.replaced)
        return super().call(inputs, training=training)


@keras.saving.register_keras_serializable("tests")
class Rectifies(StateOfTheFramework):
    """The same, with rectifiers."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.convolution = keras.layers.Conv2D(4, 3, activation="relu")


def recurrent():
    """Keras draws the dropout masks of recurrent layers in inference, too."""
    inputs = keras.Input((12, 10, 3))
    rows = keras.layers.Reshape((4, 90))(inputs)
    rows = keras.layers.Bidirectional(keras.layers.LSTM(4, dropout=0.3, return_sequences=True))(rows)
    hidden = keras.layers.GRU(6, dropout=0.2, recurrent_dropout=0.2)(rows)
    return keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(hidden))


def functional():
    inputs = outputs = keras.Input((12, 10, 3))
    for layer in random_layers():
        outputs = layer(outputs)
    model = keras.Model(inputs, outputs)
    model.layers[3].trainable = False
    return model


MODELS = {
    "functional": functional,
    "sequential_built_in_fit": lambda: keras.Sequential(random_layers()),
    "subclassed_built_in_fit": BuiltInFit,
    "subclassed_training_by_default": TrainsByDefault,
    "no_training_argument": NoTrainingArgument,
    "changes_in_call": ChangesInCall,
    "state_of_the_framework": StateOfTheFramework,
    "recurrent_dropout": recurrent,
}


def attends():
    """What every method asks for: rectifiers, a map, attention; and what a look must not touch."""
    inputs = keras.Input((12, 10, 3))
    hidden = keras.layers.RandomFlip(seed=3)(inputs)
    hidden = keras.layers.Conv2D(4, 2, strides=2, activation="relu")(hidden)
    hidden = keras.layers.Dropout(0.3)(keras.layers.BatchNormalization()(hidden))
    tokens = keras.layers.Reshape((30, 4))(hidden)
    tokens = keras.layers.Add()([tokens, keras.layers.MultiHeadAttention(2, 3, dropout=0.2)(tokens, tokens)])
    hidden = keras.layers.ReLU()(keras.layers.Dense(8)(keras.layers.GlobalAveragePooling1D()(tokens)))
    return keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(hidden))


def images(count):
    rng = np.random.default_rng(0)
    return rng.uniform(0, 1, (count, 12, 10, 3)).astype("float32"), rng.integers(0, 3, count)


EAGER = {"subclassed_built_in_fit", "changes_in_call", "state_of_the_framework", "recurrent_dropout"}
"""Those that are also trained with `run_eagerly=True`."""

UNBUILT = EAGER - {"recurrent_dropout"}


@dataclasses.dataclass(frozen=True)
class Way:
    """How a model is trained: arguments of its optimizer, of `compile` and of `fit`, more callbacks, its precision.

    `watch` are those of the callback that watches.
    """

    optimizer: dict = dataclasses.field(default_factory=dict)
    compile: dict = dataclasses.field(default_factory=dict)
    fit: dict = dataclasses.field(default_factory=dict)
    callbacks: tuple = ()
    policy: str = "float32"
    watch: dict = dataclasses.field(default_factory=dict)


def train(make, path, log_dir=None, epochs=2, eager=False, way=Way(), probes=2, **settings):
    """Trains with the callback if there is a `log_dir`, and returns all that a training leaves behind."""
    seed()
    with precision(way.policy):
        model = make()
    optimizer = keras.optimizers.Adam(**way.optimizer)
    compiling = {"run_eagerly": eager, **way.compile}
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], **compiling)
    x, y = images(22)
    held_out = images(10)
    watch = [] if log_dir is None else [Picasso(log_dir, Probes(x[:probes], labels=y[:probes]), **settings)]
    fitting = {"validation_data": held_out, **way.fit, "callbacks": [*watch, *(make() for make in way.callbacks)]}
    history = model.fit(x, y, batch_size=8, epochs=epochs, shuffle=True, verbose=0, **fitting)
    left = {
        "history": history.history,
        "metrics": model.get_metrics_result(),
        "draws": draws(),
        "variables": [np.asarray(keras.ops.convert_to_numpy(variable)) for variable in model.variables],
        "paths": [variable.path for variable in model.variables],
        "optimizer": [keras.ops.convert_to_numpy(variable) for variable in model.optimizer.variables],
        "modes": modes(model),
        "trainable": [layer.trainable for layer in model._flatten_layers()],
        "stop_training": model.stop_training,
        "input_shape": getattr(model, "input_shape", None),
        "json": model.to_json(),
        "evaluation": model.evaluate(*held_out, verbose=0, return_dict=True),
    }
    if keras.backend.backend() == "jax" and way.optimizer.get("use_ema"):
        return left  # which Keras can't save there: its averages have been deleted
    model.save(path)
    with zipfile.ZipFile(path) as file:
        left["saved"] = json.loads(file.read("config.json"), object_hook=without_object_id)
    return left


@contextlib.contextmanager
def precision(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def without_object_id(entry):
    """A part of a saved configuration without Python's `id` of the object that it describes."""
    return {key: value for key, value in entry.items() if key != "shared_object_id"}


def modes(model):
    """What torch keeps on a model and its weights beside their values."""
    if keras.backend.backend() != "torch":
        return []
    return [model.training, *((weight.requires_grad, weight.grad is None) for weight in model.parameters())]


def draws():
    """What the global generators of random numbers give next."""
    drawn = [random.random(), np.random.random()]
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        drawn += [tf.random.uniform([]).numpy(), tf.random.get_global_generator().uniform([]).numpy()]
    if keras.backend.backend() == "torch":
        import torch

        drawn.append(torch.rand(()).item())
    return [*drawn, float(keras.random.uniform(()))]


@pytest.mark.parametrize(
    ("model", "eager"),
    [(model, False) for model in MODELS]
    + [pytest.param(model, True, marks=pytest.mark.slow) for model in MODELS if model in EAGER],
)
def test_nothing_changes(model, eager, tmp_path):
    without = train(MODELS[model], tmp_path / "without.keras", eager=eager)
    watched = train(MODELS[model], tmp_path / "with.keras", tmp_path / "logs", eager=eager)
    assert list((tmp_path / "logs").rglob("*tfevents*"))
    if eager and model in UNBUILT:  # Keras notes the size of whatever batch it was built for
        for part in ("json", "saved"):
            del without[part]
    assert_same(watched, without)


WITHOUT_ATTENTION = [name for name in available_methods() if name != "attention_rollout"]


@pytest.mark.parametrize(
    ("make", "methods", "eager"),
    [
        pytest.param(attends, available_methods(), False, marks=pytest.mark.slow),
        pytest.param(attends, available_methods(), True, marks=pytest.mark.slow),
        (Rectifies, WITHOUT_ATTENTION, False),
    ],
)
def test_nothing_changes_whatever_the_method(make, methods, eager, tmp_path):
    without = train(make, tmp_path / "without.keras", eager=eager)
    settings = {"methods": methods, "on_error": "raise", "shortcuts": False}
    assert_same(train(make, tmp_path / "with.keras", tmp_path / "logs", eager=eager, **settings), without)


def assert_same(watched, without):
    for part, value in without.items():
        if isinstance(value, (list, np.ndarray)):
            np.testing.assert_equal(watched[part], value, err_msg=part)
        else:
            assert watched[part] == value, part


class Stops(keras.callbacks.Callback):
    """In the midst of the second epoch."""

    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = self.model.optimizer.iterations > 4


WAYS = {
    "moving average": Way(optimizer={"use_ema": True}),
    "moving average swapped in": Way(
        optimizer={"use_ema": True}, callbacks=(lambda: keras.callbacks.SwapEMAWeights(swap_on_epoch=True),)
    ),
    "gradient accumulation": Way(optimizer={"gradient_accumulation_steps": 2}),
    "steps per execution": Way(compile={"steps_per_execution": 2}),
    "validation split": Way(fit={"validation_data": None, "validation_split": 0.25}),
    "class weights": Way(fit={"class_weight": {0: 1.0, 1: 3.0, 2: 0.5}}),
    "sample weights": Way(fit={"sample_weight": np.linspace(0, 1, 22)}),
    "schedule of the optimizer": Way(
        optimizer={"learning_rate": keras.optimizers.schedules.ExponentialDecay(0.01, 2, 0.5)}
    ),
    "plateau": Way(callbacks=(lambda: keras.callbacks.ReduceLROnPlateau("val_loss", patience=0, min_delta=9.0),)),
    "schedule": Way(callbacks=(lambda: keras.callbacks.LearningRateScheduler(lambda epoch: 0.01 / (epoch + 1)),)),
    "early stopping": Way(callbacks=(lambda: keras.callbacks.EarlyStopping("val_loss", start_from_epoch=0),)),
    "compiled": Way(compile={"jit_compile": True}),
    "mixed precision": Way(policy="mixed_bfloat16"),
    "eager": Way(compile={"run_eagerly": True}),
    "looks between batches": Way(watch={"every": "1 steps"}),
    "shortcuts and trust": Way(watch={"probes": 8, "shortcuts": True, "trust": True, "on_alarm": "log"}),
    "looks between executions of a moving average": Way(
        optimizer={"use_ema": True}, compile={"steps_per_execution": 2}, watch={"every": "2 steps"}
    ),
    "stopped": Way(callbacks=(lambda: keras.callbacks.TerminateOnNaN(), lambda: Stops())),
    "clipped and scaled": Way(optimizer={"clipnorm": 0.1, "loss_scale_factor": 128.0, "weight_decay": 0.01}),
}


def small():
    layers = [
        *(keras.Input((12, 10, 3)), keras.layers.Conv2D(4, 3), keras.layers.BatchNormalization()),
        *(keras.layers.Dropout(0.4), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")),
    ]
    return keras.Sequential(layers)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_nothing_changes_however_it_is_trained(way, tmp_path):
    if keras.backend.backend() == "torch":
        if way == "compiled":
            pytest.skip("torch compiles with a compiler of the machine's")
        if "steps_per_execution" in WAYS[way].compile:
            pytest.skip("Keras on torch has no steps_per_execution other than 1")
    settings = {"on_error": "raise", **WAYS[way].watch}
    without = train(small, tmp_path / "without.keras", way=WAYS[way])
    watched = train(small, tmp_path / "with.keras", tmp_path / "logs", way=WAYS[way], **settings)
    for logged in [name for name in watched["history"] if name.startswith("picasso")]:
        del watched["history"][logged]
    assert list((tmp_path / "logs").rglob("*tfevents*"))
    for part, value in without.items():
        np.testing.assert_equal(watched[part], value, err_msg=part)


def test_explain_changes_nothing():
    keras.utils.set_random_seed(3)
    model = functional()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = images(16)
    model.fit(x, y, batch_size=8, verbose=0)
    before = [keras.ops.convert_to_numpy(variable) for variable in (*model.variables, *model.optimizer.variables)]
    metrics = model.get_metrics_result()
    explain(model, Probes(x[:2], labels=y[:2]))
    after = [keras.ops.convert_to_numpy(variable) for variable in (*model.variables, *model.optimizer.variables)]
    np.testing.assert_equal(after, before)
    assert model.get_metrics_result() == metrics


UNSEEDED = """
import sys, keras, numpy as np
from picasso_callbacks import Picasso, Probes, available_methods
layers = [keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
model = keras.Sequential(layers)
model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
x = np.random.rand(4, 8, 8, 3).astype("float32")
model.fit(x, np.array([0, 1, 0, 1]), verbose=0, callbacks=[Picasso(LOG_DIR, Probes(x[:2]), on_error="raise")])
"""


def test_trained_eagerly_without_a_seed(tmp_path):
    ended = run(UNSEEDED.replace("LOG_DIR", repr(str(tmp_path))))
    assert ended.returncode == 0, ended.stderr
    assert list(tmp_path.rglob("*tfevents*"))
