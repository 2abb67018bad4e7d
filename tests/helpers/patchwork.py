"""Networks of random weights that look at images of random patches, on patches and whole."""

import keras
import numpy as np
from keras import layers

from picasso_callbacks import Probes
from picasso_callbacks.model.live_model import LiveModel
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


def residual(image):
    hidden = layers.Conv2D(4, 3, padding="same")(image)
    for strides in (1, 2):
        inner = layers.ReLU()(layers.BatchNormalization()(hidden))
        shortcut = layers.Conv2D(4, 1, strides=strides)(inner)
        inner = layers.ZeroPadding2D(((1, 1), (1, 1)))(inner)
        inner = layers.Conv2D(4, 3, strides=strides)(inner)
        hidden = layers.Add()([shortcut, inner])
    return layers.Dropout(0.5)(hidden)
