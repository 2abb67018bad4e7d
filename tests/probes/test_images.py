"""Images as they may come in."""

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


def test_ragged_images_are_refused():
    tf = pytest.importorskip("tensorflow")
    with pytest.raises(ValueError, match=r"Probes: images are a RaggedTensor, expected one size for all. Resize them"):
        Probes(tf.ragged.constant([[[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0]]]))
