"""The geometry of patches, with numbers that can be worked out by hand."""

import keras
import numpy as np
import pytest
from keras import layers

from picasso_callbacks.model.incremental.geometry import Change, Strip, change_of, union
from picasso_callbacks.model.incremental.graph import make_graph
from picasso_callbacks.model.incremental.rules import Axis, rule_of


def change(side, *spans):
    return change_of(side, *np.array(spans).T)


def spans(change):
    return list(zip(change.first.tolist(), change.end.tolist(), strict=True))


def step_of(layer, size=(9, 12), channels=4):
    image = keras.Input((*size, channels))
    return make_graph(keras.Model(image, layer(image)), (*size, channels)).steps[-1]


def reach_of(layer, size=(9, 12)):
    step = step_of(layer, size)
    rule = rule_of(step.operation)
    return rule and rule(step)


def test_a_kernel_of_three_grows_a_change_by_one_on_each_side_and_stops_at_the_border():
    grown = change(10, (0, 4), (3, 7), (6, 10)).through(Axis(extent=3, before=1), 10)
    assert spans(grown) == [(0, 5), (2, 8), (5, 10)]
    assert grown.strip == Strip(np.array([0, 2, 4]), 6)  # the border ones are moved inside, to be as large as the rest


def test_what_a_kernel_of_three_needs_hangs_over_the_border():
    grown = change(10, (0, 4), (3, 7), (6, 10)).through(Axis(extent=3, before=1), 10)
    assert grown.needed(Axis(extent=3, before=1)) == Strip(np.array([-1, 1, 3]), 8)


def test_pooling_rounds_outwards():
    pooled = change(10, (1, 4), (2, 6), (5, 8)).through(Axis(extent=2, stride=2), 5)
    assert spans(pooled) == [(0, 2), (1, 3), (2, 4)]
    assert pooled.strip.size == 2


def test_a_change_that_a_stride_skips_leaves_nothing_changed():
    skipped = change(10, (1, 2)).through(Axis(extent=1, stride=2), 5)
    assert spans(skipped) == [(1, 1)]
    assert skipped.strip == Strip(np.array([1]), 1)


def test_a_border_moves_the_strip_along():
    moved = change(10, (0, 2), (6, 10)).through(Axis(before=3), 16)
    assert spans(moved) == [(3, 5), (9, 13)]
    assert moved.strip == Strip(np.array([3, 9]), 4)


def test_branches_come_together_in_the_strip_of_the_larger_one():
    small, large = change(10, (3, 5)), change(10, (2, 6))
    assert union([small, large]).strip == large.strip
    assert spans(union([change(10, (3, 5)), change(10, (4, 8))])) == [(3, 8)]


def kept(side, first, end, starts, size):
    return Change(side, np.array(first), np.array(end), Strip(np.array(starts), size))


def test_branches_come_together_in_the_strip_that_one_of_them_has_where_it_holds_them_all():
    # Both windows' changes touch an end of the strip; by itself the second one's would begin at 5.
    branch = kept(10, [0, 5], [4, 8], [0, 4], 4)
    assert union([branch, change(10, (1, 3), (5, 6))]).strip == Strip(np.array([0, 4]), 4)
    assert union([change(10, (1, 3), (5, 6)), branch]).strip == Strip(np.array([0, 4]), 4)


@pytest.mark.parametrize(
    ("branch", "other"),
    [
        (kept(10, [0, 4], [4, 6], [0, 4], 4), (3, 6)),  # begins before the strip
        (kept(10, [0, 3], [4, 6], [0, 2], 4), (3, 7)),  # ends after it
    ],
)
def test_a_strip_that_does_not_hold_what_any_window_changes_in_another_branch_is_not_taken(branch, other):
    joined = union([branch, change(10, (0, 2), other)])
    assert spans(joined) == [(0, 4), (3, other[1])]
    assert joined.strip == Strip(np.array([0, 3]), 4)


def test_a_strip_larger_than_it_need_be_is_not_taken():
    assert union([kept(10, [2], [4], [1], 5), change(10, (3, 6))]).strip == Strip(np.array([2]), 4)


@pytest.mark.parametrize(
    ("starts", "before", "side", "expected"),
    [
        ([0, 6], 2, 12, ([2, 8], 4)),  # padded by two: ends with the map
        ([1, 6], -1, 9, ([0, 5], 4)),  # cropped by one: begins with it
        ([0, 6], 2, 11, ([3, 9], 2)),  # would end after it
        ([0, 6], -1, 9, ([0, 7], 2)),  # would begin before it
    ],
)
def test_a_border_moves_a_wide_strip_along_while_it_stays_on_the_map(starts, before, side, expected):
    moved = kept(10, [1, 8], [3, 10], starts, 4).through(Axis(before=before), side)
    assert moved.strip == Strip(np.array(expected[0]), expected[1])


@pytest.mark.parametrize(
    ("layer", "rows", "columns"),
    [
        (layers.Conv2D(2, 3), Axis(3, 1, 0), Axis(3, 1, 0)),
        (layers.Conv2D(2, 3, padding="same"), Axis(3, 1, 1), Axis(3, 1, 1)),
        (layers.Conv2D(2, 3, strides=2, padding="same"), Axis(3, 2, 1), Axis(3, 2, 0)),  # 12 = 5 * 2 + 3 - 1
        (layers.Conv2D(2, (3, 1), dilation_rate=2, padding="same"), Axis(5, 1, 2), Axis(1, 1, 0)),
        (layers.MaxPooling2D(2, padding="same"), Axis(2, 2, 0), Axis(2, 2, 0)),
        (layers.ZeroPadding2D(((1, 2), (3, 4))), Axis(before=1), Axis(before=3)),
        (layers.Cropping2D(((1, 2), (3, 4))), Axis(before=-1), Axis(before=-3)),
        (layers.BatchNormalization(), Axis(1, 1, 0), Axis(1, 1, 0)),
        (layers.BatchNormalization(axis=3), Axis(1, 1, 0), Axis(1, 1, 0)),
        (layers.LayerNormalization(axis=[3]), Axis(1, 1, 0), Axis(1, 1, 0)),
        (layers.LayerNormalization(axis=[-1]), Axis(1, 1, 0), Axis(1, 1, 0)),
        (layers.Softmax(), Axis(1, 1, 0), Axis(1, 1, 0)),
        (layers.Softmax(axis=(-1,)), Axis(1, 1, 0), Axis(1, 1, 0)),
        (layers.Softmax(axis=(3,)), Axis(1, 1, 0), Axis(1, 1, 0)),
        (layers.Activation("relu"), Axis(1, 1, 0), Axis(1, 1, 0)),
        (layers.Conv2D(2, 3, activation=layers.ReLU()), Axis(3, 1, 0), Axis(3, 1, 0)),
        (lambda image: image * 2.0, Axis(1, 1, 0), Axis(1, 1, 0)),
        (layers.Normalization(mean=[1.0, 2, 3, 4], variance=[1.0, 1, 1, 1]), Axis(1, 1, 0), Axis(1, 1, 0)),
    ],
)
def test_how_layers_reach(layer, rows, columns):
    reach = reach_of(layer)
    assert (reach.rows, reach.columns) == (rows, columns)


@pytest.mark.parametrize(
    "layer",
    [
        layers.BatchNormalization(axis=1),
        layers.LayerNormalization(axis=[1, 2, 3]),
        layers.LayerNormalization(axis=[2]),
        layers.Softmax(axis=1),
        layers.Normalization(axis=(2, 3), mean=np.ones((12, 4)), variance=np.ones((12, 4))),
        layers.Flatten(),
        layers.GlobalAveragePooling2D(),
        layers.Lambda(lambda x: x),
        layers.Activation(lambda x: x),
        layers.Conv2D(2, 3, activation=lambda x: x),
        layers.Conv2D(2, 3, activation=layers.Softmax(axis=1)),
        lambda image: image * np.ones((9, 12, 1), "float32"),
        type("MyConv", (layers.Conv2D,), {})(2, 3),
    ],
)
def test_what_is_not_known_to_be_local_is_computed_as_a_whole(layer):
    assert reach_of(layer) is None


def test_the_live_layer_is_left_as_it_is():
    layer = layers.Conv2D(2, 3, padding="same")
    twin = reach_of(layer).part(layer)
    assert (layer.padding, twin.padding) == ("same", "valid")
    assert twin.kernel is layer.kernel
