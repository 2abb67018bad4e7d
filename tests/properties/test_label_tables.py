"""Labels of image files: dicts, DataFrames and CSV files of any content, and files of any name."""

import contextlib
import csv
import io
import os
import pathlib
import tempfile

import numpy as np
import pandas
from helpers.cases import hold, outcome, several
from hypothesis import strategies as st
from PIL import Image

from picasso_callbacks import Probes

FILES = ["a.png", "b.png", "sub/c.png"]

words = st.sampled_from(["cat", "dog", "snow leopard", "\x1b[31m", "<b>", "x|y", "雪", '"', "a,b", "line\nline"])
values = st.integers(-2, 4) | st.floats() | st.sampled_from([1e300, 2**70, 0.5])
missing = st.sampled_from([None, "", "nan", float("nan")])


@contextlib.contextmanager
def folder_of(names):
    """A folder of tiny images, each of another grey, by these names."""
    with tempfile.TemporaryDirectory() as folder:
        for shade, name in enumerate(names):
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "wb") as file:
                Image.fromarray(np.full((3, 2), 10 * shade, "uint8")).save(file, "PNG")
        yield pathlib.Path(folder)


def read(folder, labels, **settings):
    """What is read, with nothing raw on the terminal."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        probes = outcome(
            "labels|class_names|from_directory", Probes.from_directory, folder, labels=labels, color_mode="grayscale",
            **settings,
        )  # fmt: skip
    assert said.getvalue().replace("\n", "").isprintable()
    return probes


def by_shade(probes):
    """The index of each file, as its grey tells."""
    return [int(image[0, 0, 0]) // 10 for image in probes.images]


def known(label):
    return label is not None and label == label and str(label).strip().lower() not in ("", "nan", "na", "n/a", "null")


@several(10, 120)
def test_a_table_of_class_names(cases):
    forms = st.sampled_from(["dict", "series", "frame", "csv", ";", "\t"])

    def check(labels, form):
        with folder_of(FILES) as folder:
            rows = [(name, "" if label is None else label) for name, label in zip(FILES, labels, strict=True)]
            if form == "dict":
                table = dict(zip(FILES, labels, strict=True))
            elif form == "series":
                table = pandas.Series(labels, index=FILES, dtype=object)
            elif form == "frame":
                table = pandas.DataFrame({"file": FILES, "label": pandas.Series(labels, dtype=object)})
            else:
                table = folder / "labels.csv"
                with open(table, "w", newline="", encoding="utf-8") as file:
                    csv.writer(file, delimiter="," if form == "csv" else form).writerows([("file", "label"), *rows])
            probes = read(folder, table)
        of_file = {place: label for place, label in enumerate(labels) if known(label)}
        assert (probes is not None) == bool(of_file)
        if probes is None:
            return
        if form in ("csv", ";", "\t"):  # cells are stripped, and `|` stands between several names
            of_file = {place: label.strip() for place, label in of_file.items()}
        several_names = form not in ("dict", "series") and any("|" in label for label in of_file.values())
        lists = {place: label.split("|") if several_names else [label] for place, label in of_file.items()}
        assert sorted(by_shade(probes)) == sorted(lists)
        assert probes.class_names == tuple(sorted({name for names in lists.values() for name in names}))
        for row, place in enumerate(by_shade(probes)):
            assert {probes.class_names[each] for each in probes.labels_of(row)} == set(lists[place])

    hold(cases, check, st.lists(words | missing, min_size=3, max_size=3), forms)


@several(10, 120)
def test_a_table_of_numbers(cases):
    def check(labels, as_file):
        with folder_of(FILES) as folder:
            table = dict(zip(FILES, labels, strict=True))
            if as_file:
                rows = "".join(f"{name},{label!r}\n" for name, label in table.items())
                table = folder / "labels.csv"
                table.write_text(f"file,label\n{rows}", "utf-8")
            probes = read(folder, table)
        of_file = {place: label for place, label in enumerate(labels) if label == label}
        largest = float(np.finfo("float32").max)
        fit = bool(of_file) and all(abs(label) <= largest for label in of_file.values())
        beyond = any(isinstance(label, int) and abs(label) >= 2**63 for label in of_file.values())
        assert fit or probes is None
        if fit and not beyond:
            assert [value for (value,) in probes.true_values] == [float(of_file[place]) for place in by_shade(probes)]
            index = all(0 <= label == int(label) < 2**31 for label in of_file.values())
            assert (probes.labels is not None) == index

    hold(cases, check, st.lists(values, min_size=3, max_size=3), st.booleans())


@several(10, 120)
def test_a_csv_file_of_anything(cases):
    lines = st.lists(
        st.text(max_size=8) | st.sampled_from(["a.png,cat", "b.png,1", "file,label", "b,", ",", '"a.png,x'])
    )
    contents = st.binary(max_size=40) | lines.map(lambda each: "\n".join(each).encode("utf-8", "replace"))

    def check(content):
        with folder_of(FILES) as folder:
            (folder / "labels.csv").write_bytes(content)
            probes = read(folder, folder / "labels.csv")
        if probes is not None:  # whatever was made sense of, each image has a label
            kept = [each for each in (probes.labels, probes.multi_hot, probes.true_values) if each is not None]
            assert kept
            assert all(len(each) == len(probes) for each in kept)

    hold(cases, check, contents)


@several(10, 100)
def test_what_is_no_table_is_refused(cases):
    odd = st.one_of(
        st.none(), words, st.lists(words, max_size=2), st.lists(st.none(), max_size=2), st.integers(), st.just({}),
        st.binary(max_size=2), st.just(object()), st.just([0, 1]), st.just(b"\xff"), st.just(1j), st.just({"a"}),
    )  # fmt: skip
    tables = st.one_of(
        st.dictionaries(st.sampled_from([*FILES, "a", "nothing", 3, None, ""]), odd, max_size=3),
        odd.filter(lambda each: each is not None),
        st.just(pandas.DataFrame()), st.just(pandas.DataFrame({"a.png": [1, 2]})), st.just(pandas.Series(["cat"] * 3)),
        st.just(pandas.DataFrame({"file": FILES})), st.just(pandas.DataFrame([["a.png", "cat"], ["a.png", "dog"]])),
        st.just(pandas.DataFrame({"file": FILES, "x": [1, None, 2], "y": [1, 2, 3]})),
    )  # fmt: skip

    def check(table):
        with folder_of(FILES) as folder:
            probes = read(folder, table)
        if probes is not None:
            assert isinstance(table, dict)
            assert set(by_shade(probes)) <= {FILES.index(name) for name in FILES if name in table or name[0] in table}

    hold(cases, check, tables)


@several(10, 120)
def test_files_and_class_folders_of_any_name(cases):
    """As file systems allow: no slash, no NUL; bytes that are no UTF-8, control characters, marks of direction."""
    texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="/\0"), min_size=1, max_size=8)
    wild = st.sampled_from(
        ["\x1b[2J", "\udcff", "a\nb", "\u202egnp", "<img src=x onerror=alert(1)>", " ", "-rf", "'", "雪"]
    )
    part = (texts | wild).filter(lambda name: name not in (".", "..") and len(os.fsencode(name)) < 100)

    def check(classes, file):
        classes = [one for one in classes if not one.startswith(".")]
        with folder_of([f"{one}/{file}.png" for one in classes]) as folder:
            probes = read(folder, None)
        if not classes or file.startswith("."):
            assert probes is None or len(probes) == len(classes)
            return
        assert probes.class_names == tuple(sorted(classes))
        assert [probes.class_names[label] for label in probes.labels] == [classes[shade] for shade in by_shade(probes)]

    hold(cases, check, st.lists(part, max_size=3, unique=True), part)
