import dataclasses

import numpy as np
import pytest

from picasso_callbacks.explanation import Scale
from picasso_callbacks.render import Heatmap, Panel, draw_heatmap, draw_panel, draw_probabilities
from picasso_callbacks.render.probabilities import percent, prediction, shown_classes

SIGNED = Scale(limit=12.0, signed=True, knee=1.0, neutral=0.05)
UNSIGNED = Scale(limit=1.0, signed=False)


def panel(shape=(24, 24), targets=(1, 0), heatmaps=2, classes=2, value=1.0, **changes) -> Panel:
    names = tuple(f"class {index}" for index in range(classes))
    maps = np.full((len(targets), *shape), value, "float32")
    columns = [
        Heatmap(f"method {index}", maps, UNSIGNED if index % 2 else SIGNED, "nats", ("A note.",))
        for index in range(heatmaps)
    ]
    made = Panel(
        name="probe",
        moment="epoch 7",
        image=np.full((*shape, 3), 100, "uint8"),
        class_names=names,
        probabilities=np.full(classes, 1 / classes, "float32"),
        label=1,
        targets=targets,
        target_names=tuple(names[each] for each in targets),
        heatmaps=tuple(columns),
    )
    return dataclasses.replace(made, **changes)


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

    top_left, top_right, bottom_right, below = hot(0, 0, 0), hot(0, 19, 0), hot(9, 19, 0), hot(0, 0, 1)
    side = top_left[2] - top_left[0]
    assert top_left[0] == top_right[0]
    assert top_right[1] > top_left[1] + 15 * side
    assert top_right[1] == bottom_right[1]
    assert bottom_right[0] > top_right[0] + 7 * side
    assert below[1] == top_left[1]
    assert below[0] > bottom_right[2]


def test_the_drawing_leaves_its_inputs_alone():
    given = panel()
    given.image.flags.writeable = given.heatmaps[0].values.flags.writeable = False
    assert np.array_equal(draw_panel(given), draw_panel(given))


@pytest.mark.parametrize("change", [{"moment": "epoch 8"}, {"name": "other"}, {"label": 0}, {"label": None}])
def test_what_a_panel_says_is_burnt_in(change):
    assert (draw_panel(panel()) != draw_panel(panel(**change))).any()


def test_a_model_without_probabilities_has_no_bars():
    picture = draw_panel(panel(probabilities=None, heatmaps=0))
    assert (picture[100:, 360:] == 255).all()


def test_separate_cards():
    whole = panel(heatmaps=3)
    cards = [draw_heatmap(whole, index) for index in range(3)] + [draw_probabilities(whole)]
    assert len({card.tobytes() for card in cards}) == 4
    other = dataclasses.replace(whole, heatmaps=whole.heatmaps[:1])
    assert np.array_equal(draw_probabilities(whole), draw_probabilities(other))


def test_ten_classes_are_shown_in_their_own_order():
    assert shown_classes(panel(classes=10)) == list(range(10))


def test_of_a_thousand_classes_the_label_and_the_targets_are_shown_with_the_likeliest():
    chances = np.zeros(1000, "float32")
    chances[[500, 501, 502, 503, 504, 505, 506, 507]] = np.arange(8, 0, -1)
    chances[3] = 0.5
    shown = shown_classes(panel(classes=1000, probabilities=chances, label=3, targets=(3, 500)))
    assert shown == [500, 501, 502, 503, 504, 505, 506, 3]


def test_the_prediction_is_the_largest_number():
    assert prediction(np.array([0.1, 0.7, 0.2])) == 1
    assert prediction(np.array([0.1, np.nan, 0.2])) == 2
    assert prediction(np.array([np.nan, np.nan])) is None
    assert prediction(None) is None


def test_percentages_say_when_they_are_not_quite_0_or_100():
    shown = {0.0: "0 %", 1e-9: "<0.1 %", 0.004: "0.4 %", 0.5: "50 %", 0.934: "93 %", 0.998: "99.8 %"}
    assert {each: percent(each) for each in shown} == shown
    assert [percent(each) for each in (1 - 1e-9, 1.0, float("nan"))] == [">99.9 %", "100 %", "n/a"]
