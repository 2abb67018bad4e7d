"""What exchanges move in models whose answers are several labels, numbers, or a class for each position."""

import keras
import numpy as np
import pytest
from helpers.models import linear
from helpers.plain_pictures import SIDE, first_pixel, plain, sigmoid, top_third

from picasso_callbacks import Probes, explain
from picasso_callbacks.model.head.scores import Scores, softmax
from picasso_callbacks.shortcuts.answers import Answers, make_truth
from picasso_callbacks.shortcuts.by_class import ClassDependence
from picasso_callbacks.shortcuts.donors import choose_covering_pairs

METHODS = ["class_probabilities"]
PICTURES = plain().images
OBJECT = ["colour", "layout", "texture", "frame", "tag 2"]


def by_name(report):
    return {one.name: one for one in report.dependences}


def reads(mask, low=2.0, high=8.0):
    """Weights and bias of a number that is `low` where the mean under the mask is 0.2, `high` where it is 0.8."""
    slope = (high - low) / 0.6
    return slope * mask.ravel() / mask.sum(), low - 0.2 * slope


@pytest.fixture(scope="module", params=["floats", "whole numbers"])
def price(request):
    """A number read from the top third: 2 for the four dark pictures, 8 for the four bright ones."""
    weights, bias = reads(top_third())
    values = np.repeat([2, 8], 4) + (0.25 if request.param == "floats" else 0)
    labelled = Probes(PICTURES, labels=values, value_range=(0, 1))
    return explain(linear((SIDE, SIDE, 1), weights[:, None], bias=[bias], loss="mse"), labelled, methods=METHODS)


def test_a_number_hangs_on_what_makes_it_higher_by_the_share_of_what_tells_high_from_low(price):
    found = by_name(price)
    assert (found["top"].gap, found["top"].share) == (pytest.approx(1, abs=1e-5), pytest.approx(1, abs=1e-5))
    assert found["corners"].gap == pytest.approx(18 / 48, abs=1e-5)
    assert found["top"].flips.tolist() == [1] * 8
    assert found["corners"].flips.tolist() == [0] * 8  # 18 / 48 is less than half
    for name in ("middle", "bottom", "texture"):
        assert found[name].gap == pytest.approx(0, abs=1e-6)


def test_what_a_number_hangs_on_is_told_of_lower_and_higher_ones(price):
    assert price.alarms[0].name == "colour"
    assert price.verdict.startswith(
        "Lower values: swapping the colours and brightness changes 4 of 4 answers. "
        "Higher values: swapping the colours and brightness changes 4 of 4 answers. "
    )


def test_the_proof_of_a_number_shows_the_numbers(price):
    [proof, *_] = price.proofs
    for swap in proof.swaps:
        assert swap.changed
        assert sorted([swap.before, swap.after]) == [(0, pytest.approx(2, abs=1e-4)), (0, pytest.approx(8, abs=1e-4))]
    *rows, control = price.exhibit(0).rows
    assert {row.answers for row in rows[:2]} == {"value (2), then 8", "value (8), then 2"}
    assert control.words.endswith(", the same half")


def test_of_two_numbers_the_one_that_hangs_on_the_cue_is_named():
    # Their halves are 0, 1, 0, 1, ... and 0, 0, 1, 1, ...: the corner tells the second, the centre the first.
    first, second = np.arange(16) % 2, np.arange(16) // 2 % 2
    images = np.full((16, SIDE, SIDE, 1), 0.5, dtype="float32")
    images[:, 4:8, 4:8] = np.where(first, 0.8, 0.2)[:, None, None, None]
    images[:, :2, :2] = np.where(second, 0.8, 0.2)[:, None, None, None]
    masks = np.zeros((2, SIDE, SIDE), dtype=bool)
    masks[0, 4:8, 4:8] = masks[1, :2, :2] = True
    weights, bias = (np.stack(one, axis=-1) for one in zip(*(reads(mask) for mask in masks), strict=True))
    values = np.stack([2.5 + 6 * first, 2.5 + 6 * second], axis=1)
    labelled = Probes(images, labels=values, class_names=["width", "price"], value_range=(0, 1))
    model = linear((SIDE, SIDE, 1), weights, bias=bias, loss="mse")
    report = explain(model, labelled, methods=METHODS, allowed=["colour", "layout"])
    [*named] = [one for one in report.alarms if isinstance(one, ClassDependence)]
    assert {one.class_name for one in named} == {"price"}
    assert named[0].gap == pytest.approx(1, abs=1e-5)
    where = named[0].phrase
    assert report.verdict.startswith(
        f"price: with {where} of higher ones, 8 of 8 lower answers change; with that of lower ones, 8 of 8 higher ones "
        "do. "
    )


def tagged(count=24):
    """Of three labels the last goes with a bright corner; the others with nothing that is to be seen there."""
    generator = np.random.default_rng(0)
    has = generator.random((count, 3)) < [0.5, 0.3, 0.4]
    images = generator.uniform(0.4, 0.6, (count, SIDE, SIDE, 1)).astype("float32")
    images[:, 5:7, 3:5] = np.where(has[:, 0], 0.9, 0.1)[:, None, None, None]
    images[:, 5:7, 7:9] = np.where(has[:, 1], 0.9, 0.1)[:, None, None, None]
    images[:, :3, :3] = np.where(has[:, 2], 1.0, 0.2)[:, None, None, None]
    images[:, 9:, 5:8] = np.where(has[:, 2], 0.9, 0.1)[:, None, None, None]  # what it should be read by
    return Probes(images, labels=has, class_names=["mass", "fluid", "device"], value_range=(0, 1))


def xray(corner):
    """Three labels, by places in the middle; the last one, by the corner or by a place at the bottom: log-odds +-4."""
    weights = np.zeros((SIDE, SIDE, 3))
    weights[5:7, 3:5, 0] = weights[5:7, 7:9, 1] = 2.5
    bias = np.array([-5.0, -5.0, -5.0])
    if corner:
        weights[:3, :3, 2], bias[2] = 10 / 9, -6.0
    else:
        weights[9:, 5:8, 2] = 10 / 9
    return linear((SIDE, SIDE, 1), weights.reshape(-1, 3), "sigmoid", bias=bias, loss="binary_crossentropy")


@pytest.fixture(scope="module")
def device():
    return explain(xray(corner=True), tagged(), methods=METHODS, allowed=["colour", "layout", "texture", "tag 2"])


SHAPES = np.array(
    [
        [[0, 1, 0], [1, 1, 1], [0, 1, 0]],
        [[1, 0, 1], [0, 1, 0], [1, 0, 1]],
        [[1, 1, 1], [1, 0, 1], [1, 1, 1]],
    ]
)
"""Of three labels: each is anywhere in its part of the picture."""

CHECKERBOARD = np.indices((24, 24)).sum(axis=0) % 2 * 2 - 1.0


def shapes(pattern):
    """Pictures with any of the shapes; `pattern`: those with the last are finely checked."""
    generator = np.random.default_rng(0)
    has = generator.random((40, 3)) < 0.5
    images = np.full((40, 24, 24, 1), 0.4, dtype="float32")
    for image, row in zip(images, has, strict=True):
        for part in np.flatnonzero(row):
            top, left = generator.integers(2, 19), generator.integers(1, 5) + 8 * part
            image[top : top + 3, left : left + 3, 0] += 0.4 * SHAPES[part]
    images[has[:, 2]] += 0.1 * pattern * CHECKERBOARD[..., None]
    return Probes(images, labels=has, class_names=["plus", "cross", "ring"], value_range=(0, 1))


def seeing(pattern):
    """Looks for each shape anywhere: log-odds 4 where it is, -12 on plain ground; or for the last, for the pattern."""
    kernels = np.stack([shape - shape.mean() for shape in SHAPES.astype(float)], axis=-1)
    if pattern:
        kernels[..., 2] = CHECKERBOARD[:3, :3] / 9
    image = keras.Input((24, 24, 1))
    found = keras.layers.Conv2D(3, 3, use_bias=False, name="shapes")(image)
    largest = keras.layers.Dense(3, activation="sigmoid", name="odds")(keras.layers.GlobalMaxPooling2D()(found))
    model = keras.Model(image, largest)
    model.get_layer("shapes").set_weights([kernels[:, :, None]])
    peaks = np.array([0.4 * (kernels[..., k] * SHAPES[k]).sum() for k in range(3)])
    if pattern:
        peaks[2] = 0.1
    model.get_layer("odds").set_weights([np.diag(16 / peaks), np.full(3, -12.0)])
    model.compile(loss="binary_crossentropy")
    return model


def test_objects_edges_are_no_texture_that_labels_hang_on():
    report = explain(seeing(pattern=False), shapes(pattern=False), methods=METHODS)
    assert (report.probabilities > 0.5).tolist() == report.probes.multi_hot.tolist()
    assert not [one for one in report.alarms if one.cue == "texture"]
    assert by_name(report)["texture"].gap < 0.05


def test_a_fine_pattern_that_a_label_hangs_on_is_told():
    report = explain(seeing(pattern=True), shapes(pattern=True), methods=METHODS)
    named = {one.class_name for one in report.alarms if isinstance(one, ClassDependence) and one.cue == "texture"}
    assert named == {"ring"}
    assert by_name(report)["texture of ring"].gap > 0.8
    # The proof tells of that label alone: its own pattern changes nothing, though it blurs the other shapes away.
    [proof] = [one for one in report.proofs if one.name == "texture of ring"]
    assert ([swap.changed for swap in proof.swaps], proof.control.changed) == ([True] * 3, False)


def test_the_label_that_hangs_on_the_cue_is_named_with_both_directions(device):
    first = device.alarms[0]
    has = device.probes.multi_hot[:, 2]
    assert (first.class_name, first.of) == ("device", 2)
    assert first.cue in ("corners", "tag 1")
    assert (first.push, first.pull) == (pytest.approx(1, abs=0.05), pytest.approx(1, abs=0.05))
    assert device.verdict.startswith(
        f"device: with its {first.phrase.removeprefix('the ')}, {(~has).sum()} of {(~has).sum()} images without it are "
        f"called device; with that of others, {has.sum()} of {has.sum()} of its own are lost. "
    )


def test_its_proof_says_how_probable_the_label_is(device):
    for swap in device.proofs[0].swaps:
        assert swap.before[0] == swap.after[0] == 2
        assert abs(swap.before[1] - swap.after[1]) > 0.9
    *rows, control = device.exhibit(0).rows
    assert rows[0].answers.startswith("device (")
    has = tagged().multi_hot[device.proofs[0].control.probe, 2]
    assert control.words.endswith(", device as well" if has else ", not device either")


def test_labels_that_are_read_where_they_should_be_are_no_alarm():
    report = explain(
        xray(corner=False),
        tagged(),
        methods=METHODS,
        allowed=["colour", "layout", "texture", "frame", "tag 1", "tag 2"],
    )
    assert report.alarms == ()
    assert report.verdict.startswith("No shortcut seen")


def test_of_labels_all_count_alike_that_are_known_and_of_classes_the_own():
    blank, known = np.zeros((4, 2, 2, 1), "uint8"), np.array([[1, 1], [1, 0], [0, 0], [1, 1]], dtype=bool)
    labels = make_truth(Probes(blank, labels=np.array([[1, 0], [1, 1], [0, 0], [0, 1]], dtype=bool)), plain=False)
    assert labels.weights(known).tolist() == [[0.5, 0.5], [1, 0], [0, 0], [0.5, 0.5]]
    assert (labels.sorts[0].tolist(), labels.sorts[1]) == ([0] * 4, ("All labels",))
    classes = make_truth(Probes(blank, labels=[0, 1, 0, 1]), plain=False)
    assert classes.weights(known).tolist() == [[1, 0], [0, 0], [0, 0], [0, 1]]


def test_labels_that_all_or_but_one_have_are_left_out():
    has = np.array([[1, 0, 1], [1, 0, 0], [1, 0, 1], [1, 1, 0]], dtype=bool)
    truth = make_truth(Probes(np.zeros((4, 2, 2, 1), "uint8"), labels=has), plain=False)
    assert (truth.columns.tolist(), truth.names) == ([2], ("class 2",))


def test_values_are_halved_as_evenly_as_they_can_be():
    def higher(values):
        return make_truth(Probes(np.zeros((6, 2, 2, 1), "uint8"), labels=values), plain=True).has[:, 0].tolist()

    assert higher([0.5, 1, 2, 3, 4, 5]) == [False] * 3 + [True] * 3
    assert higher([0.5, 0.5, 1, 1, 1, 1]) == [False] * 2 + [True] * 4
    assert higher([1, 1, 1, 1, 2.5, 2.5]) == [False] * 4 + [True] * 2


def test_numbers_are_counted_in_what_tells_high_from_low():
    truth = make_truth(Probes(np.zeros((4, 2, 2, 1), "uint8"), labels=[1.5, 2, 3, 4]), plain=True)

    def scores(*numbers):
        return Scores(np.array(numbers, "float32")[:, None], None, competing=False)

    answers = Answers(truth, scores(10, 20, 30, 40), calibrated=True)  # 15 on one side, 35 on the other
    assert answers.values(scores(15, 25, 35, 55)).ravel().tolist() == [0, 0.5, 1, 2]
    assert answers.changed(scores(15, 15), scores(24, 26)).tolist() == [False, True]
    blind = Answers(truth, scores(10, 40, 10, 40), calibrated=True)  # tells nothing: counted in deviations, 15
    assert blind.values(scores(25, 40)).ravel().tolist() == [0.5, 1.5]


def test_donors_show_each_label_from_both_sides_where_there_are_such():
    has = np.random.default_rng(1).random((30, 5)) < [0.5, 0.1, 0.2, 0.3, 0.9]
    pairs = choose_covering_pairs(has, 4)
    assert (pairs.probes != pairs.donors).all()
    np.testing.assert_array_equal(pairs.other, (has[pairs.probes] != has[pairs.donors]).any(axis=1))
    for probe in range(30):
        given = has[pairs.donors[pairs.probes == probe]]
        assert len(given) == 8
        others = np.delete(has, probe, axis=0)
        np.testing.assert_array_equal(given.any(axis=0), others.any(axis=0))
        np.testing.assert_array_equal(given.all(axis=0), others.all(axis=0))
    assert np.bincount(pairs.donors, minlength=30).max() <= 20


def test_classes_of_positions_are_told_by_their_mean_log_odds():
    # Every position says the class by the corner pixel: log-odds -3 or 3, whatever else the picture is.
    corner = first_pixel()
    weights, bias = reads(corner, -3, 3)
    every = np.zeros((SIDE * SIDE, SIDE * SIDE, 2))
    every[..., 1] = weights[:, None]
    model = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(SIDE * SIDE * 2),
            keras.layers.Reshape((SIDE, SIDE, 2)),
            keras.layers.Softmax(),
        ]
    )
    model.layers[1].set_weights([every.reshape(SIDE * SIDE, -1), np.tile([0, bias], SIDE * SIDE)])
    report = explain(model, plain(), methods=METHODS)
    found = by_name(report)
    for name in ("corners", "frame", "top"):
        assert found[name].gap == pytest.approx(1, abs=1e-4), name
        assert found[name].flips.tolist() == [1] * 8
    assert found["middle"].gap == pytest.approx(0, abs=1e-6)
    assert report.alarms


def test_support_of_numbers_is_how_far_they_are_on_their_side():
    truth = make_truth(Probes(np.zeros((4, 2, 2, 1), "uint8"), labels=[1.5, 2, 3, 4]), plain=True)

    def scores(*numbers):
        return Scores(np.array(numbers, "float32")[:, None], None, competing=False)

    answers = Answers(truth, scores(10, 20, 30, 40), calibrated=True)  # the middle is 25, and 20 are 1
    assert answers.support(scores(15, 35, 15, 35), np.array([0, 1, 2, 3])).tolist() == [0.5, -0.5, -0.5, 0.5]


def test_support_of_labels_is_the_mean_log_odds_of_those_that_it_has():
    has = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1], [0, 0, 0]], dtype=bool)
    truth = make_truth(Probes(np.zeros((4, 2, 2, 1), "uint8"), labels=has), plain=False)
    logits = np.array([[1, 2, 40], [4, 80, -1], [80, 3, 6], [9, 9, 9]], "float32")
    said = Scores(logits, 1 / (1 + np.exp(-logits)), competing=False)
    answers = Answers(truth, said, calibrated=False)
    assert answers.support(said, np.arange(4)).tolist() == [1.5, 1.5, 4.5, 0]


def test_what_was_said_of_an_image_before_and_after():
    has = np.array([[1, 1], [1, 0], [0, 1], [0, 0]], dtype=bool)
    truth = make_truth(Probes(np.zeros((4, 2, 2, 1), "uint8"), labels=has), plain=False)

    def scores(*probabilities):
        p = np.array(probabilities, "float32")
        return Scores(np.log(p / (1 - p)), p, competing=False)

    base = scores([0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8])
    answers = Answers(truth, base, calibrated=False)
    before, after = scores([0.5, 0.25]), scores([0.625, 0.75])
    assert answers.told(before, after, None) == ((1, 0.25), (1, 0.75))  # which moves most
    assert answers.told(before, after, 0) == ((0, 0.5), (0, 0.625))
    assert answers.moved(before, after, None).tolist() == [0.5]
    assert answers.moved(before, after, 0).tolist() == [0.125]
    classes = make_truth(Probes(np.zeros((4, 2, 2, 1), "uint8"), labels=[0, 0, 1, 1]), plain=False)
    exclusive = Answers(classes, base, calibrated=False)
    assert exclusive.told(before, after, None) == ((0, 0.5), (1, 0.75))
    two, then = scores([0.5, 0.25], [0.25, 0.75]), scores([0.625, 0.75], [0.5, 0.25])
    assert exclusive.moved(two, then, None).tolist() == [-0.125, 0.5]  # the answer's own fall
    assert exclusive.changed(two, then).tolist() == [True, True]


def test_shares_of_competing_classes_count_what_each_has_more_than_all_on_average():
    truth = make_truth(Probes(np.zeros((3, 2, 2, 1), "uint8"), labels=[0, 1, 2]), plain=False)
    base, moved = 3 * np.eye(3, dtype="float32"), np.array([[0, 3, 3]], "float32")
    # Less their mean, logits are 2 for the class itself and -1 for others, 3 apart; of what is moved, -2, 1 and 1.
    competing = Answers(truth, Scores(base, softmax(base), competing=True), calibrated=False)
    shares = competing.shares(Scores(moved, softmax(moved), competing=True))
    np.testing.assert_allclose(shares, [[-2 / 3, 1 / 3, 1 / 3]], rtol=1e-6)
    # Where each is a yes or no of its own, they are log-odds as they are.
    single = Answers(truth, Scores(base, sigmoid(base), competing=False), calibrated=False)
    shares = single.shares(Scores(moved, sigmoid(moved), competing=False))
    np.testing.assert_allclose(shares, [[0, 1, 1]], atol=1e-6)


def test_numbers_of_another_count_than_the_true_values_are_refused():
    numbered = Probes(np.zeros((4, 2, 2, 1), "uint8"), labels=[1.5, 2, 3, 4])
    with pytest.raises(ValueError, match="outputs are 3 plain numbers, and the probes have 1 true value each"):
        make_truth(numbered, plain=True, outputs=3)
    assert make_truth(numbered, plain=True, outputs=1).names == ("value 0",)
