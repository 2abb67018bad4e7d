"""Probes from every kind of dataset."""

import itertools
import random
import warnings

import keras
import numpy as np
import pytest
from PIL import Image

from picasso_callbacks.probes import Probes

# Datasets: image i is filled with i, so that one sees which were taken.


def numbered(count, shape=(4, 5, 3)):
    return np.arange(count, dtype="float32").reshape(-1, *[1] * len(shape)) * np.ones(shape, "float32")


def taken(probes):
    return probes.images[:, 0, 0, 0].astype(int).tolist()


LABELS = np.array([0, 0, 0, 0, 0, 1, 0, 2, 1, 2, 1, 2])
EVEN_SIX = [0, 1, 5, 7, 8, 9]


class Batches(keras.utils.PyDataset):
    def __init__(self, labels, size=5):
        super().__init__()
        self.images, self.labels, self.size = numbered(len(labels)), labels, size

    def __len__(self):
        return -(-len(self.labels) // self.size)

    def __getitem__(self, index):
        part = slice(index * self.size, (index + 1) * self.size)
        return self.images[part], self.labels[part], np.ones(self.size)


def sources(labels):
    tf = pytest.importorskip("tensorflow")
    x = numbered(len(labels))
    data = tf.data.Dataset.from_tensor_slices((x, labels))
    return {
        "arrays": (x, labels),
        "weighted arrays": (x, labels, np.ones(len(labels))),
        "tensors": (tf.constant(x), tf.constant(labels)),
        "tf.data": data,
        "tf.data batches": data.batch(5),
        "PyDataset": Batches(labels),
        "generator": zip(x, labels, strict=True),
        "generator of batches": ((x[i : i + 5], labels[i : i + 5]) for i in range(0, len(x), 5)),
        "list of lists": [[image, label] for image, label in zip(x, labels, strict=True)],
    }


@pytest.mark.parametrize("kind", sources(LABELS))
@pytest.mark.parametrize("encode", [np.asarray, lambda y: np.eye(3, dtype="float32")[y], lambda y: y[:, np.newaxis]])
def test_balanced_from_every_source(kind, encode):
    probes = Probes.from_dataset(sources(encode(LABELS))[kind], count=6)
    assert taken(probes) == EVEN_SIX
    np.testing.assert_array_equal(probes.labels, LABELS[EVEN_SIX])


def test_not_balanced_takes_the_first():
    assert taken(Probes.from_dataset((numbered(12), LABELS), 4, balanced=False)) == [0, 1, 2, 3]


def test_class_names_as_labels():
    tf = pytest.importorskip("tensorflow")
    words = np.array(["cat", "tank", "half-track"])[LABELS]
    probes = Probes.from_dataset(tf.data.Dataset.from_tensor_slices((numbered(12), words)).batch(5), count=6)
    assert probes.class_names == ("cat", "half-track", "tank")
    assert taken(probes) == EVEN_SIX


def test_torch_loader_and_dataset():
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(torch.tensor(numbered(12)), torch.tensor(LABELS))
    assert taken(Probes.from_dataset(torch.utils.data.DataLoader(data, batch_size=5), count=6)) == EVEN_SIX

    class NoIndexError(torch.utils.data.Dataset):
        __len__ = data.__len__

        def __getitem__(self, index):
            return data[index % 12]

    assert taken(Probes.from_dataset(NoIndexError(), count=20)) == list(range(12))


def test_class_names_come_from_the_dataset(tmp_path):
    pytest.importorskip("tensorflow")
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for i in range(3):
            Image.new("RGB", (5, 4)).save(tmp_path / name / f"{i}.png")
    data = keras.utils.image_dataset_from_directory(tmp_path, image_size=(4, 5), shuffle=False, verbose=False)
    probes = Probes.from_dataset(data, count=2)
    assert probes.names == ("cat 00", "dog 01")


def test_arrays_sorted_by_class_are_searched_whole():
    labels = np.repeat(np.arange(10), 500)
    probes = Probes.from_dataset((numbered(5000, (2, 2)), labels), count=20)
    np.testing.assert_array_equal(probes.labels, np.repeat(np.arange(10), 2))
    assert taken(probes)[:4] == [0, 1, 500, 501]


def test_without_labels_the_first_are_taken():
    for data in (numbered(12), (numbered(12),), iter(numbered(12)), iter([numbered(12)]), [(numbered(12), None)]):
        probes = Probes.from_dataset(data, count=3)
        assert taken(probes) == [0, 1, 2]
        assert probes.labels is None


@pytest.mark.parametrize(
    ("element", "shape"),
    [
        (np.zeros((6, 5)), (1, 6, 5, 1)),
        (np.zeros((6, 5, 3)), (1, 6, 5, 3)),
        (np.zeros((2, 6, 5)), (2, 6, 5, 1)),
        ((np.zeros((6, 5, 7)), 1), (1, 6, 5, 7)),
        ((np.zeros((6, 5, 7)), np.array([0, 1])), (1, 6, 5, 7)),
        ((np.zeros((2, 6, 5)), np.array([0, 1])), (2, 6, 5, 1)),
        ((np.zeros((2, 6, 3)), np.array([[0, 1], [1, 0]])), (2, 6, 3, 1)),
        ((np.zeros((6, 5, 3)), np.array([0, 0, 0, 0, 0, 1])), (1, 6, 5, 3)),
        ((np.zeros((1, 6, 5)), np.array([1])), (1, 6, 5, 1)),
    ],
)
def test_one_image_or_a_batch(element, shape):
    assert Probes.from_dataset([element], balanced=False).images.shape == shape


def test_reads_no_more_than_it_needs():
    read = itertools.count()
    endless = ((np.full((4, 5, 3), i), i % 2) for i in read)
    assert taken(Probes.from_dataset(endless, count=4, class_names=["a", "b"])) == [0, 1, 2, 3]
    assert next(read) == 4


def test_looks_for_unknown_classes_a_while():
    endless = ((np.full((4, 5, 3), i), 2 if i == 70 else i % 2) for i in itertools.count())
    assert taken(Probes.from_dataset(endless, count=4)) == [0, 1, 2, 70]


def test_a_missing_class_ends_the_search_with_a_warning():
    read = itertools.count()
    endless = ((np.full((4, 5, 3), i), 0) for i in read)
    with pytest.warns(UserWarning, match=r"\['b'\].*600 that were read") as caught:
        probes = Probes.from_dataset(endless, count=3, class_names=["a", "b"])
    assert caught[0].filename == __file__
    assert taken(probes) == [0, 1, 2]


def test_more_classes_than_probes_gives_one_of_each():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        names = [str(i) for i in range(10)]
        assert taken(Probes.from_dataset((numbered(12), LABELS), 3, class_names=names)) == [0, 5, 7]


def test_fewer_images_than_asked_for_are_all_taken():
    assert taken(Probes.from_dataset((numbered(3), [1, 0, 1]), 16)) == [0, 1, 2]


def test_a_rare_class_leaves_its_places_to_the_others():
    assert taken(Probes.from_dataset((numbered(6), [0, 0, 0, 0, 0, 1]), 4)) == [0, 1, 2, 5]


def test_a_buffer_that_the_generator_reuses_is_copied():
    def reusing():
        image, label = np.zeros((4, 5, 3)), np.zeros(2)
        for i in range(4):
            image[:], label[:] = i, [i % 2, 1 - i % 2]
            yield image, label

    probes = Probes.from_dataset(reusing(), 4)
    assert taken(probes) == [0, 1, 2, 3]
    np.testing.assert_array_equal(probes.labels, [1, 0, 1, 0])


def test_draws_no_global_random_numbers():
    before = random.getstate(), np.random.get_state()[1].tolist()
    Probes.from_dataset((numbered(12), LABELS), 6)
    assert before == (random.getstate(), np.random.get_state()[1].tolist())


def test_value_range_and_dtype_are_kept():
    probes = Probes.from_dataset((numbered(12).astype("int16"), LABELS), 6, value_range=(-5, 50))
    assert probes.value_range == (-5.0, 50.0)
    assert probes.images.dtype == np.int16


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ([], "no elements"),
        (iter(()), "no elements"),
        ((np.zeros((0, 4, 5, 3)), []), "no elements"),
        (5, "dataset is a int"),
        ("folder", "dataset is a str"),
        (lambda: iter(()), "must be called first"),
        ([{"image": 1, "label": 2}], "an element is a dictionary"),
        ([({"image": 1}, 2)], r"an element is \(dict, int\)"),
        ([(1, 2, 3, 4)], r"an element is \(int, int, int, int\)"),
        ([np.zeros((2, 4, 5, 3)), np.zeros(2)], r"images of shape \(2,\)"),
        ((np.zeros((2, 4, 5, 3)), [0, 1, 2]), r"labels \(3,\)"),
        ([(np.zeros((2, 4, 5, 3)), 1)], r"labels \(\)"),
        ((np.zeros((2, 20)), [0, 1]), "Flattened"),
        ([(np.zeros((4, 5, 3)), 1), np.zeros((4, 5, 3))], "some elements have labels"),
        ([np.zeros((4, 5, 3)), np.zeros((6, 5, 3))], "different shapes"),
        ([(np.zeros((2, 3, 32, 32)), [0, 1])], "np.moveaxis"),
        ([(np.zeros((2, 4, 5, 3)), [[1, 1], [0, np.nan]])], "nan for image 1"),
        ([(np.zeros((2, 4, 5, 3)), np.zeros((2, 4, 5)))], "masks"),
    ],
)
def test_refuses_datasets(dataset, message):
    with pytest.raises(ValueError, match=message) as refused:
        Probes.from_dataset(dataset)
    assert str(refused.value).startswith("Probes")


@pytest.mark.parametrize("count", [0, -1, 2.5, True, "all"])
def test_refuses_counts(count):
    with pytest.raises(ValueError, match="count is"):
        Probes.from_dataset((numbered(12), LABELS), count)


def test_several_classes_to_an_image_are_balanced_by_the_first_of_them():
    rows = np.array([[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 1, 1], [1, 0, 1], [0, 0, 1]])
    images = np.arange(6)[:, None, None] * np.ones((6, 4, 5))
    found = Probes.from_dataset((images, rows), count=4)
    np.testing.assert_array_equal(found.images[:, 0, 0, 0], [0, 3, 4, 5])
    np.testing.assert_array_equal(found.multi_hot, rows[[0, 3, 4, 5]])
    assert found.labels is None


@pytest.mark.parametrize("values", [[3.5, 1.25, -2.0, 7.0], [[0.1, 0.2], [0.7, 0.9], [0.4, 0.4], [0.0, 0.3]]])
def test_of_true_values_the_first_are_taken(values, recwarn):
    images = np.arange(4)[:, None, None, None] * np.ones((4, 4, 5, 1))
    for dataset in ((images, np.array(values)), list(zip(images, np.array(values), strict=True))):
        found = Probes.from_dataset(dataset, count=2)
        np.testing.assert_array_equal(found.true_values, np.reshape(values, (4, -1))[:2])
    assert not recwarn
