"""The peers' occlusion and saliency, and our own, as jobs on the same network, images, windows and targets.

Imported in a peer's environment by the worker of `peers.py`.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from floor import bare_passes
from timing import Figure, Job, fastest, figure, floor_of, rounds

from picasso_callbacks import Look, Method, PartialOcclusion, Probes, SaliencyMap
from picasso_callbacks.model.backends import make_backend
from picasso_callbacks.model.live_model import LiveModel

SIZE, WINDOW, STRIDE, CLASSES, GREY = (64, 64), 16, 8, 10, 0.5
PROBES, TARGETS = 8, (0, 1)
BATCHES = (49, 98, 196, 392)
"""Batch sizes of which the floor is the best; `PROBES * 49` windows are a whole number of each."""

layers = keras.layers


def network(size: tuple[int, int] = SIZE, activation: str | None = "softmax", sure: float = 1.0) -> keras.Model:
    """The small network, with the same weights on every backend; `sure` multiplies its logits."""
    inputs = keras.Input((*size, 3))
    tensor = inputs
    for channels in (16, 32, 64):
        tensor = layers.Conv2D(channels, 3, padding="same", activation="relu")(tensor)
        tensor = layers.MaxPooling2D()(tensor)
    outputs = layers.Dense(CLASSES, activation=activation)(layers.Flatten()(tensor))
    model = keras.Model(inputs, outputs)
    rng = np.random.default_rng(0)
    kernels = [rng.normal(0, math.sqrt(2 / np.prod(w.shape[:-1])), w.shape) for w in model.weights if w.ndim > 1]
    kernels[-1] *= sure
    model.set_weights([array for kernel in kernels for array in (kernel, np.zeros(kernel.shape[-1]))])
    return model


def pictures(count: int = PROBES, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Soft random blobs, float32 `[count, *size, 3]` in 0..1."""
    coarse = np.random.default_rng(1).random((count, size[0] // 4, size[1] // 4, 3), dtype="float32")
    return coarse.repeat(4, axis=1).repeat(4, axis=2)


@dataclasses.dataclass(frozen=True)
class Work:
    """One tool's answer to a question, and the forward passes that it needs for one target.

    `setting` tells apart several ways to ask the same tool, of which the fastest counts.
    """

    tool: str
    targets: int
    job: Job
    passes: int = PROBES * 49 + 1
    setting: str = ""


def one_hot(target: int, count: int) -> np.ndarray:
    return np.eye(CLASSES, dtype="float32")[[target] * count]


def each(targets: Sequence[int], job: Callable[[int], Any]) -> Job:
    """Tools that explain one class at a time are asked once for each."""
    return lambda: [np.asarray(job(target)) for target in targets]


def picasso(model: keras.Model, images: np.ndarray, method: Method, targets: Sequence[int]) -> Job:
    """Our answer; to the scores of the untouched probes, which peers do not tell, it is given."""
    live = LiveModel(model, Probes(images, value_range=(0, 1)))
    scores, chosen = live.scores(), np.array([targets] * len(images))
    return lambda: method.explain(Look(live, scores, chosen))  # a look keeps what was asked in it


def stack(images: np.ndarray) -> np.ndarray:
    """All occluded images, made by NumPy, as one would for `model.predict`."""
    occluded = [images]
    for top in range(0, SIZE[0] - WINDOW + 1, STRIDE):
        for left in range(0, SIZE[1] - WINDOW + 1, STRIDE):
            hidden = images.copy()
            hidden[:, top : top + WINDOW, left : left + WINDOW] = GREY
            occluded.append(hidden)
    return np.concatenate(occluded)


def occlusion(model: keras.Model, images: np.ndarray) -> Iterator[Work]:
    """Every tool that has occlusion on this backend, for one target and for two."""
    torch = keras.backend.backend() == "torch"
    for targets in (TARGETS[:1], TARGETS):
        count = len(targets)
        method = PartialOcclusion(window=WINDOW, stride=STRIDE)
        yield Work("picasso-callbacks", count, picasso(model, images, method, targets))
        for batch in (32, 196):
            predict = functools.partial(model.predict, batch_size=batch, verbose=0)
            yield Work(
                "model.predict of the stack", count, lambda p=predict: p(stack(images)), setting=f"batch {batch}"
            )
        yield from (captum_occlusion if torch else tensorflow_occlusion)(model, images, targets)


def tensorflow_occlusion(model: keras.Model, images: np.ndarray, targets: Sequence[int]) -> Iterator[Work]:
    from tf_explain.core.occlusion_sensitivity import OcclusionSensitivity
    from xplique.attributions import Occlusion

    explain = OcclusionSensitivity().explain
    places = math.prod(side // WINDOW for side in SIZE)
    job = each(targets, lambda target: explain((images, None), model, target, WINDOW))
    yield Work("tf-explain", len(targets), job, PROBES * places)
    for batch in (32, 49):
        theirs = Occlusion(model, batch, patch_size=WINDOW, patch_stride=STRIDE, occlusion_value=GREY)
        job = each(targets, lambda target, theirs=theirs: theirs(images, one_hot(target, len(images))))
        yield Work("xplique", len(targets), job, setting=f"batch {batch}")


def captum_occlusion(model: keras.Model, images: np.ndarray, targets: Sequence[int]) -> Iterator[Work]:
    from captum.attr import Occlusion

    inputs = keras.ops.convert_to_tensor(images)
    theirs = Occlusion(model)
    for windows in (7, 25):
        attribute = functools.partial(
            theirs.attribute, inputs, (WINDOW, WINDOW, 3), (STRIDE, STRIDE, 3), GREY, perturbations_per_eval=windows
        )
        job = each(targets, lambda t, attribute=attribute: keras.ops.convert_to_numpy(attribute(target=t)))
        yield Work("captum", len(targets), job, setting=f"{windows} windows at once")


def saliency(model: keras.Model, images: np.ndarray) -> Iterator[Work]:
    """Every tool that has saliency on this backend, for one target and for two."""
    torch = keras.backend.backend() == "torch"
    for targets in (TARGETS[:1], TARGETS):
        yield Work("picasso-callbacks", len(targets), picasso(model, images, SaliencyMap(), targets))
        for tool, job in (captum_saliency if torch else tensorflow_saliency)(model, images):
            yield Work(tool, len(targets), each(targets, job))


def tensorflow_saliency(model: keras.Model, images: np.ndarray) -> Iterator[tuple[str, Callable[[int], Any]]]:
    from tf_explain.core.vanilla_gradients import VanillaGradients
    from tf_keras_vis.saliency import Saliency as KerasVis
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
    from tf_keras_vis.utils.scores import CategoricalScore
    from xplique.attributions import Saliency as Xplique

    explain, theirs = VanillaGradients().explain, Xplique(model)
    linear = KerasVis(model, ReplaceToLinear())
    yield "tf-explain", lambda target: explain((images, None), model, target)
    yield "xplique", lambda target: theirs(images, one_hot(target, len(images)))
    yield "tf-keras-vis", lambda target: linear(CategoricalScore([target] * len(images)), images)


def captum_saliency(model: keras.Model, images: np.ndarray) -> Iterator[tuple[str, Callable[[int], Any]]]:
    from captum.attr import Saliency

    inputs = keras.ops.convert_to_tensor(images).requires_grad_()
    theirs = Saliency(model)
    yield "captum", lambda target: keras.ops.convert_to_numpy(theirs.attribute(inputs, target=target).detach())


def bare_gradients(images: np.ndarray, targets: int) -> Job:
    """The floor of saliency: one forward and a backward pass for each target, of the logits."""
    backend = make_backend(network(activation=None))
    gradients = backend.compile_gradients(lambda call, inputs: (call(inputs), None))
    classes = np.tile(np.arange(targets, dtype="int32"), (len(images), 1))
    inputs = backend.to_device(images)
    return lambda: gradients(classes, inputs)[0]


def measure(repeats: int) -> list[Figure]:
    """The times of everything here, as ratios to the floors measured in the same rounds."""
    model, images = network(), pictures()
    floors = {f"floor {batch}": bare_passes(model, PROBES * 49, batch) for batch in BATCHES}
    figures = _ratios("occlusion", list(occlusion(model, images)), floors, repeats)
    floors = {f"floor {count}": bare_gradients(images, count) for count in (1, 2)}
    return figures + _ratios("saliency", list(saliency(model, images)), floors, 4 * repeats)


def _ratios(question: str, works: list[Work], floors: dict[str, Job], repeats: int) -> list[Figure]:
    jobs = {f"{one.tool}, {one.targets}, {one.setting}": one for one in works}
    seconds = rounds({**floors, **{name: one.job for name, one in jobs.items()}}, repeats)
    found = []
    for tool, count in dict.fromkeys((one.tool, one.targets) for one in works):
        ways = {name: seconds[name] for name, one in jobs.items() if (one.tool, one.targets) == (tool, count)}
        one = jobs[name := fastest(ways)]
        if question == "occlusion":
            floor = floor_of({name: seconds[name] for name in floors}) * one.passes / (PROBES * 49)
        else:
            floor = seconds[f"floor {count}"]
        more = {"tool": tool, "question": question, "targets": count, "setting": one.setting, "passes": one.passes}
        found.append(figure(f"{tool}: {question}, {count} targets", ways[name], floor, **more))
    return found
