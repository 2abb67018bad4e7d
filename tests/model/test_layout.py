"""Layout: which elements of an input belong to which pixel of a map."""

import re

import numpy as np
import pytest

from picasso_callbacks.model.layout import Layout

MASK = np.array([[[True, False, False], [False, False, True]]])  # [1, 2, 3]


def test_channels_last_shares_one_mask_among_channels():
    layout = Layout((2, 3, 4), "channels last")
    assert layout.size == (2, 3)
    np.testing.assert_array_equal(
        np.broadcast_to(layout.input_masks(MASK), (1, 2, 3, 4)), np.stack([MASK] * 4, axis=-1)
    )


def test_channels_first():
    layout = Layout((4, 2, 3), "channels first")
    assert layout.size == (2, 3)
    np.testing.assert_array_equal(layout.input_masks(MASK), np.stack([MASK] * 4, axis=1))


def test_no_channels():
    layout = Layout((2, 3), "no channels")
    assert layout.size == (2, 3)
    np.testing.assert_array_equal(layout.input_masks(MASK), MASK)
    np.testing.assert_array_equal(layout.to_maps(np.arange(6.0).reshape(1, 2, 3)), np.arange(6.0).reshape(1, 2, 3, 1))


def test_maps_of_channels_first_have_channels_last():
    numbers = np.arange(2 * 3 * 20 * 30.0).reshape(2, 3, 20, 30)
    np.testing.assert_array_equal(Layout((3, 20, 30), "channels first").to_maps(numbers), np.moveaxis(numbers, 1, -1))


@pytest.mark.parametrize(
    ("shape", "postprocess", "size"),
    [
        ((24,), lambda x: x.reshape(-1, 2, 3, 4), (2, 3)),
        ((6,), lambda x: x.reshape(-1, 2, 3), (2, 3)),
        ((3, 2, 4), lambda x: x.swapaxes(1, 2), (2, 3)),
        ((2, 2, 3, 2), lambda x: np.concatenate([x[:, 0], x[:, 1]], axis=-1), (2, 3)),
        ((2, 3, 4), lambda x: x[:, :, ::-1], (2, 3)),
        ((2, 3), lambda x: x[:, ::-1], (2, 3)),
        ((4, 5, 1), lambda x: x[:, 1:3, 1:4], (2, 3)),
    ],
    ids=["flat", "flat grey", "transposed", "split channels", "mirrored", "mirrored grey", "cropped"],
)
def test_postprocess_carries_masks_to_inputs_and_numbers_to_maps(shape, postprocess, size):
    layout = Layout(shape, None, postprocess)
    assert layout.size == size
    numbers = np.arange(2 * np.prod(shape), dtype="float64").reshape(2, *shape)
    maps = postprocess(numbers)
    np.testing.assert_array_equal(layout.to_maps(numbers), maps if maps.ndim == 4 else maps[..., None])
    # Brought back to a map, the mask of an input is the mask of the map; elements that no pixel shows stay unmasked.
    inputs = np.broadcast_to(layout.input_masks(MASK), (1, *shape))
    back = postprocess(inputs)
    assert inputs.sum() == back.sum()
    np.testing.assert_array_equal(back if back.ndim == 3 else back.all(axis=-1), MASK)
    np.testing.assert_array_equal(back if back.ndim == 3 else back.any(axis=-1), MASK)


@pytest.mark.parametrize("shape", [(), (784,), (4, 5, 6, 3)])
def test_what_is_no_image_needs_postprocess(shape):
    with pytest.raises(
        ValueError,
        match=r"the model's input has shape .* no image; expected \(h, w, c\).*Pass preprocess=.*postprocess=",
    ):
        Layout(shape, None)


@pytest.mark.parametrize("postprocess", [lambda x: x / 2, lambda x: x.mean(axis=-1), lambda x: np.repeat(x, 2, axis=1)])
def test_a_postprocess_that_does_more_than_rearrange_is_refused(postprocess):
    with pytest.raises(ValueError, match=r"postprocess changes the numbers .* expected it to rearrange them only"):
        Layout((2, 3, 2), None, postprocess)


@pytest.mark.parametrize("postprocess", [lambda x: x.reshape(-1), lambda x: x[0], lambda x: x[..., None, None]])
def test_a_postprocess_that_makes_no_maps_is_refused(postprocess):
    with pytest.raises(
        ValueError, match=r"postprocess turned an array of shape \(1, 2, 3\) into .*expected \[N, h, w\]"
    ):
        Layout((2, 3), None, postprocess)


def test_what_is_said_of_volumes_and_signals_can_be_passed_as_it_is():
    for shape, size in (((4, 5, 6, 2), (5, 6)), ((9, 2), (1, 9))):
        with pytest.raises(ValueError, match="no image") as refused:
            Layout(shape, None)
        probes, before, after = re.search(
            r"probes \[P, ([\d, ]+)\], preprocess=(lambda.*), postprocess=(lambda.*)\.$", str(refused.value)
        ).groups()
        images = np.random.default_rng(0).random((2, *map(int, probes.split(", "))))
        inputs = eval(before, {"np": np})(images)
        assert inputs.shape == (2, *shape)
        layout = Layout(shape, None, eval(after, {"np": np}))
        assert layout.size == size
        np.testing.assert_array_equal(layout.to_maps(inputs), images)
