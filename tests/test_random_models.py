"""Whatever fit alone trains, is trained the same with the callback, and explained as brute force finds it.

`python tests/test_random_models.py 0 2000` tries all models with these numbers, on the backend in use.
"""

import sys
import tempfile
import traceback

import keras
import numpy as np
import pytest
from helpers.random_models import RandomModel, random_model

from picasso_callbacks import PartialOcclusion, Picasso, Probes, explain

COUNT = 24
"""How many are tried in the suite."""


def train(seed: int, *callbacks: keras.callbacks.Callback) -> tuple[RandomModel, list[float]]:
    made = random_model(seed)
    history = made.model.fit(
        made.feed(made.images), made.answers, batch_size=4, epochs=2, verbose=0, callbacks=list(callbacks)
    )
    return made, history.history["loss"]


def probes(made: RandomModel) -> Probes:
    return Probes(made.images[:3], value_range=(0, 1))


def hold(seed: int) -> None:
    """Raises an `AssertionError` if a model is changed by being watched, or its maps are wrong."""
    alone, losses = train(seed)
    with tempfile.TemporaryDirectory() as log_dir:
        methods = [PartialOcclusion(1 / 3, 1 / 4), "saliency_map", "class_probabilities"]
        picasso = Picasso(log_dir, probes(alone), methods=methods, on_error="raise", **alone.settings)
        watched, losses_watched = train(seed, picasso)
    if losses != losses_watched and train(seed)[1] != losses:  # some sums are not
        np.testing.assert_allclose(losses_watched, losses, rtol=1e-2, err_msg=watched.recipe)
    else:
        assert losses == losses_watched, watched.recipe
        for one, other in zip(alone.model.variables, watched.model.variables, strict=True):
            np.testing.assert_array_equal(keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other), one.path)
    hold_maps(watched)


def hold_maps(made: RandomModel) -> None:
    height, width = made.images.shape[1:3]
    window = (height // 2, width // 2)
    before = [keras.ops.convert_to_numpy(variable) for variable in made.model.variables]
    methods = [PartialOcclusion(window, window), "saliency_map"]
    report = explain(made.model, probes(made), methods=methods, targets=[0], **made.settings)
    for value, variable in zip(before, made.model.variables, strict=True):
        np.testing.assert_array_equal(value, keras.ops.convert_to_numpy(variable), variable.path)

    images = made.images[:3]
    answer = lambda x: made.score(np.asarray(made.model.predict(made.feed(x), verbose=0), "float64"))[:, 0]  # noqa: E731
    hidden = images.copy()
    hidden[:, : window[0], : window[1]] = 0.5
    fall, map_ = answer(images) - answer(hidden), report["partial_occlusion"].values[:, 0, 0, 0]
    np.testing.assert_allclose(map_, fall, rtol=2e-3, atol=2e-4 * max(1, np.abs(fall).max()), err_msg=made.recipe)
    saliency = report["saliency_map"].values
    assert np.isfinite(saliency).all(), made.recipe
    assert np.isfinite(map_).all(), made.recipe


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(COUNT))
def test_trained_the_same_and_explained_as_brute_force_finds_it(seed):
    hold(seed)


def main(first: int, end: int) -> None:
    failed = []
    for seed in range(first, end):
        try:
            hold(seed)
        except Exception:
            failed.append(seed)
            print(f"--- {seed}", random_model(seed).recipe, traceback.format_exc(limit=-3), sep="\n", flush=True)
        keras.backend.clear_session()
    print(f"{end - first} models on {keras.backend.backend()}, failed: {failed}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
