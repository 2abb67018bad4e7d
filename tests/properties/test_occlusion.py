"""Windows, strides and canvases of every kind: refused by name, or the numbers that brute force gives."""

import functools

import keras
import numpy as np
from helpers.brute_force import assert_maps_agree, brute_force, log_odds, starts
from helpers.cases import hold, outcome, several
from helpers.models import cnn
from hypothesis import assume
from hypothesis import strategies as st

from picasso_callbacks import PartialOcclusion, Probes, explain
from picasso_callbacks.model import Windows

lengths = st.integers(1, 9) | st.floats(0.01, 1.0) | st.sampled_from([1 / 3, 0.1, np.int64(3), np.float32(0.25)])
pairs = lengths | st.tuples(lengths, lengths)
odd = st.one_of(
    st.none(), st.booleans(), st.integers(max_value=0), st.floats(max_value=0), st.floats(min_value=1.1),
    st.text(max_size=2), st.sampled_from([float("nan"), 1j, [], (1, 2, 3), "12", b"12", [1, None], {1, 2}]),
    st.sampled_from([{1: 2, 3: 4}, np.zeros((2, 2)), np.array(3)]),
)  # fmt: skip
sides = st.tuples(st.integers(1, 40), st.integers(1, 40))


def as_pair(length):
    """Python's own numbers, as they are read: whole ones are pixels."""
    pair = length if isinstance(length, tuple) else (length, length)
    return tuple(int(one) if isinstance(one, (int, np.integer)) else float(one) for one in pair)


@several(20, 200)
def test_windows_cover_every_side(cases):
    def check(size, window, stride):
        windows = outcome("window|stride", Windows, size, window, stride)
        fits = all(isinstance(one, float) or one <= side for one, side in zip(as_pair(window), size, strict=True))
        assert (windows is not None) == fits
        if windows is None:
            return
        for axis, side in enumerate(size):
            expected, length = starts(side, as_pair(window)[axis], as_pair(stride)[axis])
            assert windows.places_along(axis).tolist() == [[start, start + length] for start in expected]
        values = np.arange(len(windows), dtype="float64")
        masks = windows.masks(np.arange(len(windows)))
        times = masks.sum(axis=0)
        mean = (values[:, None, None] * masks).sum(axis=0) / np.maximum(times, 1)
        np.testing.assert_allclose(windows.average(values)[times > 0], mean[times > 0], rtol=1e-6)
        assert windows.gaps == (times == 0).any()

    hold(cases, check, sides, pairs, pairs)


@several(20, 150)
def test_what_is_no_length_is_refused(cases):
    def check(name, length):
        made = outcome(f"PartialOcclusion: {name} is ", lambda: PartialOcclusion(**{name: length}))
        assert made is None

    hold(cases, check, st.sampled_from(["window", "stride"]), odd)


@functools.cache
def network(size):
    keras.utils.set_random_seed(3)
    return cnn(size, classes=3)


def probes_of(size, kind, seed):
    low, high = {"float32": (0, 1), "uint8": (0, 256), "int16": (-900, 900), "bool": (0, 2), "float64": (-1, 1)}[kind]
    images = np.random.default_rng(seed).uniform(low, high, (2, *size))
    return Probes(np.floor(images).astype(kind) if "float" not in kind else images.astype(kind))


def painted(canvas, probes):
    """The canvas by hand, float `[P, H, W, C]`."""
    low, high = probes.value_range
    images = probes.images.astype("float64")
    if isinstance(canvas, np.ndarray):
        whole = canvas.astype("float64")
    elif canvas == "mean":
        whole = images.mean(axis=(1, 2), keepdims=True)
    else:
        whole = np.array({"grey": (low + high) / 2, "gray": (low + high) / 2, "black": low, "white": high}[canvas])
    if probes.images.dtype.kind in "iu":
        limits = np.iinfo(probes.images.dtype)
        whole = np.clip(np.rint(whole), limits.min, limits.max)
    return np.broadcast_to(whole, images.shape).astype("float32")


@several(2, 40)
def test_maps_are_those_of_brute_force(cases):
    kinds = st.sampled_from(["float32", "uint8", "int16", "bool", "float64"])
    canvases = st.sampled_from(["grey", "gray", "black", "white", "mean", "array", "arrays"])

    def check(kind, canvas, window, stride, seed, incremental):
        size = (6, 9, 1)
        windows = outcome("window", Windows, size[:2], window, stride)
        assume(windows is not None)
        model, cut = network(size)
        probes = probes_of(size, kind, seed)
        if canvas.startswith("array"):
            shape = size if canvas == "array" else probes.images.shape
            canvas = np.random.default_rng(seed).uniform(*probes.value_range, shape)
        scale = 1 / max(abs(end) for end in probes.value_range)  # what the network can tell apart
        method = PartialOcclusion(window, stride, canvas)
        preprocess = lambda images: images.astype("float32") * np.float32(scale)  # noqa: E731
        report = explain(
            model,
            probes,
            methods=[method],
            targets=[0, 2],
            preprocess=preprocess,
            incremental=incremental,
            shortcuts=False,
        )
        score = lambda images: log_odds(cut.predict(preprocess(images), verbose=0))  # noqa: E731
        images, targets = probes.images.astype("float32"), np.array([[0, 2], [0, 2]])
        hidden = brute_force(score, images, painted(canvas, probes), targets, as_pair(window), as_pair(stride))
        assert_maps_agree(report["partial_occlusion"].values, hidden, score, images, targets)

    hold(cases, check, kinds, canvases, pairs, pairs, st.integers(0, 99), st.booleans())


@several(10, 80)
def test_what_is_no_canvas_is_refused(cases):
    model, _ = network((6, 9, 1))
    wrong = st.one_of(
        st.none(), st.text(max_size=3), st.integers(), st.binary(max_size=2),
        st.sampled_from([object(), [], "Grey", [[[1], [2, 3]]]]),
        st.sampled_from([np.zeros((9, 6, 1)), np.zeros((3, 6, 9, 1)), np.zeros((6, 9))]),
        st.sampled_from([np.nan, np.inf, "a", 1j, 1e300, None]).map(lambda value: np.full((6, 9, 1), value)),
    )  # fmt: skip

    def check(canvas):
        def ask():
            method = PartialOcclusion(canvas=canvas)
            return explain(model, probes_of((6, 9, 1), "float32", 0), methods=[method], shortcuts=False)

        assert outcome("canvas", ask) is None

    hold(cases, check, wrong)
