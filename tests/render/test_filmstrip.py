import itertools

import numpy as np
import pytest

from picasso_callbacks.explanation import Scale
from picasso_callbacks.render import Frame, Heatmap, draw_filmstrip

IMAGE = np.full((8, 8, 3), 100, "uint8")
NAMES = ("half-track", "tank")


def frame(epoch: int, value: float = 0.2, limit: float = 1.0, target: int = 1, chance: float = 0.7) -> Frame:
    heatmap = Heatmap("saliency", np.full((1, 8, 8), value, "float32"), Scale(limit=limit, signed=False))
    return Frame(epoch, np.array([1 - chance, chance], "float32"), (target,), (heatmap,))


def strip(frames, label: int | None = 1, image: np.ndarray = IMAGE) -> np.ndarray:
    return draw_filmstrip("probe", image, NAMES, label, frames)


def columns_that_change(index: int, count: int) -> tuple[int, int]:
    frames = [frame(epoch) for epoch in range(count)]
    other = [frame(epoch, 0.9 if epoch == index else 0.2) for epoch in range(count)]
    columns = (strip(frames) != strip(other)).any((0, 2)).nonzero()[0]
    return columns.min(), columns.max()


@pytest.mark.parametrize("count", [1, 2, 12, 20])
def test_every_epoch_has_a_column_of_its_own(count):
    found = [columns_that_change(index, count) for index in range(count)]
    assert len({right - left for left, right in found}) == 1
    assert all(one[1] < other[0] for one, other in itertools.pairwise(found))


def test_the_last_limit_colors_every_column():
    grown = strip([frame(0, limit=0.5), frame(1, limit=2.0)])
    assert np.array_equal(grown, strip([frame(0, limit=2.0), frame(1, limit=2.0)]))
    assert not np.array_equal(grown, strip([frame(0, limit=0.5), frame(1, limit=0.5)]))


def test_a_method_that_failed_at_an_epoch_leaves_a_gap():
    frames = [frame(0), Frame(1, None, (1,), ()), frame(2)]
    assert strip(frames).shape == strip([frame(0), frame(1), frame(2)]).shape


@pytest.mark.parametrize("shape", [(512, 300, 3), (10, 40, 3), (40, 10, 3)])
def test_shapes(shape):
    picture = strip([frame(0), frame(1)], image=np.zeros(shape, "uint8"))
    assert picture.dtype == "uint8"
    assert picture.shape[2] == 3


def test_target_label_and_probability_are_burnt_in():
    plain = strip([frame(0), frame(1)])
    for other in (
        strip([frame(0), frame(1, target=0)]),
        strip([frame(0), frame(1, chance=0.2)]),
        strip([frame(0), frame(1)], None),
    ):
        assert plain.shape == other.shape
        assert (plain != other).any()


def test_a_strip_that_leaves_epochs_out_says_so():
    frames = [frame(0), frame(2)]
    whole = draw_filmstrip("probe", IMAGE, NAMES, 1, frames, "epoch", 2)
    np.testing.assert_array_equal(whole, strip(frames))
    part = draw_filmstrip("probe", IMAGE, NAMES, 1, frames, "epoch", 3)
    rows, columns = (whole != part).any(-1).nonzero()
    assert rows.max() < 50
    assert columns.min() > whole.shape[1] / 2


def test_without_frames_there_is_nothing_to_draw():
    with pytest.raises(ValueError, match="frames is empty"):
        strip([])
