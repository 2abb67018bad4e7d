"""Labels of every kind and size: read as the docs say, or refused by name."""

import numpy as np
import pytest
from helpers.cases import hold, outcome, several
from hypothesis import strategies as st

from picasso_callbacks import Probes

COUNT = 3
IMAGES = np.zeros((COUNT, 2, 2, 1), "float32")
MOST = 2**31  # from here on a number is no class index
LARGEST = float(np.finfo("float32").max)

small = st.integers(-2, 5)
whole = st.one_of(small, st.integers(-(2**31) - 2, 2**31 + 2), st.integers(-(2**70), 2**70))
real = st.one_of(st.floats(), st.floats(-1, 3), st.sampled_from([0.0, 1.0, 0.5, -0.0, 1e300, 2.0**63]))
words = st.sampled_from(["a", "b", "c", "a\0", "", "\ud800", "x" * 300])
names = st.none() | st.lists(words, min_size=1, max_size=4, unique=True)


def column(each):
    return st.lists(each, min_size=COUNT, max_size=COUNT)


rows = st.integers(1, 4).flatmap(
    lambda width: column(
        st.one_of(
            st.lists(st.sampled_from([0, 1]), min_size=width, max_size=width),
            st.lists(st.floats(0, 1), min_size=width, max_size=width),
            st.lists(real, min_size=width, max_size=width),
        )
    )
)


@several(20, 300)
def test_numbers_of_each_image(cases):
    def check(labels, class_names):
        probes = outcome("Probes: labels", Probes, IMAGES, labels, class_names=class_names)
        array = np.array(labels)
        beyond = array.dtype.kind == "O" or (array.dtype.kind == "u" and array.max() >= 2**63)
        fit = not beyond and all(abs(each) <= LARGEST for each in labels)
        index = fit and all(each == int(each) and 0 <= each < MOST for each in labels)
        if class_names is not None:
            index = index and max(labels) < len(class_names)
            fit = fit and (index or len(class_names) == 1)  # values of the one output, named
        assert (probes is not None) == fit
        if fit:
            assert probes.true_values.tolist() == [[float(each)] for each in labels]
            assert probes.multi_hot is None
            assert (None if probes.labels is None else probes.labels.tolist()) == (
                [int(each) for each in labels] if index else None
            )

    hold(cases, check, column(whole) | column(real) | column(st.booleans()), names)


@several(20, 200)
def test_rows_of_numbers(cases):
    def check(labels, class_names):
        probes = outcome("Probes: labels", Probes, IMAGES, labels, class_names=class_names)
        width = len(labels[0])
        if width == 1:
            return  # as above
        fit = all(abs(each) <= LARGEST for row in labels for each in row)
        fit = (fit and class_names is None) or (fit and len(class_names) == width)
        assert (probes is not None) == fit
        if not fit:
            return
        assert probes.true_values.tolist() == [list(map(float, row)) for row in labels]
        if all(each in (0, 1) for row in labels for each in row):
            one_each = all(sum(row) == 1 for row in labels)
            if one_each:
                assert probes.labels.tolist() == [row.index(1) for row in labels]
            else:
                assert probes.multi_hot.tolist() == [[each == 1 for each in row] for row in labels]
            assert (probes.labels is None) == (probes.multi_hot is not None)
            return
        assert probes.multi_hot is None
        smoothed = all(min(row) >= 0 and abs(sum(row) - 1) < 0.0099 and row.count(max(row)) == 1 for row in labels)
        nearly = all(abs(sum(row) - 1) < 0.0101 for row in labels)
        if smoothed:
            assert probes.labels.tolist() == [row.index(max(row)) for row in labels]
        elif not nearly or any(min(row) < 0 for row in labels):
            assert probes.labels is None

    hold(cases, check, rows, names)


@several(20, 200)
def test_names_of_each_image(cases):
    def check(labels, class_names, form):
        given = np.array(labels, dtype=object) if form == "objects" else form(labels)
        probes = outcome("Probes: labels", Probes, IMAGES, given, class_names=class_names)
        known = sorted(set(labels)) if class_names is None else class_names
        assert (probes is not None) == (set(labels) <= set(known))
        if probes is not None:
            assert probes.class_names == tuple(known)
            assert [probes.class_names[each] for each in probes.labels] == labels
            assert probes.true_values is None

    hold(cases, check, column(words), names, st.sampled_from([list, tuple, "objects"]))


@several(20, 200)
def test_lists_of_names_of_each_image(cases):
    def check(labels, class_names):
        probes = outcome("Probes: labels", Probes, IMAGES, labels, class_names=class_names)
        found = {word for one in labels for word in one}
        known = sorted(found) if class_names is None else class_names
        assert (probes is not None) == (bool(found) and found <= set(known))
        if probes is not None:
            assert probes.class_names == tuple(known)
            said = [{known[each] for each in probes.labels_of(index)} for index in range(COUNT)]
            assert said == [set(one) for one in labels]

    hold(cases, check, column(st.lists(words, max_size=3)), names)


@several(20, 250)
def test_what_is_no_label_is_refused(cases):
    odd = st.one_of(
        st.none(), st.binary(max_size=3), st.complex_numbers(), st.just(float("nan")), st.just({}), st.just(object()),
        st.dates(), st.integers(2**64), st.just(np.zeros((2, 2))), st.just("a"), st.just(1), st.just([0, 1]),
        st.just([]), st.just("\ud800"), st.just([["a"]]), st.just(["a", 1]), st.just(b"\xff"), st.just(b"b"),
    )  # fmt: skip
    whatever = st.one_of(
        odd, st.lists(odd, max_size=4), st.lists(small, max_size=2), st.dictionaries(words, small), st.sets(small),
        st.just(np.zeros((COUNT, 2, 2))), st.just(np.zeros((COUNT, 0))), st.just(np.array(3)),
    )  # fmt: skip

    def check(labels):
        probes = outcome("Probes: labels", Probes, IMAGES, labels)
        if probes is not None and labels is not None:  # what is accepted says something of each image
            kept = [each for each in (probes.labels, probes.multi_hot, probes.true_values) if each is not None]
            assert kept
            assert all(len(each) == COUNT for each in kept)
            assert all(one is not None and not isinstance(one, (dict, complex)) for one in labels)

    hold(cases, check, whatever)


@pytest.mark.parametrize("labels", [[b"cat", b"\xff", b"cat"], [[b"cat"], [b"\xff"], []]])
def test_names_that_are_no_text_are_refused(labels):
    with pytest.raises(
        ValueError, match=r"^Probes: labels hold b'\\xff', expected names as text, or as bytes in UTF-8"
    ):
        Probes(IMAGES, labels)
