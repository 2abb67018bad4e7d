"""Occlusion and saliency against brute force: loops and differences with NumPy and `model.predict` only."""

import keras
import numpy as np
import pytest
from helpers.brute_force import TOLERANCE, assert_maps_agree, brute_force, log_odds
from helpers.models import cnn, from_logits, looks_at

from picasso_callbacks import PartialOcclusion, Probes, SaliencyMap, explain

SIZE = (13, 18, 3)


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(3)
    return cnn(SIZE)


@pytest.fixture(scope="module")
def probes():
    images = np.random.default_rng(5).uniform(-1, 1, (3, *SIZE)).astype("float32")
    return Probes(images, labels=[0, 3, 4], value_range=(-1, 2))


def test_windows_of_a_quarter_every_eighth_are_the_default():
    assert PartialOcclusion().window == (1 / 4, 1 / 4)
    assert PartialOcclusion().stride == (1 / 8, 1 / 8)


@pytest.mark.parametrize(
    ("settings", "limit", "signed", "neutral", "unit"),
    [
        ({}, 12, True, 0.05, "nats"),
        ({"score": "probability"}, 1, True, 0.005, ""),
        ({"view": "probability"}, 1, False, 0, ""),
        ({"view": "probability", "score": "log_odds"}, 1, False, 0, ""),
    ],
)
def test_falls_have_a_sign_and_what_is_left_has_none(settings, limit, signed, neutral, unit):
    model = looks_at((4, 4, 1), (0, 0))
    method = PartialOcclusion(1, 3, **settings)
    found = explain(model, Probes(np.ones((1, 4, 4, 1)), value_range=(0, 1)), methods=[method])["partial_occlusion"]
    assert (found.scale.limit, found.scale.signed, found.scale.neutral, found.unit) == (limit, signed, neutral, unit)
    assert found.attribution == ("view" not in settings)


GEOMETRIES = [
    (1 / 4, 1 / 8),  # the defaults; neither divides 13 or 18
    (4, 3),
    ((3, 7), (2, 5)),
    ((1 / 3, 0.5), (0.2, 1 / 6)),
    ((5, 0.3), (0.3, 4)),
    (1.0, 1.0),
    ((13, 18), 1),  # as large as the image
    ((13, 4), (1, 4)),  # a column
    ((1, 18), (5, 1)),  # rows, with gaps
    (3, 5),
    ((2, 3), (6, 9)),
    (1, 7),
]


@pytest.mark.parametrize(("window", "stride"), GEOMETRIES)
def test_occlusion_is_what_a_loop_over_windows_finds(network, probes, window, stride):
    model, logits = network
    targets = np.tile([4, 0, 2], (3, 1))
    report = explain(
        model,
        probes,
        targets=[4, 0, 2],
        methods=[
            PartialOcclusion(window, stride),
            PartialOcclusion(window, stride, score="probability"),
            PartialOcclusion(window, stride, view="probability"),
        ],
        batch_size=7,
    )
    odds = lambda images: log_odds(logits.predict(images, batch_size=256, verbose=0))  # noqa: E731
    probability = lambda images: model.predict(images, batch_size=256, verbose=0)  # noqa: E731
    grey = np.full_like(probes.images, 0.5)
    hidden = {score: brute_force(score, probes.images, grey, targets, window, stride) for score in (odds, probability)}
    for name, score in ("partial_occlusion", odds), ("partial_occlusion_2", probability):
        assert_maps_agree(report[name].values, hidden[score], score, probes.images, targets)
    drop, seen = report["partial_occlusion_2"].values, report["partial_occlusion_3"].values
    expected = hidden[probability]
    covered = np.isfinite(expected)
    np.testing.assert_allclose(seen[covered], expected[covered], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(
        seen + drop, np.broadcast_to(report.probabilities[:, targets[0], None, None], seen.shape), atol=1e-6
    )
    notes = report["partial_occlusion"].notes
    assert bool(notes) == (not covered.all())
    assert all("gaps take the nearest window's value" in note for note in notes)


def blurred(images):
    """A Gaussian of an eighth of each side, weighed by hand; what lies outside the image doesn't count."""
    height, width = images.shape[1:3]
    rows, columns = np.mgrid[:height, :width]
    found = np.empty_like(images)
    for y, x in np.ndindex(height, width):
        weights = np.exp(-((rows - y) ** 2) / (2 * (height / 8) ** 2) - (columns - x) ** 2 / (2 * (width / 8) ** 2))
        found[:, y, x] = (images * weights[..., None]).sum(axis=(1, 2)) / weights.sum()
    return found


IMAGE = np.random.default_rng(8).uniform(-1, 2, (3, *SIZE)).astype("float32")


CANVASES = {
    "grey": lambda images: np.full_like(images, 0.5),
    "black": lambda images: np.full_like(images, -1),
    "white": lambda images: np.full_like(images, 2),
    "mean": lambda images: np.stack([np.broadcast_to(image.mean(axis=(0, 1)), image.shape) for image in images]),
    "blur": blurred,
    "image": lambda images: np.stack([IMAGE[0]] * 3),
    "images": lambda images: IMAGE,
}


@pytest.mark.parametrize("canvas", CANVASES)
def test_hidden_pixels_become_the_canvas(network, probes, canvas):
    model, logits = network
    given = {"image": IMAGE[0], "images": IMAGE}.get(canvas, canvas)
    report = explain(model, probes, methods=[PartialOcclusion((4, 6), (3, 5), canvas=given)])
    odds = lambda images: log_odds(logits.predict(images, batch_size=256, verbose=0))  # noqa: E731
    hidden = brute_force(odds, probes.images, CANVASES[canvas](probes.images), report.targets, (4, 6), (3, 5))
    assert report.targets[:, 0].tolist() == [0, 3, 4]
    assert_maps_agree(report["partial_occlusion"].values, hidden, odds, probes.images, report.targets)


@pytest.mark.parametrize("batch_size", [1, 2, 5, 7, 30, 1000])
def test_batches_change_nothing(network, probes, batch_size):
    methods = [PartialOcclusion((5, 6), (4, 6)), SaliencyMap()]
    whole = explain(network[0], probes, methods=methods)
    batched = explain(network[0], probes, methods=methods, batch_size=batch_size)
    np.testing.assert_allclose(batched.probabilities, whole.probabilities, atol=1e-6)
    for name in "partial_occlusion", "saliency_map":
        np.testing.assert_allclose(batched[name].values, whole[name].values, atol=TOLERANCE)


@pytest.mark.parametrize(("window", "stride"), [(1, 1), ((2, 3), (1, 2)), (1 / 3, 1 / 5), ((5, 9), (5, 9))])
def test_a_model_that_looks_at_the_top_right_lights_up_only_what_hides_it(window, stride):
    size = (5, 9, 3)
    images = np.full((1, *size), 0.25, dtype="float32")
    report = explain(
        looks_at(size, pixel=(0, 8), weight=6.0),
        Probes(images),
        targets=[1, 0],
        methods=[PartialOcclusion(window, stride, canvas="white"), SaliencyMap()],
    )
    # Hiding the pixel takes 0.25 to 1, so the second class wins 6 * 0.75 nats; a window hides it or it doesn't.
    hides = lambda images: np.stack([-images[:, 0, 8, 0], images[:, 0, 8, 0]], axis=1)  # noqa: E731
    reached = brute_force(hides, np.zeros_like(images), np.ones_like(images), np.array([[1, 0]]), window, stride)
    np.testing.assert_allclose(report["partial_occlusion"].values, -4.5 * reached, atol=TOLERANCE)
    assert report["partial_occlusion"].values[0, 0, 0, 8] == pytest.approx(-4.5)
    lit = np.argwhere(report["saliency_map"].values[0, 0])
    assert lit.tolist() == [[0, 8]]


def heads(size, weights):
    """The same classifier with its softmax in five places."""
    classes = weights.shape[1]
    body = lambda: [keras.Input(size), keras.layers.Flatten()]  # noqa: E731
    dense = lambda activation=None: keras.layers.Dense(classes, activation)  # noqa: E731
    models = {
        "Dense(softmax)": keras.Sequential([*body(), dense("softmax")]),
        "Softmax layer": keras.Sequential([*body(), dense(), keras.layers.Softmax()]),
        "Activation layer": keras.Sequential([*body(), dense(), keras.layers.Activation("softmax")]),
        "nested": keras.Sequential([keras.Input(size), keras.Sequential([*body(), dense("softmax")])]),
        "from_logits": keras.Sequential([*body(), dense()]),
        "decode_prob": keras.Sequential([*body(), dense()]),
    }
    for model in models.values():
        model.set_weights([weights, np.zeros(classes)])
    models["from_logits"].compile(loss=from_logits())
    return models


def test_the_place_of_the_softmax_makes_no_difference():
    size = (6, 7, 2)
    weights = np.random.default_rng(6).normal(size=(84, 3)).astype("float32")
    probes = Probes(np.random.default_rng(7).random((2, *size), dtype="float32"))
    reports = {
        name: explain(model, probes, targets=[0, 2], decode_prob="softmax" if name == "decode_prob" else None)
        for name, model in heads(size, weights).items()
    }
    logits = probes.images.reshape(2, -1).astype("float64") @ weights
    odds = log_odds(logits)
    expected = np.exp(odds) / (1 + np.exp(odds))
    for name, report in reports.items():
        np.testing.assert_allclose(report.probabilities, expected, atol=1e-6, err_msg=name)
        found, first = report["partial_occlusion"].values, reports["from_logits"]["partial_occlusion"].values
        np.testing.assert_allclose(found, first, atol=TOLERANCE, err_msg=name)
        np.testing.assert_array_equal(
            report["saliency_map"].values, reports["from_logits"]["saliency_map"].values, err_msg=name
        )


@pytest.mark.parametrize("margin", [20.7, 60.0])  # a probability of 1 - 1e-9, and one that is 1 in float32
def test_a_sure_model_still_answers(margin):
    size = (6, 8, 1)
    images = np.zeros((1, *size), dtype="float32")
    images[0, 1, 6] = 1
    model = looks_at(size, pixel=(1, 6), weight=margin)
    report = explain(model, Probes(images), targets=[1], methods=[PartialOcclusion(1, 1)])
    assert report.probabilities[0, 1] == 1
    expected = np.zeros(size[:2])
    expected[1, 6] = margin / 2  # grey is 0.5
    np.testing.assert_allclose(report["partial_occlusion"].values[0, 0], expected, rtol=0, atol=TOLERANCE)
