"""Regions: masks, boxes and folders of mask images, in the probes' size, or refused by name."""

import pathlib
import tempfile

import numpy as np
from helpers.cases import hold, outcome, several
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from picasso_callbacks import Probes

HEIGHT, WIDTH = 4, 6
IMAGES = np.zeros((2, HEIGHT, WIDTH, 1), "float32")
NAMES = ["tank 1", "11"]

masks = arrays.arrays(st.sampled_from(["bool", "u1", "f4", "i8"]), (HEIGHT, WIDTH), elements=st.sampled_from([0, 1]))
sides = st.integers(-8, 12)
boxes = st.tuples(sides, sides, sides, sides) | st.lists(sides, min_size=4, max_size=4)
odd = st.one_of(
    st.integers(), st.floats(), st.sampled_from(["sky", b"x", "\0", [], {}, object(), [[1, 2], [3]], (0, 0, 2)]),
    st.sampled_from([np.zeros((HEIGHT, WIDTH, 3)), np.zeros((WIDTH, HEIGHT)), (True, False, True, True)]),
    st.sampled_from(["x", np.nan, 1j]).map(lambda value: np.full((HEIGHT, WIDTH), value)),
    st.sampled_from([[1, "a", 2, 3], (0.0, 0.0, float("nan"), 1.0), (0, 0, 2**70, 2**70), (0.5, 0, 2, 2)]),
)  # fmt: skip


def filled(value):
    """A mask by hand: a list of rows of booleans."""
    if value is None:
        return [[False] * WIDTH for _ in range(HEIGHT)]
    if np.shape(value) == (HEIGHT, WIDTH):
        return [[each != 0 for each in row] for row in np.asarray(value).tolist()]
    top, left, height, width = value
    return [[top <= y < top + height and left <= x < left + width for x in range(WIDTH)] for y in range(HEIGHT)]


@several(20, 300)
def test_masks_and_boxes(cases):
    def check(each):
        probes = outcome(r"regions\['sky'\]", Probes, IMAGES, regions={"sky": each})
        expected = [filled(one) for one in each]
        assert (probes is not None) == bool(np.any(expected))
        if probes is not None:
            assert probes.regions["sky"].tolist() == expected

    hold(cases, check, st.lists(masks | boxes | st.none(), min_size=2, max_size=2))


@several(20, 200)
def test_what_is_no_region_is_refused(cases):
    each = masks | boxes | st.none() | odd

    def check(regions):
        probes = outcome("regions", Probes, IMAGES, regions=regions)
        if probes is None or regions is None:
            return
        for name, value in regions.items():
            entries = [value] if isinstance(value, (str, bytes)) else list(value)
            assert probes.regions[name].tolist() == [filled(one) for one in entries]  # nothing odd was made sense of

    named = st.lists(each, max_size=3) | odd
    hold(
        cases,
        check,
        st.dictionaries(st.text(max_size=3), named, max_size=2) | odd | st.dictionaries(st.integers(), named),
    )


def written(file, kind, values):
    """Writes bools `[h, w]` as a mask image of some kind."""
    if kind in ("text", "empty", "half"):
        data = {"text": b"white", "empty": b""}.get(kind)
        if data is None:
            Image.fromarray(np.uint8(255 * values)).save(file, "PNG")
            data = file.read_bytes()[:30]
        file.write_bytes(data)
    elif kind == "16 bit":
        Image.fromarray(np.uint16(60000 * values + 300)).save(file, "PNG")
    elif kind == "palette":
        image = Image.fromarray(np.uint8(values), "P")
        image.putpalette([0, 0, 0, 255, 255, 255])
        image.save(file, "PNG")
    elif kind == "transparent":
        Image.fromarray(np.dstack([np.full((*values.shape, 3), 255), 255 * values]).astype("uint8")).save(file, "PNG")
    elif kind == "one bit":
        Image.fromarray(values).save(file, "PNG")
    elif kind == "float":
        Image.fromarray(np.float32(values)).save(file, "TIFF")
    else:
        Image.fromarray(np.uint8(250 * values)).save(file, "PNG")


@several(10, 120)
def test_folders_of_mask_images(cases):
    kinds = ["grey", "16 bit", "palette", "transparent", "one bit", "float", "text", "empty", "half"]
    bools = arrays.arrays(bool, st.sampled_from([(HEIGHT, WIDTH)] * 8 + [(2, 2)]))
    file_names = st.sampled_from(
        ["tank 1.png", "1.png", "11.png", "ank 1.png", "k 1.png", "\udcff.png", "1.txt", "x/1.png"]
    )
    files = st.dictionaries(file_names, st.tuples(st.sampled_from(kinds), bools), max_size=3)

    def check(files):
        with tempfile.TemporaryDirectory() as folder:
            for name, (kind, values) in files.items():
                path = pathlib.Path(folder, name)
                path.parent.mkdir(exist_ok=True)
                written(path, kind, values)
            probes = outcome(r"regions\['sky'\]", Probes, IMAGES, names=NAMES, regions={"sky": folder})
        of_names = {"tank 1": ("tank 1.png", "1.png"), "11": ("11.png",)}
        found = [next((files[name] for name in of_names[probe] if name in files), None) for probe in NAMES]
        broken = any(one is not None and one[0] in ("text", "empty", "half") for one in found)
        large = [one is None or one[1].shape == (HEIGHT, WIDTH) for one in found]
        inside = any(one is not None and one[1].any() for one in found)
        assert (probes is not None) == (not broken and all(large) and inside)
        if probes is not None:
            assert probes.regions["sky"].tolist() == [filled(None if one is None else one[1]) for one in found]

    hold(cases, check, files)
