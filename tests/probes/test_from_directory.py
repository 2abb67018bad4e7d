"""Probes from folders of real files."""

import struct
import zlib

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


DEEP = np.array([[0, 255, 256], [32768, 40000, 65535]], "uint16")


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
@pytest.mark.parametrize(("color_mode", "channels"), [("grayscale", 1), ("rgb", 3)])
def test_sixteen_bit_files_stay_so(tmp_path, capsys, name, color_mode, channels):
    Image.fromarray(DEEP).save(tmp_path / name)
    probes = Probes.from_directory(tmp_path, color_mode=color_mode)
    assert probes.images.dtype == np.uint16
    np.testing.assert_array_equal(probes.images[0], np.repeat(DEEP[..., None], channels, axis=-1))
    theirs = keras.utils.load_img(tmp_path / name, color_mode="grayscale")
    np.testing.assert_array_equal(probes.images[0, :, :, 0], np.asarray(theirs))
    assert probes.value_range == (0, 65535)
    said = capsys.readouterr().out
    assert "Picasso: 1 of 1 images taken from" in said
    assert "they are uint16 from 0 to 65535" in said


def test_the_eight_bits_that_keras_makes_of_them_come_from_its_dataset(tmp_path):
    pytest.importorskip("tensorflow")
    (tmp_path / "cat").mkdir()
    Image.fromarray(DEEP).save(tmp_path / "cat/a.png")
    theirs = keras.utils.image_dataset_from_directory(
        tmp_path, color_mode="grayscale", image_size=DEEP.shape, shuffle=False, verbose=False
    )
    np.testing.assert_array_equal(Probes.from_dataset(theirs).images[0, :, :, 0], DEEP >> 8)


@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_grey_of_32_bits_stays_so(tmp_path, dtype):
    pixels = (DEEP.astype("float64") * 3.7 - 1000).astype(dtype)
    Image.fromarray(pixels).save(tmp_path / "a.tif")
    images = Probes.from_directory(tmp_path, color_mode="grayscale").images
    assert images.dtype == dtype
    np.testing.assert_array_equal(images[0, :, :, 0], pixels)


@pytest.mark.parametrize("dtype", ["uint16", "int32", "float32"])
def test_deep_grey_is_resized_in_its_own_units(tmp_path, dtype):
    Image.fromarray(np.array([[0, 40000], [0, 40000]], dtype)).save(tmp_path / "a.tif")
    images = Probes.from_directory(tmp_path, image_size=(2, 4), color_mode="grayscale").images
    assert images.dtype == dtype
    np.testing.assert_array_equal(images[0, :, :, 0], [[0, 10000, 30000, 40000]] * 2)


def test_deep_grey_has_no_alpha(tmp_path):
    Image.fromarray(DEEP).save(tmp_path / "a.png")
    with pytest.raises(
        ValueError, match=r"a\.png can't be read .*has no rgba; expected color_mode='grayscale' or 'rgb'"
    ):
        Probes.from_directory(tmp_path, color_mode="rgba")


def test_files_of_8_and_16_bits_do_not_go_together(tmp_path):
    Image.fromarray(DEEP).save(tmp_path / "a.png")
    save(tmp_path / "b.png", 7, DEEP.shape, "L")
    with pytest.raises(ValueError, match=r"a\.png holds uint16, but .*b\.png uint8"):
        Probes.from_directory(tmp_path, color_mode="grayscale")


def png_of_16_bit_colours(pixels):
    """By hand, as the standard says: Pillow writes none."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_colours_of_16_bits_are_read_as_8_and_said_to_be(tmp_path, capsys):
    (tmp_path / "a.png").write_bytes(png_of_16_bit_colours(np.repeat(DEEP[..., None], 3, axis=-1)))
    images = Probes.from_directory(tmp_path).images
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images[0, :, :, 1], DEEP >> 8)
    np.testing.assert_array_equal(images[0], np.asarray(keras.utils.load_img(tmp_path / "a.png")))
    assert "1 of 1 images taken from" in (said := capsys.readouterr().out)
    assert "have colours of 16 bits, of which 8 are read" in said


@pytest.mark.parametrize("color_mode", ["rgb", "rgba", "grayscale"])
@pytest.mark.parametrize(
    ("mode", "name"),
    [
        *(("1", "a.png"), ("L", "a.png"), ("LA", "a.png"), ("P", "a.png"), ("P", "a.gif"), ("RGBA", "a.png")),
        *(("CMYK", "a.jpg"), ("CMYK", "a.tif"), ("YCbCr", "a.jpg"), ("RGBA", "a.webp")),
    ],
)
def test_every_mode_is_read_as_keras_does(tmp_path, capsys, mode, name, color_mode):
    noise = np.random.default_rng(0).integers(0, 256, (8, 9, 4), dtype="uint8")
    image = Image.fromarray(noise if mode in ("RGBA", "LA") else noise[..., :3])
    image = Image.fromarray(noise, "CMYK") if mode == "CMYK" else image.convert(mode)
    image.save(tmp_path / name)
    theirs = np.asarray(keras.utils.load_img(tmp_path / name, color_mode=color_mode))
    ours = Probes.from_directory(tmp_path, color_mode=color_mode).images[0]
    np.testing.assert_array_equal(ours, theirs.reshape(ours.shape))
    assert not capsys.readouterr().out


def test_of_an_animation_the_first_frame_is_taken(tmp_path):
    frames = [Image.new("L", (5, 4), value) for value in (0, 255)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert Probes.from_directory(tmp_path).images.max() == 0


def test_palettes_with_transparency_are_read(tmp_path):
    Image.new("RGBA", (5, 4), (9, 8, 7, 0)).convert("P").save(tmp_path / "a.png", transparency=b"\x00\x80")
    assert Probes.from_directory(tmp_path).images.shape == (1, 4, 5, 3)


def test_orientation_noted_by_the_camera_is_not_followed_as_in_keras(tmp_path, capsys):
    upright = Image.fromarray(np.array([[0, 0], [0, 0], [255, 255]], "uint8"))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    upright.save(tmp_path / "a.png", exif=exif)
    images = Probes.from_directory(tmp_path, color_mode="grayscale").images
    np.testing.assert_array_equal(images[0, :, 0, 0], [0, 0, 255])
    theirs = keras.utils.load_img(tmp_path / "a.png", color_mode="grayscale")
    np.testing.assert_array_equal(images[0, :, :, 0], np.asarray(theirs))
    assert "1 of 1 images taken from" in (said := capsys.readouterr().out)
    assert "say that they are to be turned (EXIF), and are not, as Keras does not" in said


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


def test_postscript_is_never_opened_whatever_it_is_called(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\n%%EndComments\nshowpage\n")
    with pytest.raises(ValueError, match=r"a\.jpg can't be read as an image \(cannot identify"):
        Probes.from_directory(tmp_path)


def test_a_float_tiff_that_is_called_png_keeps_its_values(tmp_path):
    Image.fromarray(np.full((4, 5), 0.25, "float32")).save(tmp_path / "a.png", "tiff")
    images = Probes.from_directory(tmp_path, color_mode="grayscale").images
    assert images.dtype == np.float32
    assert (images == 0.25).all()


def test_of_pictures_that_are_not_read_it_is_said(tmp_path, capsys):
    save(tmp_path / "a.png")
    (tmp_path / "b.jfif").write_bytes(b"a picture")
    Probes.from_directory(tmp_path)
    assert (
        f"Picasso: files ending in .jfif in {tmp_path} are skipped; those read end in .bmp" in capsys.readouterr().out
    )


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
    expected = r"image_size=\(height, width\)" if "image_size" in options else ""
    with pytest.raises(ValueError, match=f"Probes.from_directory: {next(iter(options))} is.*{expected}"):
        Probes.from_directory(photos, **options)


def test_a_list_of_folders_and_files(tmp_path, capsys):
    for name in ("a/cat/1.png", "b/dog/2.png", "c/3.png", "4.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((4, 5, 3), "uint8")).save(path)
    labelled = Probes.from_directory([tmp_path / "b", tmp_path / "a"])
    assert (labelled.class_names, labelled.names) == (("cat", "dog"), ("dog 2", "cat 1"))
    assert labelled.labels.tolist() == [1, 0]
    mixed = Probes.from_directory([tmp_path / "4.png", tmp_path / "c", tmp_path / "a"])
    assert mixed.labels is None
    assert sorted(mixed.names) == ["3", "4", "cat 1"]
    assert "2 of 3 images are in no class folder, so that labels are left out" in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"path is '.*none.png', expected a folder that exists, or in a list"):
        Probes.from_directory([tmp_path / "4.png", tmp_path / "none.png"])
    with pytest.raises(ValueError, match="path is 2 paths; expected one folder where labels"):
        Probes.from_directory([tmp_path / "a", tmp_path / "b"], labels={"1.png": "cat"})
