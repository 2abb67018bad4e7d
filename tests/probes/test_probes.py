"""Probes from arrays: what is kept, what is implied, what is refused."""

import copy
import pickle

import numpy as np
import pytest
from PIL import Image

from picasso_callbacks.probes import Probes


def images(count=3, channels=3, dtype="uint8"):
    return np.zeros((count, 4, 5, channels), dtype=dtype)


def test_keeps_dtype_and_values_in_a_read_only_copy():
    given, labels = images(dtype="int16"), np.array([0, 1, 1])
    probes = Probes(given, labels)
    given[:], labels[:] = 7, 7
    assert probes.images.dtype == np.int16
    assert probes.images.max() == 0
    np.testing.assert_array_equal(probes.labels, [0, 1, 1])
    with pytest.raises(ValueError, match="read-only"):
        probes.images[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        probes.labels[0] = 1
    with pytest.raises(AttributeError):
        probes.images = given


def test_an_already_read_only_array_is_copied_too():
    given = images()
    given.flags.writeable = False
    probes = Probes(given)
    given.flags.writeable = True
    given[:] = 9
    assert probes.images.max() == 0


def test_grey_images_get_a_channel():
    assert Probes(np.zeros((2, 4, 5))).images.shape == (2, 4, 5, 1)


def test_lists_of_arrays_nested_lists_and_pillow_images():
    assert Probes([np.zeros((4, 5, 3))] * 2).images.shape == (2, 4, 5, 3)
    assert Probes([[[0.0, 1.0]]]).images.shape == (1, 1, 2, 1)
    assert Probes([Image.new("RGB", (5, 4))] * 2).images.shape == (2, 4, 5, 3)


def test_tensorflow_tensors():
    tf = pytest.importorskip("tensorflow")
    probes = Probes(tf.ones((2, 4, 5, 3), tf.bfloat16), tf.constant([0, 1]), class_names=["a", "b"])
    assert probes.images.dtype == np.float32
    np.testing.assert_array_equal(probes.labels, [0, 1])
    with pytest.raises(ValueError, match="Probes: images"):
        Probes(tf.ragged.constant([[[1, 2], [3]], [[1]]]))


def test_torch_tensors_with_gradients_and_bfloat16():
    torch = pytest.importorskip("torch")
    assert Probes(torch.ones(2, 4, 5, 3, requires_grad=True)).images.dtype == np.float32
    assert Probes([torch.ones(4, 5, 3, dtype=torch.bfloat16)] * 2).images.dtype == np.float32


def test_jax_arrays():
    jnp = pytest.importorskip("jax.numpy")
    assert Probes(jnp.ones((2, 4, 5, 3), "bfloat16"), jnp.array([1, 0])).images.dtype == np.float32


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([0, 1], "bool", (0, 1)),
        ([3, 9], "uint8", (0, 255)),
        ([0, 1], "uint8", (0, 255)),
        ([0.2, 0.7], "float32", (0, 1)),
        ([0, 1.02], "float32", (0, 1)),
        ([-1, 1], "float16", (-1, 1)),
        ([-0.3, 0.9], "float64", (-1, 1)),
        ([0, 254.5], "float32", (0, 255)),
        ([7, 200], "int64", (0, 255)),
        ([0, 16], "float64", (0, 16)),
        ([-2.1, 2.5], "float64", (-2.1, 2.5)),
        ([-1000, 900], "float32", (-1000, 900)),
        ([3, 200], "uint16", (3, 200)),
        ([-1024, 3071], "int16", (-1024, 3071)),
        ([0, 0], "float32", (0, 1)),
        ([300, 300], "float32", (150, 450)),
        ([0, 0], "uint16", (-0.5, 0.5)),
    ],
)
def test_implied_value_range(values, dtype, expected):
    assert Probes(np.array(values, dtype).reshape(1, 1, 2, 1)).value_range == pytest.approx(expected)


def test_said_value_range_wins():
    probes = Probes(images(), value_range=(-10, 10))
    assert probes.value_range == (-10.0, 10.0)
    np.testing.assert_array_equal(probes.display(), 128)


@pytest.mark.parametrize("value_range", [(1, 1), (2, 1), (0,), 5, "ab", (0, np.inf), (np.nan, 1)])
def test_refuses_value_ranges(value_range):
    with pytest.raises(ValueError, match="value_range"):
        Probes(images(), value_range=value_range)


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


@pytest.mark.parametrize(
    "labels",
    [
        [0, 2, 1],
        [[0], [2], [1]],
        [0.0, 2.0, 1.0],
        np.eye(3, dtype="float32")[[0, 2, 1]],
        np.eye(3, dtype="bool")[[0, 2, 1]],
        [[0.9, 0.05, 0.05], [0.05, 0.05, 0.9], [0.05, 0.9, 0.05]],
        ["cat", "tank", "dog"],
        np.array([b"cat", b"tank", b"dog"], dtype=object),
        np.array([0, 2, 1], dtype=object),
    ],
)
def test_labels_of_every_kind(labels):
    probes = Probes(images(), labels, class_names=["cat", "dog", "tank"])
    assert probes.labels.dtype == np.int64
    np.testing.assert_array_equal(probes.labels, [0, 2, 1])
    assert probes.names == ("cat 00", "tank 01", "dog 02")


def test_class_names_follow_from_labels_that_are_names():
    probes = Probes(images(), ["tank", "cat", "tank"])
    assert probes.class_names == ("cat", "tank")
    np.testing.assert_array_equal(probes.labels, [1, 0, 1])


def test_boolean_labels_are_two_classes():
    np.testing.assert_array_equal(Probes(images(), [True, False, True]).labels, [1, 0, 1])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1], "shape \\(2,\\), expected one for each of the 3"),
        (1, "shape \\(\\)"),
        ([0, 1, 2], "from 0 to 2, expected class indices from 0 to 1"),
        ([0, -1, 0], "from -1"),
        ([0, 0.5, 1], "whole numbers"),
        ([0, np.nan, 1], "whole numbers"),
        ([0, None, 1], "None"),
        (["a", "b", "c"], "'c', which is not one of the class_names"),
        (np.eye(3), "2 class_names"),
        ([[1, 1], [1, 0], [0, 1]], "image 0 are"),
        ([[0, 1], [0, 0], [0, 1]], "image 1 are"),
        ([["a", "b"]] * 3, "expected numbers"),
        (np.zeros((3, 1, 2)), "one-hot"),
        ([[0], [0, 1], [1]], "labels"),
    ],
)
def test_refuses_labels(labels, message):
    with pytest.raises(ValueError, match=message) as refused:
        Probes(images(), labels, class_names=["a", "b"])
    assert str(refused.value).startswith("Probes: labels")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros((4, 5)), "images\\[np.newaxis\\]"),
        (np.zeros((64, 48, 3)), "one image \\[H, W, C\\]"),
        (np.zeros((8, 3, 32, 32)), "np.moveaxis\\(images, 1, -1\\)"),
        (np.zeros((1, 2, 3, 4, 5)), "expected \\[P, H, W, C\\]"),
        (np.zeros(5), "expected \\[P, H, W, C\\]"),
        (np.zeros((0, 4, 5, 3)), "empty"),
        ([], "expected \\[P, H, W, C\\]"),
        (np.full((1, 4, 5, 3), None), "dtype object"),
        (np.zeros((1, 4, 5, 3), "complex64"), "dtype complex64"),
        ("photo.png", "dtype"),
        ([np.zeros((4, 5, 3)), np.zeros((6, 5, 3))], "\\(4, 5, 3\\) and \\(6, 5, 3\\)"),
        ([[[1, 2], [3]]], "same shape"),
    ],
)
def test_refuses_images(given, message):
    with pytest.raises(ValueError, match=message) as refused:
        Probes(given)
    assert str(refused.value).startswith("Probes: images")


def test_refuses_nan_and_says_where():
    given = images(dtype="float32")
    given[1, 0, 0] = np.nan
    given[2, 0, 0, 0] = np.inf
    with pytest.raises(ValueError, match="4 values, the first in image 1"):
        Probes(given)


def test_names_are_kept_as_given_and_made_distinct():
    wild = ["a/b <script>", "😀", "x" * 300, "é", "é", "é (2)", "é", ""]
    assert Probes(images(8), names=wild).names == (*wild[:4], "é (3)", "é (2)", "é (4)", "")


def test_default_names_sort_as_numbers_do():
    names = Probes(images(120)).names
    assert names[3] == "probe 003"
    assert sorted(names) == list(names)


@pytest.mark.parametrize("names", [["a"], ["a", "b", 3], "abc", [], 5])
def test_refuses_names(names):
    with pytest.raises(ValueError, match="Probes: names"):
        Probes(images(), names=names)


@pytest.mark.parametrize("class_names", [["a", "a"], [], "tank", [0, 1], range(3), {"a": 1, 2: 3}])
def test_refuses_class_names(class_names):
    with pytest.raises(ValueError, match="Probes: class_names"):
        Probes(images(), class_names=class_names)


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


def test_ragged_images_are_refused():
    tf = pytest.importorskip("tensorflow")
    with pytest.raises(ValueError, match=r"Probes: images are a RaggedTensor, expected one size for all. Resize them"):
        Probes(tf.ragged.constant([[[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0]]]))
