"""Where rows, columns and channels of an input are: from the model's shape, or from what `preprocess` does."""

import numpy as np
import pytest

from picasso_callbacks import Probes
from picasso_callbacks.model.arrangement import arrange, arrangement_for, find_arrangement, fits


@pytest.mark.parametrize(
    ("shape", "expected", "arranged"),
    [
        ((2, 5, 7, 3), None, (2, 5, 7, 3)),
        ((2, 5, 7, 3), (5, 7, 3), (2, 5, 7, 3)),
        ((2, 5, 7, 3), (None, None, 3), (2, 5, 7, 3)),
        ((2, 5, 7, 3), (3, 5, 7), (2, 3, 5, 7)),
        ((2, 5, 7, 1), (5, 7), (2, 5, 7)),
        ((2, 5, 7, 1), (1, 5, 7), (2, 1, 5, 7)),
        ((2, 5, 7, 3), (7, 5, 3), (2, 5, 7, 3)),
        ((2, 5, 7, 3), (5, 7), (2, 5, 7, 3)),
    ],
)
def test_images_are_arranged_as_the_model_takes_them(shape, expected, arranged):
    assert arrange(np.zeros(shape), arrangement_for(shape[1:], expected)).shape == arranged


def test_arranging_moves_pixels_and_never_swaps_sides():
    images = np.random.default_rng(0).random((1, 5, 7, 3))
    assert arrange(images, arrangement_for((5, 7, 3), (3, 5, 7)))[0, 2, 4, 6] == images[0, 4, 6, 2]


def test_fits():
    assert fits((5, 7, 3), (5, None, 3))
    assert not fits((5, 7, 3), (5, 7, 1))
    assert not fits((5, 7), (5, 7, 1))


@pytest.mark.parametrize(
    ("images", "expected", "arrangement"),
    [
        ((16, 16, 2), (2, 16, 16), "channels first"),
        ((16, 16, 5), (5, 16, 16), "channels first"),
        ((16, 16, 5), (16, 16, 5), "channels last"),
        ((7, 7, 7), (7, 7, 7), "channels last"),
        ((5, 7, 3), (7, 5, 3), None),
    ],
)
def test_any_number_of_channels_may_come_first(images, expected, arrangement):
    assert arrangement_for(images, expected) == arrangement


def halved(images):
    return images[:, ::2, ::2]


def standardized(images):
    mean, deviation = (of(images, axis=(1, 2, 3), keepdims=True) for of in (np.mean, np.std))
    return (images - mean) / deviation


def patches(images):
    count, height, width, channels = images.shape
    cut = images.reshape(count, height // 2, 2, width // 2, 2, channels).transpose(0, 1, 3, 2, 4, 5)
    return cut.reshape(count, height * width // 4, 4 * channels)


FOUND = {
    "as it is": (lambda images: images, "channels last"),
    "smaller": (halved, "channels last"),
    "channels first": (lambda images: np.moveaxis(images, -1, 1), "channels first"),
    "channels first, smaller": (lambda images: np.moveaxis(halved(images), -1, 1), "channels first"),
    "more channels": (lambda images: np.repeat(images, 4, axis=-1), "channels last"),
    "standardized": (standardized, "channels last"),
    "other colours": (lambda images: images[..., ::-1] / 127.5 - 1, "channels last"),
    "grey without channels": (lambda images: images.mean(axis=-1), "no channels"),
    "transposed": (lambda images: images.transpose(0, 2, 1, 3), None),
    "mirrored": (lambda images: images[:, :, ::-1], None),
    "upside down": (lambda images: images[:, ::-1], None),
    "patches": (patches, None),
    "flat, with an axis": (lambda images: images.reshape(len(images), -1, 1), None),
    "flat colours": (lambda images: images.reshape(len(images), -1, images.shape[-1]), None),
    "nothing of it left": (lambda images: np.zeros((len(images), 9, 9, 3)), "channels last"),
    "upper half": (lambda images: images[:, : images.shape[1] // 2], "channels last"),
    "lower right quarter": (lambda images: images[:, images.shape[1] // 2 :, images.shape[2] // 2 :], "channels last"),
    "padded above": (lambda images: np.pad(images, ((0, 0), (6, 0), (0, 0), (0, 0))), "channels last"),
    "logarithm": (lambda images: np.log(images + 1e-3), "channels last"),
}


@pytest.mark.parametrize("channels", [1, 2, 3, 5, 12])
@pytest.mark.parametrize("kind", FOUND)
def test_it_is_found_where_the_input_changes(kind, channels):
    preprocess, arrangement = FOUND[kind]
    for size in ((12, 12), (8, 14), (20, 6)):
        images = np.random.default_rng(0).random((3, *size, channels))
        shape = preprocess(images).shape[1:]
        assert find_arrangement(preprocess, Probes(images), shape) == arrangement


def test_it_is_found_in_pictures_of_little_contrast():
    images = np.random.default_rng(0).integers(70, 91, (3, 16, 12, 3), dtype="uint8")
    by_image = lambda x: standardized(x.astype("float32"))  # noqa: E731
    assert find_arrangement(by_image, Probes(images), (16, 12, 3)) == "channels last"


@pytest.mark.parametrize("dtype", ["uint8", "float32", "bool"])
def test_a_plain_probe_is_enough(dtype):
    probes = Probes(np.full((1, 6, 8, 3), 1, dtype), value_range=None if dtype != "float32" else (0, 2))
    assert find_arrangement(lambda images: np.moveaxis(images, -1, 1), probes, (3, 6, 8)) == "channels first"
