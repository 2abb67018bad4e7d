"""Probes from folders of real files."""

import keras
import numpy as np
import pytest
from PIL import Image

from picasso_callbacks.probes import Probes


def save(path, value=0, size=(4, 5), mode="RGB", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size[::-1], value).save(path, **options)


@pytest.fixture
def photos(tmp_path):
    """Two classes, `cat` with three files and `dog` with two; the red value numbers them."""
    for i, name in enumerate(["cat/b.png", "cat/a.bmp", "cat/more/c.gif", "dog/dog_1.PNG", "dog/e.webp"]):
        options = {"lossless": True} if name.endswith("webp") else {}
        save(tmp_path / name, (10 * i, 0, 0), **options)
    (tmp_path / "notes.txt").write_text("no image")
    save(tmp_path / "cat/.hidden.png")
    save(tmp_path / ".cache/f.png")
    return tmp_path


def test_class_folders_are_sorted_and_named(photos):
    probes = Probes.from_directory(photos)
    assert probes.images.shape == (5, 4, 5, 3)
    assert probes.images.dtype == np.uint8
    assert probes.class_names == ("cat", "dog")
    assert probes.names == ("cat a", "cat b", "cat c", "dog_1", "dog e")
    np.testing.assert_array_equal(probes.labels, [0, 0, 0, 1, 1])
    np.testing.assert_array_equal(probes.images[:, 0, 0, 0], [10, 0, 20, 30, 40])


def test_classes_and_pixels_are_those_of_keras(photos):
    pytest.importorskip("tensorflow")
    (photos / "dog/e.webp").unlink()  # which Keras doesn't read, while it does read hidden files
    (photos / "cat/.hidden.png").unlink()
    theirs = keras.utils.image_dataset_from_directory(photos, image_size=(4, 5), shuffle=False, verbose=False)
    images, labels = next(iter(theirs))
    probes = Probes.from_directory(str(photos), image_size=(4, 5))
    np.testing.assert_array_equal(probes.labels, labels)
    np.testing.assert_array_equal(probes.images, images)
    assert probes.class_names == tuple(theirs.class_names)


@pytest.mark.parametrize(
    ("count", "labels"), [(1, [0]), (2, [0, 1]), (3, [0, 0, 1]), (5, [0, 0, 0, 1, 1]), (9, [0, 0, 0, 1, 1])]
)
def test_count_is_spread_over_the_classes(photos, count, labels, capsys):
    np.testing.assert_array_equal(Probes.from_directory(photos, count=count).labels, labels)
    said = f"Picasso: took {count} of 5 images in {photos}; count=... takes more or fewer.\n"
    assert capsys.readouterr().out == (said if count < 5 else "")


def test_of_a_large_folder_24_are_taken(tmp_path, capsys):
    for number in range(30):
        save(tmp_path / f"{'cat' if number < 25 else 'dog'}/{number:02}.png")
    probes = Probes.from_directory(tmp_path)
    assert np.bincount(probes.labels).tolist() == [19, 5]
    assert "took 24 of 30 images" in capsys.readouterr().out
    assert len(Probes.from_directory(tmp_path, count=None)) == 30


def test_class_names_may_have_more_classes_in_another_order(photos):
    probes = Probes.from_directory(photos, class_names=["dog", "bird", "cat"])
    np.testing.assert_array_equal(probes.labels, [2, 2, 2, 0, 0])
    with pytest.raises(ValueError, match="folder 'dog'"):
        Probes.from_directory(photos, class_names=["cat"])


def test_a_flat_folder_has_no_labels(photos):
    probes = Probes.from_directory(photos / "cat" / "more", class_names=["cat", "dog"])
    assert probes.labels is None
    assert probes.names == ("c",)
    assert probes.class_names == ("cat", "dog")


def test_masks_of_a_region_are_named_as_the_files(photos, tmp_path_factory):
    masks = tmp_path_factory.mktemp("masks")
    for name in ("a", "c", "dog_1"):
        save(masks / f"{name}.png", 255, mode="L")
    vehicle = Probes.from_directory(photos, regions={"vehicle": masks}).regions["vehicle"]
    assert vehicle.all(axis=(1, 2)).tolist() == [True, False, True, True, False]
    assert vehicle.any(axis=(1, 2)).tolist() == [True, False, True, True, False]


def test_same_file_names_in_a_class_become_distinct(tmp_path):
    save(tmp_path / "cat/day/a.png")
    save(tmp_path / "cat/night/a.png")
    assert Probes.from_directory(tmp_path).names == ("cat a", "cat a (2)")


def test_resizing_is_bilinear_to_height_and_width(tmp_path):
    Image.fromarray(np.array([[0, 100], [0, 100]], "uint8")).save(tmp_path / "a.png")
    images = Probes.from_directory(tmp_path, image_size=(2, 4), color_mode="grayscale").images
    np.testing.assert_array_equal(images[0, :, :, 0], [[0, 25, 75, 100]] * 2)


def test_making_smaller_antialiases(tmp_path):
    stripes = np.tile(np.array([0, 200], "uint8"), (16, 16))
    Image.fromarray(stripes).save(tmp_path / "a.png")
    images = Probes.from_directory(tmp_path, image_size=(4, 8), color_mode="grayscale").images
    assert abs(images[0, :, 1:-1].astype(int) - 100).max() <= 15


@pytest.mark.parametrize(
    ("color_mode", "pixel"), [("rgb", [255, 0, 0]), ("grayscale", [76]), ("rgba", [255, 0, 0, 128])]
)
def test_color_modes(tmp_path, color_mode, pixel):
    save(tmp_path / "a.png", (255, 0, 0, 128), mode="RGBA")
    np.testing.assert_array_equal(Probes.from_directory(tmp_path, color_mode=color_mode).images[0, 0, 0], pixel)


def test_sixteen_bit_files_are_reduced_not_clipped(tmp_path):
    Image.fromarray(np.array([[0, 255, 256], [32768, 40000, 65535]], "uint16")).save(tmp_path / "a.png")
    images = Probes.from_directory(tmp_path).images
    np.testing.assert_array_equal(images[0, :, :, 1], [[0, 0, 1], [128, 156, 255]])


def test_palettes_with_transparency_are_read(tmp_path):
    Image.new("RGBA", (5, 4), (9, 8, 7, 0)).convert("P").save(tmp_path / "a.png", transparency=b"\x00\x80")
    assert Probes.from_directory(tmp_path).images.shape == (1, 4, 5, 3)


def test_orientation_noted_by_the_camera_is_respected(tmp_path):
    upright = Image.fromarray(np.array([[0, 0], [0, 0], [255, 255]], "uint8"))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    upright.save(tmp_path / "a.png", exif=exif)
    images = Probes.from_directory(tmp_path, color_mode="grayscale").images
    np.testing.assert_array_equal(images[0, :, 0, 0], [255, 0, 0])


def test_unequal_sizes_are_refused_without_image_size(tmp_path):
    save(tmp_path / "a.png")
    save(tmp_path / "b.png", size=(6, 5))
    with pytest.raises(ValueError, match=r"a\.png has \(height, width\) \(4, 5\), but .*b\.png has \(6, 5\)"):
        Probes.from_directory(tmp_path)
    assert Probes.from_directory(tmp_path, image_size=(3, 2)).images.shape == (2, 3, 2, 3)


@pytest.mark.parametrize("content", [b"", b"not an image", "cut"])
def test_a_broken_file_is_named(tmp_path, content):
    path = tmp_path / "broken.png"
    save(path, size=(64, 64))
    path.write_bytes(path.read_bytes()[:60] if content == "cut" else content)
    with pytest.raises(ValueError, match=r"broken\.png can't be read"):
        Probes.from_directory(tmp_path)


def test_refuses_empty_and_missing_folders(tmp_path):
    with pytest.raises(ValueError, match="no image in"):
        Probes.from_directory(tmp_path)
    with pytest.raises(ValueError, match="a folder that exists"):
        Probes.from_directory(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "options",
    [{"image_size": 4}, {"image_size": (4, 0)}, {"image_size": (4.5, 5)}, {"count": 0}, {"color_mode": "bgr"}],
)
def test_refuses_directory_options(photos, options):
    with pytest.raises(ValueError, match=f"Probes.from_directory: {next(iter(options))} is"):
        Probes.from_directory(photos, **options)
