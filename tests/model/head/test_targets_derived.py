"""Targets beside the classes: why this class and not that one, and functions of the outputs."""

import keras
import numpy as np
import pytest
from helpers import event_files
from helpers.models import from_logits, linear

from picasso_callbacks import PartialOcclusion, Picasso, Probes, SaliencyMap, explain

SIZE = (2, 3, 1)
IMAGES = np.random.default_rng(0).random((2, *SIZE), dtype="float32")
FLAT = IMAGES.reshape(2, 6)
WEIGHTS = np.random.default_rng(1).normal(size=(6, 3)).astype("float32")
NAMES = ["tank", "half-track", "sky"]
PIXEL_BY_PIXEL = [PartialOcclusion(1, 1, canvas="black"), SaliencyMap()]  # black is 0

MODELS = {
    "softmax": lambda: linear(SIZE, WEIGHTS, "softmax"),
    "sigmoid": lambda: linear(SIZE, WEIGHTS, "sigmoid", loss="binary_crossentropy"),
    "from_logits": lambda: linear(SIZE, WEIGHTS, loss=from_logits()),
    "value": lambda: linear(SIZE, WEIGHTS, loss="mse"),
}


def probes(**settings):
    return Probes(IMAGES, class_names=NAMES, value_range=(0, 1), **settings)


def as_map(numbers):
    return numbers.reshape(-1, 2, 3)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("targets", [("tank", "half-track"), (0, 1), ("tank", 1), [(0, "half-track")]], ids=str)
def test_a_contrast_is_the_difference_of_two_logits(model, targets):
    report = explain(MODELS[model](), probes(), targets=targets, methods=PIXEL_BY_PIXEL)
    difference = WEIGHTS[:, 0] - WEIGHTS[:, 1]
    assert report.targets.tolist() == [[3], [3]]
    np.testing.assert_allclose(report["partial_occlusion"].values[:, 0], as_map(FLAT * difference), atol=1e-5)
    np.testing.assert_allclose(
        report["saliency_map"].values[:, 0], as_map(np.tile(np.abs(difference), (2, 1))), rtol=1e-5
    )
    assert report["partial_occlusion"].unit == ("" if model == "value" else "nats")


def test_contrasts_stand_beside_classes_and_have_names():
    report = explain(MODELS["softmax"](), probes(), targets=["sky", ("tank", "sky"), ("sky", "tank")])
    assert report.targets.tolist() == [[2, 3, 4]] * 2
    assert report.derived_names == ("tank vs sky", "sky vs tank")
    assert report.panel(0).target_names == ("sky", "tank vs sky", "sky vs tank")
    one, other = report["partial_occlusion"].values[:, 1], report["partial_occlusion"].values[:, 2]
    np.testing.assert_allclose(one, -other, atol=1e-5)
    report.image(0)


def test_in_probability_a_contrast_is_the_difference_of_two_probabilities():
    methods = [PartialOcclusion(1.0, 1.0, canvas="black", score="probability")]  # all hidden: three times 1/3
    report = explain(MODELS["softmax"](), probes(), targets=("tank", "sky"), methods=methods)
    expected = report.probabilities[:, 0] - report.probabilities[:, 2]
    found = report["partial_occlusion"].values[:, 0]
    np.testing.assert_allclose(found, np.broadcast_to(expected[:, None, None], found.shape), atol=1e-6)


def square_of_first(outputs):
    return outputs[:, 0] ** 2


def test_a_function_of_the_outputs():
    report = explain(MODELS["value"](), probes(), targets=[square_of_first, "sky"], methods=PIXEL_BY_PIXEL)
    assert report.derived_names == ("square_of_first",)
    assert report.targets.tolist() == [[3, 2]] * 2
    value = FLAT @ WEIGHTS[:, :1]
    hidden = value - FLAT * WEIGHTS[:, 0]
    np.testing.assert_allclose(report["partial_occlusion"].values[:, 0], as_map(value**2 - hidden**2), atol=1e-5)
    np.testing.assert_allclose(
        report["saliency_map"].values[:, 0], as_map(np.abs(2 * value * WEIGHTS[:, 0])), rtol=1e-4
    )


def test_a_function_gets_the_models_own_outputs():
    first = lambda outputs: outputs[:, 0]  # noqa: E731
    report = explain(MODELS["softmax"](), probes(), targets=first, methods=["saliency_map"])
    p = report.probabilities.astype("float64")
    gradient = p[:, :1] * (WEIGHTS[:, 0] - p @ WEIGHTS.T)  # of p_0: p_0 (w_0 - sum p_j w_j)
    np.testing.assert_allclose(report["saliency_map"].values[:, 0], as_map(np.abs(gradient)), rtol=1e-4)


def test_a_function_gets_all_of_several_outputs():
    image = keras.Input(SIZE)
    flat = keras.layers.Flatten()(image)
    model = keras.Model(image, {"a kind": keras.layers.Softmax()(flat), "flat": flat})
    last = lambda outputs: outputs["flat"][:, 5] * 7  # noqa: E731
    report = explain(model, Probes(IMAGES), targets=last, methods=["saliency_map"])
    expected = np.zeros((2, 1, 2, 3))
    expected[..., 1, 2] = 7
    np.testing.assert_array_equal(report["saliency_map"].values, expected)


def test_a_function_may_return_a_column():
    report = explain(MODELS["value"](), probes(), targets=lambda outputs: outputs[:, :1], methods=["saliency_map"])
    np.testing.assert_allclose(report["saliency_map"].values[0, 0], np.abs(WEIGHTS[:, 0]).reshape(2, 3), rtol=1e-5)


@pytest.mark.parametrize("layout", ["composite", "separate"])
def test_derived_targets_in_a_fit(layout, tmp_path):
    model = linear(SIZE, WEIGHTS, "softmax", loss="sparse_categorical_crossentropy")
    targets = [("tank", "sky"), lambda outputs: outputs[:, 1], "sky"]
    picasso = Picasso(
        tmp_path, probes(names=["a", "b"], labels=[0, 1]), targets=targets, layout=layout, on_error="raise"
    )
    model.fit(IMAGES, np.array([0, 1]), epochs=2, callbacks=[picasso], verbose=0)
    tags = {tag for _, tag, _ in event_files.read(tmp_path)}
    assert {tag for tag in tags if tag.startswith("picasso_probability/a")} == {
        f"picasso_probability/a/{name}" for name in NAMES
    }
    assert "picasso_filmstrip/b" in tags


def test_a_fit_with_many_classes_and_a_contrast(tmp_path):
    model = linear(
        SIZE, np.random.default_rng(2).normal(size=(6, 12)), "softmax", loss="sparse_categorical_crossentropy"
    )
    picasso = Picasso(tmp_path, Probes(IMAGES, names=["a", "b"]), targets=[(11, 0), 4], on_error="raise")
    model.fit(IMAGES, np.array([0, 1]), callbacks=[picasso], verbose=0)
    tags = {tag for _, tag, _ in event_files.read(tmp_path) if tag.startswith("picasso_probability/a")}
    assert "picasso_probability/a/class 4" in tags


def nothing(outputs):
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (("tank", "tractor"), "targets holds 'tractor'; expected 'top', 'label' or a class"),
        (("tank", "tank"), r"targets holds \('tank', 'tank'\); expected a contrast of two classes"),
        (("tank", 0), r"targets holds \('tank', 0\); expected a contrast of two classes"),
        (("tank", "sky", "half-track"), r"targets holds .*expected a contrast of two classes, \(this, not_that\)"),
        ((0,), "expected a contrast of two classes"),
        ((0, 1.5), "targets holds 1.5; expected a class index >= 0 or name"),
        ([("tank", "sky"), ("tank", "sky")], "expected one or more targets, each once"),
        ([("tank", "sky"), ("sky", "tank"), ("sky", "tank")], "expected one or more targets, each once"),
        ([square_of_first, square_of_first], "expected one or more targets, each once"),
        ((0, 3), r"targets holds 3; expected class indices in 0\.\.2"),
        ([1, (7, 0)], r"targets holds 7; expected class indices in 0\.\.2"),
        (lambda outputs: outputs, r"targets.*expected .*\[N\]"),
        (lambda outputs: keras.ops.sum(outputs), r"targets.*expected .*\[N\]"),
        (nothing, r"targets.*nothing"),
    ],
    ids=lambda value: getattr(value, "__name__", None) or str(value)[:30],
)
def test_wrong_ones_are_refused_before_training(targets, message, tmp_path):
    model = linear(SIZE, WEIGHTS, "softmax", loss="sparse_categorical_crossentropy")
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.fit(IMAGES, np.array([0, 1]), callbacks=[Picasso(tmp_path, probes(), targets=targets)], verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
