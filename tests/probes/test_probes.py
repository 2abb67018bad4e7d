"""Probes from arrays: what is kept, what is implied, what is refused."""

import copy
import pickle

import numpy as np
import pytest

from picasso_callbacks.probes import Probes


def images(count=3, channels=3, dtype="uint8"):
    return np.zeros((count, 4, 5, channels), dtype=dtype)


def test_display_of_uint8_colours_is_the_image_itself():
    colours = np.arange(256 * 3, dtype="uint32").reshape(1, 16, 16, 3).astype("uint8")
    shown = Probes(colours).display()
    assert shown.dtype == np.uint8
    np.testing.assert_array_equal(shown, colours)


def test_display_spreads_the_range_and_clips():
    shown = Probes(np.array([[[-2000.0, -1000, 0, 1000, 9999]]]), value_range=(-1000, 1000)).display()
    np.testing.assert_array_equal(shown[0, 0, :, 0], [0, 0, 128, 255, 255])
    np.testing.assert_array_equal(shown[..., 0], shown[..., 2])


def test_display_lays_transparent_images_on_white():
    pixels = [[255, 0, 0, 255], [255, 0, 0, 0], [0, 0, 0, 51]]
    shown = Probes(np.array(pixels, "uint8").reshape(1, 1, 3, 4)).display()
    np.testing.assert_array_equal(shown[0, 0], [[255, 0, 0], [255, 255, 255], [204, 204, 204]])


@pytest.mark.parametrize("channels", [2, 5])
def test_display_of_other_channel_counts_is_their_mean(channels):
    given = images(1, channels)
    given[..., 0] = 10 * channels
    np.testing.assert_array_equal(Probes(given).display(), np.full((1, 4, 5, 3), 10))


@pytest.mark.parametrize("dtype", ["bool", "uint16", "float16"])
def test_display_of_constant_images_is_finite_and_uint8(dtype):
    assert Probes(np.ones((2, 4, 5, 1), dtype)).display().shape == (2, 4, 5, 3)


def test_a_part_keeps_names_and_range():
    given = np.arange(3.0).reshape(3, 1, 1, 1) * 100
    probes = Probes(given, [0, 1, 1], class_names=["a", "b"])
    for index in ([1, 2], slice(1, 3), np.array([False, True, True])):
        part = probes[index]
        assert part.names == ("b 01", "b 02")
        assert part.value_range == (0.0, 255.0)
        np.testing.assert_array_equal(part.images, given[1:])
    assert [len(one) for one in probes] == [1, 1, 1]


def test_says_what_it_is_and_survives_copying():
    probes = Probes(images(), [0, 0, 1])
    assert repr(probes) == "<Probes: images (3, 4, 5, 3) uint8, range 0..255, labelled>"
    for twin in (copy.deepcopy(probes), pickle.loads(pickle.dumps(probes))):
        assert twin.names == probes.names


@pytest.mark.parametrize("argument", ["names", "class_names"])
def test_a_set_has_no_order_that_names_could_have(argument):
    with pytest.raises(ValueError, match=f"{argument} are .*expected a list of strings"):
        Probes(np.zeros((2, 3, 3, 1)), **{argument: {"tank", "half-track"}})


def test_numbers_that_a_model_cannot_be_given_are_refused():
    images = np.zeros((2, 3, 3, 1))
    images[1, 0, 0, 0] = 1e39  # infinite in float32
    with pytest.raises(ValueError, match=r"too large for float32 \(1 values, the first in image 1\)"):
        Probes(images)


def test_a_value_range_is_no_text_and_no_set():
    for value_range in ("05", {0.0, 1.0}, (0, 1e39)):
        with pytest.raises(ValueError, match=r"value_range is .*expected two finite numbers"):
            Probes(np.zeros((2, 3, 3, 1)), value_range=value_range)
