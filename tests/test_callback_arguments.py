"""What the callback refuses, and that it does so before a training step is paid for."""

import keras
import numpy as np
import pytest
from helpers.event_files import read
from helpers.small_training import CountsBatches, ZerosUntil, compiled, fit, probes

from picasso_callbacks import PartialOcclusion, Picasso, Probes


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("log_dir", 3),
        ("log_dir", ""),
        ("log_dir", b"logs"),
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
        ("every", "0 steps"),
        ("budget", 0),
        ("budget", True),
        ("budget", "5 %"),
        ("layout", "mosaic"),
        ("layout", np.array(["composite", "separate"])),
        ("shortcuts", "no"),
        ("trust", 1),
        ("incremental", None),
        ("allowed", None),
        ("allowed", ""),
        ("allowed", [1]),
        ("expected", 1),
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


def test_everything_after_the_probes_is_named(tmp_path):
    with pytest.raises(TypeError):
        Picasso(tmp_path, probes(), ["saliency_map"])
