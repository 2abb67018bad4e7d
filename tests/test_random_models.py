"""Whatever fit alone trains, is trained the same with the callback, and explained as brute force finds it.

`python tests/test_random_models.py 0 2000` tries all models with these numbers, on the backend in use; the first 140
have each core layer of Keras.
"""

import contextlib
import sys
import tempfile
import traceback

import keras
import numpy as np
import pytest
from helpers import core_layers
from helpers.random_models import EPSILON, RandomModel, random_model

from picasso_callbacks import Explanation, Method, PartialOcclusion, Picasso, Probes, Scale, explain

COUNT = 140
"""Each core layer is in one of so many."""

ATTEMPTS = 5
"""How many models may be made for a number until there is one that Keras alone trains."""


class Gradients(Method):
    """The gradients themselves, beside the map that is drawn of them."""

    def explain(self, look):
        self.found = look.live.gradients(look.targets)
        nothing = np.zeros((*look.targets.shape, *look.live.probes.images.shape[1:3]))
        return Explanation(nothing, "", "", "gradients", Scale(limit=None, signed=False))


class UntrainableError(Exception):
    """Keras alone does not train it."""


def train(number: int, attempt: int, *callbacks: keras.callbacks.Callback) -> tuple[RandomModel, list[float]]:
    made = random_model(number, attempt)
    history = made.model.fit(
        made.feed(made.images, np.arange(8)), made.answers, batch_size=4, epochs=2, verbose=0, callbacks=list(callbacks)
    )
    return made, history.history["loss"]


def probes(made: RandomModel) -> Probes:
    extra = {name: rows[:3] for name, rows in made.extra.items()} if made.extra else None
    return Probes(made.images[:3], value_range=(0, 1), extra=extra)


def hold(number: int, attempt: int = 0) -> int:
    """Raises an `AssertionError` if a model is changed by being watched, or its maps are wrong.

    Returns the number of probes whose gradient could be compared with differences.
    """
    try:
        alone, losses = train(number, attempt)
        assert all(np.isfinite(weights).all() for weights in alone.model.get_weights())
    except Exception as error:
        raise UntrainableError(f"{type(error).__name__}: {error}") from error
    methods = [PartialOcclusion(1 / 3, 1 / 4), "class_probabilities", *["saliency_map"] * alone.smooth]
    with tempfile.TemporaryDirectory() as log_dir:
        picasso = Picasso(log_dir, probes(alone), methods=methods, on_error="raise", **alone.settings)
        watched, losses_watched = train(number, attempt, picasso)
    exact = np.array_equal(losses, losses_watched, equal_nan=True) or train(number, attempt)[1] == losses
    if not exact:  # nor is a training alone: sums of threads
        np.testing.assert_allclose(losses_watched, losses, rtol=1e-2, err_msg=watched.recipe)
    else:
        np.testing.assert_array_equal(losses_watched, losses, err_msg=watched.recipe)
        for one, other in zip(alone.model.variables, watched.model.variables, strict=True):
            np.testing.assert_array_equal(keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other), one.path)
    return hold_maps(watched)


def hold_maps(made: RandomModel) -> int:
    height, width = made.images.shape[1:3]
    window = (height // 2, width // 2)
    gradients = Gradients()
    methods = [PartialOcclusion(window, window), *["saliency_map", gradients] * made.smooth]
    targets = [0, 1] if made.scores(made.images[:3]).shape[1] > 1 else [0]
    before = [keras.ops.convert_to_numpy(variable) for variable in made.model.variables]
    report = explain(made.model, probes(made), methods=methods, targets=targets, **made.settings)
    for value, variable in zip(before, made.model.variables, strict=True):
        np.testing.assert_array_equal(value, keras.ops.convert_to_numpy(variable), variable.path)

    images, exact = made.images[:3], EPSILON[made.policy]
    hidden = images.copy()
    hidden[:, : window[0], : window[1]] = 0.5
    answers = made.scores(images)
    fall = (answers - made.scores(hidden))[:, 0]
    map_ = report["partial_occlusion"].values[:, 0, 0, 0]
    atol = max(2e-4 * max(1, np.abs(fall).max()), 8 * exact * max(1, np.abs(answers[:, 0]).max()))
    np.testing.assert_allclose(map_, fall, rtol=2e-3, atol=atol, err_msg=made.recipe)
    if made.smooth:
        assert np.isfinite(report["saliency_map"].values).all(), made.recipe
        if made.policy in ("float32", "float64"):
            return hold_gradients(made, gradients.found)
    return 0


def hold_gradients(made: RandomModel, gradients: np.ndarray) -> int:
    """Of the first target's score above the second's, along a direction. Returns on how many probes that tells."""
    images = made.images[:3]
    found = gradients[:, 0] - gradients[:, 1:].sum(axis=1)
    found = np.moveaxis(found, 1, -1) if made.channels_first else found
    signs = np.random.default_rng(1).choice([1.0, -1.0], images.shape, p=[0.75, 0.25])
    direction = (signs * np.where(found < 0, -1, 1)).astype("float32")  # steep, if it is the gradient
    slope = (found * direction).sum(axis=(1, 2, 3))

    def difference(step: float) -> np.ndarray:
        above, below = (made.lead(images + sign * step * direction) for sign in (1, -1))
        return (above - below) / (2 * step)

    *coarser, fine = (difference(step) for step in (4e-3, 2e-3, 1e-3))
    noise = 1e-3 * max(1, np.abs(made.lead(images)).max())
    smooth = np.all([np.abs(coarse - fine) < 0.01 * np.abs(fine) + noise for coarse in coarser], axis=0)
    np.testing.assert_allclose(slope[smooth], fine[smooth], rtol=0.03, atol=2 * noise, err_msg=made.recipe)
    return int((smooth & (np.abs(fine) > 10 * noise)).sum())


@pytest.mark.slow
@pytest.mark.part(10)
@pytest.mark.parametrize("number", range(COUNT))
def test_trained_the_same_and_explained_as_brute_force_finds_it(number):
    for attempt in range(ATTEMPTS):
        with contextlib.suppress(UntrainableError):
            hold(number, attempt)
            return
    pytest.fail(f"Keras alone trains none of {ATTEMPTS} models")


def test_every_layer_of_keras_is_among_them():
    assert not core_layers.unknown(), "tests/helpers/core_layers.py has to say how these are put into a network"
    assert len(core_layers.here()) <= COUNT


def main(first: int, end: int) -> None:
    failed, untrainable, compared = [], [], 0
    for number in range(first, end):
        try:
            compared += hold(number)
        except UntrainableError:
            untrainable.append(number)
        except Exception:
            failed.append(number)
            print(f"--- {number}", random_model(number).recipe, traceback.format_exc(limit=-3), sep="\n", flush=True)
        keras.backend.clear_session()
    print(f"{end - first} models on {keras.backend.backend()}, {compared} gradients told")
    print(f"not trained by Keras alone: {untrainable}; failed: {failed}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
