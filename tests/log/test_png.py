"""PNG files are read back as they were by Pillow."""

import io

import numpy as np
import PIL.Image
import pytest

from picasso_callbacks.log.png import encode_png


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 7, 3), (9, 1, 3), (13, 5, 3), (240, 700, 3)])
def test_pixels_come_back(shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype="uint8")
    with PIL.Image.open(io.BytesIO(encode_png(pixels))) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        np.testing.assert_array_equal(np.asarray(image), pixels)


def test_a_view_of_pixels_comes_back():
    pixels = np.random.default_rng(0).integers(0, 256, (8, 9, 4), dtype="uint8")[::-2, ::3, :3]
    np.testing.assert_array_equal(np.asarray(PIL.Image.open(io.BytesIO(encode_png(pixels)))), pixels)


def test_rows_that_repeat_take_next_to_nothing():
    row = np.random.default_rng(0).integers(0, 256, (1, 700, 3), dtype="uint8")
    once, often = (len(encode_png(np.repeat(row, rows, axis=0))) for rows in (1, 800))
    assert once > 2100
    assert often < once + 10_000
