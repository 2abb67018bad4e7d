"""explain: one look at a model, in training or out of it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any

import keras
import numpy as np

from picasso_callbacks.explanation import Explanation
from picasso_callbacks.methods import Method, make_methods
from picasso_callbacks.methods.look import Look
from picasso_callbacks.model.head.head import DecodeProb
from picasso_callbacks.model.head.reader import OutputMask
from picasso_callbacks.model.head.targets import TargetChooser, TargetSpec, is_index
from picasso_callbacks.model.layout import Postprocess
from picasso_callbacks.model.live_model import LiveModel, Preprocess
from picasso_callbacks.probes import Probes
from picasso_callbacks.problems import naming
from picasso_callbacks.report import Report
from picasso_callbacks.shortcuts import Detector, hide_regions, make_detector, make_verdict, weigh_regions

DEFAULT_METHODS = ("partial_occlusion", "saliency_map", "class_probabilities")

Attempt = Callable[..., Any]
"""`attempt(part, function, *args)`: runs a part of a look; returns `None` if it did not succeed."""


def explain(
    model: keras.Model,
    probes: Probes,
    *,
    methods: Iterable[str | Method] = DEFAULT_METHODS,
    targets: TargetSpec = None,
    top: int = 2,
    preprocess: Preprocess | None = None,
    postprocess: Postprocess | None = None,
    decode_prob: DecodeProb | None = None,
    output: str | int | None = None,
    output_mask: OutputMask | None = None,
    shortcuts: bool | None = None,
    expected: str | None = None,
    allowed: Collection[str] = (),
    batch_size: int | None = None,
    incremental: bool = True,
) -> Report:
    """Asks a model about probes, once: the look that `Picasso` takes at the end of an epoch.

    The model is left as it is. To look again and again, use `Picasso`, which compiles its questions once.

    Args:
        model: Any `keras.Model` that classifies images.
        probes: The images to ask about.
        methods: Names of methods (see `picasso_callbacks.available_methods()`) or instances, in the order of their
            columns in pictures. Defaults to partial occlusion, saliency map and class probabilities.
        targets: What is explained. `None`: each probe's label and the strongest other class, without labels the top
            classes. `"top"`, `"label"`, a class index or name, a contrast of two classes `("tank", "half-track")`, a
            function of the model's outputs, or a list of these; see `TargetChooser`.
        top: How many classes `"top"` explains.
        preprocess: Turns probe images `[N, H, W, C]`, NumPy, into the model's inputs `[N, ...]`.
        postprocess: Rearranges input-shaped arrays `[N, ...]` into `[N, h, w]` or `[N, h, w, c]`, for inputs that are
            not images.
        decode_prob: Turns raw model outputs into probabilities `[N, classes]`; or `"softmax"` or `"sigmoid"` where the
            outputs are logits, `"value"` where they are plain numbers. Needed only where that can't be found out.
        output: Which of several outputs is explained, by name or index. `None`: the first, with a notice.
        output_mask: For dense outputs such as segmentations, the positions whose mean log-odds are explained: bool
            `[h, w]`, or one for each probe, `[P, h, w]`. `None`: all.
        shortcuts: Whether to measure what the answers hang on, by exchanging cues between probes: about 80 forward
            passes a probe. `None`: if the probes are labelled and there are two or more of two or more classes.
        expected: The region of the probes (`Probes(regions=...)`) that the answers should come from.
        allowed: Cues that labels may hang on, such as `["colour"]`; with `expected`, further regions.
        batch_size: The most images computed at once. `None`: found from the size of the images.
        incremental: Whether occlusion computes only what a window changes, where the model can be taken apart and that
            pays; the numbers are the same. `False`: always whole forward passes.

    Returns:
        A `Report`: `.targets` int `[P, K]`, `.probabilities` float32 `[P, classes]`,
        `report["partial_occlusion"].values` float32 `[P, K, H, W]`, `report.image(i)`.

    Raises:
        ValueError: An argument is wrong, or probes and model don't go together.

    Example:

        report = explain(model, Probes(x_test[:4], labels=y_test[:4]))
        report["partial_occlusion"].values[0, 0]   # nats by which each part speaks for the label of the first probe
        report.image(0)
    """
    if not isinstance(model, keras.Model):
        raise ValueError(f"explain: model is a {type(model).__name__}; expected a keras.Model. Load it first.")
    check_hooks(probes, preprocess, postprocess, decode_prob, batch_size)
    chooser = TargetChooser(targets, top, probes)
    live = LiveModel(
        model,
        probes,
        preprocess=preprocess,
        postprocess=postprocess,
        decode_prob=decode_prob,
        output=output,
        output_mask=output_mask,
        derived=chooser.derived,
        batch_size=batch_size,
        incremental=incremental,
    )
    return look_at(live, make_methods(methods), chooser, make_detector(probes, shortcuts, expected, allowed))


def look_at(
    live: LiveModel,
    methods: dict[str, Method],
    chooser: TargetChooser,
    detector: Detector | None = None,
    attempt: Attempt | None = None,
    see: Callable[[np.ndarray], int | None] | None = None,
    unit: str = "epoch",
) -> Report:
    """Takes one look. Arrays in the report are its own.

    Args:
        live: The model.
        methods: What to ask, by name.
        chooser: What is explained.
        detector: Tells shortcuts.
        attempt: Decides what becomes of a part of the look that fails.
        see: Told the absolute values of the first target's heatmaps, `[P, H, W]`, of the first method that makes such,
            returns since when they have been the same. Without the sign, since the target may be another class than
            at the look before, for which the same place speaks against it.
        unit: In what `see` counts.
    """
    attempt = attempt or _named
    scores = live.scores()
    chooser.check(scores)
    look = Look(live, scores, chooser.choose(scores))
    expected = None if detector is None else detector.expected
    found = attempt("shortcuts", detector.detect, live, scores) if detector is not None else None
    explanations = {name: attempt(name, _explanation, name, method, look) for name, method in methods.items()}
    report = Report(
        probes=live.probes,
        class_names=live.probes.class_names or _default_names(live),
        derived_names=tuple(chooser.derived_names),
        targets=look.targets,
        class_scores=scores.logits[:, : scores.classes],
        probabilities=scores.probabilities,
        explanations={name: one for name, one in explanations.items() if one is not None},
        dependences=found.dependences if found else (),
        alarms=found.alarms if found else (),
    )
    maps = {name: one for name, one in report.maps().items() if one.attribution}
    report = dataclasses.replace(
        report,
        evidence=attempt("evidence", weigh_regions, maps, live.probes.regions or {}) or (),
        hidings=(attempt("hiding", hide_regions, live, scores) or ()) if found and expected is not None else (),
        stable_since=attempt("drift", see, np.abs(next(iter(maps.values())).values[:, 0])) if see and maps else None,
    )
    verdict = attempt("verdict", _verdict, report, expected, unit) if found else None
    return dataclasses.replace(report, verdict=verdict or "")


def _verdict(report: Report, expected: str | None, unit: str) -> str:
    stable_since = None if report.stable_since is None else f"{unit} {report.stable_since}"
    return make_verdict(report.alarms, report.class_names, expected, report.evidence, report.hidings, stable_since)


def _named(part: str, function: Callable[..., Any], *args: Any) -> Any:
    with naming(part):
        return function(*args)


def _default_names(live: LiveModel) -> tuple[str, ...]:
    if live.head.reading == "value" and live.classes == 1:
        return ("value",)
    return tuple(f"{'value' if live.head.reading == 'value' else 'class'} {i}" for i in range(live.classes))


def check_hooks(
    probes: object, preprocess: object, postprocess: object, decode_prob: object, batch_size: object
) -> None:
    """Raises a `ValueError` for what can't be right, whatever the model."""
    if not isinstance(probes, Probes):
        raise ValueError(
            f"probes is a {type(probes).__name__}; expected Probes. Write Probes(images, labels=...), "
            "Probes.from_directory(...) or Probes.from_dataset(...)."
        )
    for argument, hook in (("preprocess", preprocess), ("postprocess", postprocess), ("decode_prob", decode_prob)):
        words = ("softmax", "sigmoid", "value") if argument == "decode_prob" else ()
        if hook is not None and not callable(hook) and hook not in words:
            raise ValueError(
                f"{argument} is {hook!r}; expected {''.join(f'{w!r}, ' for w in words)}a function or None."
            )
    if batch_size is not None and not (is_index(batch_size) and batch_size >= 1):
        raise ValueError(f"batch_size is {batch_size!r}; expected an int >= 1 or None.")


def _explanation(name: str, method: Method, look: Look) -> Explanation:
    """What the method says, checked and copied: it may keep its arrays, and another thread will draw these."""
    found = method.explain(look)
    if not isinstance(found, Explanation):
        raise TypeError(f"The method {name!r} returned a {type(found).__name__}; expected an Explanation.")
    maps = (*look.targets.shape, *look.live.probes.images.shape[1:3])
    values = np.array(found.values, dtype="float32")
    if values.shape not in (maps, (len(look.targets), look.live.classes)):
        raise ValueError(
            f"The method {name!r} returned values of shape {values.shape}; expected [P, K, H, W] = {maps} or "
            f"[P, classes] = {(len(look.targets), look.live.classes)}."
        )
    number = re.search(r"_(\d+)$", name)
    title = f"{found.title} {number[1]}" if number else found.title  # "occlusion 2": the second one of a kind
    return dataclasses.replace(found, values=values, title=title, notes=tuple(found.notes))
