"""Pictures and maps at another size."""

import numpy as np

from picasso_callbacks.render.resize import fit_box, resize_map, thumbnail


def test_thumbnail_is_the_mean_of_blocks():
    values = np.random.default_rng(0).normal(size=(3, 128, 64)).astype("float32")
    blocks = values.reshape(3, 64, 2, 32, 2).mean((2, 4))
    np.testing.assert_allclose(thumbnail(values), blocks, atol=1e-6)


def test_thumbnail_of_a_small_map_is_a_copy():
    values = np.ones((2, 28, 20), "float32")
    small = thumbnail(values)
    values[:] = 5
    assert small.shape == (2, 28, 20)
    assert small.max() == 1


def test_thumbnail_keeps_the_aspect_and_not_a_number():
    values = np.zeros((1, 300, 100), "float32")
    values[0, 0, 0] = np.nan
    small = thumbnail(values)
    assert small.shape == (1, 64, 21)
    assert np.isnan(small[0, 0, 0])
    assert np.isfinite(small[0, 10:]).all()


def test_an_enlarged_map_repeats_its_values():
    assert resize_map(np.array([[1.0, 2.0]]), (2, 4)).tolist() == [[1, 1, 2, 2], [1, 1, 2, 2]]


def test_fit_box_keeps_the_aspect():
    assert fit_box((28, 28), 300, 200) == (200, 200)
    assert fit_box((300, 100), 300, 200) == (300, 100)
    assert fit_box((1, 1000), 300, 200) == (1, 200)
