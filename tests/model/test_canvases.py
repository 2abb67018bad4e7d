"""Canvases: what hidden pixels become, in the probes' own units."""

import keras
import numpy as np
import pytest
from helpers.models import cnn

from picasso_callbacks.model.backends import make_backend
from picasso_callbacks.model.canvases import check_canvas, hide, hide_in_memory, make_canvases
from picasso_callbacks.model.live_model import LiveModel
from picasso_callbacks.model.windows import Windows
from picasso_callbacks.options import Options
from picasso_callbacks.probes import Probes, in_units_of


def probes(dtype="float32", value_range=(-1, 3)):
    images = np.arange(2 * 4 * 6 * 3).reshape(2, 4, 6, 3) % 5
    return Probes(images.astype(dtype), value_range=value_range)


@pytest.mark.parametrize(("name", "value"), [("grey", 1), ("gray", 1), ("black", -1), ("white", 3)])
def test_plain_canvases_follow_the_value_range(name, value):
    canvases = make_canvases(name, probes())
    assert canvases.dtype == np.float32
    np.testing.assert_array_equal(canvases, np.full((2, 4, 6, 3), value))


def test_grey_of_hounsfield_units_is_their_middle():
    scan = Probes(np.full((1, 4, 4), 40, dtype="int16"), value_range=(-1000, 3000))
    assert make_canvases("grey", scan).dtype == np.int16
    assert (make_canvases("grey", scan) == 1000).all()


def test_grey_of_bytes_is_128_and_stays_bytes():
    grey = make_canvases("grey", Probes(np.zeros((1, 4, 4, 3), dtype="uint8")))
    assert grey.dtype == np.uint8
    assert (grey == 128).all()


def test_canvases_of_bytes_stay_within_bytes_whatever_the_value_range():
    given = Probes(np.zeros((1, 4, 4, 3), dtype="uint8"), value_range=(-10, 300))
    assert (make_canvases("black", given) == 0).all()
    assert (make_canvases("white", given) == 255).all()


def test_grey_of_booleans_is_neither_black_nor_white():
    canvases = [make_canvases(name, Probes(np.zeros((1, 4, 4), dtype=bool))) for name in ("black", "grey", "white")]
    assert [float(canvas[0, 0, 0, 0]) for canvas in canvases] == [0, 0.5, 1]


def test_mean_is_each_probes_own_colour():
    images = np.zeros((2, 2, 2, 3), dtype="float32")
    images[0, 0, 0] = [4, 8, 12]
    images[1] = [1, 2, 3]
    canvases = make_canvases("mean", Probes(images))
    np.testing.assert_array_equal(canvases[0], np.broadcast_to([1, 2, 3], (2, 2, 3)))
    np.testing.assert_array_equal(canvases[1], np.broadcast_to([1, 2, 3], (2, 2, 3)))


def test_blur_leaves_a_plain_image_plain_up_to_its_borders():
    np.testing.assert_allclose(make_canvases("blur", Probes(np.full((1, 9, 16, 3), 0.3))), 0.3, atol=1e-12)


def test_blur_spreads_a_point_by_an_eighth_of_each_side():
    images = np.zeros((1, 32, 64, 1))
    images[0, 16, 32] = 1
    blurred = make_canvases("blur", Probes(images))[0, ..., 0]
    spread = lambda profile: np.sqrt(np.average((np.arange(len(profile)) - profile.argmax()) ** 2, weights=profile))  # noqa: E731
    assert np.unravel_index(blurred.argmax(), blurred.shape) == (16, 32)
    # Borders make up for what they cut off, which widens the profile a little.
    assert spread(blurred.sum(axis=1)) == pytest.approx(4, rel=0.05)
    assert spread(blurred.sum(axis=0)) == pytest.approx(8, rel=0.05)


def test_blur_keeps_channels_and_probes_apart():
    images = np.zeros((2, 8, 8, 3))
    images[1, :, :, 2] = 1
    blurred = make_canvases("blur", Probes(images))
    np.testing.assert_allclose(blurred, images, atol=1e-12)


def test_an_image_serves_all_probes_and_images_serve_one_each():
    given = probes()
    image = np.arange(72.0).reshape(4, 6, 3)
    np.testing.assert_array_equal(make_canvases(image, given), np.stack([image, image]))
    images = np.stack([image, -image])
    np.testing.assert_array_equal(make_canvases(images, given), images)


def test_an_image_that_is_changed_later_changes_no_canvas():
    image = np.ones((4, 6, 3), dtype="float32")
    canvases = make_canvases(image, probes())
    image[:] = 2
    assert (canvases == 1).all()


@pytest.mark.parametrize(
    ("dtype", "found"), [("uint8", [0, 2, 255]), ("int16", [-1, 2, 300]), ("float32", [-0.75, 1.6, 300])]
)
def test_other_pictures_take_the_dtype_of_the_images(dtype, found):
    others = in_units_of(np.zeros((1, 1, 1, 3), dtype), np.array([-0.75, 1.6, 300], dtype="float32"))
    assert others.dtype == dtype
    np.testing.assert_array_equal(others, np.array(found, dtype))


def test_the_brightest_of_32_bits_stays_the_brightest():
    brightest = np.full((1, 2, 2, 1), 2**32 - 1, dtype="uint32")
    np.testing.assert_array_equal(in_units_of(brightest, brightest.astype("float32")), brightest)


def test_other_pictures_of_the_same_floats_are_not_copied():
    images, others = np.zeros((2, 1, 4, 6, 3), dtype="float32")
    assert in_units_of(images, others) is others


@pytest.mark.parametrize("shape", [(6, 4, 3), (4, 6, 1), (1, 4, 6, 3), (3, 4, 6, 3)])
def test_images_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"canvas has shape .*expected that of a probe, \(4, 6, 3\), or of all probes"):
        make_canvases(np.zeros(shape), probes())


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_images_that_are_not_finite_are_refused(value):
    with pytest.raises(ValueError, match=r"canvas .*finite"):
        make_canvases(np.full((4, 6, 3), value), probes())


@pytest.mark.parametrize("make", [check_canvas, lambda canvas: make_canvases(canvas, probes())])
def test_unknown_names_list_the_known_ones(make):
    with pytest.raises(ValueError, match=r"canvas='pink' is unknown; expected one of \['black', 'blur', .*or an image"):
        make("pink")


@pytest.mark.parametrize("canvas", [None, 0.5, [1, 2], np.zeros((4, 6))])
def test_what_is_neither_name_nor_image_is_refused(canvas):
    with pytest.raises(ValueError, match=r"canvas is .* dimensions; expected one of .*an image \[H, W, C\]"):
        check_canvas(canvas)


@pytest.mark.parametrize("shape", [(4, 6, 3), (3, 4, 6), (4, 6), (24,)])
@pytest.mark.parametrize("depth", [None, 1])
@pytest.mark.parametrize("partly", [False, True])
def test_what_is_hidden_shows_the_canvas_on_the_device_and_in_memory(shape, depth, partly):
    rng = np.random.default_rng(0)
    images, canvases = rng.random((2, 2, *shape), dtype="float32")
    image_rows, canvas_rows = np.array([[0, 0, 1, 1, 1], [0, 1, 0, 1, 1]], dtype="int32")
    hidden = rng.random((5, *shape[:-1], depth or shape[-1]), dtype="float32")
    hidden = hidden if partly else hidden < 0.3
    hidden[3], hidden[4] = False, True
    share = hidden.astype("float32")
    expected = (1 - share) * images[image_rows] + share * canvases[canvas_rows]
    memory = np.full_like(expected, np.nan)
    composed = hide_in_memory(images, canvases, image_rows, canvas_rows, hidden, memory)
    assert composed is memory
    np.testing.assert_allclose(composed, expected, rtol=0, atol=1e-6 * partly)
    backend = make_backend(keras.Sequential([keras.Input(shape), keras.layers.Flatten()]))
    on_device = backend.compile(lambda call, *tensors: hide(backend.gather, *tensors))
    found = on_device(images, canvases, image_rows, canvas_rows, hidden)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * partly)


@pytest.mark.parametrize(
    "turned", [lambda x: x.astype("float64"), lambda x: x[..., ::-1], lambda x: np.broadcast_to(x[:1, :1, :1], x.shape)]
)
def test_canvases_of_another_type_or_order_in_memory(turned):
    rng = np.random.default_rng(0)
    images, canvases = rng.random((2, 2, 4, 6, 3), dtype="float32")
    canvases, hidden, rows = turned(canvases), rng.random((2, 4, 6, 1)) < 0.3, np.array([1, 0])
    composed = hide_in_memory(images, canvases, rows, rows[::-1], hidden)
    np.testing.assert_array_equal(composed, np.where(hidden, canvases[rows[::-1]], images[rows]).astype("float32"))


def test_canvases_whose_channels_lie_apart_in_memory():
    rng = np.random.default_rng(0)
    images, canvases = rng.random((2, 4, 6, 3), dtype="float32"), rng.random((2, 3, 4, 6), dtype="float32")
    canvases, hidden, rows = np.moveaxis(canvases, 1, -1), rng.random((2, 4, 6, 1)) < 0.3, np.array([1, 0])
    composed = hide_in_memory(images, canvases, rows, rows, hidden)
    np.testing.assert_array_equal(composed, np.where(hidden, canvases[rows], images[rows]))


def test_single_channels_can_be_hidden_in_memory_even_of_one_image_of_one_row():
    images, canvases = np.zeros((1, 1, 2, 3), "float32"), np.arange(1, 7, dtype="float32").reshape(1, 1, 2, 3)
    hidden = np.array([[[[True, False, False], [False, True, True]]]])
    composed = hide_in_memory(images, canvases, np.array([0]), np.array([0]), hidden)
    assert composed.tolist() == [[[[1, 0, 0], [0, 5, 6]]]]


@pytest.mark.parametrize(("canvas", "rows"), [("grey", 1), ("mean", 3)])
def test_a_canvas_of_one_colour_is_taken_to_the_device_once(canvas, rows, monkeypatch):
    def elsewhere(model):
        """A backend as it is where the model computes on another device."""
        backend = make_backend(model)
        backend.in_memory = False
        to_device = backend.to_device
        backend.to_device = lambda array: taken.append(tuple(array.shape)) or to_device(array)
        return backend

    taken: list = []
    images = np.random.default_rng(0).random((3, 16, 12, 3), dtype="float32")
    model, windows = cnn((16, 12, 3))[0], Windows((16, 12), 4, 4)
    found = []
    for make in (make_backend, elsewhere):
        monkeypatch.setattr("picasso_callbacks.model.live_model.make_backend", make)
        live = LiveModel(model, Probes(images), Options(incremental=False, batch_size=8))
        taken.clear()
        found.append(live.scores_under_windows(windows, live.canvases(canvas), lambda scores, rows: scores.logits))
    assert taken[:2] == [(3, 16, 12, 3), (rows, 16, 12, 3)]
    np.testing.assert_allclose(*found, rtol=0, atol=1e-4)


def test_a_canvas_of_one_colour_is_kept_once():
    grey = make_canvases("grey", Probes(np.zeros((50, 40, 40, 3), dtype="float32")))
    assert grey.shape == (50, 40, 40, 3)
    assert grey.base.nbytes == 40 * 40 * 3 * 4


@pytest.mark.parametrize("offset", [0, 1, 4])
def test_arrays_at_any_address_reach_the_model(offset):
    backend = make_backend(keras.Sequential([keras.Input((64, 64, 4)), keras.layers.Flatten()]))
    memory = backend.empty((2**18 + 16,), np.dtype("float32"))
    assert memory.ctypes.data % 64 == 0
    images = memory[offset : offset + 2**18].reshape(16, 64, 64, 4)
    images[:] = np.random.default_rng(0).random(images.shape)
    doubled = backend.compile(lambda call, tensor: 2 * call(tensor))
    np.testing.assert_array_equal(doubled(images), 2 * images.reshape(16, -1))


@pytest.mark.parametrize("dtype", ["int64", "uint64", "int32", "uint16", "float16"])
def test_the_ends_of_a_range_stay_within_what_the_probes_hold(dtype):
    """float64, in which canvases are painted, rounds the end of 64 bits beyond it, where it would turn negative."""
    limits = np.finfo(dtype) if dtype == "float16" else np.iinfo(dtype)
    images = np.array([limits.min, limits.max], dtype).reshape(1, 1, 2, 1)
    probes = Probes(images, value_range=(-(2.0**70), 2.0**70))
    assert make_canvases("black", probes).max() <= 0
    white = make_canvases("white", probes)
    assert white.dtype == dtype
    assert float(white.min()) >= float(limits.max) * (1 - 1e-15)


@pytest.mark.parametrize(
    "canvas", [np.full((1, 2, 1), 1j), np.full((1, 2, 1), "a"), np.full((1, 2, 1), 1e39), [[[1], [2, 3]]]]
)
def test_a_canvas_of_no_numbers_is_refused_before_there_are_probes(canvas):
    with pytest.raises(ValueError, match="canvas"):
        check_canvas(canvas)
