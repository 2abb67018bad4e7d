import numpy as np
import pytest

from picasso_callbacks.shortcuts.regions import elsewhere, spread_region


def top(size, rows):
    """True in the first rows, bool `[1, H, W]`."""
    mask = np.zeros((1, *size), dtype=bool)
    mask[:, :rows] = True
    return mask


@pytest.mark.parametrize("size", [(8, 8), (9, 13), (1, 5), (16, 3)])
def test_inside_the_region_nothing_changes(size):
    rng = np.random.default_rng(0)
    images, masks = rng.uniform(0, 1, (3, *size, 3)), rng.random((3, *size)) < 0.4
    masks[:, 0, 0] = True
    np.testing.assert_array_equal(spread_region(images, masks)[masks], images[masks])


def test_a_region_of_one_colour_fills_the_picture_with_it():
    images = np.zeros((1, 9, 13, 3))
    images[:, :4] = [0.2, 0.5, 0.9]
    np.testing.assert_allclose(spread_region(images, top((9, 13), 4)), np.broadcast_to([0.2, 0.5, 0.9], (1, 9, 13, 3)))


def test_a_single_pixel_fills_the_picture():
    images = np.random.default_rng(0).uniform(0, 1, (1, 7, 7, 1))
    mask = np.zeros((1, 7, 7), dtype=bool)
    mask[0, 2, 5] = True
    np.testing.assert_allclose(spread_region(images, mask), images[0, 2, 5, 0])


def test_outside_stands_what_the_region_looks_like_nearby():
    # The sky is dark on the left and bright on the right: so is what fills the ground beneath it.
    images = np.full((1, 8, 8, 1), 0.5)
    images[:, :5, :4], images[:, :5, 4:] = 0.1, 0.9
    mask = top((8, 8), 5)
    turned = spread_region(images.swapaxes(1, 2), mask.swapaxes(1, 2)).swapaxes(1, 2)
    for found in (spread_region(images, mask), turned):
        np.testing.assert_allclose(found[0, 5:, :4, 0], 0.1)
        np.testing.assert_allclose(found[0, 5:, 4:, 0], 0.9)


def test_what_fills_lies_between_the_darkest_and_the_brightest_of_the_region():
    rng = np.random.default_rng(0)
    images, masks = rng.uniform(0, 1, (1, 15, 10, 1)), rng.random((1, 15, 10)) < 0.2
    inside, found = images[masks], spread_region(images, masks)
    assert inside.min() <= found.min()
    assert found.max() <= inside.max() + 1e-12


def test_an_absent_region_does_no_harm_to_the_others():
    images = np.full((2, 4, 4, 1), 0.7)
    masks = np.concatenate([top((4, 4), 2), top((4, 4), 0)])
    found = spread_region(images, masks)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[0], 0.7)


def test_elsewhere_keeps_the_area_and_does_not_overlap_where_it_need_not():
    masks = top((9, 9), 3)
    moved = elsewhere(masks)
    assert moved.shape == masks.shape
    assert moved.sum() == masks.sum()
    assert not (moved & masks).any()


def test_elsewhere_overlaps_least():
    # Five rows of nine: moved by three or six rows, two are shared.
    masks = top((9, 9), 5)
    moved = elsewhere(masks)
    assert moved.sum() == 45
    assert (moved & masks).sum() == 2 * 9


def test_elsewhere_moves_each_probes_own_mask():
    left = np.zeros((1, 9, 9), dtype=bool)
    left[:, :, :3] = True
    moved = elsewhere(np.concatenate([top((9, 9), 3), left]))
    assert moved[0].all(axis=1).sum() == 3  # whole rows
    assert moved[1].all(axis=0).sum() == 3  # whole columns


def test_each_picture_is_filled_from_its_own_region_alone():
    images = np.stack([np.full((1, 5, 1), 0.2), np.full((1, 5, 1), 0.6)])
    masks = np.zeros((2, 1, 5), dtype=bool)
    masks[0, :, :1] = masks[1, :, 1:4] = True
    np.testing.assert_allclose(spread_region(images, masks)[..., 0], [[[0.2] * 5], [[0.6] * 5]])


def test_a_column_is_filled_with_the_mean_of_its_region():
    images = np.array([0.1, 0.5, 9, 9]).reshape(1, 4, 1, 1) * [1, 2]
    found = spread_region(images, np.array([1, 1, 0, 0], dtype=bool).reshape(1, 4, 1))
    np.testing.assert_allclose(found[0, :, 0], [[0.1, 0.2], [0.5, 1], [0.3, 0.6], [0.3, 0.6]])
