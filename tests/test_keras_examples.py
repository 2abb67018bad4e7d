"""Keras' own vision examples: each is trained as without the callback, and explained as brute force finds it."""

import keras
import numpy as np
import pytest
from helpers.keras_examples import EXAMPLES, REFUSED, look, train
from helpers.small_training import CountsBatches
from helpers.zoo import QUARTERS

from picasso_callbacks import Picasso

QUICK = [
    "Classification using Attention-based Deep Multiple Instance Learning (MIL)",
    "Image Classification using BigTransfer (BiT)",
    "Few-Shot learning with Reptile",
    "Image similarity estimation using a Siamese Network with a triplet loss",
    "Knowledge Distillation",
    "Self-supervised contrastive learning with SimSiam: no `call`",
    "Knowledge Distillation: nobody says these are logits",
]


def marked(table):
    slow = [pytest.mark.slow, pytest.mark.part(4)]
    return [pytest.param(title, id=title, marks=[] if title in QUICK else slow) for title in table]


def made(make, log_dir):
    """An example and the callback that watches it."""
    keras.utils.set_random_seed(1)
    specimen = make()
    methods = [QUARTERS, "saliency_map", "class_probabilities"]
    return specimen, Picasso(log_dir, specimen.probes, methods=methods, on_error="raise", **specimen.settings)


@pytest.mark.parametrize("title", marked(EXAMPLES))
def test_trained_as_without_and_explained_as_brute_force_finds_it(title, tmp_path):
    alone, _ = made(EXAMPLES[title], tmp_path)
    losses = train(alone)
    watched, picasso = made(EXAMPLES[title], tmp_path)
    np.testing.assert_array_equal(train(watched, picasso), losses)
    for one, other in zip(variables(alone.model), variables(watched.model), strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(other), keras.ops.convert_to_numpy(one), one.path)
    look(watched)


def variables(model):
    return [*model.variables, *model.optimizer.variables]


@pytest.mark.parametrize("title", marked(REFUSED))
def test_refused_before_the_first_step_with_what_to_do(title, tmp_path):
    make, message = REFUSED[title]
    specimen, picasso = made(make, tmp_path)
    counter = CountsBatches()
    with pytest.raises(ValueError, match=f"(?s){message}"):
        train(specimen, picasso, counter)
    assert counter.batches == 0
