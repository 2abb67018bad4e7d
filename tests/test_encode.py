"""PNG files are read back as they were by Pillow, JPEG files nearly so."""

import io

import numpy as np
import PIL.Image
import pytest

from picasso_callbacks.encode import encode, encode_jpeg, encode_png


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


def sheet(content):
    """White paper with a picture in its middle."""
    paper = np.full((200, 300, 3), 255, "uint8")
    paper[20:180, 20:280] = content
    return paper


def test_photographs_become_jpeg_and_enlarged_pictures_png():
    rng = np.random.default_rng(0)
    rich = sheet(rng.normal(128, 20, (160, 260, 3)).clip(0, 255))
    enlarged = sheet(rng.integers(0, 256, (16, 26, 3)).repeat(10, axis=0).repeat(10, axis=1))
    assert encode(rich) == encode_jpeg(rich)
    assert encode(enlarged) == encode_png(enlarged)
    assert encode(np.zeros((5, 1, 3), "uint8")) == encode_png(np.zeros((5, 1, 3), "uint8"))


def test_jpeg_keeps_the_colours_of_each_pixel_and_is_small():
    rng = np.random.default_rng(0)
    smooth = PIL.Image.fromarray(rng.integers(0, 256, (20, 30, 3), dtype="uint8")).resize((300, 200))
    pixels = np.asarray(smooth)
    data = encode_jpeg(pixels)
    with PIL.Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.mode) == ("JPEG", "RGB")
        assert np.abs(np.asarray(image).astype(int) - pixels).mean() < 4
    assert len(data) < len(encode_png(pixels)) / 3
