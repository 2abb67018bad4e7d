"""What the callback writes, when, and what it does about mistakes and mishaps."""

import keras
import numpy as np
import pytest
import small_training
from event_files import picture, read, scalar, steps
from small_training import CLASS_NAMES, AtEpochEnd, CountsBatches, ZerosUntil, compiled, data, fit, probes, zeros

from picasso_callbacks import PartialOcclusion, Picasso, Probes

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
    }


def test_separate_cards(tmp_path):
    fit(compiled(), Picasso(tmp_path, probes(), layout="separate"))
    methods = ["partial_occlusion", "saliency_map", "class_probabilities"]
    assert {at for at in read(tmp_path) if "probability/" not in at[1]} == {
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


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("log_dir", 3),
        ("log_dir", ""),
        ("probes", np.zeros((2, 8, 8, 1))),
        ("methods", []),
        ("methods", ["no_such_method"]),
        ("methods", [PartialOcclusion]),
        ("methods", 3),
        ("targets", "no such class"),
        ("targets", -1),
        ("targets", 0.5),
        ("targets", True),
        ("targets", []),
        ("targets", [1, "middle"]),
        ("top", 0),
        ("top", 1.5),
        ("preprocess", 3),
        ("postprocess", "no function"),
        ("decode_prob", 3),
        ("decode_prob", "tanh"),
        ("every", 0),
        ("every", 1.5),
        ("every", True),
        ("every", "2"),
        ("layout", "mosaic"),
        ("on_error", "ignore"),
        ("batch_size", 0),
        ("batch_size", True),
    ],
)
def test_a_wrong_argument_raises_at_once_and_is_named(tmp_path, argument, value):
    arguments = {"log_dir": tmp_path, "probes": probes(), argument: value}
    with pytest.raises(ValueError, match=rf"\b{argument}\b"):
        Picasso(arguments.pop("log_dir"), arguments.pop("probes"), **arguments)


def test_the_label_as_target_needs_labels(tmp_path):
    with pytest.raises(ValueError, match="labels"):
        Picasso(tmp_path, probes(labels=None), targets="label")


def test_a_log_dir_that_is_a_file_raises_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="log_dir"):
        Picasso(tmp_path / "file", probes())


def linear():
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=False))
    model.layers[-1].set_weights([np.ones((64, 3)), np.array([0, 5, 50])])
    return model


class RaisesAtOnce(ZerosUntil):
    def __init__(self):
        super().__init__(0, lambda: 1 / 0)


@pytest.mark.parametrize(
    ("named", "make_model", "settings"),
    [
        ("probes", compiled, {"probes": Probes(np.zeros((2, 9, 9, 1)))}),
        ("class_names", compiled, {"probes": probes(class_names=["a", "b", "c", "d"])}),
        ("labels", compiled, {"probes": probes(labels=[7], class_names=None)}),
        ("targets", compiled, {"targets": 7, "probes": probes(class_names=None)}),
        ("preprocess", compiled, {"preprocess": lambda images: images[:, :4]}),
        ("preprocess", compiled, {"preprocess": lambda images: np.repeat(images, 2, axis=0)}),
        ("preprocess", compiled, {"preprocess": lambda images: images.no_such_thing}),
        ("postprocess", compiled, {"postprocess": lambda arrays: 2 * arrays}),
        ("postprocess", compiled, {"postprocess": lambda arrays: arrays.no_such_thing}),
        ("decode_prob", compiled, {"decode_prob": lambda outputs: 3 * outputs + 1}),
        ("decode_prob", compiled, {"decode_prob": lambda outputs: outputs.no_such_thing}),
        ("decode_prob", linear, {}),
        ("window", compiled, {"methods": [PartialOcclusion(window=9)]}),
        ("canvas", compiled, {"methods": [PartialOcclusion(canvas=np.zeros((4, 4, 1)))]}),
        ("raises_at_once", compiled, {"methods": [RaisesAtOnce()]}),
    ],
)
def test_what_does_not_go_with_the_model_raises_before_the_first_step(tmp_path, named, make_model, settings):
    model, count = make_model(), CountsBatches()
    weights = model.get_weights()
    picasso = Picasso(tmp_path, **{"probes": probes(), **settings})
    with pytest.raises(Exception, match=rf"\b{named}\b"):
        fit(model, count, picasso)
    assert count.batches == 0
    np.testing.assert_equal(model.get_weights(), weights)
    assert not read(tmp_path)


def final_weights(*callbacks):
    model = compiled()
    assert fit(model, *callbacks, epochs=5).epoch == [0, 1, 2, 3, 4]
    return model.get_weights()


def only_warning(caplog):
    """The one record that the library logged."""
    [record] = [record for record in caplog.records if record.name.startswith("picasso")]
    return record


def raise_it():
    raise RuntimeError("the method's own words")


def test_a_method_that_fails_is_reported_once_and_the_rest_goes_on(tmp_path, caplog):
    failing = ZerosUntil(3, raise_it)  # the rehearsal and two epochs
    weights = final_weights(Picasso(tmp_path, probes(), methods=[failing, "class_probabilities"]))
    record = only_warning(caplog)
    assert "zeros_until" in record.getMessage()
    assert "the method's own words" in str(record.exc_info[1])
    assert record.exc_info[2] is not None
    assert failing.looks == 4  # never asked again
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1, 2, 3, 4]
    assert steps(tmp_path, "picasso", "picasso_probability/") == [0, 1, 2, 3, 4]
    np.testing.assert_equal(weights, final_weights())


@pytest.mark.parametrize("answer", [None, zeros((1, 2, 3, 4))])
def test_a_method_that_answers_wrongly_is_reported_once(tmp_path, caplog, answer):
    final_weights(Picasso(tmp_path, probes(), methods=[ZerosUntil(2, lambda: answer), "class_probabilities"]))
    assert "zeros_until" in only_warning(caplog).getMessage()
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1, 2, 3, 4]


def test_when_drawing_fails_numbers_are_still_written(tmp_path, caplog):
    undrawable = ZerosUntil(3, lambda: zeros((1, 2, 8, 8), scale=None))
    weights = final_weights(Picasso(tmp_path, probes(), methods=[undrawable, "class_probabilities"]))
    assert "drawing" in only_warning(caplog).getMessage()
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1]
    assert steps(tmp_path, "picasso", "picasso_probability/") == [0, 1, 2, 3, 4]
    np.testing.assert_equal(weights, final_weights())


class PutsAFileInTheWay(keras.callbacks.Callback):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_train_begin(self, logs=None):
        self.path.write_text("in the way")


def test_a_disk_that_fails_is_reported_once_and_training_goes_on(tmp_path, caplog):
    picasso = Picasso(tmp_path, probes(), methods=PROBABILITIES)
    weights = final_weights(picasso, PutsAFileInTheWay(tmp_path / "picasso"))
    assert "disk" in only_warning(caplog).getMessage()
    np.testing.assert_equal(weights, final_weights())


def test_a_full_disk_leaves_what_was_written_before_readable(tmp_path, caplog):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(model, epoch):
        picasso._recorder._worker.drain()
        [file] = (tmp_path / "picasso").iterdir()
        resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 100, before[1]))

    try:
        picasso = Picasso(tmp_path, probes())
        final_weights(picasso, AtEpochEnd(fill, at=(1,)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "disk" in only_warning(caplog).getMessage()
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1]


def test_an_every_that_fails_is_reported_once_and_the_last_epoch_is_looked_at(tmp_path, caplog):
    final_weights(Picasso(tmp_path, probes(), methods=PROBABILITIES, every=lambda epoch: 1 / (2 - epoch) > 0))
    assert "every" in only_warning(caplog).getMessage()
    assert steps(tmp_path, "picasso", "picasso/") == [0, 1, 4]


def test_errors_are_raised_where_that_is_wanted(tmp_path):
    failing = ZerosUntil(2, raise_it)
    count = CountsBatches()
    with pytest.raises(RuntimeError, match="the method's own words"):
        fit(compiled(), Picasso(tmp_path, probes(), methods=[failing], on_error="raise"), count, epochs=5)
    assert count.batches == 2 * 3


@pytest.mark.parametrize("part", ["drawing", "disk"])
def test_errors_of_the_other_thread_are_raised_where_that_is_wanted(tmp_path, part):
    undrawable = ZerosUntil(2 if part == "drawing" else 9, lambda: zeros((1, 2, 8, 8), scale=None))
    picasso = Picasso(tmp_path, probes(), methods=[undrawable], on_error="raise")
    others = [PutsAFileInTheWay(tmp_path / "picasso")] if part == "disk" else []
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever it was, it must not be lost
        fit(compiled(), picasso, *others, epochs=5)


@pytest.mark.parametrize("layout", ["composite", "separate"])
def test_a_diverged_network_is_shown(tmp_path, caplog, layout):
    def diverge(model, epoch):
        model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])

    weights = final_weights(AtEpochEnd(diverge, at=(2,)), Picasso(tmp_path, probes(), layout=layout))
    assert np.isnan(weights[0]).all()
    assert not [record for record in caplog.records if record.name.startswith("picasso")]
    assert steps(tmp_path, "picasso", "picasso_probability/") == [0, 1, 2, 3, 4]
    card = "picasso/" if layout == "composite" else "picasso_saliency_map/"
    assert steps(tmp_path, "picasso", card) == [0, 1, 2, 3, 4]


def test_everything_after_the_probes_is_named(tmp_path):
    with pytest.raises(TypeError):
        Picasso(tmp_path, probes(), ["saliency_map"])


def test_this_file_s_model_learns():
    """Or the tests above would compare epochs that are all alike."""
    losses = small_training.fit(compiled(), epochs=5).history["loss"]
    assert losses[-1] < 0.9 * losses[0]
