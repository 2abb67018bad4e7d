"""Score-CAM against its algorithm in NumPy, with answers of the model to pictures put together here."""

import keras
import numpy as np
import pytest
from helpers.models import from_logits
from keras import layers
from PIL import Image

from picasso_callbacks import Probes, ScoreCam, explain

SIZE, TARGETS = (8, 12, 2), [0, 2]
IMAGES = np.random.default_rng(5).uniform(0, 1, (3, *SIZE)).astype("float32")


@pytest.fixture(scope="module")
def model():
    convolution = layers.Conv2D(5, 3, strides=2, activation="relu", name="conv")
    made = keras.Sequential([keras.Input(SIZE), convolution, layers.Flatten(), layers.Dense(3)])
    made.compile(loss=from_logits())
    rng = np.random.default_rng(1)
    made.set_weights([rng.normal(size=one.shape) for one in made.get_weights()])
    return made


def enlarged(one):
    return np.asarray(Image.fromarray(one).resize(SIZE[1::-1], Image.Resampling.BILINEAR))


def by_the_algorithm(model, channels, colour):
    answers = lambda images: keras.ops.convert_to_numpy(model(images))  # noqa: E731
    convolution = model.get_layer("conv")
    maps = []
    for image, activations in zip(IMAGES, keras.ops.convert_to_numpy(convolution(IMAGES)), strict=True):
        strongest = np.argsort(-activations.std(axis=(0, 1)))[:channels]
        scores = []
        for channel in strongest:
            mask = activations[..., channel] - activations[..., channel].min()
            mask = enlarged(mask / max(mask.max(), 1e-12))[..., None]
            scores.append(answers((mask * image + (1 - mask) * colour)[None])[0, TARGETS])
        weights = np.exp(scores) / np.exp(scores).sum(axis=0)
        found = np.maximum(np.einsum("ck,hwc->khw", weights, activations[..., strongest]), 0)
        maps.append([enlarged(one.astype("float32")) for one in found])
    return np.array(maps)


@pytest.mark.parametrize(("channels", "canvas", "colour"), [(None, "black", 0.0), (3, "grey", 0.5)])
def test_maps_are_those_of_the_algorithm(model, channels, canvas, colour):
    method = ScoreCam(channels=channels, canvas=canvas)
    report = explain(model, Probes(IMAGES, value_range=(0, 1)), methods=[method], targets=TARGETS)
    expected = by_the_algorithm(model, channels or 5, colour)
    difference = np.abs(report["score_cam"].values - expected).max() / expected.max()
    print(f"{keras.config.backend()}, Score-CAM, {channels} channels: {difference:.1e} of the largest value")
    assert difference < 1e-4


@pytest.mark.parametrize("channels", [0, 1.5])
def test_wrong_arguments_are_told(channels):
    with pytest.raises(ValueError, match=f"ScoreCam: channels is {channels}; expected an int >= 1 or None"):
        ScoreCam(channels=channels)
