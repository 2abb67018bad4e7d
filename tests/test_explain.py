"""explain: one look at a model, and what is said when something doesn't fit."""

import re

import keras
import numpy as np
import pytest
from helpers.models import linear, looks_at

from picasso_callbacks import (
    ClassProbabilities,
    Explanation,
    Method,
    PartialOcclusion,
    Probes,
    SaliencyMap,
    Scale,
    explain,
)

SIZE = (4, 6, 1)


def images(count=2):
    return np.random.default_rng(0).random((count, *SIZE), dtype="float32")


@pytest.fixture(scope="module")
def model():
    weights = np.random.default_rng(1).normal(size=(24, 3))
    return linear(SIZE, weights, "softmax")


@pytest.fixture(scope="module")
def report(model):
    probes = Probes(images(), labels=[2, 0], names=["sky", "<b>mud</b>"], class_names=["tank", "truck", "car"])
    return explain(model, probes)


def test_shapes_and_dtypes(report):
    assert len(report) == 2
    assert report.targets.shape == (2, 2)
    assert np.issubdtype(report.targets.dtype, np.integer)
    assert report.probabilities.shape == (2, 3)
    assert report.probabilities.dtype == np.float32
    for method in "partial_occlusion", "saliency_map":
        assert report[method].values.shape == (2, 2, 4, 6)
        assert report[method].values.dtype == np.float32
    np.testing.assert_array_equal(report["class_probabilities"].values, report.probabilities)


def test_probabilities_are_the_models(model, report):
    np.testing.assert_allclose(report.probabilities, model.predict(images(), verbose=0), atol=1e-6)


def test_labels_come_first_among_the_targets(report):
    assert report.targets[:, 0].tolist() == [2, 0]
    rivals = [
        max({0, 1, 2} - {label}, key=lambda c: p[c]) for label, p in zip([2, 0], report.probabilities, strict=True)
    ]
    assert report.targets[:, 1].tolist() == rivals


def test_units_titles_and_scales(report):
    occlusion, saliency = report["partial_occlusion"], report["saliency_map"]
    assert (occlusion.unit, occlusion.title, occlusion.notes) == ("nats", "occlusion", ())
    assert "log-odds" in occlusion.score
    assert occlusion.scale.signed
    assert occlusion.scale.limit is not None
    assert not saliency.scale.signed
    assert saliency.scale.limit is None
    assert report.limits(1) == {"saliency_map": saliency.values[1].max()}


def test_the_probability_views_are_in_pure_numbers_on_fixed_scales(model):
    methods = [PartialOcclusion(score="probability"), PartialOcclusion(view="probability")]
    report = explain(model, Probes(images()), methods=methods)
    drop, seen = report["partial_occlusion"], report["partial_occlusion_2"]
    assert (drop.unit, drop.scale.limit, drop.scale.signed) == ("", 1, True)
    assert (seen.unit, seen.scale.limit, seen.scale.signed) == ("", 1, False)
    assert seen.values.min() >= 0
    assert (drop.notes, seen.notes) == ((), ("The probability of the target when this place is hidden.",))


def test_class_names_are_counted_where_there_are_none(model):
    assert explain(model, Probes(images()), methods="class_probabilities").class_names == (
        "class 0",
        "class 1",
        "class 2",
    )


def test_methods_come_in_the_order_given_and_a_second_of_a_kind_has_a_number(model):
    methods = [SaliencyMap(), "partial_occlusion", PartialOcclusion(window=1), ClassProbabilities()]
    report = explain(model, Probes(images()), methods=methods)
    names = ["saliency_map", "partial_occlusion", "partial_occlusion_2", "class_probabilities"]
    assert list(report.explanations) == names


def test_preprocess_serves_probes_and_canvases():
    # The model's unit is half of the probes': grey, 127.5 there, is 0.5 here.
    model = looks_at(SIZE, pixel=(0, 5), weight=4.0)
    probes = Probes(np.full((1, *SIZE), 255, dtype="uint8"))
    report = explain(
        model, probes, preprocess=lambda x: x / 255, targets=1, methods=[PartialOcclusion(1, 1), "saliency_map"]
    )
    expected = np.zeros((4, 6))
    expected[0, 5] = 4 * (1 - 128 / 255)
    np.testing.assert_allclose(report["partial_occlusion"].values[0, 0], expected, atol=1e-5)


def test_preprocess_may_work_in_place(model):
    def halve(x):
        x /= 2
        return x

    given = Probes(images())
    explain(model, given, preprocess=halve, methods="class_probabilities")
    np.testing.assert_array_equal(given.images, images())


def test_maps_of_a_resized_input_have_the_probes_size():
    model = looks_at((2, 3, 1), pixel=(0, 2))
    probes = Probes(np.zeros((1, 20, 30, 1)))
    report = explain(
        model,
        probes,
        preprocess=lambda x: x[:, ::10, ::10],
        targets=1,
        methods=[PartialOcclusion(1, 1), "saliency_map"],
    )
    for method in "partial_occlusion", "saliency_map":
        strength = np.abs(report[method].values[0, 0])
        assert strength.shape == (20, 30)
        assert strength[:8, 22:].min() > 0
        assert strength[15:].max() == 0
        assert strength[:, :15].max() == 0


def test_postprocess_serves_models_of_flattened_images():
    dense = keras.layers.Dense(2)
    model = keras.Sequential([keras.Input((24,)), dense])
    weights = np.random.default_rng(3).normal(size=(24, 2)).astype("float32")
    dense.set_weights([weights, np.zeros(2)])
    report = explain(
        model,
        Probes(images()),
        targets=1,
        methods=["saliency_map", PartialOcclusion(1, 1, canvas="black")],
        preprocess=lambda x: x.reshape(-1, 24),
        postprocess=lambda x: x.reshape(-1, 4, 6),
        decode_prob="softmax",
    )
    for i in range(2):
        np.testing.assert_array_equal(report["saliency_map"].values[i, 0], np.abs(weights[:, 1]).reshape(4, 6))
        # Black is 0, so hiding a pixel takes away what it added to the difference of the two logits.
        evidence = images()[i, ..., 0] * (weights[:, 1] - weights[:, 0]).reshape(4, 6)
        np.testing.assert_allclose(report["partial_occlusion"].values[i, 0], evidence, atol=1e-5)


def test_a_model_with_channels_first_gives_maps_that_are_not_turned():
    size = (3, 5, 9)  # channels, height, width
    weights = np.random.default_rng(4).normal(size=(*size, 2)).astype("float32")
    model = linear(size, weights.reshape(-1, 2))
    probes = Probes(np.random.default_rng(5).random((2, 5, 9, 3), dtype="float32"))
    report = explain(
        model,
        probes,
        targets=0,
        methods=["saliency_map", PartialOcclusion(1, 1, canvas="white")],
        decode_prob="softmax",
    )
    np.testing.assert_array_equal(report["saliency_map"].values[0, 0], np.abs(weights[..., 0]).max(axis=0))
    evidence = (np.moveaxis(probes.images[1], -1, 0) - 1) * (weights[..., 0] - weights[..., 1])
    np.testing.assert_allclose(report["partial_occlusion"].values[1, 0], evidence.sum(axis=0), atol=1e-5)


class Returns(Method):
    """Returns what it is told to."""

    def __init__(self, values):
        self.values = values

    def explain(self, look):
        return Explanation(self.values, "", "", "", Scale(1.0, signed=True))


def test_a_report_keeps_its_own_copy_of_what_a_method_returned(model):
    values = np.zeros((2, 2, 4, 6), dtype="float64")
    report = explain(model, Probes(images()), methods=[Returns(values)])
    values[:] = 7
    assert report["returns"].values.max() == 0
    assert report["returns"].values.dtype == np.float32


@pytest.mark.parametrize("shape", [(2, 2, 6, 4), (2, 1, 4, 6), (2, 4), (2, 2, 4, 6, 1)])
def test_a_method_that_returns_another_shape_is_named(model, shape):
    message = (
        r"method 'returns' returned values of shape .*; expected \[P, K, H, W\] = \(2, 2, 4, 6\) or \[P, classes\]"
    )
    with pytest.raises(ValueError, match=message):
        explain(model, Probes(images()), methods=[Returns(np.zeros(shape))])


class Forgets(Method):
    def explain(self, look):
        return look.scores.probabilities


def test_a_method_that_returns_no_explanation_is_named(model):
    with pytest.raises(ValueError, match="method 'forgets' returned a ndarray; expected an Explanation"):
        explain(model, Probes(images()), methods=[Forgets()])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"methods": "gradcam"},
            r"'gradcam', which is no method; expected one of \['activations', 'attention_rollout', 'cla",
        ),
        ({"methods": []}, "methods is empty; expected at least one of"),
        ({"methods": [SaliencyMap]}, "methods holds .*an instance of a picasso_callbacks.Method. Call it"),
        ({"methods": SaliencyMap}, "methods"),
        ({"methods": None}, "methods"),
        ({"targets": 3}, r"targets holds 3; expected class indices in 0\.\.2"),
        ({"targets": "label"}, "targets is 'label', but the probes have no labels"),
        ({"top": 0}, "top is 0; expected"),
        ({"batch_size": 0}, "batch_size is 0; expected an int >= 1 or None"),
        ({"batch_size": 2.5}, "batch_size is 2.5; expected an int >= 1 or None"),
        ({"batch_size": True}, "batch_size is True; expected an int >= 1 or None"),
        ({"preprocess": 3}, "preprocess is 3; expected a function"),
        (
            {"preprocess": lambda x: x[:1]},
            r"preprocess turned images of shape \(2, 4, 6, 1\) into .*one input for each image",
        ),
        ({"preprocess": lambda x: None}, "preprocess turned images of shape"),
        (
            {"preprocess": lambda x: x[:, 1:]},
            r"preprocess returned shape \(2, 3, 6, 1\) but the model takes \(None, 4, 6, 1\)",
        ),
        ({"postprocess": "flat"}, "postprocess is 'flat'; expected a function"),
        ({"decode_prob": 3}, "decode_prob is 3; expected"),
        ({"decode_prob": "relu"}, "decode_prob is 'relu'; expected 'softmax', 'sigmoid'"),
        ({"methods": [PartialOcclusion(window=5)]}, r"window=\(5, 5\) is larger than the image of 4 x 6 pixels"),
        (
            {"methods": [PartialOcclusion(canvas=np.zeros((6, 4, 1)))]},
            r"canvas has shape \(6, 4, 1\); expected that of a probe",
        ),
    ],
)
def test_wrong_arguments_say_which_what_and_what_to_do(model, arguments, message):
    with pytest.raises(ValueError, match=message) as raised:
        explain(model, Probes(images()), **arguments)
    assert str(raised.value).startswith("explain: ")
    assert "Picasso: " not in str(raised.value)
    assert not re.search(r"\b(log_dir|on_alarm|every|budget|layout|on_error)\b", str(raised.value))


def test_images_are_no_probes(model):
    with pytest.raises(ValueError, match=r"probes is a ndarray; expected Probes. Write Probes\(images, labels="):
        explain(model, images())


def test_what_is_no_model_is_refused():
    with pytest.raises(ValueError, match="model"):
        explain("model.keras", Probes(images()))


def test_labels_and_class_names_must_go_with_the_model(model):
    with pytest.raises(ValueError, match=r"labels go up to 3, but the model tells 3 classes apart"):
        explain(model, Probes(images(), labels=[0, 3]))
    with pytest.raises(ValueError, match=r"have 2 class_names, .*but the model tells 3 classes apart"):
        explain(model, Probes(images(), class_names=["tank", "truck"]))


def test_a_model_with_two_inputs_is_refused_with_what_to_do():
    inputs = [keras.Input(SIZE), keras.Input(SIZE)]
    both = keras.layers.Flatten()(keras.layers.Concatenate()(inputs))
    model = keras.Model(inputs, keras.layers.Dense(2, "softmax")(both))
    with pytest.raises(
        ValueError, match=r"the model's inputs are \{.*\}, .* expected all inputs but the image in Probes\(extra="
    ):
        explain(model, Probes(images()))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"window": 0}, "PartialOcclusion: window is 0; expected an int of pixels >= 1, a float fraction"),
        ({"window": 1.5}, "PartialOcclusion: window is 1.5; expected"),
        ({"stride": (2, 0)}, r"PartialOcclusion: stride is \(2, 0\); expected"),
        ({"canvas": "pink"}, "canvas='pink' is unknown; expected one of"),
        ({"score": "logit"}, r"PartialOcclusion: score is 'logit'; expected one of \['log_odds', 'probability'\]"),
        ({"view": "bright"}, r"PartialOcclusion: view is 'bright'; expected one of \['drop', 'probability'\]"),
    ],
)
def test_wrong_arguments_of_occlusion_are_refused_at_once(arguments, message):
    with pytest.raises(ValueError, match=message):
        PartialOcclusion(**arguments)
