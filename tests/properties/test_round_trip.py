"""What is written is read back: event files by TensorBoard's loader, numbers by `load`, whatever things are called."""

import tempfile

import numpy as np
from helpers.cases import hold, several
from helpers.event_files import picture, read, scalar
from helpers.models import linear
from helpers.small_training import data
from hypothesis import strategies as st

from picasso_callbacks import Probes, explain, load
from picasso_callbacks.log import Recorder
from picasso_callbacks.log.tags import distinct_tags
from picasso_callbacks.problems import Problems

COUNT = 2
IMAGES = data(COUNT)[0]

texts = st.text(st.characters(exclude_categories=()), max_size=5) | st.sampled_from(
    ["\0", "a/b", "..", "\x1b[31m", "<b>"]
)
labels = st.sampled_from(["index", "several", None])


@several(1, 25)
def test_numbers_and_names_come_back(cases):
    def check(names, class_names, kind, seed, steps):
        weights = np.random.default_rng(seed).normal(0, 0.3, (64, len(class_names)))
        model = linear(IMAGES.shape[1:], weights, "softmax")
        several_each = np.eye(len(class_names), dtype=int)[[0] * COUNT] + np.eye(len(class_names), dtype=int)[1]
        of = {"index": [0] * COUNT, "several": several_each, None: None}[kind]
        probes = Probes(IMAGES, labels=of, names=names, class_names=class_names)
        report = explain(model, probes, shortcuts=False)
        with tempfile.TemporaryDirectory() as log_dir:
            recorder = Recorder(f"{log_dir}/picasso", "composite", Problems(raises=True))
            for step in steps:
                recorder.record(step, report)
            recorder.close()
            events, [run] = read(log_dir), load(log_dir).values()
            assert run.steps.tolist() == sorted(steps)
            assert (run.probes, run.class_names) == (probes.names, probes.class_names)
            for place, step in enumerate(sorted(steps)):
                np.testing.assert_array_equal(run.probabilities[place], report.probabilities)
                np.testing.assert_array_equal(run.targets[place], report.targets)
                np.testing.assert_array_equal(run.log_odds[place], report.log_odds)
                values = run.values("partial_occlusion", epoch=step)
                np.testing.assert_allclose(values, report["partial_occlusion"].values, atol=1e-6)
                largest = np.abs(report["saliency_map"].values).max()
                np.testing.assert_allclose(
                    run.values("saliency_map", epoch=step), report["saliency_map"].values, atol=largest / 1000
                )
                for row, tag in enumerate(distinct_tags(probes.names)):
                    assert (
                        picture(events["picasso", f"picasso/{tag}", step]).shape == np.asarray(report.image(row)).shape
                    )
                    for column, of_class in enumerate(distinct_tags(class_names)):
                        value = events["picasso", f"picasso_probability/{tag}/{of_class}", step]
                        assert scalar(value) == report.probabilities[row, column]

    names = st.lists(texts, min_size=COUNT, max_size=COUNT)
    classes = st.lists(texts, min_size=2, max_size=4, unique=True)
    hold(
        cases, check, names, classes, labels, st.integers(0, 99), st.sets(st.integers(0, 10**6), min_size=1, max_size=2)
    )
