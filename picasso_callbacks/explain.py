"""explain: one look at a model; and Inquiry: the look that `Picasso` takes, too."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import keras
import numpy as np

from picasso_callbacks.explanation import Explanation
from picasso_callbacks.interruptions import interruptible
from picasso_callbacks.methods import Look, Method, make_methods
from picasso_callbacks.model import LiveModel, Scores, TargetChooser, steep_note
from picasso_callbacks.options import DEFAULTS, Options
from picasso_callbacks.plain import logger
from picasso_callbacks.probes import Probes
from picasso_callbacks.problems import naming, spoken_by
from picasso_callbacks.report import Report
from picasso_callbacks.shortcuts import Finder
from picasso_callbacks.trust import Trust, measure_trust
from picasso_callbacks.typing import DecodeProb, OutputMask, Postprocess, Preprocess, Targets

DEFAULT_METHODS = ("partial_occlusion", "saliency_map", "class_probabilities")

Attempt = Callable[..., Any]
"""`attempt(part, function, *args)`: runs a part of a look; returns `None` if it did not succeed."""


def explain(
    model: keras.Model,
    probes: Probes,
    *,
    methods: Iterable[str | Method] = DEFAULT_METHODS,
    targets: Targets = None,
    top: int = 2,
    preprocess: Preprocess | None = None,
    postprocess: Postprocess | None = None,
    decode_prob: DecodeProb | None = None,
    output: str | int | None = None,
    output_mask: OutputMask | None = None,
    shortcuts: bool | None = None,
    expected: str | None = None,
    allowed: Collection[str] = (),
    trust: bool = False,
    batch_size: int | None = None,
    incremental: bool = True,
) -> Report:
    """Asks a model about probes, once: the look that `Picasso` takes at the end of an epoch.

    The model is left as it is. To look again and again, use `Picasso`, which compiles its questions once.

    Args:
        model: Any `keras.Model` that classifies images.
        probes: The images to ask about.
        methods: Names of methods (see `available_methods()`) or instances, in the order of their columns. Defaults to
            `"partial_occlusion"`, `"saliency_map"` and `"class_probabilities"`.
        targets: What is explained. `None`: each probe's label and the strongest other class, without labels the top
            classes. `"top"`, `"label"`, a class index or name, a contrast of two classes `("tank", "half-track")`, a
            function of the model's outputs, or a list of these for every probe.
        top: How many classes `"top"` explains.
        preprocess: Turns probe images `[N, H, W, C]`, NumPy, into the model's inputs `[N, ...]`. `None`: the probes are
            as `fit` gets its images.
        postprocess: Rearranges input-shaped arrays `[N, ...]` into `[N, h, w]` or `[N, h, w, c]`, for inputs that are
            not images.
        decode_prob: Turns raw model outputs into probabilities `[N, classes]`; or `"softmax"` or `"sigmoid"` where the
            outputs are logits, `"value"` where they are plain numbers. Needed only where that can't be found out from
            the model and its loss.
        output: Which of several outputs is explained, by name or index. `None`: the first, with a notice.
        output_mask: For dense outputs such as segmentations, the positions whose mean log-odds are explained: bool
            `[h, w]`, or one for each probe, `[P, h, w]`. `None`: all.
        shortcuts: Whether to measure what the answers hang on, by exchanging cues between probes: about 20 forward
            passes a probe, 40 where something stands out. `None`: if probes are labelled, two or more of two or more
            classes.
        expected: The region of the probes (`Probes(regions=...)`) that the answers should come from.
        allowed: Cues that labels may hang on, such as `["colour"]`; with `expected`, further regions.
        trust: Whether to measure how far each map is to be trusted, and to say so beneath it: how fast the score falls
            when places are hidden in the map's order, beside random orders; 30 forward passes for each probe, target
            and map, and 120 for each probe. In a single look, also whether the map changes when the top layer, the top
            half and all of a copy of the weights are shuffled, for which all is asked and compiled three times more.
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
    arguments = locals()
    with interruptible(), spoken_by("explain"):
        if not isinstance(model, keras.Model):
            raise ValueError(f"model is a {type(model).__name__}; expected a keras.Model. Load it first.")
        inquiry = Inquiry(probes, methods, targets, top, Options.among(arguments))
        return inquiry.look(inquiry.watch(model), alone=True)


def _run(part: str, function: Callable[..., Any], *args: Any) -> Any:
    with naming(part):
        return function(*args)


class Inquiry:
    """What is asked at every look. It knows no model until it is asked to `watch` one.

    Args:
        probes: The images to ask about.
        methods: As in `explain`.
        targets: As in `explain`.
        top: As in `explain`.
        options: How to look.

    Raises:
        ValueError: An argument is wrong, whatever the model.
    """

    def __init__(
        self,
        probes: Probes,
        methods: Iterable[str | Method] = DEFAULT_METHODS,
        targets: Targets = None,
        top: int = 2,
        options: Options = DEFAULTS,
    ):
        if not isinstance(probes, Probes):
            raise ValueError(
                f"probes is a {type(probes).__name__}; expected Probes. Write Probes(images, labels=...), "
                "Probes.from_directory(...) or Probes.from_dataset(...)."
            )
        self._probes = probes
        self._options = options
        self._methods = make_methods(methods)
        self._chooser = TargetChooser(targets, top, probes)
        self._finder = Finder(probes, options)
        self._contradicted = self._doubted = False

    def watch(self, model: keras.Model) -> LiveModel:
        """The model with its questions compiled, which answer for its weights of any moment."""
        self._contradicted = self._doubted = False
        return LiveModel(model, self._probes, self._options, self._chooser.derived)

    def restart(self) -> None:
        """Another training begins."""
        self._finder.restart()

    def shortcuts(self) -> tuple[bool, str]:
        """Whether shortcuts are looked for, and which, or why not."""
        return self._finder.intention()

    def intention(self) -> str:
        """The same in a sentence."""
        looked_for, what = self.shortcuts()
        return f"Picasso: shortcuts are {'looked for: ' if looked_for else 'not looked for: '}{what}"

    def rehearse(self, live: LiveModel) -> Report:
        """A look at the first batch of each question, to compile it. It is not counted, and its numbers say nothing."""
        rehearsed = copy.copy(self)
        rehearsed._finder = self._finder.copy()
        rehearsed._doubted = True
        with live.batches.rehearsal():
            return rehearsed.look(live)

    def look(
        self,
        live: LiveModel,
        attempt: Attempt = _run,
        unit: str = "epoch",
        now: int | None = None,
        alone: bool = False,
    ) -> Report:
        """Takes one look. Arrays in the report are its own.

        Args:
            live: The model, from `watch`.
            attempt: Decides what becomes of a part of the look that fails; by default the error is raised.
            unit: In what looks are counted.
            now: The count of this one; `None` outside of a training.
            alone: Whether it is a single one, which may take its time.
        """
        scores = live.scores()
        self._chooser.check(scores)
        look = Look(live, scores, self._chooser.choose(scores))
        answers = {name: attempt(name, _ask, name, method, look) for name, method in self._methods.items()}
        explanations = {name: answer for name, answer in answers.items() if answer is not None}
        maps = {name: found for name, found in explanations.items() if found.is_map and found.attribution}
        trust = (attempt("trust", self._trust, look, maps, alone) or {}) if self._options.trust else {}
        for name, found in trust.items():
            explanations[name] = dataclasses.replace(maps[name], notes=(*maps[name].notes, *found.words))
        self._doubt(explanations, look.targets < scores.classes)
        class_names = self._probes.class_names or _default_names(live)
        findings = self._finder.find(live, scores, maps, class_names, attempt, unit, now)
        return Report(
            probes=self._probes,
            class_names=class_names,
            derived_names=tuple(self._chooser.derived_names),
            targets=look.targets,
            class_scores=scores.logits[:, : scores.classes],
            log_odds=scores.log_odds(look.targets),
            probabilities=scores.probabilities,
            explanations=explanations,
            exclusive=live.head.exclusive or live.head.reading in ("softmax", "binary"),
            trust=trust,
            notes=(*live.notes, *self._contradiction(live, scores)),
            **vars(findings),
        )

    def _trust(self, look: Look, maps: Mapping[str, Explanation], alone: bool) -> dict[str, Trust]:
        """How far the maps are to be trusted; of a single look also whether they know the network."""

        def with_weights(weights: list[np.ndarray]) -> dict[str, np.ndarray]:
            options = dataclasses.replace(self._options, incremental=False)
            other = LiveModel(look.live.model, self._probes, options, self._chooser.derived, weights)
            another = Look(other, other.scores(), look.targets)
            return {name: self._methods[name].explain(another).values for name in maps}

        values = {name: found.values for name, found in maps.items()}
        return measure_trust(look.live, look.scores, look.targets, values, with_weights if alone else None)

    def _doubt(self, explanations: Mapping[str, Explanation], of_class: np.ndarray) -> None:
        """Says once, until another model is watched, that numbers can hardly be right."""
        note = None if self._doubted else steep_note(explanations.values(), of_class, self._probes.images)
        if note is not None:
            self._doubted = True
            logger.warning("Picasso: %s", note)

    def _contradiction(self, live: LiveModel, scores: Scores) -> tuple[str, ...]:
        """Whether outputs that were read as probabilities when training began are none any more."""
        off = 0.0 if scores.off is None else float(np.nanmax(scores.off, initial=0.0))
        if off <= live.head.tolerance:
            return ()
        note = (
            f"The model's outputs are no probabilities: they leave 0..1, or a sum of 1, by up to {off:.2g}. Pass "
            "decode_prob='value' where they are plain numbers, 'softmax' or 'sigmoid' where they are logits."
        )
        if not self._contradicted:
            self._contradicted = True
            logger.warning("Picasso: %s", note)
        return (note,)


def _default_names(live: LiveModel) -> tuple[str, ...]:
    if live.head.reading == "value" and live.classes == 1:
        return ("value",)
    return tuple(f"{'value' if live.head.reading == 'value' else 'class'} {i}" for i in range(live.classes))


def _ask(name: str, method: Method, look: Look) -> Explanation:
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
    return dataclasses.replace(found, values=values, notes=tuple(found.notes))
