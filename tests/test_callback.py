"""What the callback writes, and when."""

import time

import keras
import numpy as np
import pytest
from helpers.event_files import picture, read, scalar, steps
from helpers.small_training import CLASS_NAMES, AtEpochEnd, compiled, data, fit, probes

from picasso_callbacks import Picasso, Probes

PROBABILITIES = ["class_probabilities"]
"""The quickest method, for tests of everything around it."""


def test_cards_scalars_and_filmstrips(tmp_path):
    fit(compiled(), Picasso(tmp_path, probes(2)))
    names = ["left 00", "middle 01"]
    assert set(read(tmp_path)) == {
        *{("picasso", f"picasso/{name}", step) for name in names for step in range(3)},
        *{
            ("picasso", f"picasso_probability/{name}/{of}", step)
            for name in names
            for of in CLASS_NAMES
            for step in range(3)
        },
        *{("picasso", f"picasso_filmstrip/{name}", 2) for name in names},
        *{("picasso", "picasso_stable_since", step) for step in (1, 2)},
    }


def test_separate_cards(tmp_path):
    fit(compiled(), Picasso(tmp_path, probes(), layout="separate"))
    methods = ["partial_occlusion", "saliency_map", "class_probabilities"]
    assert {at for at in read(tmp_path) if "probability/" not in at[1] and at[1] != "picasso_stable_since"} == {
        *{("picasso", f"picasso_{method}/left 00", step) for method in methods for step in range(3)},
        ("picasso", "picasso_filmstrip/left 00", 2),
    }


def test_of_many_classes_only_the_label_and_the_targets_have_scalars(tmp_path):
    probe = probes(labels=None, class_names=[f"c{i}" for i in range(12)])
    probe = Probes(probe.images, labels=[5], class_names=probe.class_names)
    fit(compiled(classes=12), Picasso(tmp_path, probe, methods=PROBABILITIES, targets=["c7", 2]))
    tags = {tag for _, tag, _ in read(tmp_path) if "probability/" in tag}
    assert tags == {f"picasso_probability/c5 00/{name}" for name in ("c2", "c5", "c7")}


def test_probabilities_are_those_of_the_model_at_that_epoch(tmp_path):
    model, weights = compiled(), []
    record = AtEpochEnd(lambda model, epoch: weights.append(model.get_weights()))
    watched = probes(2)
    fit(model, record, Picasso(tmp_path, watched, methods=PROBABILITIES))
    written = read(tmp_path)
    for epoch, then in enumerate(weights):
        model.set_weights(then)
        for name, expected in zip(watched.names, model.predict(watched.images, verbose=0), strict=True):
            found = [scalar(written["picasso", f"picasso_probability/{name}/{of}", epoch]) for of in CLASS_NAMES]
            np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("every", "looked_at"),
    [(1, [0, 1, 2, 3, 4, 5]), (2, [0, 2, 4, 5]), (4, [0, 4, 5]), (lambda epoch: epoch in (1, 3), [1, 3, 5])],
)
def test_every_names_the_epochs_and_the_last_is_always_looked_at(tmp_path, every, looked_at):
    fit(compiled(), Picasso(tmp_path, probes(), methods=PROBABILITIES, every=every), epochs=6)
    assert steps(tmp_path, "picasso", "picasso/") == looked_at


@pytest.mark.parametrize("position", ["before", "after"])
def test_the_epoch_at_which_early_stopping_stops_is_looked_at(tmp_path, position):
    stop = keras.callbacks.EarlyStopping(
        monitor="loss", min_delta=1e6, patience=2, start_from_epoch=1, restore_best_weights=True
    )
    weights = {}
    record = AtEpochEnd(lambda model, epoch: weights.update({epoch: model.get_weights()}))
    picasso = Picasso(tmp_path, probes(), methods=PROBABILITIES, every=100)
    model = compiled()
    history = fit(model, record, *((stop, picasso) if position == "before" else (picasso, stop)), epochs=20)
    last = history.epoch[-1]
    assert 0 < last < 19
    assert steps(tmp_path, "picasso", "picasso/") == [0, last]

    # The picture of an epoch is of its weights, though better ones were put back after it.
    model.set_weights(weights[last])
    expected = model.predict(probes().images, verbose=0)[0, 0]
    found = scalar(read(tmp_path)["picasso", "picasso_probability/left 00/left", last])
    assert found == pytest.approx(expected, rel=1e-5)


def test_steps_are_the_epochs_of_keras(tmp_path):
    fit(compiled(), Picasso(tmp_path, probes(), methods=PROBABILITIES), epochs=7, initial_epoch=5)
    assert steps(tmp_path, "picasso", "picasso/") == [5, 6]
    assert steps(tmp_path, "picasso", "picasso_filmstrip/") == [6]


@pytest.mark.parametrize(("epochs", "every", "kept"), [(3, 1, 10), (25, 1, 25), (25, 2, 13), (25, lambda _: False, 25)])
def test_the_line_that_opens_tensorboard_is_printed_once(tmp_path, capsys, epochs, every, kept):
    log_dir = tmp_path / "my logs"
    picasso = Picasso(log_dir, probes(), methods=PROBABILITIES, every=every)
    stop = AtEpochEnd(lambda model, epoch: setattr(model, "stop_training", True))
    model = compiled()
    fit(model, stop, picasso, epochs=epochs)
    fit(model, stop, picasso, epochs=epochs)
    printed = capsys.readouterr().out
    assert printed.count("tensorboard --logdir") == 1
    assert f"tensorboard --logdir '{log_dir}' --samples_per_plugin images={kept}\n" in printed


@pytest.mark.slow
def test_a_long_training_does_not_get_slower(tmp_path):
    """An epoch, its look and its pictures in processor time, early and late in 300 epochs."""
    ends = []
    fit(
        compiled(),
        Picasso(tmp_path, probes(4)),
        AtEpochEnd(lambda model, epoch: ends.append(time.process_time())),
        epochs=300,
    )
    seconds = np.diff(ends)
    assert np.median(seconds[-50:]) < 1.5 * np.median(seconds[5:55])


def test_pictures_keep_their_size(tmp_path):
    fit(compiled(), Picasso(tmp_path, probes(names=["a name " * 8])), epochs=3)
    shapes = {picture(value).shape for (_, tag, _), value in read(tmp_path).items() if tag.startswith("picasso/")}
    assert len(shapes) == 1


NAMES = ["cats/dogs", "a b", "naïve 猫", "<script>alert(1)</script>", "🦔", "long " * 60, "same", "same", '"\\\n', " "]


def test_any_names_make_distinct_tags_and_pictures(tmp_path):
    images, _ = data()
    many = Probes(images[: len(NAMES)], names=NAMES)
    fit(compiled(), Picasso(tmp_path, many), epochs=1)
    tags = [tag for _, tag, _ in read(tmp_path) if tag.startswith("picasso/")]
    assert len(set(tags)) == len(NAMES)
    assert all(tag.count("/") == 1 and len(tag) <= 100 and tag.isprintable() for tag in tags)
    assert "picasso/<script>alert(1)<_script>" in tags


def test_any_class_names_make_distinct_tags(tmp_path):
    names = ("a/b", "a_b", "long " * 60)
    fit(compiled(), Picasso(tmp_path, probes(class_names=names, names=["it"])), epochs=1)
    tags = {tag for _, tag, _ in read(tmp_path) if "probability/" in tag}
    assert len(tags) == 3
    assert {"picasso_probability/it/a_b", "picasso_probability/it/a_b (2)"} < tags


def test_this_file_s_model_learns():
    """Or the tests above would compare epochs that are all alike."""
    losses = fit(compiled(), epochs=5).history["loss"]
    assert losses[-1] < 0.9 * losses[0]
