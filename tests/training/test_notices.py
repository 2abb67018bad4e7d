"""What the callback says before it looks."""

import pytest
from helpers.event_files import event_files
from helpers.small_training import compiled, fit, probes

from picasso_callbacks import Picasso
from picasso_callbacks.training.notices import announcement
from picasso_callbacks.training.schedule import make_schedule


def said(every, epochs, steps=None, look_bytes=1000):
    schedule = make_schedule(every)
    schedule.start(epochs, steps)
    return announcement("my logs", 16, schedule, 0.123, look_bytes)


def test_the_cost_of_a_look_and_how_to_watch():
    assert said(every=1, epochs=25) == [
        "Picasso: a look at 16 probes takes about 0.12 s.",
        "Picasso: to watch, run  tensorboard --logdir 'my logs' --samples_per_plugin images=25",
    ]


@pytest.mark.parametrize(
    ("every", "epochs", "steps", "kept"),
    [(1, 3, None, 10), ("10 steps", 30, 100, 300), ("10 steps", 30, None, 1000), (1, None, None, 1000)],
)
def test_tensorboard_is_told_to_keep_all_pictures(every, epochs, steps, kept):
    assert said(every, epochs, steps)[1].endswith(f" images={kept}")


def test_large_event_files_are_announced():
    assert len(said(every=1, epochs=1000, look_bytes=1_000_000)) == 2
    assert said(every=2, epochs=2001, look_bytes=2_000_000)[2] == (
        "Picasso: up to 1001 looks will write about 2.0 GB of pictures to my logs. "
        "Fewer probes, every=... or budget=... make it less."
    )


@pytest.mark.parametrize("layout", ["composite", "separate"])
def test_the_size_foreseen_is_that_of_the_files(tmp_path, monkeypatch, layout):
    foreseen = []
    monkeypatch.setattr("picasso_callbacks.callback.announcement", lambda *args: foreseen.append(args[-1]) or [])
    fit(compiled(), Picasso(tmp_path, probes(8), layout=layout), epochs=20)
    (file,) = event_files(tmp_path)
    assert 0.7 < file.stat().st_size / (20 * foreseen[0]) < 1.5
