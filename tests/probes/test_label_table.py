"""Labels of image files by their names: dicts, tables, CSV files."""

import numpy as np
import pytest
from PIL import Image

from picasso_callbacks.probes import Probes

FILES = ["a.png", "b.png", "c.png", "more/d.png"]
VALUES = dict(zip(FILES, range(4), strict=True))


@pytest.fixture
def photos(tmp_path):
    """Four files, one of them deeper; their grey values number them."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for name, value in VALUES.items():
        Image.new("L", (5, 4), value).save(folder / name)
    return folder


def read(photos, labels, **settings):
    return Probes.from_directory(photos, labels=labels, color_mode="grayscale", **settings)


def which(probes):
    """The numbers of the files that the probes are."""
    return probes.images[:, 0, 0, 0].tolist()


def csv(photos, text, encoding="utf-8"):
    path = photos.parent / "labels.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_a_dict_of_class_names(photos, capsys):
    probes = read(photos, {"a.png": "tank", "b.png": "cat", "c.png": "tank", "more/d.png": "cat"})
    assert probes.class_names == ("cat", "tank")
    assert which(probes) == [0, 2, 1, 3]  # label by label
    assert probes.labels.tolist() == [1, 1, 0, 0]
    assert probes.names == ("tank a", "tank c", "cat b", "cat d")
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    "names",
    [
        ["a.png", "b.png", "c.png", "d.png"],
        ["a", "b", "c", "d"],
        ["./a.png", "photos/b.png", "c", "more\\d.png"],
    ],
)
def test_files_go_by_the_end_of_their_path(photos, names):
    probes = read(photos, dict(zip(names, [2, 0, 1, 1], strict=True)))
    assert dict(zip(which(probes), probes.labels.tolist(), strict=True)) == {0: 2, 1: 0, 2: 1, 3: 1}


def test_the_whole_path_comes_before_its_end(photos):
    Image.new("L", (5, 4), 9).save(photos / "d.png")
    probes = read(photos, {"d.png": 0, "more/d.png": 1})
    assert dict(zip(which(probes), probes.labels.tolist(), strict=True)) == {9: 0, 3: 1}
    with pytest.raises(ValueError, match=r"has 'd\.png', which is the name of .*d\.png and of .*d\.png"):
        read(photos, {"d.png": 0})


def test_files_without_a_label_are_left_out_and_counted(photos, capsys):
    probes = read(photos, {"a.png": 1, "c.png": 0, "b.png": None, "elsewhere.png": 2})
    assert which(probes) == [0, 2]
    said = f"Picasso: 2 of 4 images in {photos} have no label in labels and are left out, such as b.png.\n"
    assert capsys.readouterr().out == said


def test_labels_of_none_of_the_files_are_refused(photos):
    with pytest.raises(ValueError, match=r"none of the 4 images .* such as 'a\.png'; it has 1 names such as 'x\.png'"):
        read(photos, {"x.png": 1})
    with pytest.raises(ValueError, match="Expected the file names in the first column, 'age'"):
        read(photos, csv(photos, "age,file\n3,a.png\n4,b.png\n"))


def test_as_many_of_each_label_are_taken_as_are_asked_for(photos):
    labels = dict(zip(FILES, ["x", "x", "x", "y"], strict=True))
    assert which(read(photos, labels, count=2)) == [0, 3]


def test_of_true_values_the_first_are_taken(photos):
    probes = read(photos, dict(zip(FILES, [0.5, 2.25, -1.5, 3.0], strict=True)), count=2)
    np.testing.assert_array_equal(probes.true_values, [[0.5], [2.25]])
    assert probes.labels is None


def test_several_names_to_a_file(photos):
    labels = {"a.png": ["mass"], "b.png": ["mass", "effusion"], "c.png": [], "d.png": ["nodule"]}
    probes = read(photos, labels, count=3)
    assert probes.class_names == ("effusion", "mass", "nodule")
    assert which(probes) == [0, 1, 2]
    assert probes.multi_hot.astype(int).tolist() == [[0, 1, 0], [1, 1, 0], [0, 0, 0]]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_csv_file_of_names(photos, separator, encoding):
    text = "file,kind\na.png,tänk\nb.png,cat\n\nc.png,\nd.png,cat\n".replace(",", separator)
    probes = read(photos, str(csv(photos, text, encoding)))
    assert probes.class_names == ("cat", "tänk")
    assert which(probes) == [0, 1, 3]
    assert probes.labels.tolist() == [1, 0, 0]


def test_a_csv_file_of_several_names_in_a_cell(photos):
    probes = read(photos, csv(photos, "Image,Labels\na.png,Mass|Effusion\nb.png,No Finding\nc.png,Mass\nd.png,nan\n"))
    assert probes.class_names == ("Effusion", "Mass", "No Finding")
    assert probes.multi_hot.astype(int).tolist() == [[1, 1, 0], [0, 0, 1], [0, 1, 0]]


def test_a_csv_file_with_a_column_for_each_class(photos):
    text = "image,mass,effusion\na.png,1,1\nb.png,0.0,1\nc.png,False,True\nd.png,,\n"
    probes = read(photos, csv(photos, text))
    assert probes.class_names == ("mass", "effusion")
    assert dict(zip(which(probes), probes.multi_hot.tolist(), strict=True)) == {
        0: [True, True],
        1: [False, True],
        2: [False, True],
    }


def test_class_names_pick_columns_and_order_them(photos):
    text = "path,sex,age,mass,effusion\na.png,F,33,1,0\nb.png,M,40,1,1\nc.png,M,51,0,0\n"
    probes = read(photos, csv(photos, text), class_names=["effusion", "mass"])
    assert dict(zip(which(probes), probes.multi_hot.astype(int).tolist(), strict=True)) == {
        0: [0, 1],
        1: [1, 1],
        2: [0, 0],
    }
    np.testing.assert_array_equal(read(photos, csv(photos, text), class_names=["age"]).true_values, [[33], [40], [51]])
    with pytest.raises(
        ValueError, match=r"columns \['path', 'sex', .* which \['sex'\] are not. class_names=\[\.\.\.\]"
    ):
        read(photos, csv(photos, text))


def test_names_that_look_like_numbers(photos):
    probes = read(photos, csv(photos, "file,digit\na.png,7\nb.png,3\n"), class_names=["3", "5", "7"])
    assert probes.labels.tolist() == [2, 0]
    assert read(photos, csv(photos, "file,digit\na.png,7\nb.png,3\n")).labels.tolist() == [7, 3]


def test_a_csv_file_of_true_values_for_several_outputs(photos):
    probes = read(photos, csv(photos, "file,width,height\na.png,0.5,2\nb.png,1.5,-3\n"))
    np.testing.assert_array_equal(probes.true_values, [[0.5, 2], [1.5, -3]])
    assert probes.class_names == ("width", "height")


class Frame(dict):
    """What tables of pandas and polars have in common: columns by name."""

    @property
    def columns(self):
        return list(self)


def test_a_table_that_is_told_by_its_columns(photos):
    assert read(photos, Frame(file=FILES, label=[1, 0, 1, float("nan")])).labels.tolist() == [1, 1, 0]


def test_pandas(photos):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"file": FILES, "kind": ["tank", None, "cat", "tank"]})
    for labels in (frame, frame.set_index("file"), frame.set_index("file")["kind"]):
        probes = read(photos, labels)
        assert which(probes) == [0, 3, 2]
        assert probes.labels.tolist() == [1, 1, 0]
    several = pandas.DataFrame({"mass": [1, 0, 1, pandas.NA], "nodule": [True, False, True, pandas.NA]}, index=FILES)
    probes = read(photos, several)
    assert probes.class_names == ("mass", "nodule")
    assert sorted(map(tuple, probes.multi_hot.tolist())) == [(False, False), (True, True), (True, True)]
    ages = pandas.Series([30.5, 40.0, np.nan, 20.0], index=FILES)
    np.testing.assert_array_equal(np.sort(read(photos, ages).true_values[:, 0]), [20, 30.5, 40])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1, 2, 3], r"is a list; expected a dict \{file name: label\}.*dict\(zip\(file_names, labels\)\)"),
        ("nowhere.csv", "'nowhere.csv'; expected the path of a CSV file that exists"),
        (Frame(), "a table without columns"),
        (Frame(file=FILES), r"has the columns \['file'\]; expected file names in the first"),
        (Frame(file=["a.png", "a.png"], label=["x", "y"]), r"has 'a\.png' more than once, with 'x' and 'y'"),
        (Frame(file=["a.png"], x=[1], y=[None]), r"has nothing for 'a\.png' in the column 'y', but in others"),
        ({"a.png": "tank", "b.png": 3}, "Probes: labels hold '3', which is not one of"),
        ({"a.png": 0.5, "b.png": 1e300}, "Probes: labels hold 1e"),
    ],
)
def test_refuses_tables(photos, labels, message):
    with pytest.raises(ValueError, match=message):
        read(photos, labels)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a header"),
        ("a.png\nb.png\n", r"with the columns \['a\.png'\]"),
        ("file,label\na.png,1,2\n", r"the line \['a\.png', '1', '2'\]; expected a header"),
        ("file,x,x\na.png,1,2\n", "distinct names"),
    ],
)
def test_refuses_csv_files(photos, text, message):
    with pytest.raises(ValueError, match=message):
        read(photos, csv(photos, text))


def test_refuses_a_file_in_another_encoding(photos):
    with pytest.raises(ValueError, match=r"labels\.csv', which can't be read as a CSV file in UTF-8"):
        read(photos, csv(photos, "file,label\na.png,tänk\n", "latin-1"))
