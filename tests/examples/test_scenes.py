import pathlib
import sys

import numpy as np
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "examples"))

from scenes import CLASS_NAMES, draw_scenes


@pytest.fixture(scope="module")
def scenes():
    return draw_scenes(500, bias=0.5, seed=0)


def difference(values, labels):
    """How far apart the classes' means lie, in standard deviations within a class."""
    tanks, half_tracks = values[labels == 1], values[labels == 0]
    return (tanks.mean(0) - half_tracks.mean(0)) / np.sqrt((tanks.var(0) + half_tracks.var(0)) / 2)


def colors(images, masks):
    """Mean colour `[N, 3]` under each mask."""
    return np.stack([image[mask].mean(0) for image, mask in zip(images, masks, strict=True)])


@pytest.mark.parametrize("size", [(64, 64), (48, 80), (96, 64), (128, 128), (224, 224)])
def test_pictures_and_masks_have_the_asked_size(size):
    scenes = draw_scenes(3, bias=1.0, seed=0, size=size)
    assert scenes.images.shape == (3, *size, 3)
    assert scenes.images.dtype == np.uint8
    assert scenes.sky.shape == scenes.vehicle.shape == (3, *size)
    assert scenes.sky.dtype == scenes.vehicle.dtype == scenes.cloudy.dtype == bool
    assert scenes.labels.shape == scenes.cloudy.shape == (3,)
    assert scenes.labels.dtype == np.int64
    assert ((scenes.vehicle.mean((1, 2)) > 0.04) & (scenes.vehicle.mean((1, 2)) < 0.4)).all()


def test_no_pixel_is_both_sky_and_vehicle(scenes):
    assert not (scenes.sky & scenes.vehicle).any()


def test_sky_is_above_and_the_vehicle_below(scenes):
    rows = np.arange(64)[:, None]
    assert not scenes.sky[:, 40:].any()
    assert (scenes.sky.mean((1, 2)) > 0.15).all()
    assert scenes.sky[:, :6].mean() > 0.97
    assert not scenes.vehicle[:, : 64 // 4].any()
    centers = (scenes.vehicle * rows).sum((1, 2)) / scenes.vehicle.sum((1, 2))
    assert (centers > 64 / 3).all()


def test_every_vehicle_is_large_enough_to_be_recognised(scenes):
    area = scenes.vehicle.mean((1, 2))
    assert area.min() > 0.05
    assert area.max() < 0.40


def test_vehicles_stand_left_and_right_and_face_both_ways(scenes):
    columns = np.arange(64)
    centers = (scenes.vehicle * columns).sum((1, 2)) / scenes.vehicle.sum((1, 2))
    assert centers.min() < 22
    assert centers.max() > 42
    # A tank's gun shows which way it faces: it reaches farther from the centre than the rear does.
    tanks = scenes.vehicle[scenes.labels == 1].any(1)
    reach = [columns[tank].max() + columns[tank].min() for tank in tanks] - 2 * centers[scenes.labels == 1]
    assert 0.35 < (reach > 0).mean() < 0.65


def test_a_seed_tells_everything():
    first, again, other = (draw_scenes(6, bias=0.5, seed=seed) for seed in (4, 4, 5))
    for name in ("images", "labels", "cloudy", "sky", "vehicle"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert (first.images != other.images).any()


def test_the_global_generator_is_left_alone():
    before = np.random.get_state()
    draw_scenes(2, bias=0.5, seed=0)
    after = np.random.get_state()
    assert before[2:] == after[2:]
    np.testing.assert_array_equal(before[1], after[1])


@pytest.mark.parametrize("bias", [0.0, 0.5, 0.9, 0.95, 1.0])
def test_bias_is_the_share_of_each_class_whose_sky_agrees(bias):
    scenes = draw_scenes(40, bias=bias, seed=1, size=(32, 32))
    agrees = scenes.cloudy == (scenes.labels == CLASS_NAMES.index("tank"))
    for label in (0, 1):
        assert (scenes.labels == label).sum() == 20
        assert agrees[scenes.labels == label].mean() == pytest.approx(bias)


def test_another_bias_changes_only_the_skies():
    biased, honest = (draw_scenes(20, bias=bias, seed=2) for bias in (1.0, 0.5))
    np.testing.assert_array_equal(biased.labels, honest.labels)
    np.testing.assert_array_equal(biased.sky, honest.sky)
    np.testing.assert_array_equal(biased.vehicle, honest.vehicle)
    assert (biased.cloudy != honest.cloudy).sum() == 10
    same = biased.cloudy == honest.cloudy
    np.testing.assert_array_equal(biased.images[same], honest.images[same])
    below = slice(40, None)
    np.testing.assert_array_equal(biased.images[:, below], honest.images[:, below])


def test_clouds_are_greyer_and_rougher_than_a_clear_sky(scenes):
    sky = colors(scenes.images, scenes.sky)
    blueness = sky[:, 2] - sky[:, 0]
    assert blueness[~scenes.cloudy].min() > np.quantile(blueness[scenes.cloudy], 0.9)
    steps = np.abs(np.diff(scenes.images[:, :16].astype(float), axis=2)).mean((1, 2, 3))
    assert steps[scenes.cloudy].mean() > 3 * steps[~scenes.cloudy].mean()


def test_neither_colour_nor_area_nor_place_tells_the_class(scenes):
    vehicle = colors(scenes.images, scenes.vehicle)
    assert np.abs(difference(vehicle, scenes.labels)).max() < 0.25
    assert abs(difference(scenes.vehicle.mean((1, 2)), scenes.labels)) < 0.25
    center = (scenes.vehicle * np.arange(64)).sum((1, 2)) / scenes.vehicle.sum((1, 2))
    assert abs(difference(center, scenes.labels)) < 0.25
    assert np.abs(difference(scenes.images.mean((1, 2)), scenes.labels)).max() < 0.25


@pytest.mark.parametrize("wrong", [{"bias": 1.2}, {"bias": -0.1}])
def test_a_bias_that_is_no_share_is_refused(wrong):
    with pytest.raises(ValueError, match="bias is"):
        draw_scenes(1, seed=0, **wrong)


@pytest.mark.parametrize("size", [(16, 64), (40, 100)])
def test_a_size_too_small_or_too_long_is_refused(size):
    with pytest.raises(ValueError, match="size is"):
        draw_scenes(1, bias=0.5, seed=0, size=size)
