"""Images of every shape, type and range: refused by name, or kept as they are, with the range that the docs promise."""

import numpy as np
from helpers.cases import hold, outcome, several
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from picasso_callbacks import Probes

KINDS = [
    "bool",
    "u1",
    "i1",
    "u2",
    "i2",
    "u4",
    "i4",
    "u8",
    "i8",
    "f2",
    "f4",
    "f8",
    "g",
    ">f4",
    ">i4",
    "c8",
    "U3",
    "M8[s]",
]

shapes = st.one_of(
    st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9), st.integers(1, 5)),
    st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9)),
    st.lists(st.integers(0, 20), max_size=5).map(tuple),
)
images = st.tuples(st.sampled_from(KINDS), shapes).flatmap(lambda of: arrays.arrays(np.dtype(of[0]), of[1]))
ordinary = st.builds(
    lambda shape, low, high, kind, seed: np.random.default_rng(seed).uniform(low, high, shape).astype(kind),
    st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 2, 3, 4, 5])),
    st.sampled_from([0.0, -0.04, -1, -1.2, -1000, 0.5]),
    st.sampled_from([1.0, 1.04, 1.06, 33, 200, 255, 266, 270, 4000]),
    st.sampled_from(["f2", "f4", "f8", "i2", "i4", "i8"]),
    st.integers(0, 9),
)


def is_right(array):
    """As the docs say it: `[P, H, W, C]` or `[P, H, W]`, numbers that a model in float32 can be given."""
    shape = array.shape
    looks_like_one = len(shape) == 3 and shape[2] in (1, 3, 4) and min(shape[:2]) >= 8
    channels_first = len(shape) == 4 and shape[1] in (1, 3, 4) and shape[3] > 16
    if array.dtype.kind not in "buif" or len(shape) not in (3, 4) or not array.size or looks_like_one or channels_first:
        return False
    return bool((abs(array.astype("g")) <= np.finfo("float32").max).all())


def documented_range(array):
    low, high = float(array.min()), float(array.max())
    if array.dtype == bool:
        return 0, 1
    if array.dtype == np.uint8:
        return 0, 255
    if array.dtype.kind == "f" or array.dtype.itemsize != 2:
        for black, white in ((0, 1), (-1, 1), (0, 255)):
            twentieth = (white - black) / 20
            inside = black - twentieth <= low and high <= white + twentieth
            if inside and (white < 255 or high > 32):
                return black, white
    return (low, high) if low < high else None


@several(15, 350)
def test_images_are_refused_or_kept(cases):
    def check(array):
        probes = outcome("Probes: images", Probes, array)
        assert (probes is not None) == is_right(array), (array.dtype, array.shape)
        if probes is None:
            return
        whole = array if array.ndim == 4 else array[..., None]
        np.testing.assert_array_equal(probes.images, whole)
        assert probes.images.dtype == array.dtype
        assert not probes.images.flags.writeable
        low, high = probes.value_range
        expected = documented_range(array)
        if expected is None:
            assert low < float(array.min()) < high
        else:
            assert (low, high) == expected
        shown = np.clip((whole.astype("float64") - low) / (high - low), 0, 1)
        if shown.shape[-1] == 4:
            shown = shown[..., :3] * shown[..., 3:] + 1 - shown[..., 3:]
        grey = shown if shown.shape[-1] == 3 else shown.mean(axis=-1, keepdims=True)
        np.testing.assert_allclose(probes.display(), np.broadcast_to(255 * grey, (*whole.shape[:3], 3)), atol=0.51)

    hold(cases, check, images | ordinary)


@several(5, 100)
def test_a_value_range_is_two_numbers(cases):
    numbers = (
        st.floats() | st.integers(-(2**70), 2**70) | st.sampled_from([None, "1", "x", b"1", True, 1j, np.float32(2)])
    )
    pairs = st.lists(numbers, max_size=3) | st.tuples(numbers, numbers) | numbers | st.text(max_size=3)
    sets = st.sets(st.floats(), min_size=2, max_size=2)

    def check(value_range):
        probes = outcome("value_range", Probes, np.zeros((1, 2, 2, 1), "float32"), value_range=value_range)
        ordered = isinstance(value_range, (list, tuple)) and len(value_range) == 2
        plain = ordered and all(isinstance(end, (int, float, np.floating)) for end in value_range)
        right = value_range is None or (plain and -3.4e38 < value_range[0] < value_range[1] < 3.4e38)
        assert (probes is not None) == right
        if probes is not None and value_range is not None:
            assert probes.value_range == (float(value_range[0]), float(value_range[1]))
            assert np.isfinite(probes.display()).all()

    hold(cases, check, pairs | sets)
