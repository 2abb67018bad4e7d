"""Windows and groups of probes in batches."""

import keras
import numpy as np
import pytest
from helpers.patchwork import assert_same, functional, head, patchwork, residual
from keras import layers

from picasso_callbacks import Probes
from picasso_callbacks.model import incremental, live_model
from picasso_callbacks.model.live_model import LiveModel
from picasso_callbacks.model.windows import Windows
from picasso_callbacks.options import Options


@pytest.fixture(autouse=True)
def _whatever_it_costs(monkeypatch):
    """Small models are worth the check, if not the effort."""
    monkeypatch.setattr(incremental.plan, "PAYS", 100.0)
    monkeypatch.setattr(incremental.plan, "_LIMITS", (1.0,))


def test_several_batches_of_windows_and_groups_of_probes():
    model = functional((24, 24), residual)
    windows = Windows((24, 24), 6, 5)  # 25 of them
    for batch_size in (7, 25, 60):
        assert_same(model, windows, probes=5, batch_size=batch_size)


@pytest.mark.parametrize(("batch_size", "windows_at_once"), [(None, range(5, 17)), (4, range(1, 5))])
def test_windows_take_as_much_work_at_once_as_images(batch_size, windows_at_once, monkeypatch):
    """Of windows more than of images where the library chooses, of images whose activations are kept a quarter."""
    monkeypatch.setattr(live_model, "SMALLEST", 4)
    monkeypatch.setattr(live_model, "LARGEST", 4)
    live = LiveModel(
        functional((24, 24), residual), Probes(patchwork(6, (24, 24), 3, 1)), Options(batch_size=batch_size)
    )
    windows, sizes = Windows((24, 24), 6, 6), {}
    route = live._under_masks.route(windows)

    def counted(owner, name):
        function = getattr(owner, name)

        def count(*arrays):
            sizes.setdefault(name, set()).add(len(arrays[0] if name != "_patches" else arrays[1]))
            return function(*arrays)

        monkeypatch.setattr(owner, name, count)

    for owner, name in (
        (route, "_patches"),
        (route, "_untouched"),
        (live._gradients, "by_inputs"),
        (live._passes, "of"),
    ):
        counted(owner, name)
    live.scores()
    live.gradients(np.zeros((6, 1), int))
    live.scores_under_windows(windows, live.canvases("grey"), lambda scores, rows: scores.logits)
    assert sizes["_patches"] <= set(windows_at_once)
    assert (sizes["of"], sizes["by_inputs"], sizes["_untouched"]) == ({3}, {1}, {1})


@pytest.mark.parametrize(("rows", "windows", "probes"), [(12, 2, 4), (3, 8, 2), (1, 24, 1)])
def test_probes_are_kept_as_many_as_all_windows_of_are_asked_at_once(rows, windows, probes):
    """But of images whose activations are kept, no more than a quarter."""
    live = LiveModel(functional((24, 24), residual), Probes(patchwork(1, (24, 24), 3, 1)), Options(batch_size=16))
    places = Windows((24, 24), (rows, 24), (rows, 24))
    route = live._under_masks.route(places)
    assert len(places) == windows
    assert route.groups.limit == probes


def test_a_rehearsal_asks_about_the_first_group_of_probes_only():
    model = functional((24, 24), residual)
    live = LiveModel(model, Probes(patchwork(6, (24, 24), 3, seed=1)), Options(batch_size=25))
    windows, canvases, asked = Windows((24, 24), 6, 5), live.canvases("grey"), []

    def measure(scores, rows):
        asked.extend(np.unique(rows).tolist())
        return scores.logits

    with live.batches.rehearsal():
        live.scores_under_windows(windows, canvases, measure)
    assert set(asked) == {0}
    assert live.batches.rehearsed_seconds > 0


def test_new_weights_are_used_without_another_trace():
    model = functional((24, 24), residual)
    windows, images = Windows((24, 24), 6, 5), np.random.default_rng(0).random((2, 24, 24, 3), dtype="float32")
    measure = lambda scores, rows: scores.logits  # noqa: E731
    live, plain = (LiveModel(model, Probes(images), Options(incremental=route)) for route in (True, False))
    before = live.scores_under_windows(windows, live.canvases("grey"), measure)
    for weight in model.weights:
        weight.assign(weight * 1.1 + 0.01)
    after = live.scores_under_windows(windows, live.canvases("grey"), measure)
    assert np.abs(after - before).max() > 1e-2
    expected = plain.scores_under_windows(windows, plain.canvases("grey"), measure)
    np.testing.assert_allclose(after, expected, rtol=0, atol=1e-4)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="torch runs the layers' Python code at every call")
def test_the_layers_are_traced_once():
    calls = []

    class Counts(layers.Layer):
        def call(self, inputs):
            calls.append(None)
            return inputs

    image = keras.Input((24, 24, 3))
    model = keras.Model(image, head(Counts()(layers.Conv2D(4, 3, activation="relu")(image))))
    windows, images = Windows((24, 24), 6, 5), patchwork(2, (24, 24), 3, 0)
    live = LiveModel(model, Probes(images))
    measure = lambda scores, rows: scores.logits  # noqa: E731
    live.scores_under_windows(windows, live.canvases("grey"), measure)
    traced = len(calls)
    for _ in range(3):
        live.scores_under_windows(Windows((24, 24), 6, 5), live.canvases("grey"), measure)
    assert len(calls) == traced
