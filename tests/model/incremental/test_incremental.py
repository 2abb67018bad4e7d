"""Occlusion computed on patches gives the numbers of whole forward passes, window by window."""

import keras
import numpy as np
import pytest
from keras import layers

from picasso_callbacks import Probes
from picasso_callbacks.model import incremental, live_model
from picasso_callbacks.model.incremental import make_plan
from picasso_callbacks.model.live_model import LiveModel
from picasso_callbacks.model.windows import Windows
from picasso_callbacks.options import Options


def head(hidden, classes=5):
    return layers.Dense(classes, activation="softmax")(layers.Flatten()(hidden))


def functional(size, build):
    image = keras.Input((*size, 3))
    return with_random_weights(keras.Model(image, head(build(image))))


def patchwork(count, size, channels, seed):
    """Images of random squares, which differ in the large as well: float32 `[count, *size, channels]`."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((count, -(-size[0] // 6), -(-size[1] // 6), channels)).repeat(6, axis=1).repeat(6, axis=2)
    return (0.7 * coarse[:, : size[0], : size[1]] + 0.3 * rng.random((count, *size, channels))).astype("float32")


def with_random_weights(model):
    """A network as alive as a trained one: signals keep their size, BatchNorm has statistics, biases are not zero."""
    rng = np.random.default_rng(1)
    norms = [layer for layer in model._flatten_layers() if isinstance(layer, layers.BatchNormalization)]
    for layer in model._flatten_layers():
        if getattr(layer, "bias", None) is not None:
            layer.bias.assign(rng.normal(0, 0.1, layer.bias.shape))
        if isinstance(layer, layers.Conv2D) and not norms:
            layer.kernel.assign(layer.kernel * 1.4)  # ReLUs halve the variance
    for layer in norms:
        layer.momentum = 0.0
    images = patchwork(8, model.input_shape[1:3], model.input_shape[3], seed=3)
    model(images, training=True)
    for layer in norms:
        layer.moving_mean.assign(layer.moving_mean + 0.1 * rng.normal(size=layer.moving_mean.shape))
        layer.beta.assign(rng.normal(0, 0.3, layer.beta.shape))
    last = model.layers[-1]
    if norms and isinstance(last, layers.Dense):  # logits of order 1
        features = keras.Model(model.inputs[0], last.input)(images)
        last.kernel.assign(last.kernel / keras.ops.std(features @ last.kernel))
    return model


def log_odds(model, windows, probes=3, route=True, **kwargs):
    """Log-odds of every class for every window, `[P, M, classes]`, and whether patches were used."""
    images, canvas = (patchwork(probes, windows.size, model.input_shape[-1], seed) for seed in (4, 5))
    live = LiveModel(model, Probes(images), Options(incremental=route, **kwargs))
    every_class = np.tile(np.arange(live.classes), (10_000, 1))
    found = live.scores_under_windows(
        windows, live.canvases(canvas), lambda scores, rows: scores.log_odds(every_class[: len(rows)])
    )
    return found, live._under_masks.route(windows) is not None


def assert_same(model, windows, tolerance=1e-4, **kwargs):
    found, on_patches = log_odds(model, windows, **kwargs)
    expected, whole = log_odds(model, windows, route=False, **kwargs)
    assert on_patches
    assert not whole
    print(f"off by {np.abs(found - expected).max():.2g}; windows move log-odds by {np.ptp(expected, 1).max():.2g}")
    assert np.ptp(expected, axis=1).max() > 0.01, "The windows make no difference, so this shows nothing."
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


PAYS = incremental.plan.PAYS


@pytest.fixture(autouse=True)
def _whatever_it_costs(monkeypatch):
    """Small models are worth the check, if not the effort."""
    monkeypatch.setattr(incremental.plan, "PAYS", 100.0)
    monkeypatch.setattr(incremental.plan, "_LIMITS", (1.0,))


CONVOLUTIONS = {
    "same": {"padding": "same"},
    "valid": {"padding": "valid"},
    "even kernel": {"kernel_size": 4, "padding": "same"},
    "oblong kernel": {"kernel_size": (1, 5), "padding": "same"},
    "strides": {"strides": 2, "padding": "same"},
    "strides, valid": {"strides": 2},
    "strides beyond the kernel": {"kernel_size": 1, "strides": 2, "padding": "same"},
    "dilation": {"dilation_rate": 2, "padding": "same"},
    "dilation, valid": {"dilation_rate": (3, 1)},
    "groups": {"groups": 2, "padding": "same"},
    "activation": {"padding": "same", "activation": "silu"},
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
@pytest.mark.parametrize("size", [(24, 24), (21, 30)])
def test_convolutions(name, size):
    options = {"kernel_size": 3, **CONVOLUTIONS[name]}
    body = [layers.Conv2D(4, 3, padding="same"), layers.Conv2D(6, **options), layers.Conv2D(4, 3, activation="relu")]
    assert_same(functional(size, keras.Sequential(body)), Windows(size, 6, 5))


@pytest.mark.parametrize("kind", [layers.DepthwiseConv2D, lambda *args, **kw: layers.SeparableConv2D(5, *args, **kw)])
@pytest.mark.parametrize("options", [{"padding": "same"}, {"strides": 2, "padding": "same"}, {"dilation_rate": 2}])
def test_depthwise_and_separable_convolutions(kind, options):
    body = [layers.Conv2D(4, 3, padding="same"), kind(3, **options), layers.ReLU()]
    assert_same(functional((24, 20), keras.Sequential(body)), Windows((24, 20), 6, 5))


@pytest.mark.parametrize("kind", [layers.MaxPooling2D, layers.AveragePooling2D])
@pytest.mark.parametrize(
    "options",
    [
        {"pool_size": 2},
        {"pool_size": 2, "padding": "same"},
        {"pool_size": 3, "strides": 1, "padding": "same"},
        {"pool_size": 3, "strides": 2, "padding": "same"},
        {"pool_size": 3, "strides": 2},
        {"pool_size": (2, 3), "strides": (1, 2), "padding": "same"},
    ],
)
def test_pooling(kind, options):
    """Negative numbers at the border tell padding with zeros from padding that doesn't count."""
    body = [layers.Conv2D(4, 3, padding="same"), layers.Rescaling(1, offset=-3), kind(**options), layers.Conv2D(4, 2)]
    assert_same(functional((23, 18), keras.Sequential(body)), Windows((23, 18), 5, 4))


def branches(image):
    deep = layers.Conv2D(4, 3, padding="same")(layers.Conv2D(4, 3, padding="same")(image))
    flat = layers.Conv2D(4, 1)(image)
    pooled = layers.AveragePooling2D(3, strides=1, padding="same")(image)
    return layers.Conv2D(4, 3, strides=2)(layers.Concatenate()([deep, layers.Add()([deep, flat]), pooled]))


def residual(image):
    hidden = layers.Conv2D(4, 3, padding="same")(image)
    for strides in (1, 2):
        inner = layers.ReLU()(layers.BatchNormalization()(hidden))
        shortcut = layers.Conv2D(4, 1, strides=strides)(inner)
        inner = layers.ZeroPadding2D(((1, 1), (1, 1)))(inner)
        inner = layers.Conv2D(4, 3, strides=strides)(inner)
        hidden = layers.Add()([shortcut, inner])
    return layers.Dropout(0.5)(hidden)


def arithmetic(image):
    hidden = keras.ops.relu(layers.Conv2D(4, 3, padding="same")(image * 2.0 - 1.0))
    return hidden + layers.Conv2D(4, 3, padding="same")(hidden) / 3.0


def borders(image):
    hidden = layers.Cropping2D(((1, 2), (0, 3)))(layers.Conv2D(4, 3)(image))
    return layers.Conv2D(4, 3, strides=2)(layers.ZeroPadding2D(((3, 0), (1, 2)))(hidden))


def gates(image):
    """A gate that hangs on the whole image ends the local part."""
    hidden = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    gate = layers.Dense(4, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(hidden))
    return layers.Conv2D(4, 3)(layers.Multiply()([hidden, gate]))


def shared(image):
    convolution = layers.Conv2D(3, 3, padding="same", activation="relu")
    return layers.Add()([convolution(convolution(image)), convolution(image)])


def normalized(image):
    hidden = layers.LayerNormalization()(layers.Conv2D(4, 3)(layers.Rescaling(2.0, offset=-1.0)(image)))
    return layers.Conv2D(4, 3)(layers.Activation("gelu")(hidden))


@pytest.mark.parametrize("build", [branches, residual, arithmetic, borders, gates, shared, normalized])
@pytest.mark.parametrize(("size", "window", "stride"), [((24, 24), 6, 5), ((25, 18), (4, 7), 5), ((20, 20), 5, 11)])
def test_graphs(build, size, window, stride):
    assert_same(functional(size, build), Windows(size, window, stride))


def test_a_nested_model_built_for_any_size():
    image = keras.Input((None, None, 3))
    base = keras.Model(image, residual(image))
    model = keras.Sequential([keras.Input((24, 20, 3)), layers.Rescaling(2.0), base, layers.Flatten(), layers.Dense(3)])
    assert_same(with_random_weights(model), Windows((24, 20), 6, 5), decode_prob="softmax")


def test_several_batches_of_windows_and_groups_of_probes():
    model = functional((24, 24), residual)
    windows = Windows((24, 24), 6, 5)  # 25 of them
    for batch_size in (7, 25, 60):
        assert_same(model, windows, probes=5, batch_size=batch_size)


@pytest.mark.parametrize(("batch_size", "windows_at_once"), [(None, range(5, 17)), (4, range(1, 5))])
def test_windows_take_as_much_work_at_once_as_images(batch_size, windows_at_once, monkeypatch):
    """Of windows more than of images where the library chooses, of images whose activations are kept a quarter."""
    monkeypatch.setattr(live_model, "SMALLEST", 4)
    monkeypatch.setattr(live_model, "LARGEST", 4)
    live = LiveModel(
        functional((24, 24), residual), Probes(patchwork(6, (24, 24), 3, 1)), Options(batch_size=batch_size)
    )
    windows, sizes = Windows((24, 24), 6, 6), {}
    route = live._under_masks.route(windows)

    def counted(owner, name):
        function = getattr(owner, name)

        def count(*arrays):
            sizes.setdefault(name, set()).add(len(arrays[0] if name != "_patches" else arrays[1]))
            return function(*arrays)

        monkeypatch.setattr(owner, name, count)

    for owner, name in ((route, "_patches"), (route, "_untouched"), (live, "_gradients"), (live._passes, "of")):
        counted(owner, name)
    live.scores()
    live.gradients(np.zeros((6, 1), int))
    live.scores_under_windows(windows, live.canvases("grey"), lambda scores, rows: scores.logits)
    assert sizes["_patches"] <= set(windows_at_once)
    assert (sizes["of"], sizes["_gradients"], sizes["_untouched"]) == ({3}, {1}, {1})


def test_a_rehearsal_asks_about_the_first_group_of_probes_only():
    model = functional((24, 24), residual)
    live = LiveModel(model, Probes(patchwork(6, (24, 24), 3, seed=1)), Options(batch_size=25))
    windows, canvases, asked = Windows((24, 24), 6, 5), live.canvases("grey"), []

    def measure(scores, rows):
        asked.extend(np.unique(rows).tolist())
        return scores.logits

    with live.batches.rehearsal():
        live.scores_under_windows(windows, canvases, measure)
    assert set(asked) == {0}
    assert live.batches.rehearsed_seconds > 0


def test_an_output_before_the_patches_are_pasted():
    """A dense model: its outputs are a map."""
    image = keras.Input((16, 20, 3))
    hidden = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    model = keras.Model(image, layers.Conv2D(3, 1, activation="softmax")(hidden))
    assert_same(with_random_weights(model), Windows((16, 20), 6, 5))


def test_new_weights_are_used_without_another_trace():
    model = functional((24, 24), residual)
    windows, images = Windows((24, 24), 6, 5), np.random.default_rng(0).random((2, 24, 24, 3), dtype="float32")
    measure = lambda scores, rows: scores.logits  # noqa: E731
    live, plain = (LiveModel(model, Probes(images), Options(incremental=route)) for route in (True, False))
    before = live.scores_under_windows(windows, live.canvases("grey"), measure)
    for weight in model.weights:
        weight.assign(weight * 1.1 + 0.01)
    after = live.scores_under_windows(windows, live.canvases("grey"), measure)
    assert np.abs(after - before).max() > 1e-2
    expected = plain.scores_under_windows(windows, plain.canvases("grey"), measure)
    np.testing.assert_allclose(after, expected, rtol=0, atol=1e-4)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="torch runs the layers' Python code at every call")
def test_the_layers_are_traced_once():
    calls = []

    class Counts(layers.Layer):
        def call(self, inputs):
            calls.append(None)
            return inputs

    image = keras.Input((24, 24, 3))
    model = keras.Model(image, head(Counts()(layers.Conv2D(4, 3, activation="relu")(image))))
    windows, images = Windows((24, 24), 6, 5), patchwork(2, (24, 24), 3, 0)
    live = LiveModel(model, Probes(images))
    measure = lambda scores, rows: scores.logits  # noqa: E731
    live.scores_under_windows(windows, live.canvases("grey"), measure)
    traced = len(calls)
    for _ in range(3):
        live.scores_under_windows(Windows((24, 24), 6, 5), live.canvases("grey"), measure)
    assert len(calls) == traced


def test_a_layer_of_your_own_takes_part_once_it_has_a_rule(monkeypatch):
    class Doubles(layers.Layer):
        def call(self, inputs):
            return inputs * 2

    def build(image):
        return layers.Conv2D(4, 3)(Doubles()(layers.Conv2D(4, 3)(image)))

    windows = Windows((24, 24), 6, 5)
    local = lambda: sum(how is not None for _, how in make_plan(model, (24, 24, 3), windows).steps)  # noqa: E731
    model = functional((24, 24), build)
    assert local() == 1
    monkeypatch.setitem(incremental.rules, Doubles, incremental.pointwise)
    assert local() == 3
    assert_same(model, windows)


def test_a_rule_that_is_wrong_is_found_out(monkeypatch, caplog):
    class Spreads(layers.Layer):
        def call(self, inputs):
            return inputs + keras.ops.mean(inputs, axis=(1, 2), keepdims=True)

    monkeypatch.setitem(incremental.rules, Spreads, incremental.pointwise)
    model = functional((24, 24), lambda image: layers.Conv2D(4, 3)(Spreads()(image)))
    windows = Windows((24, 24), 6, 5)
    found, on_patches = log_odds(model, windows)
    assert not on_patches
    assert "gives numbers that are off by" in caplog.text
    np.testing.assert_array_equal(found, log_odds(model, windows, route=False)[0])


class Stretches(layers.Layer):
    """Hangs on the whole image, and gives NaN on a plain one."""

    def call(self, inputs):
        low, high = (limit(inputs, axis=(1, 2), keepdims=True) for limit in (keras.ops.min, keras.ops.max))
        return (inputs - low) / (high - low)


class OnlyWholeImages(layers.Layer):
    """Gives NaN on patches, whatever they hold."""

    def call(self, inputs):
        return inputs * (1.0 if inputs.shape[1] == 24 else float("nan"))


@pytest.mark.parametrize("kind", [Stretches, OnlyWholeImages])
@pytest.mark.parametrize("probes", [1, 3])
def test_a_route_that_gives_no_numbers_is_found_out(kind, probes, monkeypatch, caplog):
    monkeypatch.setitem(incremental.rules, kind, incremental.pointwise)
    body = [kind(), layers.Conv2D(4, 3, activation="tanh"), layers.AveragePooling2D(2), layers.GlobalAveragePooling2D()]
    model = functional((24, 24), keras.Sequential(body))
    windows = Windows((24, 24), 6, 5)
    found, on_patches = log_odds(model, windows, probes=probes)
    assert not on_patches
    assert "gives numbers that are off by" in caplog.text
    np.testing.assert_array_equal(found, log_odds(model, windows, probes=probes, route=False)[0])


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = keras.Sequential([layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(3, activation="softmax")])

    def call(self, inputs):
        return self.inner(inputs)


def test_what_cannot_be_taken_apart_has_no_plan():
    model = Subclassed()
    model(np.zeros((1, 16, 16, 3), "float32"))
    assert make_plan(model, (16, 16, 3), Windows((16, 16), 4, 4)) is None


def test_what_does_not_pay_has_no_plan(monkeypatch):
    monkeypatch.setattr(incremental.plan, "PAYS", PAYS)
    model = functional((24, 24), residual)
    assert make_plan(model, (24, 24, 3), Windows((24, 24), 22, 1)) is None


APPLICATIONS = {
    "VGG16": (96, 16),
    "ResNet50V2": (96, 16),
    "MobileNetV2": (96, 16),
    "EfficientNetV2B0": (96, 16),
    "InceptionV3": (107, 16),
    "DenseNet121": (64, 16),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", APPLICATIONS)
def test_applications(name):
    side, window = APPLICATIONS[name]
    options = {"include_preprocessing": True} if name.startswith("Efficient") else {}
    model = getattr(keras.applications, name)(weights=None, input_shape=(side, side, 3), classes=7, **options)
    assert_same(with_random_weights(model), Windows((side, side), window, side // 3), probes=2)
