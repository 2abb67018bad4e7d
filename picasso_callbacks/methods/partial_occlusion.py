"""Partial occlusion: how the score of a class moves when a part of the image is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from picasso_callbacks.explanation import Explanation, Scale, WindowValues
from picasso_callbacks.methods.base import Look, Method
from picasso_callbacks.model import LiveModel, Scores, Windows, check_canvas, check_length
from picasso_callbacks.typing import Canvas, Length, is_one_of


class PartialOcclusion(Method):
    """Slides a window over each probe and measures how much the score of a target falls when it is hidden.

    Where windows overlap, a pixel gets the mean of the windows that hide it.

    Args:
        window: The window's sides: int pixels of the model's input, a float fraction of each side, or a
            (height, width) pair.
        stride: The distance of neighbouring windows, likewise. With the defaults there are 49 windows.
        canvas: What hidden pixels become: `"grey"` (the middle of the probes' value range), `"black"`, `"white"`,
            `"mean"` (the probe's own mean colour), `"blur"`, an image `[H, W, C]` or one for each probe
            `[P, H, W, C]`, in the probes' units.
        score: `"log_odds"`: the fall of `log(p / (1 - p))` in nats, computed from logits, so that a network that is
            sure still answers. `"probability"`: the fall of the probability, -1..1.
        view: `"drop"`: `score(probe) - score(probe with the window hidden)`, positive where the window held evidence
            for the target. `"probability"`: the probability when hidden, 0..1, bright where it stays high, as the
            original Picasso showed it; `score` has no part in it.

    Raises:
        ValueError: An argument that is none of these.

    Reference:
        Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014.

    Example:

        Picasso("logs", probes, methods=[PartialOcclusion(window=16, stride=8, canvas="mean"), "saliency_map"])
    """

    def __init__(
        self,
        window: Length | Sequence[Length] = 1 / 4,
        stride: Length | Sequence[Length] = 1 / 8,
        canvas: Canvas = "grey",
        score: Literal["log_odds", "probability"] = "log_odds",
        view: Literal["drop", "probability"] = "drop",
    ):
        self.window = check_length("PartialOcclusion: window", window)
        self.stride = check_length("PartialOcclusion: stride", stride)
        check_canvas(canvas)
        for argument, value, known in (
            ("score", score, ("log_odds", "probability")),
            ("view", view, ("drop", "probability")),
        ):
            if not is_one_of(value, known):
                raise ValueError(f"PartialOcclusion: {argument} is {value!r}; expected one of {list(known)}.")
        self.canvas, self.view = canvas, view
        self.score = "probability" if view == "probability" else score

    def explain(self, look: Look) -> Explanation:
        live = look.live
        windows = Windows(live.layout.size, self.window, self.stride)
        hidden = live.scores_under_windows(
            windows,
            live.canvases(self.canvas),
            measure=lambda scores, rows: self._measure(scores, look.targets[rows]),
        ).transpose(0, 2, 1)
        if self.view == "probability":
            values = hidden
        else:
            values = self._measure(look.scores, look.targets)[..., None] - hidden
        return Explanation(
            live.to_display(windows.average(values)),
            unit=live.unit if self.score == "log_odds" else "",
            score=f"{self._score_name(live)} from the {live.head.description}",
            title="probability if hidden" if self.view == "probability" else "occlusion",
            scale=self._scale(live),
            notes=self._notes(windows),
            attribution=self.view != "probability",
            windows=WindowValues(
                values.reshape(*look.targets.shape, len(windows.places_along(0)), -1).astype("float32"),
                rows=windows.places_along(0),
                columns=windows.places_along(1),
                size=windows.size,
                canvas=live.canvas_pictures(self.canvas),
            ),
        )

    def _measure(self, scores: Scores, targets: np.ndarray) -> np.ndarray:
        return scores.log_odds(targets) if self.score == "log_odds" else scores.probability(targets)

    def _notes(self, windows: Windows) -> tuple[str, ...]:
        view = ("The probability of the target when this place is hidden.",) if self.view == "probability" else ()
        return (*view, "Stride > window: gaps take the nearest window's value.") if windows.gaps else view

    def _score_name(self, live: LiveModel) -> str:
        return "value" if live.head.reading == "value" else self.score.replace("_", "-")

    def _scale(self, live: LiveModel) -> Scale:
        if self.view == "probability":
            return Scale(1.0, signed=False)
        if self.score == "probability":
            return Scale(1.0, signed=True, neutral=0.005)
        if live.unit != "nats":
            return Scale(limit=None, signed=True)
        return Scale(12.0, signed=True, knee=0.5, neutral=0.05)
