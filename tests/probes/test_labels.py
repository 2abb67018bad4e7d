"""Labels, class names and names of probes."""

import numpy as np
import pytest

from picasso_callbacks.probes import Probes


def images(count=3, channels=3, dtype="uint8"):
    return np.zeros((count, 4, 5, channels), dtype=dtype)


@pytest.mark.parametrize(
    "labels",
    [
        [0, 2, 1],
        [[0], [2], [1]],
        [0.0, 2.0, 1.0],
        np.eye(3, dtype="float32")[[0, 2, 1]],
        np.eye(3, dtype="bool")[[0, 2, 1]],
        [[0.9, 0.05, 0.05], [0.05, 0.05, 0.9], [0.05, 0.9, 0.05]],
        ["cat", "tank", "dog"],
        np.array([b"cat", b"tank", b"dog"], dtype=object),
        np.array([0, 2, 1], dtype=object),
    ],
)
def test_labels_of_every_kind(labels):
    probes = Probes(images(), labels, class_names=["cat", "dog", "tank"])
    assert probes.labels.dtype == np.int64
    np.testing.assert_array_equal(probes.labels, [0, 2, 1])
    assert probes.names == ("cat 00", "tank 01", "dog 02")


def test_class_names_follow_from_labels_that_are_names():
    probes = Probes(images(), ["tank", "cat", "tank"])
    assert probes.class_names == ("cat", "tank")
    np.testing.assert_array_equal(probes.labels, [1, 0, 1])


def test_boolean_labels_are_two_classes():
    np.testing.assert_array_equal(Probes(images(), [True, False, True]).labels, [1, 0, 1])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1], "shape \\(2,\\), expected one for each of the 3"),
        (1, "shape \\(\\)"),
        ([0, 1, 2], "from 0 to 2, expected class indices from 0 to 1"),
        ([0, -1, 0], "from -1"),
        ([0, 0.5, 1], "whole numbers"),
        ([0, np.nan, 1], "hold nan for image 1"),
        ([0, 1, np.inf], "hold inf for image 2"),
        ([0.5, 1e300, 1], "hold 1e\\+300 for image 1"),
        ([0, 2**70, 1], "only numbers that fit int64"),
        (np.array([0, 1, 2**63], "uint64"), "hold 9223372036854775808 for image 2"),
        ([[0, 1, 2**70]] * 3, "hold 1180591620717411303424; expected rows of finite numbers"),
        (np.array(["2024-01-01"] * 3, "datetime64[D]"), "datetime64"),
        ([0, None, 1], "None"),
        (["a", "b", "c"], "'c', which is not one of the class_names"),
        (np.eye(3), "2 class_names"),
        ([["a", "b"], [], ["c"]], "'c', which is not one of the class_names"),
        ([["a", 0], ["a"], ["b"]], "labels"),
        ([[], [], []], "shape \\(3, 0\\)"),
        (np.zeros((3, 1, 2)), "one-hot"),
        ([[0], [0, 1], [1]], "labels"),
    ],
)
def test_refuses_labels(labels, message):
    with pytest.raises(ValueError, match=message) as refused:
        Probes(images(), labels, class_names=["a", "b"])
    assert str(refused.value).startswith("Probes: labels")


def test_names_are_kept_as_given_and_made_distinct():
    wild = ["a/b <script>", "😀", "x" * 300, "é", "é", "é (2)", "é", ""]
    assert Probes(images(8), names=wild).names == (*wild[:4], "é (3)", "é (2)", "é (4)", "")


def test_default_names_sort_as_numbers_do():
    names = Probes(images(120)).names
    assert names[3] == "probe 003"
    assert sorted(names) == list(names)


@pytest.mark.parametrize("names", [["a"], ["a", "b", 3], "abc", [], 5])
def test_refuses_names(names):
    with pytest.raises(ValueError, match="Probes: names"):
        Probes(images(), names=names)


@pytest.mark.parametrize("class_names", [["a", "a"], [], "tank", [0, 1], range(3), {"a": 1, 2: 3}])
def test_refuses_class_names(class_names):
    with pytest.raises(ValueError, match="Probes: class_names"):
        Probes(images(), class_names=class_names)


SEVERAL = [[1, 0, 1], [0, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize("dtype", ["bool", "int64", "uint8", "float32"])
def test_several_classes_to_an_image(dtype):
    probes = Probes(images(), np.array(SEVERAL, dtype), class_names=["cat", "dog", "tank"])
    assert probes.labels is None
    assert probes.multi_hot.dtype == bool
    np.testing.assert_array_equal(probes.multi_hot, SEVERAL)
    assert probes.names == ("probe 00", "probe 01", "probe 02")
    assert repr(probes).endswith(", labelled>")


@pytest.mark.parametrize("names", [[["tank", "cat"], [], ["dog"]], [{"cat", "tank"}, set(), ("dog",)]])
@pytest.mark.parametrize("class_names", [None, ["cat", "dog", "tank"]])
def test_several_class_names_to_an_image(names, class_names):
    probes = Probes(images(), names, class_names=class_names)
    np.testing.assert_array_equal(probes.multi_hot, SEVERAL)
    assert probes.class_names == ("cat", "dog", "tank")


def test_one_name_in_each_list_is_one_class_each():
    np.testing.assert_array_equal(Probes(images(), [["b"], ["a"], ["b"]]).labels, [1, 0, 1])


@pytest.mark.parametrize(
    ("labels", "class_names"),
    [
        ([34.5, 0.25, -3.0], None),
        ([34, -52, 10], None),
        ([[0.5, 2.0], [1.0, 0.0], [-1.0, 7.5]], ["width", "height"]),
        ([[34.0], [52.0], [10.0]], ["age"]),
    ],
)
def test_true_values_of_a_regression(labels, class_names):
    probes = Probes(images(), labels, class_names=class_names)
    assert probes.labels is None
    assert probes.multi_hot is None
    assert probes.true_values.dtype == np.float64
    np.testing.assert_array_equal(probes.true_values, np.reshape(labels, (3, -1)))


def test_whole_numbers_may_be_classes_or_true_values():
    probes = Probes(images(), [34.0, 52.0, 10.0])
    np.testing.assert_array_equal(probes.labels, [34, 52, 10])
    np.testing.assert_array_equal(probes.true_values, [[34], [52], [10]])


def test_some_of_the_probes_keep_their_kind_of_labels():
    some = Probes(images(), SEVERAL)[2:]  # which has one class
    assert some.labels is None
    np.testing.assert_array_equal(some.multi_hot, SEVERAL[2:])
    some = Probes(images(), [0.5, 1.0, 2.0])[[2, 1]]
    assert some.labels is None
    np.testing.assert_array_equal(some.true_values, [[2], [1]])
    with pytest.raises(ValueError, match="read-only"):
        some.true_values[0] = 3


def test_names_that_differ_in_a_nul_at_their_end_are_different():
    probes = Probes(np.zeros((3, 2, 2, 1)), labels=["a", "a\0", "a"])
    assert probes.class_names == ("a", "a\0")
    assert probes.labels.tolist() == [0, 1, 0]
