"""Layout: which elements of an input belong to which pixel of a map."""

import keras
import numpy as np
import pytest

from picasso_callbacks.model.layout import Layout, arrange, fits

MASK = np.array([[[True, False, False], [False, False, True]]])  # [1, 2, 3]


def test_channels_last_shares_one_mask_among_channels():
    layout = Layout((2, 3, 4))
    assert layout.size == (2, 3)
    np.testing.assert_array_equal(
        np.broadcast_to(layout.input_masks(MASK), (1, 2, 3, 4)), np.stack([MASK] * 4, axis=-1)
    )


def test_channels_first():
    layout = Layout((4, 2, 3))
    assert layout.size == (2, 3) or keras.config.image_data_format() == "channels_last"
    layout = Layout((4, 20, 30))
    masks = np.zeros((2, 20, 30), dtype=bool)
    masks[1, 3, 29] = True
    assert layout.size == (20, 30)
    np.testing.assert_array_equal(layout.input_masks(masks), np.stack([masks] * 4, axis=1))


def test_both_ends_look_like_channels_then_keras_decides():
    assert Layout((3, 20, 3)).size == (3, 20)
    keras.config.set_image_data_format("channels_first")
    try:
        assert Layout((3, 20, 3)).size == (20, 3)
    finally:
        keras.config.set_image_data_format("channels_last")


def test_no_channels():
    layout = Layout((2, 3))
    assert layout.size == (2, 3)
    np.testing.assert_array_equal(layout.input_masks(MASK), MASK)
    np.testing.assert_array_equal(layout.to_maps(np.arange(6.0).reshape(1, 2, 3)), np.arange(6.0).reshape(1, 2, 3, 1))


def test_maps_of_channels_first_have_channels_last():
    numbers = np.arange(2 * 3 * 20 * 30.0).reshape(2, 3, 20, 30)
    np.testing.assert_array_equal(Layout((3, 20, 30)).to_maps(numbers), np.moveaxis(numbers, 1, -1))


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
    layout = Layout(shape, postprocess)
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
        ValueError, match=r"the model's input has shape .* no image; expected \(h, w, c\).*Pass postprocess="
    ):
        Layout(shape)


@pytest.mark.parametrize("postprocess", [lambda x: x / 2, lambda x: x.mean(axis=-1), lambda x: np.repeat(x, 2, axis=1)])
def test_a_postprocess_that_does_more_than_rearrange_is_refused(postprocess):
    with pytest.raises(ValueError, match=r"postprocess changes the numbers .* expected it to rearrange them only"):
        Layout((2, 3, 2), postprocess)


@pytest.mark.parametrize("postprocess", [lambda x: x.reshape(-1), lambda x: x[0], lambda x: x[..., None, None]])
def test_a_postprocess_that_makes_no_maps_is_refused(postprocess):
    with pytest.raises(
        ValueError, match=r"postprocess turned an array of shape \(1, 2, 3\) into .*expected \[N, h, w\]"
    ):
        Layout((2, 3), postprocess)


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
    assert arrange(np.zeros(shape), expected).shape == arranged


def test_arranging_moves_pixels_and_never_swaps_sides():
    images = np.random.default_rng(0).random((1, 5, 7, 3))
    assert arrange(images, (3, 5, 7))[0, 2, 4, 6] == images[0, 4, 6, 2]


def test_fits():
    assert fits((5, 7, 3), (5, None, 3))
    assert not fits((5, 7, 3), (5, 7, 1))
    assert not fits((5, 7), (5, 7, 1))
