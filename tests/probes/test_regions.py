import io

import numpy as np
import PIL.Image
import pytest

from picasso_callbacks import Probes

IMAGES = np.random.default_rng(0).uniform(0, 1, (3, 6, 8, 1)).astype("float32")


def probes(regions, **settings):
    return Probes(IMAGES, regions=regions, **settings)


def box(top, left, height, width):
    mask = np.zeros((6, 8), dtype=bool)
    mask[top : top + height, left : left + width] = True
    return mask


def test_none_unless_given():
    assert Probes(IMAGES).regions is None


@pytest.mark.parametrize("dtype", ["bool", "uint8", "float32"])
def test_masks_become_booleans(dtype):
    masks = np.stack([box(0, 0, 2, 8)] * 3)
    found = probes({"sky": masks.astype(dtype)}).regions["sky"]
    assert found.dtype == bool
    np.testing.assert_array_equal(found, masks)


def test_masks_are_copied_and_read_only():
    masks = np.stack([box(0, 0, 2, 8)] * 3)
    found = probes({"sky": masks}).regions["sky"]
    masks[:] = False
    assert found.sum() == 3 * 16
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0, 0] = True


def test_boxes_masks_and_none_together():
    found = probes({"vehicle": [(1, 2, 3, 4), None, box(0, 0, 1, 1)]}).regions["vehicle"]
    np.testing.assert_array_equal(found, [box(1, 2, 3, 4), np.zeros((6, 8), dtype=bool), box(0, 0, 1, 1)])


def test_a_box_beyond_the_border_is_cut():
    found = probes({"vehicle": [(-2, 6, 4, 9)] * 3}).regions["vehicle"]
    np.testing.assert_array_equal(found[0], box(0, 6, 2, 2))


def test_a_folder_of_masks(tmp_path):
    for name, mask in (("b", box(0, 0, 2, 2)), ("c", box(3, 3, 1, 1))):
        PIL.Image.fromarray((255 * mask).astype("uint8")).save(tmp_path / f"{name}.png")
    (tmp_path / "notes.txt").write_text("not a mask")
    found = probes({"vehicle": tmp_path}, names=["tank/a", "tank/b", "tank/c"]).regions["vehicle"]
    np.testing.assert_array_equal(found, [np.zeros((6, 8), dtype=bool), box(0, 0, 2, 2), box(3, 3, 1, 1)])


def test_of_two_files_the_longer_name_is_meant(tmp_path):
    for name, mask in (("1", box(0, 0, 1, 1)), ("11", box(2, 2, 2, 2))):
        PIL.Image.fromarray((255 * mask).astype("uint8")).save(tmp_path / f"{name}.png")
    found = probes({"vehicle": str(tmp_path)}, names=["tank 1", "tank 11", "tank 2"]).regions["vehicle"]
    assert found.sum(axis=(1, 2)).tolist() == [1, 4, 0]


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("1", ["tank 1", "tank-1", "1"]),
        ("tank 1", ["tank 1"]),
        ("k 1", []),
        ("11", ["tank 11"]),
    ],
)
def test_a_file_is_named_as_the_probe_or_as_a_whole_end_of_its_name(tmp_path, file, found):
    PIL.Image.new("L", (8, 6), 255).save(tmp_path / f"{file}.png")
    PIL.Image.new("L", (8, 6), 255).save(tmp_path / "always.png")
    names = ["tank 1", "tank-1", "1", "tank 11", "tank1", "always"]
    masks = Probes(IMAGES[[0] * 6], names=names, regions={"vehicle": tmp_path}).regions["vehicle"]
    assert [name for name, mask in zip(names, masks, strict=True) if mask.any()] == [*found, "always"]


@pytest.mark.parametrize("chosen", [slice(1, None), [1, 2], np.array([False, True, True])])
def test_some_of_the_probes_keep_their_regions(chosen):
    some = probes({"sky": [box(0, 0, 1, 8), box(0, 0, 2, 8), box(0, 0, 3, 8)]})[chosen]
    assert some.regions["sky"].sum(axis=(1, 2)).tolist() == [16, 24]


def test_a_region_that_none_of_them_has_is_left_out():
    some = probes({"sky": [box(0, 0, 1, 8), None, None], "vehicle": [(1, 1, 1, 1)] * 3})[1:]
    assert list(some.regions) == ["vehicle"]


WRONG = {
    "not a dict": (np.zeros((3, 6, 8), dtype=bool), "regions is ndarray; expected a dict of masks by name"),
    "a name that is no string": ({1: [box(0, 0, 1, 1)] * 3}, "expected a dict of masks by name"),
    "too few": ({"sky": [box(0, 0, 1, 1)] * 2}, r"regions\['sky'\] has 2 entries; expected one for each of 3 probes"),
    "another size": ({"sky": np.ones((3, 8, 6))}, r"a mask of shape \(8, 6\); expected \(6, 8\)"),
    "three numbers": ({"sky": [(1, 2, 3)] * 3}, r"a mask of shape \(3,\); expected \(6, 8\).*or a box"),
    "empty": ({"sky": np.zeros((3, 6, 8))}, r"regions\['sky'\] is empty in every probe"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said(case):
    regions, words = WRONG[case]
    with pytest.raises(ValueError, match=words):
        probes(regions)


def test_a_folder_without_a_mask_for_any_probe(tmp_path):
    with pytest.raises(ValueError, match="no PNG, BMP or TIFF file is named as a probe, such as 'probe 00'"):
        probes({"sky": tmp_path})


def test_a_mask_file_of_another_size(tmp_path):
    PIL.Image.new("L", (6, 6), 255).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"a mask of shape \(6, 6\)"):
        probes({"sky": tmp_path}, names=["a", "b", "c"])


def save_mask(path, value=255):
    PIL.Image.new("L", (8, 6), value).save(path)


def test_probes_without_a_mask_are_counted_and_said(tmp_path, capsys):
    save_mask(tmp_path / "a.png")
    save_mask(tmp_path / "c.tif", 0)
    found = probes({"vehicle": tmp_path}, names=["a", "b", "c"]).regions["vehicle"]
    assert found.all(axis=(1, 2)).tolist() == [True, False, False]
    assert capsys.readouterr().out.splitlines() == [
        f"Picasso: regions['vehicle']: 1 of 3 probes have no mask in {tmp_path}, such as 'b'; they count as lacking "
        "the region.",
        f"Picasso: regions['vehicle']: 1 of 3 probes have a mask that is dark everywhere in {tmp_path}, such as "
        "'c.tif'; they count as lacking the region.",
    ]


def test_nothing_is_said_where_each_probe_has_its_mask(tmp_path, capsys):
    for name in "abc":
        save_mask(tmp_path / f"{name}.png")
    probes({"vehicle": tmp_path}, names=["a", "b", "c"])
    assert not capsys.readouterr().out


def test_masks_of_0_and_1_are_refused_with_the_mend(tmp_path):
    for name in "abc":
        save_mask(tmp_path / f"{name}.png", 1)
    with pytest.raises(ValueError, match=r"a\.png and all others are dark everywhere.*multiply them by 255"):
        probes({"vehicle": tmp_path}, names=["a", "b", "c"])


def png(size=(8, 6)):
    file = io.BytesIO()
    PIL.Image.new("L", size, 255).save(file, "png")
    return file.getvalue()


@pytest.mark.parametrize("content", [b"no image", b"", png()[:50], png()[:-30], b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_a_broken_mask_is_named(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ValueError, match=r"regions\['vehicle'\]: .*a\.png can't be read as an image"):
        probes({"vehicle": tmp_path}, names=["a", "b", "c"])


def colours(mode, *pixels):
    """Pixels that cover columns one after another."""
    image = PIL.Image.new(mode, (8, 6))
    for column in range(8):
        for row in range(6):
            image.putpixel((column, row), pixels[column * len(pixels) // 8])
    return image


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("a.png", colours("I;16", 300, 65535)),  # 300 would be above half of 8 bits
        ("a.tif", colours("I;16", 32767, 32768)),
        ("a.tif", colours("F", 0.4, 0.6)),
        ("a.tif", colours("F", 100.0, 255.0)),
        ("a.tif", colours("I", 0, 1)),
        ("a.png", colours("RGBA", (255, 255, 255, 0), (255, 255, 255, 255))),
        ("a.png", colours("LA", (255, 0), (255, 255))),
        ("a.png", colours("1", 0, 1)),
        ("a.bmp", colours("L", 127, 128)),
    ],
)
def test_a_mask_is_true_above_half_of_what_its_file_holds(tmp_path, name, image):
    image.save(tmp_path / name)
    found = probes({"right": tmp_path}, names=["a", "b", "c"]).regions["right"]
    np.testing.assert_array_equal(found[0], box(0, 4, 6, 4))


def test_a_float_tiff_that_is_called_png_is_read_as_what_it_is(tmp_path):
    colours("F", 0.4, 0.6).save(tmp_path / "a.png", "tiff")
    found = probes({"right": tmp_path}, names=["a", "b", "c"]).regions["right"]
    np.testing.assert_array_equal(found[0], box(0, 4, 6, 4))


@pytest.mark.parametrize(
    "odd",
    [(0.5, 0, 2, 2), (0, 0, float("nan"), 1), (True, False, True, True), np.full((6, 8), np.nan), np.full((6, 8), "x")],
)
def test_what_is_neither_a_mask_nor_a_box_is_refused(odd):
    """A part of a pixel would be dropped without a word, and NaN count as inside."""
    with pytest.raises(ValueError, match=r"regions\['sky'\] holds .*expected \(6, 8\).*in whole pixels"):
        Probes(np.zeros((1, 6, 8, 1)), regions={"sky": [odd]})
