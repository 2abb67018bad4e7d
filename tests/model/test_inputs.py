"""Inputs: models that take more than an image, or an image arranged in another way."""

import keras
import numpy as np
import pytest
from helpers.models import cnn, linear
from keras import layers

from picasso_callbacks import PartialOcclusion, Picasso, Probes, SaliencyMap, explain

SIZE = (2, 3, 1)
IMAGES = np.arange(1, 19, dtype="float32").reshape(3, *SIZE) / 10
SITE = np.array([[2.0], [-1.0], [5.0]], dtype="float32")
PIXEL_BY_PIXEL = [PartialOcclusion(1, 1, canvas="black"), SaliencyMap()]  # black is 0


def sum_times_site(image, site):
    """Two classes, the logits 0 and the sum of all pixels times the site's number."""
    z = keras.ops.sum(keras.ops.reshape(image, (-1, 6)), axis=1, keepdims=True) * site
    return keras.ops.concatenate([z * 0, z], axis=1)


class TakesDict(keras.Model):
    def __init__(self):
        super().__init__()
        self.softmax = layers.Softmax()

    def call(self, inputs):
        return self.softmax(sum_times_site(inputs["photo"], inputs["site"]))


class TakesDictWithTraining(TakesDict):
    def call(self, inputs, training=False):
        return super().call(inputs)


def functional(structure):
    photo, site = keras.Input(SIZE, name="photo"), keras.Input((1,), name="site")
    return keras.Model(structure(photo, site), layers.Softmax()(sum_times_site(photo, site)))


MODELS = {
    "dict": lambda: functional(lambda photo, site: {"photo": photo, "site": site}),
    "dict, image last": lambda: functional(lambda photo, site: {"site": site, "photo": photo}),
    "list": lambda: functional(lambda photo, site: [photo, site]),
    "list, image last": lambda: functional(lambda photo, site: [site, photo]),
    "subclassed": TakesDict,
    "subclassed with training": TakesDictWithTraining,
}

each_model = pytest.mark.parametrize("name", MODELS)


def extra(name, site=SITE):
    return {"photo": None, "site": site} if "subclassed" in name else {"site": site}


@each_model
@pytest.mark.parametrize("batch_size", [4, 5, 256])
def test_each_probe_keeps_its_own_extra_input(name, batch_size):
    probes = Probes(IMAGES, extra=extra(name), value_range=(0, 1))
    report = explain(MODELS[name](), probes, targets=1, methods=PIXEL_BY_PIXEL, batch_size=batch_size)
    z = IMAGES.reshape(3, 6).sum(axis=1) * SITE[:, 0]
    np.testing.assert_allclose(report.probabilities[:, 1], 1 / (1 + np.exp(-z)), rtol=1e-4)
    evidence = IMAGES[..., 0] * SITE[:, :, None]
    np.testing.assert_allclose(report["partial_occlusion"].values[:, 0], evidence, atol=1e-4)
    steepness = np.broadcast_to(np.abs(SITE)[:, :, None], (3, 2, 3))
    np.testing.assert_allclose(report["saliency_map"].values[:, 0], steepness)


@each_model
def test_one_extra_input_for_all_probes(name):
    probes = Probes(IMAGES, extra=extra(name, np.array([[3.0]])), value_range=(0, 1))
    report = explain(MODELS[name](), probes, targets=1, methods=["saliency_map"])
    np.testing.assert_allclose(report["saliency_map"].values, np.full((3, 1, 2, 3), 3.0))


def test_integer_inputs_stay_integers():
    photo, site = keras.Input(SIZE, name="photo"), keras.Input((), dtype="int32", name="site")
    table = layers.Embedding(4, 1, name="table")
    model = keras.Model([photo, site], layers.Softmax()(sum_times_site(photo, table(site))))
    model.get_layer("table").set_weights([np.array([[0.0], [1.0], [2.0], [3.0]])])
    probes = Probes(IMAGES, extra={"site": np.array([3, 1, 2])})
    report = explain(model, probes, targets=1, methods=["saliency_map"])
    np.testing.assert_allclose(report["saliency_map"].values[:, 0, 0, 0], [3, 1, 2])


def test_some_of_the_probes_keep_their_extra_inputs():
    probes = Probes(IMAGES, extra={"site": SITE})[[2, 0]]
    report = explain(MODELS["list"](), probes, targets=1, methods=["saliency_map"])
    np.testing.assert_allclose(report["saliency_map"].values[:, 0, 0, 0], [5, 2])


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("dict", None),
        ("dict", {"place": SITE}),
        ("list", {"site": SITE, "place": SITE}),
        ("dict", {"photo": SITE, "site": SITE}),
        ("subclassed", {"site": SITE}),
        ("subclassed", {"site": SITE, "photo": None, "mask": None}),
    ],
)
def test_other_inputs_than_the_models_are_refused_by_name(name, given):
    with pytest.raises(
        ValueError, match=r"the model's inputs are .*expected all inputs but the image in Probes\(extra="
    ):
        explain(MODELS[name](), Probes(IMAGES, extra=given))


@pytest.mark.parametrize("count", [2, 4, 0])
def test_an_extra_input_of_another_length_is_refused_by_probes(count):
    with pytest.raises(ValueError, match=r"extra.*site"):
        Probes(IMAGES, extra={"site": np.zeros((count, 1))})


def test_extra_inputs_in_a_fit(tmp_path):
    model = MODELS["dict"]()
    model.compile("sgd", "sparse_categorical_crossentropy")
    picasso = Picasso(tmp_path, Probes(IMAGES, extra={"site": SITE}), on_error="raise")
    model.fit({"photo": IMAGES, "site": SITE}, np.array([0, 1, 1]), callbacks=[picasso], verbose=0)
    assert list(tmp_path.rglob("*tfevents*"))


def test_images_without_a_channel_axis():
    weights = np.random.default_rng(0).normal(size=(6, 2)).astype("float32")
    report = explain(
        linear((2, 3), weights, "softmax"), Probes(IMAGES, value_range=(0, 1)), targets=1, methods=PIXEL_BY_PIXEL
    )
    np.testing.assert_allclose(report["saliency_map"].values[0, 0], np.abs(weights[:, 1]).reshape(2, 3))
    evidence = IMAGES[..., 0] * (weights[:, 1] - weights[:, 0]).reshape(2, 3)
    np.testing.assert_allclose(report["partial_occlusion"].values[:, 0], evidence, atol=1e-5)


@pytest.mark.parametrize("size", [(3, 5, 9), (3, None, None)])
def test_channels_first(size):
    image = keras.Input(size)
    mean = keras.ops.mean(image, axis=(2, 3))  # of each channel
    model = keras.Model(image, layers.Softmax()(mean * np.array([45.0, 90.0, -180.0], dtype="float32")))
    images = np.random.default_rng(1).random((2, 5, 9, 3), dtype="float32")
    report = explain(model, Probes(images, value_range=(0, 1)), targets=[0, 1, 2], methods=PIXEL_BY_PIXEL)
    for k, weight in enumerate([1, 2, 4]):  # 45 / 45 pixels, ...
        np.testing.assert_allclose(report["saliency_map"].values[:, k], np.full((2, 5, 9), weight), rtol=1e-5)
    assert report["partial_occlusion"].values.shape == (2, 3, 5, 9)


@pytest.mark.parametrize("size", [(2, 3), (4, 5)])
def test_unknown_height_and_width(size):
    image = keras.Input((None, None, 1))
    model = keras.Model(image, layers.Dense(2, "softmax")(layers.GlobalAveragePooling2D()(image)))
    model.set_weights([np.array([[0.0, 60.0]]), np.zeros(2)])
    images = np.random.default_rng(2).random((2, *size, 1), dtype="float32")
    report = explain(model, Probes(images, value_range=(0, 1)), targets=1, methods=PIXEL_BY_PIXEL)
    count = size[0] * size[1]
    np.testing.assert_allclose(report["saliency_map"].values, np.full((2, 1, *size), 60 / count), rtol=1e-5)
    np.testing.assert_allclose(report["partial_occlusion"].values[:, 0], images[..., 0] * 60 / count, atol=1e-4)


def test_a_model_that_is_built_by_its_first_call():
    model = keras.Sequential([layers.Flatten(), layers.Dense(2, "softmax")])
    report = explain(model, Probes(IMAGES), targets=1, methods=["saliency_map"])
    weights = model.get_weights()[0]
    np.testing.assert_allclose(report["saliency_map"].values[0, 0], np.abs(weights[:, 1]).reshape(2, 3))


def test_a_fit_of_a_model_that_is_not_built_yet(tmp_path):
    model = keras.Sequential([layers.Flatten(), layers.Dense(2, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    picasso = Picasso(tmp_path, Probes(IMAGES, labels=[0, 1, 1]), on_error="raise")
    model.fit(IMAGES, np.array([0, 1, 1]), callbacks=[picasso], verbose=0)
    assert list(tmp_path.rglob("*tfevents*"))


def test_windows_lie_on_a_resized_input_and_maps_on_the_probe():
    probes = Probes(np.kron(IMAGES[0, ..., 0], np.ones((10, 10)))[None, ..., None], value_range=(0, 1))
    model = linear(SIZE, np.stack([np.zeros(6), [0, 0, 10.0, 0, 0, 0]], axis=1), "softmax")
    report = explain(model, probes, preprocess=lambda x: x[:, 5::10, 5::10], targets=1, methods=PIXEL_BY_PIXEL)
    for name, value in ("partial_occlusion", 10 * IMAGES[0, 0, 2, 0]), ("saliency_map", 10):
        values = report[name].values[0, 0]
        assert values.shape == (20, 30)
        np.testing.assert_allclose(values[:4, 26:], value, rtol=1e-4)  # past the last pixel's middle, as it is there
        np.testing.assert_allclose(values[15:], 0, atol=1e-5)
        np.testing.assert_allclose(values[:, :15], 0, atol=1e-5)


def test_flattened_images():
    weights = np.random.default_rng(3).normal(size=(6, 2)).astype("float32")
    model = keras.Sequential([keras.Input((6,)), layers.Dense(2, "softmax")])
    model.set_weights([weights, np.zeros(2)])
    report = explain(
        model,
        Probes(IMAGES, value_range=(0, 1)),
        preprocess=lambda x: x.reshape(-1, 6),
        postprocess=lambda x: x.reshape(-1, 2, 3),
        targets=1,
        methods=PIXEL_BY_PIXEL,
    )
    np.testing.assert_allclose(report["saliency_map"].values[1, 0], np.abs(weights[:, 1]).reshape(2, 3))
    evidence = IMAGES[..., 0] * (weights[:, 1] - weights[:, 0]).reshape(2, 3)
    np.testing.assert_allclose(report["partial_occlusion"].values[:, 0], evidence, atol=1e-5)


def test_preprocess_is_called_once_for_probes_and_once_for_each_canvas():
    calls = []

    def preprocess(images):
        calls.append(images.shape)
        return images

    methods = [PartialOcclusion(1, 1), PartialOcclusion(2, 1), PartialOcclusion(1, 1, canvas="white"), SaliencyMap()]
    explain(linear(SIZE, np.eye(6, 2), "softmax"), Probes(IMAGES), preprocess=preprocess, methods=methods)
    halves = (5 * len(IMAGES), *IMAGES.shape[1:])  # as they are, and each half changed, to see how inputs lie
    assert calls == [IMAGES.shape, halves, (1, *IMAGES.shape[1:]), (1, *IMAGES.shape[1:])]  # the probes, grey, white


def test_channels_turned_round_by_preprocess_without_a_copy():
    model = cnn((8, 8, 3))[0]
    images = np.random.default_rng(0).random((4, 8, 8, 3), dtype="float32")
    turned = Probes(np.ascontiguousarray(images[..., ::-1]), value_range=(0, 1))
    expected = explain(model, turned, incremental=False)
    found = explain(model, Probes(images, value_range=(0, 1)), preprocess=lambda x: x[..., ::-1], incremental=False)
    for name in ("partial_occlusion", "saliency_map"):
        np.testing.assert_array_equal(found[name].values, expected[name].values)


@pytest.mark.parametrize("channels", [2, 5, 7])
@pytest.mark.parametrize("told", ["by the model", "by preprocess"])
def test_channels_first_of_any_number(channels, told):
    size = (channels, 16, 16)
    weights = np.random.default_rng(0).normal(size=(channels * 256, 2)).astype("float32")
    model = linear(size, weights, "softmax")
    images = np.random.default_rng(1).random((2, 16, 16, channels), dtype="float32")
    preprocess = (lambda x: np.moveaxis(x, -1, 1)) if told == "by preprocess" else None
    methods = [PartialOcclusion(window=8, stride=8), "saliency_map"]
    report = explain(model, Probes(images, value_range=(0, 1)), targets=1, methods=methods, preprocess=preprocess)
    by_pixel = np.moveaxis(weights.reshape(*size, 2), 0, 2)
    np.testing.assert_allclose(report["saliency_map"].values[0, 0], np.abs(by_pixel[..., 1]).max(axis=-1), rtol=1e-5)
    evidence = ((images - 0.5) * (by_pixel[..., 1] - by_pixel[..., 0])).reshape(2, 2, 8, 2, 8, channels).sum((2, 4, 5))
    np.testing.assert_allclose(report["partial_occlusion"].values[:, 0, ::8, ::8], evidence, atol=1e-4)


def test_patches_of_colour_need_postprocess():
    def cut(images):
        return images.reshape(len(images), 2, 4, 2, 4, 3).transpose(0, 1, 3, 2, 4, 5).reshape(len(images), 4, 48)

    def join(arrays):
        return arrays.reshape(-1, 2, 2, 4, 4, 3).transpose(0, 1, 3, 2, 4, 5).reshape(-1, 8, 8, 3)

    weights = np.random.default_rng(0).normal(size=(192, 2)).astype("float32")
    model = linear((4, 48), weights, "softmax")
    probes = Probes(np.random.default_rng(1).random((2, 8, 8, 3), dtype="float32"))
    with pytest.raises(ValueError, match=r"preprocess=.*postprocess="):
        explain(model, probes, preprocess=cut)
    found = explain(model, probes, preprocess=cut, postprocess=join, methods="saliency_map", targets=1)
    expected = np.abs(join(weights[:, 1].reshape(1, 4, 48))).max(axis=-1)
    np.testing.assert_allclose(found["saliency_map"].values[0], expected, rtol=1e-5)


class Pipeline(keras.Model):
    """Makes its inputs of bytes when it trains and predicts, but not when it is called; as models of keras-hub."""

    def __init__(self, preprocessor="bytes", **settings):
        super().__init__(**settings)
        self.preprocessor = layers.Rescaling(1 / 255) if preprocessor == "bytes" else preprocessor
        self.flatten, self.dense = layers.Flatten(), layers.Dense(2, activation="softmax")

    def call(self, inputs):
        return self.dense(self.flatten(inputs))

    def preprocess_samples(self, x, y=None, sample_weight=None):
        x = x if self.preprocessor is None else self.preprocessor(x)
        return keras.utils.pack_x_y_sample_weight(x, y, sample_weight)

    def fit(self, x, y, **settings):
        return super().fit(keras.ops.convert_to_numpy(self.preprocess_samples(x)), y, **settings)

    def predict(self, x, **settings):
        return super().predict(keras.ops.convert_to_numpy(self.preprocess_samples(x)), **settings)


def pipeline(**settings):
    model = Pipeline(**settings)
    model(np.zeros((1, 8, 6, 3)))
    model.dense.set_weights([np.random.default_rng(0).normal(size=(144, 2)), np.zeros(2)])
    return model


BYTES = np.random.default_rng(1).integers(0, 256, (3, 8, 6, 3), dtype="uint8")


def test_a_model_that_says_how_its_inputs_are_made_is_asked_that_way(tmp_path):
    model = pipeline()
    report = explain(model, Probes(BYTES), targets=1, methods=[PartialOcclusion(window=(4, 3), stride=(4, 3))])
    np.testing.assert_allclose(report.probabilities, model.predict(BYTES, verbose=0), atol=1e-6)
    hidden = BYTES.copy()
    hidden[:, :4, :3] = 128
    odds = lambda p: np.log(p[:, 1]) - np.log(p[:, 0])  # noqa: E731
    fall = odds(model.predict(BYTES, verbose=0)) - odds(model.predict(hidden, verbose=0))
    np.testing.assert_allclose(report["partial_occlusion"].values[:, 0, 0, 0], fall, rtol=1e-4)

    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(BYTES, np.array([0, 1, 1]), verbose=0, callbacks=[Picasso(tmp_path, Probes(BYTES), on_error="raise")])
    assert list(tmp_path.rglob("*tfevents*"))


def test_a_preprocess_of_the_users_own_comes_first():
    report = explain(pipeline(), Probes(BYTES), preprocess=lambda x: x / 255.0, targets=1)
    np.testing.assert_allclose(report.probabilities, explain(pipeline(), Probes(BYTES)).probabilities, atol=1e-6)


def test_a_model_whose_preprocessor_is_none_gets_images_as_they_are():
    images = BYTES.astype("float32") / 255
    found = explain(pipeline(preprocessor=None), Probes(images)).probabilities
    np.testing.assert_allclose(found, explain(pipeline(), Probes(BYTES)).probabilities, atol=1e-6)


class TrainsItsOwnWay(keras.Model):
    """Has a preprocessor, and nobody can know from outside who calls it."""

    def __init__(self):
        super().__init__()
        self.preprocessor = layers.Rescaling(1 / 255)
        self.flatten, self.dense = layers.Flatten(), layers.Dense(2, activation="softmax")

    def call(self, inputs):
        return self.dense(self.flatten(inputs))

    def train_step(self, *data):
        raise NotImplementedError


def test_a_preprocessor_of_which_nobody_says_when_it_is_called_is_asked_about():
    with pytest.raises(ValueError, match=r"a preprocessor and a training of its own.*preprocess=model\.preprocessor"):
        explain(TrainsItsOwnWay(), Probes(BYTES))
    model = TrainsItsOwnWay()
    assert explain(model, Probes(BYTES), preprocess=model.preprocessor).probabilities.shape == (3, 2)


class Unpacks(keras.Model):
    """Takes its inputs by their order."""

    def __init__(self):
        super().__init__()
        self.flatten, self.dense = layers.Flatten(), layers.Dense(2, activation="softmax")

    def call(self, inputs):
        place, photo = inputs
        return self.dense(keras.ops.concatenate([self.flatten(photo), place], axis=1))


def unnamed():
    place, photo = keras.Input((1,)), keras.Input(SIZE)
    hidden = layers.Concatenate()([layers.Flatten()(photo), place])
    return keras.Model([place, photo], layers.Dense(2, activation="softmax")(hidden))


@pytest.mark.parametrize("make", [Unpacks, unnamed])
def test_inputs_by_their_order(make, tmp_path):
    model, probes = make(), Probes(IMAGES, extra=[SITE, None], value_range=(0, 1))
    report = explain(model, probes, targets=1, methods=PIXEL_BY_PIXEL)
    weights = model.layers[-1].get_weights()[0] if make is unnamed else model.dense.get_weights()[0]
    np.testing.assert_allclose(report["saliency_map"].values[0, 0], np.abs(weights[:6, 1]).reshape(2, 3), rtol=1e-5)
    answers = keras.ops.convert_to_numpy(model([SITE, IMAGES]))
    np.testing.assert_allclose(report.probabilities, answers, atol=1e-6)
    assert explain(model, probes[1:], targets=1, methods=["class_probabilities"]).probabilities.shape == (2, 2)

    model.compile("sgd", "sparse_categorical_crossentropy")
    picasso = Picasso(tmp_path, probes, on_error="raise")
    data = (SITE, IMAGES) if make is Unpacks else [SITE, IMAGES]
    model.fit(data, np.array([0, 1, 1]), callbacks=[picasso], verbose=0)


def test_inputs_that_nobody_named_are_told_with_their_shapes_in_the_models_order():
    with pytest.raises(
        ValueError, match=r"\(None, 1\), .*\(None, 2, 3, 1\).*Probes\(extra=\[\.\.\.\]\), all inputs in"
    ):
        explain(unnamed(), Probes(IMAGES))
