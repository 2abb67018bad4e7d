"""Arguments of `Picasso` and `explain`: what can't be right is refused by its name before training."""

import math
import os
import re
import tempfile

import numpy as np
from helpers.cases import hold, outcome, several
from helpers.models import linear
from helpers.small_training import CountsBatches, compiled, data, fit, probes
from hypothesis import strategies as st

from picasso_callbacks import Picasso, Probes, explain

LABELLED = probes(6, regions={"sky": [(0, 0, 2, 8)] * 6, "mud": [(4, 0, 4, 8)] * 6})

odd = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=4), st.binary(max_size=2),
    st.sampled_from([1j, [], {}, (), object(), {"a"}, [[]], "\ud800", "\0", ["sky"], math.nan]),
    st.sampled_from([np.array(["a", "b"]), np.zeros(2), np.array(2), np.int64(2), np.float32(0.5), np.bool_(True)]),
)  # fmt: skip


def whole(value):
    return isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.bool_))


def flag(value):
    return isinstance(value, (bool, np.bool_))


def share(value):
    number = isinstance(value, (int, float, np.integer, np.floating)) and not flag(value)
    return value is None or (number and 0 < value <= 1)


def cues(value):
    """Names of cues, in a collection of them; regions are none without an expected one."""
    listed = isinstance(value, (list, tuple, set, dict))
    return listed and all(isinstance(one, str) and one in ("colour", "layout", "texture") for one in value)


RIGHT = {
    "top": lambda value: whole(value) and value >= 1,
    "every": lambda value: (
        (whole(value) and value >= 1)
        or (isinstance(value, str) and bool(re.fullmatch(r"\s*0*[1-9]\d*\s*steps?\s*", value)))
    ),
    "budget": share,
    "layout": lambda value: isinstance(value, str) and value in ("composite", "separate"),
    "on_error": lambda value: isinstance(value, str) and value in ("warn", "raise"),
    "on_alarm": lambda value: isinstance(value, str) and value in ("warn", "log", "stop"),
    "batch_size": lambda value: value is None or (whole(value) and value >= 1),
    "shortcuts": lambda value: value is None or flag(value),
    "trust": flag,
    "incremental": flag,
    "expected": lambda value: value is None or (isinstance(value, str) and value in ("sky", "mud")),
    "allowed": cues,
    "preprocess": lambda value: value is None,
    "postprocess": lambda value: value is None,
    "decode_prob": lambda value: value is None or (isinstance(value, str) and value in ("softmax", "sigmoid", "value")),
}

likely = st.sampled_from(
    ["composite", "separate", "warn", "raise", "log", "stop", "sky", "softmax", "value", "2 steps", "0 steps", "3steps",
     "x steps", 0.05, 1, 1.0, 2, 10**30, {"colour"}, ["colour", "layout"], ("sky",), "colour", ["colou"], True, False]
)  # fmt: skip


@several(40, 350)
def test_an_argument_is_taken_or_refused(cases):
    def check(name, value):
        with tempfile.TemporaryDirectory() as log_dir:
            made = outcome(name, Picasso, log_dir, LABELLED, **{name: value})
        assert (made is not None) == RIGHT[name](value)

    hold(cases, check, st.sampled_from(sorted(RIGHT)), odd | likely)


@several(5, 80)
def test_a_log_dir_is_tried_and_left_as_it_was(cases):
    texts = st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from(
        ["a\0", "n" * 300, "\ud800", "é" * 200]
    )

    def check(log_dir):
        with tempfile.TemporaryDirectory() as folder:
            named = isinstance(log_dir, str)
            made = outcome("log_dir", Picasso, f"{folder}/x{log_dir}" if named else log_dir, LABELLED)
            assert os.listdir(folder) == []
        assert named or made is None
        if named and log_dir.isascii() and log_dir.isalnum() and len(log_dir) < 200:
            assert made is not None

    hold(cases, check, texts.filter(lambda each: ".." not in each) | odd.filter(lambda each: not isinstance(each, str)))


@several(3, 20)
def test_what_depends_on_the_model_is_refused_before_the_first_step(cases):
    wrong = st.one_of(
        st.tuples(st.just("targets"), st.integers(3, 2**70)),
        st.tuples(st.just("output"), st.sampled_from(["x", 1, -1, 2**70, "\0"])),
        st.tuples(st.just("output_mask"), st.sampled_from([np.zeros((2, 2), bool), "x", 3])),
        st.tuples(st.just("preprocess"), st.sampled_from([lambda images: images[:0], lambda _: None, lambda _: "x"])),
        st.tuples(st.just("postprocess"), st.sampled_from([lambda inputs: inputs * 2, lambda inputs: None])),
    )  # fmt: skip

    def check(wrong):
        name, value = wrong
        counts = CountsBatches()

        def train():
            with tempfile.TemporaryDirectory() as log_dir:
                fit(compiled(), counts, Picasso(log_dir, probes(3, class_names=None), **{name: value}), epochs=1)
            return True

        assert outcome(name, train) is None
        assert counts.batches == 0

    hold(cases, check, wrong)


MODEL = linear((8, 8, 1), np.random.default_rng(0).normal(0, 0.3, (64, 3)), "softmax")
IMAGES = data(6)[0]
ANSWERS = MODEL.predict(IMAGES, verbose=0)
NAMES = ["cat", "top", "\x1b[31m"]


@several(4, 60)
def test_targets_are_those_that_were_asked_for(cases):
    single = st.one_of(st.integers(-1, 4), st.sampled_from([*NAMES, "label", "dog", np.int64(1), True, 0.5, None]))
    contrast = st.tuples(single, single) | st.tuples(single)
    targets = st.lists(single | contrast, max_size=3) | single | contrast

    def index(one):
        """The class, or `None` for what is none."""
        if isinstance(one, str):
            return NAMES.index(one) if one in NAMES else None
        return int(one) if whole(one) and 0 <= one < 3 else None

    def read(one):
        """A class, a pair of classes, or `None`."""
        if not isinstance(one, tuple):
            return index(one)
        pair = tuple(index(each) for each in one)
        return pair if len(pair) == 2 and None not in pair and pair[0] != pair[1] else None

    def check(targets, top, labels):
        def ask():
            of = Probes(IMAGES, labels=labels, class_names=NAMES)
            return explain(MODEL, of, methods=["class_probabilities"], targets=targets, top=top, shortcuts=False)

        report = outcome("target|top|label", ask)
        if targets is None:
            order = np.argsort(-ANSWERS, axis=1, kind="stable")
            expected = order[:, : min(top, 3)] if top >= 1 else None
            if expected is not None and labels is not None:
                others = [next(one for one in row if one != label) for row, label in zip(order, labels, strict=True)]
                expected = np.stack([labels, others], axis=1)
        elif isinstance(targets, str) and targets == "label":
            expected = None if labels is None else np.array(labels)[:, None]
        else:
            asked = [read(one) for one in (targets if isinstance(targets, list) else [targets])]
            right = asked and None not in asked and len(set(asked)) == len(asked)
            pairs = [one for one in asked if isinstance(one, tuple)]
            row = [3 + pairs.index(one) if isinstance(one, tuple) else one for one in asked]
            expected = np.tile(row, (len(IMAGES), 1)) if right else None
        if top < 1:
            expected = None
        assert (report is not None) == (expected is not None)
        if report is None:
            return
        np.testing.assert_array_equal(report.targets, expected)
        np.testing.assert_allclose(report.probabilities, ANSWERS, atol=1e-6)
        logits = np.log(ANSWERS.astype("float64"))
        for column in range(expected.shape[1]):
            for probe, target in enumerate(expected[:, column]):
                if target < 3:
                    p = ANSWERS[probe, target].astype("float64")
                    right = np.log(p / (1 - p))
                else:
                    this, other = pairs[target - 3]
                    right = logits[probe, this] - logits[probe, other]
                assert math.isclose(report.log_odds[probe, column], right, abs_tol=1e-4)

    labels = st.none() | st.lists(st.integers(0, 2), min_size=6, max_size=6)
    hold(cases, check, st.none() | st.just("label") | targets, st.integers(0, 5), labels)
