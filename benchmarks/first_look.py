"""The time of a first look against tracing the model's own forward pass, and of saliency against its floor.

    python benchmarks/first_look.py                      # the small CNN
    python benchmarks/first_look.py MobileNetV2 --probes 4

A first look traces and compiles. Its cost is that of making the live model and of the rehearsal, without what a
rehearsal takes once all is compiled; beside it stands the first call of the model's compiled forward pass, without the
time of a second one. Both are taken several times, in a framework that has traced before. The floor of saliency is a
compiled function, written by hand, of one forward and K backward passes on the same batch. Processor seconds: they
suffer less from whatever else runs on the machine.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from floor import small_cnn
from timing import Figure, describe, figure, rounds, save

from picasso_callbacks import Look, Probes
from picasso_callbacks.explain import Inquiry
from picasso_callbacks.methods import make_methods
from picasso_callbacks.model.backends import make_backend
from picasso_callbacks.model.live_model import LiveModel

FIRSTS = 3
"""How often a first time is taken."""

METHODS = ["partial_occlusion", "saliency_map", "class_probabilities"]


def seconds(job: Callable[[], object]) -> float:
    """Processor seconds of one call."""
    begin = time.process_time()
    job()
    return time.process_time() - begin


def extra_of_first(job: Callable[[], object]) -> float:
    """How much longer the first call takes than a later one."""
    return seconds(job) - min(seconds(job) for _ in range(3))


def own_forward_pass(model: keras.Model, images: np.ndarray) -> float:
    """What it takes to trace and compile the model's forward pass for one shape."""
    forward = make_backend(model).compile(lambda call, inputs: call(inputs))
    return extra_of_first(lambda: forward(images))


def first_look(model: keras.Model, probes: Probes, methods: list[str]) -> float:
    """What it takes to make a live model and to look for the first time, without a later rehearsal's time."""
    inquiry = Inquiry(probes, methods)
    live: LiveModel | None = None

    def rehearse() -> None:
        nonlocal live
        live = live or inquiry.watch(model)
        inquiry.rehearse(live)

    return extra_of_first(rehearse)


def by_hand(model: keras.Model, images: np.ndarray, targets: np.ndarray) -> Callable[[], Any]:
    """One forward and K backward passes, of the logits: the model's last layer is a softmax."""
    logits = keras.Model(model.inputs, model.layers[-1].input)
    last, targets = model.layers[-1], targets.astype("int32")

    def scores(inputs: Any) -> Any:
        hidden = logits(inputs, training=False)
        linear = keras.ops.matmul(hidden, last.kernel) + last.bias
        return keras.ops.take_along_axis(linear, targets, axis=1)

    return {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[keras.backend.backend()](scores, images)


def _tensorflow(scores: Callable[[Any], Any], images: np.ndarray) -> Callable[[], Any]:
    import tensorflow as tf

    @tf.function(autograph=False)
    def gradients(inputs: Any) -> Any:
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(inputs)
            columns = tf.unstack(scores(inputs), axis=1)
        return [tape.gradient(column, inputs) for column in columns]

    inputs = tf.constant(images)
    return lambda: [one.numpy() for one in gradients(inputs)]


def _jax(scores: Callable[[Any], Any], images: np.ndarray) -> Callable[[], Any]:
    import jax

    @jax.jit
    def gradients(inputs: Any) -> Any:
        found, pull = jax.vjp(scores, inputs)
        return [pull(jax.numpy.zeros_like(found).at[:, k].set(1))[0] for k in range(found.shape[1])]

    inputs = jax.numpy.asarray(images)
    return lambda: [np.asarray(one) for one in gradients(inputs)]


def _torch(scores: Callable[[Any], Any], images: np.ndarray) -> Callable[[], Any]:
    import torch

    def gradients() -> Any:
        inputs = keras.ops.convert_to_tensor(images).detach().requires_grad_()
        columns = scores(inputs).unbind(1)
        return [torch.autograd.grad(one.sum(), inputs, retain_graph=True)[0].cpu().numpy() for one in columns]

    return gradients


def measure(title: str, model: keras.Model, count: int, repeats: int) -> list[Figure]:
    """The figures of one model, looked at with `count` probes."""
    images = np.random.default_rng(1).random((count, *model.input_shape[1:]), dtype="float32")
    probes = Probes(images, labels=np.arange(count) % 10)
    own_forward_pass(model, images)  # the framework's own first time
    own = float(np.median([own_forward_pass(model, images) for _ in range(FIRSTS)]))
    figures: list[Figure] = []
    for methods in ([METHODS[2]], METHODS[1:], METHODS[::2], METHODS):
        low, ratio, high = np.percentile(
            [first_look(model, probes, methods) / own for _ in range(FIRSTS)], (25, 50, 75)
        )
        words = "all methods" if methods == METHODS else " and ".join(methods).replace("_", " ")
        one = {"what": f"{title}: first look, {words}", "unit": "x tracing", "ratio": ratio, "low": low, "high": high}
        figures.append({**one, "goal": "<= 2.00", "note": f"the forward pass {own:.2g} s"})

    live = LiveModel(model, probes)
    targets = np.stack([np.arange(count) % 10, (np.arange(count) + 1) % 10], axis=1)
    scores, saliency = live.scores(), make_methods(["saliency_map"])["saliency_map"]
    seconds = rounds(
        {
            "floor": by_hand(model, images, targets),
            "gradients": lambda: live.gradients(targets),
            "saliency": lambda: saliency.explain(Look(live, scores, targets)),
        },
        repeats,
    )
    for name in ("gradients", "saliency"):
        figures.append(figure(f"{title}: {name}, 2 targets", seconds[name], seconds["floor"], "<= 1.05"))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="small", help="'small', or a name out of keras.applications")
    parser.add_argument("--probes", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--json", help="a file for the figures")
    arguments = parser.parse_args()
    small = arguments.model == "small"
    model = small_cnn() if small else getattr(keras.applications, arguments.model)(weights=None)
    title = "small CNN at 64" if small else arguments.model
    figures = measure(title, model, arguments.probes, arguments.repeats)
    for one in figures:
        print(f"{one['what']}: {describe(one)}")
    save(arguments.json, figures)


if __name__ == "__main__":
    main()
