"""Checkpoints: a file counts once it is whole, in the order of its number."""

import pytest

from picasso_callbacks.command.checkpoints import Checkpoints, step_of


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("07.keras", 7),
        ("model.7.keras", 7),
        ("weights.07-2.33.keras", 7),
        ("weights.12-0.05.weights.h5", 12),
        ("vgg16_epoch7.keras", 7),
        ("epoch_3_of_10.keras", 3),
        ("ckpt-1000.weights.h5", 1000),
        ("mnist2_03.keras", 3),
        ("resnet50.keras", None),
        ("model_v2.keras", None),
        ("best.weights.h5", None),
    ],
)
def test_a_step_is_the_number_in_a_name(name, step):
    assert step_of(name) == step


def test_files_are_ready_when_they_stay_the_same_and_once(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    assert checkpoints.ready() == []
    assert not checkpoints.waits()
    for name in ("10.keras", "9.weights.h5", "best.keras", "notes.txt", ".11.keras"):
        (tmp_path / name).write_bytes(b"half")
    assert checkpoints.ready() == []
    assert checkpoints.waits()
    (tmp_path / "10.keras").write_bytes(b"half, and the rest")
    assert [path.name for path in checkpoints.ready()] == ["9.weights.h5", "best.keras"]
    assert checkpoints.waits()
    assert [path.name for path in checkpoints.ready()] == ["10.keras"]
    assert not checkpoints.waits()
    assert checkpoints.ready() == []
    (tmp_path / "best.keras").write_bytes(b"written over")
    (tmp_path / "9.weights.h5").unlink()
    assert [*checkpoints.ready(), *checkpoints.ready()] == [tmp_path / "best.keras"]
    assert len(checkpoints) == 2


def test_numbers_come_in_order_before_names(tmp_path):
    for name in ("best.keras", "10.keras", "9.keras"):
        (tmp_path / name).write_bytes(b"whole")
    checkpoints = Checkpoints(tmp_path)
    checkpoints.ready()
    assert [path.name for path in checkpoints.ready()] == ["9.keras", "10.keras", "best.keras"]
