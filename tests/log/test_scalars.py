"""Which numbers a training leaves, and under which tags."""

import numpy as np
import pytest
from helpers.event_files import read, scalar
from helpers.small_training import CLASS_NAMES, AtEpochEnd, compiled, fit, probes

from picasso_callbacks import Picasso, Probes

PROBABILITIES = ["class_probabilities"]


"""The quickest method, for tests of everything around it."""


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


def test_the_probes_in_two_numbers(tmp_path):
    # Probabilities that hang on nothing: 0.6 for class 0, 0.2 for the others.
    model = compiled(learning_rate=0.0)
    model.set_weights([0 * each for each in model.get_weights()[:-1]] + [np.array([np.log(3.0), 0, 0])])
    labels = [0, 0, 1, 0]
    fit(model, Picasso(tmp_path, Probes(np.repeat(probes(1).images, 4, axis=0), labels=labels), methods=PROBABILITIES))
    written = read(tmp_path)
    assert scalar(written["picasso", "picasso_answers/right", 0]) == pytest.approx(3 / 4)
    of_label = scalar(written["picasso", "picasso_answers/probability of the label", 0])
    assert of_label == pytest.approx((3 * 0.6 + 0.2) / 4, abs=1e-5)


def test_any_class_names_make_distinct_tags(tmp_path):
    names = ("a/b", "a_b", "long " * 60)
    fit(compiled(), Picasso(tmp_path, probes(class_names=names, names=["it"])), epochs=1)
    tags = {tag for _, tag, _ in read(tmp_path) if "probability/" in tag}
    assert len(tags) == 3
    assert {"picasso_probability/it/a_b", "picasso_probability/it/a_b (2)"} < tags
