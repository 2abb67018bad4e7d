"""Class activation maps against NumPy: behind the map is a dense layer, whose weights are its gradient."""

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from picasso_callbacks import Activations, GradCam, Probes, explain

SIZE, TARGETS = (8, 12, 2), [0, 2]
IMAGES = np.random.default_rng(5).uniform(0, 1, (3, *SIZE)).astype("float32")


@pytest.fixture(scope="module")
def model():
    made = keras.Sequential(
        [
            keras.Input(SIZE),
            layers.Conv2D(5, 3, strides=2, activation="relu", name="conv"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    rng = np.random.default_rng(1)
    made.set_weights([rng.normal(size=one.shape) for one in made.get_weights()])
    return made


@pytest.fixture(scope="module")
def known(model):
    """Activations `[P, h, w, c]` and gradients `[K, h, w, c]`, both in NumPy."""
    kernel, bias, dense, _ = model.get_weights()
    patches = np.lib.stride_tricks.sliding_window_view(IMAGES, (3, 3), axis=(1, 2))[:, ::2, ::2]
    activations = np.maximum(np.einsum("nyxcab,abcd->nyxd", patches, kernel) + bias, 0)
    return activations, dense.T.reshape(3, 3, 5, 5)[TARGETS]


def maps_of(model, method):
    [found] = explain(model, Probes(IMAGES), methods=[method], targets=TARGETS).explanations.values()
    return found


def enlarged(maps):
    """Maps `[P, K, h, w]` at the probes' size, bilinear."""
    flat = maps.astype("float32").reshape(-1, *maps.shape[2:])
    large = [np.asarray(Image.fromarray(one).resize(SIZE[1::-1], Image.Resampling.BILINEAR)) for one in flat]
    return np.reshape(large, (*maps.shape[:2], *SIZE[:2]))


def grad_cam(a, g):
    return np.maximum(np.einsum("kc,phwc->pkhw", g.mean(axis=(1, 2)), a), 0)


def grad_cam_plus_plus(a, g):
    """As pytorch-grad-cam and torchcam write it."""
    a, g = a[:, None], g[None]
    share = g**2 / (2 * g**2 + a.sum(axis=(2, 3), keepdims=True) * g**3 + 1e-12)
    weights = (np.maximum(g, 0) * share).sum(axis=(2, 3))
    return np.maximum(np.einsum("pkc,phwc->pkhw", weights, a[:, 0]), 0)


def layer_cam(a, g):
    return np.maximum(np.einsum("khwc,phwc->pkhw", np.maximum(g, 0), a), 0)


def eigen_cam(a, g):
    """By the eigenvectors of channels by channels. Activations are positive, and so is their main direction."""
    flat = a.reshape(len(a), -1, a.shape[-1]).astype("float64")
    directions = np.abs(np.linalg.eigh(flat.transpose(0, 2, 1) @ flat)[1][:, :, -1])
    return np.repeat(np.einsum("pnc,pc->pn", flat, directions).reshape(len(a), 1, *a.shape[1:3]), len(g), axis=1)


@pytest.mark.parametrize("formula", [grad_cam, grad_cam_plus_plus, layer_cam, eigen_cam])
def test_maps_are_those_of_the_formula(model, known, formula):
    found, expected = maps_of(model, formula.__name__).values, enlarged(formula(*known))
    difference = np.abs(found - expected).max() / np.abs(expected).max()
    print(f"{keras.config.backend()}, {formula.__name__}: {difference:.1e} of the largest value")
    assert difference < 1e-5


def test_the_layer_is_said(model):
    found = maps_of(model, GradCam("conv"))
    assert (found.score, found.unit) == ("gradient of the logits before the softmax by conv (3 x 5)", "nats")


@pytest.mark.parametrize(("channels", "sheet"), [(1, (1, 1)), (4, (2, 2)), (9, (2, 3))])
def test_the_strongest_channels_lie_side_by_side(model, known, channels, sheet):
    activations, _ = known
    found = maps_of(model, Activations(channels=channels)).values
    order = np.argsort(-activations.mean(axis=(1, 2)), axis=1)
    for probe, maps in enumerate(found):
        np.testing.assert_array_equal(maps[0], maps[1])
        height, width = (side // count for side, count in zip(SIZE[:2], sheet, strict=True))
        rows, columns = np.arange(height) * 3 // height, np.arange(width) * 5 // width
        for place in range(sheet[0] * sheet[1]):
            y, x = divmod(place, sheet[1])
            cell = maps[0, y * height : (y + 1) * height, x * width : (x + 1) * width]
            shown = activations[probe, rows][:, columns, order[probe, place]] if place < 5 else 0
            np.testing.assert_allclose(cell, np.broadcast_to(shown, cell.shape), atol=1e-5)
