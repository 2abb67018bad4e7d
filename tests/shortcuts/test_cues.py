import numpy as np
import pytest
from helpers.models import linear

from picasso_callbacks import Probes, explain
from picasso_callbacks.shortcuts.cues import SPREAD_TEXTURE, _box_means, find_tags, standard_cues
from picasso_callbacks.shortcuts.exchange import Exchanges


def cue(name, size):
    """One of the standard cues of images of this size."""
    return next(one for one in standard_cues(size, [], (4, 4)) if one.name == name)


def exchange(one, images, donors, dtype="float32"):
    """Images with the cue of donors, one each."""
    both = np.concatenate([images, donors]).astype(dtype)
    takers = np.arange(len(images))
    return one.prepare(both)(takers, takers + len(images))


def mask(name, size):
    """The pixels that a cue exchanges, bool `[H, W]`: white goes into black there."""
    return exchange(cue(name, size), np.zeros((1, *size, 1)), np.ones((1, *size, 1)))[0, ..., 0] == 1


def noise(seed, size=(16, 16), channels=3):
    return np.random.default_rng(seed).uniform(0, 1, (2, *size, channels))


def checkerboard(size):
    """0 and 1 in turn, `[1, H, W, 1]`."""
    return (np.indices(size).sum(axis=0) % 2)[None, ..., None].astype(float)


def test_colour_gives_each_channel_the_donors_mean_and_contrast():
    images, donors = noise(0), 0.3 + 0.2 * noise(1)
    found = exchange(cue("colour", (16, 16)), images, donors, dtype="float64")
    np.testing.assert_allclose(found.mean(axis=(1, 2)), donors.mean(axis=(1, 2)))
    np.testing.assert_allclose(found.std(axis=(1, 2)), donors.std(axis=(1, 2)))


def test_colour_leaves_the_picture_in_place():
    images, donors = noise(0), 0.3 + 0.2 * noise(1)
    found = exchange(cue("colour", (16, 16)), images, donors)
    np.testing.assert_array_equal(found.argmax(axis=1), images.argmax(axis=1))


def test_colour_of_a_constant_image_becomes_the_donors_mean():
    donors = np.stack([np.full((8, 8, 1), 0.25), np.full((8, 8, 1), 0.75)])
    found = exchange(cue("colour", (8, 8)), np.full((2, 8, 8, 1), 0.5), donors)
    np.testing.assert_allclose(found, donors)


def test_layout_of_four_by_four_pixels_is_the_picture():
    images, donors = noise(0, (4, 4)), noise(1, (4, 4))
    np.testing.assert_allclose(exchange(cue("layout", (4, 4)), images, donors), donors, rtol=1e-5)


def test_layout_exchanges_the_level_and_keeps_what_is_fine():
    # Each sixteenth of the checkerboard has the mean 1/2; it becomes 0.8, and black and white stay 1 apart.
    found = exchange(cue("layout", (16, 16)), checkerboard((16, 16)), np.full((1, 16, 16, 1), 0.8))
    np.testing.assert_allclose(found, checkerboard((16, 16)) + 0.3)


def test_layout_ignores_what_is_fine_in_the_donor():
    found = exchange(cue("layout", (16, 24)), np.full((1, 16, 24, 1), 0.2), checkerboard((16, 24)))
    np.testing.assert_allclose(found, 0.5)


def test_layout_of_a_step_is_a_ramp_between_the_centres_of_the_parts():
    # Two pixels a part, 0 0 | 0 0 | 1 1 | 1 1: a quarter and three quarters of the way from centre to centre.
    step = np.repeat([0.0, 0, 0, 0, 1, 1, 1, 1], 8).reshape(1, 8, 8, 1)
    found = exchange(cue("layout", (8, 8)), np.zeros((1, 8, 8, 1)), step)
    np.testing.assert_allclose(found[0, :, 3, 0], [0, 0, 0, 0.25, 0.75, 1, 1, 1])


def test_texture_of_a_constant_donor_leaves_a_constant_image():
    found = exchange(cue("texture", (8, 8)), np.full((1, 8, 8, 1), 0.3), np.full((1, 8, 8, 1), 0.9))
    np.testing.assert_allclose(found, 0.3)


def test_texture_puts_a_checkerboard_on_a_plain_image():
    # The blur of a checkerboard is 1/2 inside; what is finer is 1/2 up and down.
    found = exchange(cue("texture", (8, 8)), np.full((1, 8, 8, 1), 0.4), checkerboard((8, 8)))
    np.testing.assert_allclose(found[:, 1:-1, 1:-1], checkerboard((8, 8))[:, 1:-1, 1:-1] - 0.1)


def test_texture_leaves_a_ramp_as_it_is():
    ramp = np.linspace(0, 1, 8).repeat(8).reshape(1, 8, 8, 1)
    found = exchange(cue("texture", (8, 8)), np.full((1, 8, 8, 1), 0.4), ramp)
    np.testing.assert_allclose(found[:, 1:-1], 0.4)


@pytest.mark.parametrize("size", [(16, 16), (15, 22)])
def test_texture_that_is_spread_has_the_donors_spectrum(size):
    images, donors = np.full((2, *size, 3), 0.4), noise(1, size)
    plain, spread = (exchange(one, images, donors, "float64") - 0.4 for one in (cue("texture", size), SPREAD_TEXTURE))
    usual = np.maximum(3 * 1.4826 * np.median(abs(plain), axis=(1, 2)), np.quantile(abs(plain), 0.9, axis=(1, 2)))
    cut = np.minimum(abs(plain), usual[:, None, None]) * np.sign(plain)
    first, then = (np.abs(np.fft.fft2(one, axes=(1, 2))) for one in (cut, spread))
    np.testing.assert_allclose(then, first, atol=1e-9)


def test_texture_that_is_spread_puts_a_checkerboard_on_a_plain_image():
    found = exchange(SPREAD_TEXTURE, np.full((1, 16, 16, 1), 0.4), checkerboard((16, 16)), "float64") - 0.4
    # 1/2 up and down, in step with the donor's; less at the border, where the blur sees the same pixel twice.
    assert (found * (2 * checkerboard((16, 16)) - 1)).mean() == pytest.approx(1 / 2, abs=0.05)


def test_texture_that_is_spread_does_not_hold_an_object():
    scene = 0.05 * checkerboard((32, 32))
    scene[0, 8:12, 8:12] += 0.9
    plain, spread = (
        exchange(one, np.full(scene.shape, 0.4), scene, "float64")[0, ..., 0] - 0.4
        for one in (cue("texture", (32, 32)), SPREAD_TEXTURE)
    )
    assert np.abs(plain).max() > 0.3
    assert np.abs(spread).max() < 0.15


def test_the_frame_is_the_outer_eighth():
    frame = mask("frame", (8, 16))
    assert not frame[1:7, 2:14].any()
    assert frame.sum() == 8 * 16 - 6 * 12


def test_the_corners_are_squares_of_a_quarter():
    corners = mask("corners", (8, 16))
    assert corners[:2, :4].all()
    assert corners[-2:, -4:].all()
    assert corners.sum() == 4 * 2 * 4


def test_the_thirds_divide_the_picture():
    thirds = [mask(name, (9, 4)) for name in ("top", "middle", "bottom")]
    np.testing.assert_array_equal(np.sum(thirds, axis=0), 1)
    assert [third.sum() for third in thirds] == [12, 12, 12]
    assert thirds[0][:3].all()


@pytest.mark.parametrize("name", ["frame", "corners", "top", "middle", "bottom"])
def test_a_place_says_its_share_of_the_picture(name):
    assert cue(name, (11, 16)).area == pytest.approx(mask(name, (11, 16)).mean())


def test_a_small_place_where_the_classes_differ_becomes_a_cue():
    found = standard_cues((16, 16), [(5, 9)], (4, 4))[5]
    assert (found.name, found.phrase, found.area) == ("tag 1", "the small place at the right", 16 / 256)
    exchanged = exchange(found, np.zeros((1, 16, 16, 1)), np.ones((1, 16, 16, 1)))[0, ..., 0]
    assert exchanged[5:9, 9:13].all()
    assert exchanged.sum() == 16


PLACES = {
    (0, 0): "in the top left corner",
    (12, 12): "in the bottom right corner",
    (2, 12): "in the top right corner",
    (8, 2): "at the left",
    (0, 7): "at the top",
    (6, 6): "in the middle",
    (3, 1): "at the top left",
}


@pytest.mark.parametrize(("corner", "words"), PLACES.items())
def test_a_small_place_is_called_by_where_it_is(corner, words):
    found = standard_cues((16, 16), [corner], (4, 4) if corner == (12, 12) else (2, 2))[5]
    assert found.phrase == f"the small place {words}"


def test_only_the_thirds_in_which_the_object_may_be_are_not_suspicious():
    innocent = [one.name for one in standard_cues((16, 16), [(0, 0)], (4, 4)) if not one.suspicious]
    assert innocent == ["top", "middle", "bottom"]


TWO_AND_TWO = np.array([0, 0, 1, 1])[:, None] == [0, 1]


def test_find_tags_finds_a_planted_swatch():
    labels = np.arange(20) % 2
    images = np.random.default_rng(0).uniform(0, 1, (20, 16, 16, 1))
    images[:, 5:9, 9:13] = labels[:, None, None, None]
    first, second = find_tags(images, labels[:, None] == [0, 1], (4, 4), 2)
    assert first == (5, 9)
    assert abs(second[0] - 5) >= 4 or abs(second[1] - 9) >= 4


def test_find_tags_does_not_touch_the_images():
    images = np.random.default_rng(0).uniform(0, 1, (4, 8, 8, 1))
    before = images.copy()
    find_tags(images, TWO_AND_TWO, (2, 2), 2)
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("box", [(1, 1), (2, 3), (5, 7)])
def test_the_means_of_boxes_are_those_taken_one_by_one(box):
    image = np.random.default_rng(0).uniform(0, 255, (5, 7, 3)).astype("float32")
    height, width = box
    one_by_one = [
        [image[y : y + height, x : x + width].mean(axis=(0, 1), dtype="float64") for x in range(7 - width + 1)]
        for y in range(5 - height + 1)
    ]
    np.testing.assert_allclose(_box_means(image, *box), one_by_one, rtol=1e-12)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2), (3, 3), (4, 3)])
@pytest.mark.parametrize("tag_size", [(2, 2), (4, 1)])
def test_places_in_tiny_images_do_not_overlap(size, tag_size):
    images = np.random.default_rng(0).uniform(0, 1, (4, *size, 1))
    found = find_tags(images, TWO_AND_TWO, tag_size, 50)
    covered = np.zeros(size, dtype=int)
    for row, column in found:
        covered[row : row + tag_size[0], column : column + tag_size[1]] += 1
    assert found
    assert covered.max() == 1


@pytest.mark.parametrize(("size", "tags"), [((1, 32), 2), ((2, 2), 1), ((3, 3), 1), ((1, 1), 1), ((8, 8), 2)])
def test_tiny_probes_have_as_many_small_places_as_there_is_room_for(size, tags):
    images = np.random.default_rng(0).uniform(0, 1, (8, *size, 1))
    names = Exchanges(Probes(images, labels=np.arange(8) % 2)).suspicious
    assert sum(name.startswith("tag") for name in names) == tags


def scaled(images):
    """Bytes as 0..1, floats as they are: what `tf.image.convert_image_dtype` does."""
    return images / np.float32(255) if images.dtype == np.uint8 else images


@pytest.mark.parametrize(
    ("dtype", "dark", "bright"), [("uint8", 51, 204), ("float32", 0.2, 0.8), ("float64", 0.2, 0.8)]
)
def test_exchanged_images_reach_preprocess_in_the_probes_dtype(dtype, dark, bright):
    # The log-odds of class 1 are ten times the mean less five: -3 where it is 0.2, 3 where it is 0.8.
    labels, seen = np.repeat([0, 1], 4), set()
    images = np.broadcast_to(np.where(labels == 1, bright, dark)[:, None, None, None], (8, 12, 12, 1)).astype(dtype)
    model = linear((12, 12, 1), np.tile([0, 10 / 144], (144, 1)), "softmax", bias=[0, -5])

    def preprocess(images):
        seen.add(images.dtype.name)
        return scaled(images)

    report = explain(model, Probes(images, labels=labels), methods=["class_probabilities"], preprocess=preprocess)
    shares = {one.name: one.share for one in report.dependences}
    assert seen == {dtype}
    assert [shares[name] for name in ("colour", "top")] == pytest.approx([1, 1 / 3], abs=1e-4)


@pytest.mark.parametrize(("squared", "first"), [(5.5, 6), (4.5, 0)])
def test_a_place_of_all_classes_and_one_of_a_single_class_are_weighed_alike(squared, first):
    # On the left the classes are 0, 1, 2 and 3: twice the variance between them, 2.5 over that within. On the right the
    # last one is alone: the square of its distance over the variance of both, half of it over that within.
    labels = np.repeat(np.arange(4), 2)
    noise = 0.3 * np.array([1, -1] * 4)
    images = np.zeros((8, 2, 8, 1))
    images[:, :, :2, 0] = (labels + noise)[:, None, None]
    images[:, :, 6:, 0] = (squared**0.5 * (labels == 3) + noise)[:, None, None]
    assert find_tags(images, labels[:, None] == np.arange(4), (2, 2), 2) == [(0, first), (0, 6 - first)]


@pytest.mark.parametrize("alone", [[False] * 5 + [True], [True] * 5 + [False]])
def test_what_a_single_image_has_or_lacks_is_no_tag(alone):
    # A label goes with the left; on the right the last image is an odd one, as any image is somewhere.
    images, label = np.zeros((6, 2, 8, 1)), np.arange(6) < 3
    images[:, :, :2, 0] = (label + 0.3 * np.array([1, -1, 0, 0, 1, -1]))[:, None, None]
    images[5, :, 6:] = 9
    assert find_tags(images, np.stack([label, np.array(alone)], axis=1), (2, 2), 1) == [(0, 0)]
