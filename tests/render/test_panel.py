import dataclasses

import numpy as np
import pytest
from helpers.pictures import panel

from picasso_callbacks.explanation import Scale
from picasso_callbacks.render import draw_heatmap, draw_panel, draw_probabilities

SIGNED = Scale(limit=12.0, signed=True, knee=1.0, neutral=0.05)


UNSIGNED = Scale(limit=1.0, signed=False)


def changed(one: np.ndarray, other: np.ndarray) -> tuple[int, int, int, int]:
    """Top, left, bottom, right of the pixels that differ."""
    rows, columns = np.nonzero((one != other).any(-1))
    return rows.min(), columns.min(), rows.max() + 1, columns.max() + 1


@pytest.mark.parametrize("shape", [(28, 28), (90, 30), (30, 90), (512, 300), (1, 1)])
@pytest.mark.parametrize("targets", [(0,), (1, 0), (4, 3, 2, 1, 0)])
@pytest.mark.parametrize("heatmaps", [0, 1, 2, 5])
def test_every_arrangement_is_drawn(shape, targets, heatmaps):
    picture = draw_panel(panel(shape, targets, heatmaps, classes=5))
    assert picture.dtype == "uint8"
    assert picture.shape[1:] == (700, 3)
    assert (picture[-10:] == 255).all(), "the paper ends in a white margin"


def test_the_picture_keeps_its_size_over_epochs():
    noisy = np.array([0.001, 0.999], "float32")
    early = panel(moment="epoch 0", value=0.0, probabilities=noisy[::-1])
    late = panel(moment="epoch 1234", value=99.0, probabilities=noisy, targets=(1, 0))
    failed = panel(moment="", value=np.nan, probabilities=noisy * np.nan)
    assert draw_panel(early).shape == draw_panel(late).shape == draw_panel(failed).shape


def test_the_picture_keeps_its_size_when_other_classes_lead():
    chances = np.linspace(0, 1, 1000, dtype="float32")
    one, other = panel(classes=1000, probabilities=chances), panel(classes=1000, probabilities=chances[::-1])
    assert draw_panel(one).shape == draw_panel(other).shape


def test_a_hot_pixel_lies_in_its_own_corner_row_and_column():
    def hot(row: int, column: int, target: int) -> tuple[int, int, int, int]:
        cold = panel((10, 20), heatmaps=1, value=0.1)
        values = cold.heatmaps[0].values.copy()
        values[target, row, column] = 12
        warm = dataclasses.replace(cold, heatmaps=(dataclasses.replace(cold.heatmaps[0], values=values),))
        return changed(draw_panel(cold), draw_panel(warm))

    top_left, top_right, bottom_right, beside = hot(0, 0, 0), hot(0, 19, 0), hot(9, 19, 0), hot(0, 0, 1)
    side = top_left[2] - top_left[0]
    assert top_left[0] == top_right[0]
    assert top_right[1] > top_left[1] + 15 * side
    assert top_right[1] == bottom_right[1]
    assert bottom_right[0] > top_right[0] + 7 * side
    assert (beside[0], beside[2]) == (top_left[0], top_left[2])
    assert beside[1] > bottom_right[3]


DASHBOARDS = 402 / 700


@pytest.mark.parametrize(("targets", "heatmaps"), [((0,), 1), ((1, 0), 2), ((1, 0), 3), ((2, 1, 0), 2)])
@pytest.mark.parametrize("shape", [(224, 224), (120, 240), (200, 150)])
def test_a_card_has_the_shape_that_dashboards_have_room_for(shape, targets, heatmaps):
    made = dataclasses.replace(panel(shape, targets, heatmaps, classes=4), finding="no shortcut seen")
    quiet = tuple(dataclasses.replace(one, notes=()) for one in made.heatmaps)
    height, width, _ = draw_panel(dataclasses.replace(made, heatmaps=quiet)).shape
    assert height / width <= DASHBOARDS


def test_the_outline_is_drawn_where_the_cue_is():
    sky = np.zeros((24, 24), bool)
    sky[:8] = True
    top, left, bottom, right = changed(draw_panel(panel()), draw_panel(panel(outline=sky)))
    assert right - left == pytest.approx(3 * (bottom - top), abs=3)


def test_the_drawing_leaves_its_inputs_alone():
    given = panel()
    given.image.flags.writeable = given.heatmaps[0].values.flags.writeable = False
    assert np.array_equal(draw_panel(given), draw_panel(given))


@pytest.mark.parametrize("change", [{"moment": "epoch 8"}, {"name": "other"}, {"labels": (0,)}, {"labels": None}])
def test_what_a_panel_says_is_burnt_in(change):
    assert (draw_panel(panel()) != draw_panel(panel(**change))).any()


def test_what_is_known_of_shortcuts_is_burnt_in():
    known = [{}, {"finding": "no shortcut seen"}, {"finding": "hangs on the sky", "alarm": True}]
    pictures = [draw_panel(panel(**each)).tobytes() for each in known]
    assert len(set(pictures)) == 3


def test_a_model_without_probabilities_has_no_bars():
    picture = draw_panel(panel(probabilities=None, heatmaps=0))
    assert (picture[100:, 360:] == 255).all()


def test_separate_cards():
    whole = panel(heatmaps=3)
    cards = [draw_heatmap(whole, index) for index in range(3)] + [draw_probabilities(whole)]
    assert len({card.tobytes() for card in cards}) == 4
    other = dataclasses.replace(whole, heatmaps=whole.heatmaps[:1])
    assert np.array_equal(draw_probabilities(whole), draw_probabilities(other))


def test_each_of_several_labels_is_marked_and_none_is_said():
    none, first, both = (draw_panel(panel(labels=labelled, heatmaps=0)) for labelled in ((), (0,), (0, 1)))
    unlabelled = draw_panel(panel(labels=None, heatmaps=0))
    assert not np.array_equal(none, unlabelled)  # "label none"
    top, left, bottom, right = changed(first[100:], both[100:])
    assert right - left <= 16  # nothing but the second class's arrow
    assert bottom - top <= 16


def test_a_true_value_stands_under_its_output():
    plain = {"probabilities": None, "labels": None, "plain_values": np.array([0.5], "float32"), "heatmaps": 0}
    without, told, other = (
        draw_panel(panel(**plain, class_names=("age",), true_values=None if true is None else np.array([true])))
        for true in (None, 34.5, 34.6)
    )
    row = (without[100:] < 255).any(axis=(1, 2))  # "age 0.5" is as it was, and "true 34.5" beneath it
    left, right = changed(told, other)[1::2]
    assert 0 < right - left < 20, "one digit differs"
    assert (told[100:] < 255).any(axis=(1, 2)).sum() >= row.sum()
