"""What each method takes, against the bare passes that it needs, and captum on the same work.

    KERAS_BACKEND=torch python benchmarks/methods.py      # or jax; without it, TensorFlow

The work: the small network at 64 x 64, 8 probes, two targets. The floor is the passes alone, of logits,
compiled and fed from memory, at the best of some batch sizes: a forward pass for each mask, a forward pass and a
backward pass a target for each gradient; of class activation maps the way back ends at the layer. All take turns in one
process, so that ratios suffer little from whatever else a machine does. captum, which takes one target at a time, is
asked for both. In the end all methods in one look, which share their passes, stand against the sum of each alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from floor import bare_passes
from peers_tools import PROBES, TARGETS, network, pictures
from timing import Figure, Job, describe, figure, floor_of, rounds, save

from picasso_callbacks import IntegratedGradients, Look, Method, Probes, Rise, ScoreCam, SmoothGrad, available_methods
from picasso_callbacks.methods import make_methods
from picasso_callbacks.model.backends import make_backend
from picasso_callbacks.model.live_model import LiveModel

STEPS, SAMPLES, MASKS, CHANNELS = 20, 20, 100, 64
CLASSES = np.array([TARGETS] * PROBES)


def gradients(count: int, batch: int) -> Job:
    """A forward and two backward passes for `count` inputs."""
    backend = make_backend(network(activation=None))
    run = backend.compile_gradients(lambda call, inputs: (call(inputs), None))
    inputs, targets = pictures(batch), np.array([TARGETS] * batch, "int32")

    def job() -> None:
        for _ in range(count // batch):
            run(targets, inputs)

    return job


def gradients_to_the_layer() -> Job:
    """The same for the probes, from the logits back to what the last pooling returns, which is handed out, too."""
    model = network(activation=None)
    below = keras.Model(model.inputs, model.layers[-3].output)
    above = keras.Sequential([keras.Input(below.output_shape[1:]), *model.layers[-2:]])
    backend = make_backend(above)

    def function(call: Callable[[Any], Any], change: Any, inputs: Any) -> tuple[Any, Any]:
        features = below(inputs)
        return call(features + change), features

    run, images = backend.compile_gradients(function), pictures()
    change = np.zeros((PROBES, *below.output_shape[1:]), "float32")
    return lambda: run(CLASSES.astype("int32"), change, images)


def floors() -> dict[str, dict[str, Job]]:
    """The bare passes of each kind, at several batch sizes."""
    along = {f"{batch} at once": gradients(PROBES * STEPS, batch) for batch in (40, 80, 160)}
    hidden = network(activation=None)
    return {
        "gradient": {"all": gradients(PROBES, PROBES)},
        "gradients along": along,
        "back to the layer": {"all": gradients_to_the_layer()},
        "masks": {f"{batch} at once": bare_passes(hidden, PROBES * MASKS, batch) for batch in (100, 200, 400)},
        "channels": {f"{batch} at once": bare_passes(hidden, PROBES * CHANNELS, batch) for batch in (64, 128, 256)},
    }


METHODS: list[tuple[str | Method, str, str]] = [
    ("saliency_map", "gradient", "<= 1.10"),
    ("input_x_gradient", "gradient", "<= 1.10"),
    ("guided_backprop", "gradient", "<= 1.10"),
    (IntegratedGradients(STEPS), "gradients along", "<= 1.10"),
    (SmoothGrad(SAMPLES), "gradients along", "<= 1.10"),
    ("grad_cam", "back to the layer", "<= 1.10"),
    ("grad_cam_plus_plus", "back to the layer", "<= 1.10"),
    ("layer_cam", "back to the layer", "<= 1.10"),
    (Rise(MASKS), "masks", "<= 1.05"),
    (ScoreCam(channels=CHANNELS), "channels", "<= 1.05"),
]


def captum(model: keras.Model, images: np.ndarray) -> Iterator[tuple[str, str, Callable[[int], Any]]]:
    """Of captum's methods those that take a Keras model as it is: its name, the floor, and the job for a target."""
    import torch
    from captum import attr

    inputs = torch.tensor(images, requires_grad=True)
    grey = torch.full_like(inputs, 0.5)
    along, noisy = attr.IntegratedGradients(model), attr.NoiseTunnel(attr.Saliency(model))
    yield "InputXGradient", "gradient", lambda target: attr.InputXGradient(model).attribute(inputs, target=target)
    yield (
        "IntegratedGradients",
        "gradients along",
        lambda target: along.attribute(inputs, grey, target=target, n_steps=STEPS, method="riemann_middle"),
    )
    yield (
        "NoiseTunnel",
        "gradients along",
        lambda target: noisy.attribute(inputs, target=target, nt_samples=SAMPLES, stdevs=0.15, abs=False),
    )


def measure(repeats: int) -> Iterator[Figure]:
    model, images = network(), pictures()
    live = LiveModel(model, Probes(images, value_range=(0, 1)))
    scores = live.scores()
    bare = floors()
    asked: dict[str, tuple[Job, str, str]] = {}
    for spec, floor, goal in METHODS:
        [(name, method)] = make_methods([spec]).items()
        asked[f"picasso-callbacks: {name}"] = (lambda m=method: m.explain(Look(live, scores, CLASSES)), floor, goal)
    if keras.backend.backend() == "torch":
        for name, floor, job in captum(network(activation=None), images):
            asked[f"captum: {name}"] = (lambda j=job: [j(target) for target in TARGETS], floor, "")
    for kind, jobs in bare.items():
        works = {name: job for name, (job, floor, _) in asked.items() if floor == kind}
        seconds = rounds({**jobs, **works}, repeats if kind != "masks" else max(repeats // 3, 3))
        floor = floor_of({name: seconds[name] for name in jobs})
        yield from (figure(f"{name}, of {kind}", seconds[name], floor, asked[name][2]) for name in works)
    yield from together(live, repeats)


def together(live: LiveModel, repeats: int) -> Iterator[Figure]:
    """All methods in one look against the sum of each alone."""
    names = [name for name in available_methods() if name != "attention_rollout"]
    methods = make_methods(names)
    scores = live.scores()

    def one_look() -> None:
        look = Look(live, scores, CLASSES)
        for method in methods.values():
            method.explain(look)

    alone = {name: lambda m=method: m.explain(Look(live, scores, CLASSES)) for name, method in methods.items()}
    seconds = rounds({"together": one_look, **alone}, max(repeats // 3, 3))
    yield figure(
        f"all {len(names)} methods in one look, against each alone",
        seconds["together"],
        np.sum([seconds[name] for name in names], axis=0),
        "<= 1.00",
        unit="x the sum",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--json", help="a file for the figures")
    arguments = parser.parse_args()
    figures = []
    for one in measure(arguments.repeats):
        print(f"{one['what']}: {describe(one)}{', goal ' + one['goal'] if one['goal'] else ''}", flush=True)
        figures.append(one)
    save(arguments.json, figures)


if __name__ == "__main__":
    main()
