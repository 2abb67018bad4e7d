"""Names of probes and classes: any text, in the order in which it came, or refused by name."""

import numpy as np
from helpers.cases import hold, outcome, several
from hypothesis import strategies as st

from picasso_callbacks import Probes
from picasso_callbacks.log.tags import MAX_LENGTH, distinct_tags

IMAGES = np.zeros((3, 2, 2, 1), "float32")

texts = st.text(st.characters(exclude_categories=()), max_size=6) | st.sampled_from(
    [
        "",
        " ",
        "a",
        "a (2)",
        "a\0",
        "\0",
        "\ud800",
        "../..",
        "/etc",
        "x" * 10_000,
        "\x1b[31m",
        "<script>",
        "\u202e",
        "雪",
    ]
)
odd = st.none() | st.integers() | st.binary(max_size=2) | st.floats() | st.lists(texts, max_size=2)
lists = st.lists(texts, min_size=2, max_size=4)
whatever = st.one_of(
    st.lists(texts | odd, max_size=4), st.sets(texts, min_size=3, max_size=3), texts, odd,
    st.dictionaries(texts, st.integers(), min_size=3, max_size=3), lists.map(np.array), lists.map(tuple),
)  # fmt: skip


def strings(given):
    """The texts of an ordered collection of them; `None` if it is none."""
    ordered = isinstance(given, (list, tuple, np.ndarray)) and len(given)
    return list(map(str, given)) if ordered and all(isinstance(each, str) for each in given) else None


@several(20, 150)
def test_names_are_kept_apart_and_in_order(cases):
    def check(names):
        probes = outcome("names", Probes, IMAGES, names=names)
        expected = strings(names)
        if names is None:
            assert probes.names == ("probe 00", "probe 01", "probe 02")
        elif expected is None or len(expected) != 3:
            assert probes is None
        else:
            assert len(set(probes.names)) == 3
            for at, (kept, given) in enumerate(zip(probes.names, expected, strict=True)):
                assert kept == given if given not in expected[:at] else kept.startswith(f"{given} (")

    hold(cases, check, lists | whatever)


@several(20, 150)
def test_class_names_are_distinct_and_in_order(cases):
    def check(class_names):
        probes = outcome("class_names", Probes, IMAGES, class_names=class_names)
        expected = strings(class_names)
        if class_names is None:
            assert probes.class_names is None
        elif expected is None or len(set(expected)) < len(expected):
            assert probes is None
        else:
            assert probes.class_names == tuple(expected)

    hold(cases, check, lists | whatever)


@several(20, 150)
def test_tags_are_valid_short_and_distinct(cases):
    def check(names):
        tags = distinct_tags(names)
        assert len(set(tags)) == len(names)
        for tag in tags:
            assert tag.encode().decode() == tag
            assert 0 < len(tag) <= MAX_LENGTH + len(" (99)")
            assert not {"/", "\\", '"', *map(chr, range(32)), *map(chr, range(127, 160))} & set(tag)
            assert tag == tag.strip()

    hold(cases, check, st.lists(texts, max_size=5))
