"""LiveModel: scores, gradients and scores under masks of the very model that is being trained."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from picasso_callbacks.model.backends import make_backend
from picasso_callbacks.model.batches import Batches
from picasso_callbacks.model.canvases import make_canvases
from picasso_callbacks.model.gradients import Gradients
from picasso_callbacks.model.head import Derived, Head, Scores
from picasso_callbacks.model.inputs import Inputs
from picasso_callbacks.model.inside import Inside
from picasso_callbacks.model.layout import Layout, resized
from picasso_callbacks.model.memory import free_bytes, images_at_once, images_recycled
from picasso_callbacks.model.own_training import training_notes, unused_scaling
from picasso_callbacks.model.passes import Passes
from picasso_callbacks.model.under_masks import Masks, Measure, UnderMasks
from picasso_callbacks.model.value_range import range_notes
from picasso_callbacks.model.windows import Windows
from picasso_callbacks.options import DEFAULTS, Options
from picasso_callbacks.plain import logger
from picasso_callbacks.probes import Probes
from picasso_callbacks.typing import Canvas

VARYING = 128
"""The most images at once of which there are more at one look than at another: of few sizes, functions are compiled."""

STEADY = 0.02
"""Answers that differ by more than this part of the largest do so for another reason than how they were computed."""

SMALLEST, LARGEST = 32, 512
"""The batch size is chosen between these, by the size of the images."""


class LiveModel:
    """Asks a model about a fixed set of probes, and leaves it exactly as it was.

    Functions are compiled once and read the model's current weights whenever they are called, so that one `LiveModel`
    serves a whole training run. Everything is computed in batches of a fixed size, the last one padded; occluded images
    are made a batch at a time, so that memory grows with the batch and not with the number of masks: in NumPy where the
    model computes in the memory of the arrays, else inside the compiled function.

    Args:
        model: A `keras.Model` that can be called on the probes.
        probes: The probes.
        options: How to ask it and read its answers. `batch_size=None`: from 32 inputs at once for large images to 512
            for small ones, and fewer where a model's activations would take more than 1 GB; of windows of which only
            the change is computed, up to four times as many, and of gradients a quarter. Halved where memory does not
            suffice.
        derived: Targets beside the classes: pairs of classes, or functions of the model's outputs.
        weights: Weights to ask with instead of the model's own, which stay as they are; in the order of its `weights`.

    Attributes:
        inputs: The preprocessed probes, float32 `[P, ...]`.
        batches: Splits what is asked into batches.
        layout: Which elements of an input belong to which pixel of a map.
        head: How the output is read.
        model: The model.
        classes: How many classes the model tells apart.
        inside: What the model's layers make of the probes.
        notes: What one must know of the model's answers to read them right.

    Raises:
        ValueError: Probes, hooks and model don't fit together; the message says which and what to do.
    """

    def __init__(
        self,
        model: keras.Model,
        probes: Probes,
        options: Options = DEFAULTS,
        derived: Sequence[Derived] = (),
        weights: Sequence[np.ndarray] | None = None,
    ):
        self.probes = probes
        self.model = model
        self._inputs = Inputs(model, probes, options.preprocess)
        self._canvases: dict[Any, tuple[Canvas, np.ndarray]] = {}
        self._canvas_pictures: dict[Any, tuple[Canvas, np.ndarray]] = {}
        self.inputs = self._inputs.prepare(probes.images)
        shape, postprocess = self.inputs.shape[1:], options.postprocess
        arrangement = None if postprocess else self._inputs.arrangement(probes, shape)
        self.layout = Layout(shape, arrangement, postprocess)
        self._backend = make_backend(model)
        if weights is not None:
            self._backend.other_weights = [self._backend.to_device(one) for one in weights]
        best = self._backend.pixels // math.prod(self.layout.size)
        free = free_bytes() if self._backend.in_memory and not self._backend.in_step else math.inf
        asked, differentiated = images_at_once(model, shape, free)
        most = options.batch_size or min(max(best, SMALLEST), LARGEST, asked)
        recycled = images_recycled(model, shape) if self._backend.in_memory and not options.batch_size else most
        limit = self._inputs.at_once or int(min(most, max(recycled, SMALLEST)))
        self.batches = Batches(limit, fixed=self._inputs.at_once is not None)
        self._varying_batches = self.batches.of(min(limit, VARYING))
        self._passes = Passes(self._backend, self._inputs, self.batches, options, derived)
        with unused_scaling(model) as unused:
            self._reader = self._passes.begin(self.inputs)
        self.head, self.classes = self._reader.head, self._passes.classes
        possible = options.incremental and self.layout.plain and not probes.extra and not self._inputs.at_once
        limits = (most, options.batch_size or 4 * most) if possible else None
        self._under_masks = UnderMasks(self._passes, self.inputs, self.layout, self.batches, limits)
        self._gradients = Gradients(self._passes, self._inputs.differentiable)
        kept = -(-most // 4)  # what is computed has to be kept
        self._gradient_batches = self.batches.of(kept if options.batch_size else min(kept, differentiated))
        self.inside = Inside(
            self._passes, self._gradients, self.inputs, self.layout.size, (self.batches, self._gradient_batches)
        )
        if weights is not None:
            self.notes: tuple[str, ...] = ()
            return
        assumes_logits = self.head.source == "outputs" and self.head.reading != "value" and options.decode_prob is None
        guessed = training_notes(model, set() if options.preprocess else unused, assumes_logits)
        self.notes = (*self._steadiness(), *range_notes(model, self.inputs), *guessed)
        for note in self.notes:
            logger.warning("Picasso: %s", note)

    def _steadiness(self) -> tuple[str, ...]:
        """Whether probes get the same answers when they are asked about once more, in other company."""
        count = max(len(self.inputs), 2)
        others = np.repeat(np.arange(0, len(self.inputs), 2), 2)[::-1][:count]  # every second one, twice
        once, again = self.scores().logits[others], self.scores(self.inputs[others], others).logits
        known = np.isfinite(once) & np.isfinite(again)
        apart = np.abs(np.subtract(once, again, where=known, out=np.zeros_like(once))).max(axis=0)
        off = apart[apart > STEADY * np.abs(once).max(axis=0, initial=1.0, where=known)]
        if not off.size:
            return ()
        size = f"{off.max():.2g} {self.unit}".strip()
        return (
            f"The model's answers to one image differ by up to {size} from call to call: it draws random numbers when "
            "it is called, or looks at the other images of its batch. All numbers are as uncertain as that.",
        )

    def scores(self, inputs: np.ndarray | None = None, rows: np.ndarray | None = None) -> Scores:
        """The model's `Scores` of some inputs.

        Args:
            inputs: `[N, ...]`, preprocessed; by default those of the probes.
            rows: int `[N]`, the probes that the inputs stand for, whose extra inputs and output masks count for them;
                by default the first N.
        """
        inputs = self.inputs if inputs is None else inputs
        rows = np.arange(len(inputs)) if rows is None else rows
        return self._scores(lambda batch: inputs[batch], rows, self.batches)

    def scores_of_images(self, make: Callable[[np.ndarray], np.ndarray], rows: np.ndarray) -> Scores:
        """The model's `Scores` of images that are made a batch at a time, of which there may be more at another look.

        Args:
            make: Makes some of the N images: int `[b]` -> `[b, H, W, C]`, in the probes' units.
            rows: int `[N]`, the probes that the images stand for.
        """
        count = len(rows)
        batches = self._varying_batches
        rows = np.pad(rows, (0, batches.rounded(count) - count), mode="edge")
        return self._scores(lambda batch: self._inputs.prepare(make(np.minimum(batch, count - 1))), rows, batches)[
            :count
        ]

    def _scores(self, inputs_of: Callable[[np.ndarray], np.ndarray], rows: np.ndarray, batches: Batches) -> Scores:
        def ask(batch: np.ndarray) -> tuple[np.ndarray, ...]:
            scores = self._reader.read(self._passes.of(inputs_of(batch), rows[batch]))
            given[:] = [getattr(scores, name) is not None for name in parts]
            return tuple(getattr(scores, name) for name, there in zip(parts, given, strict=True) if there)

        parts: tuple[str, ...] = ("logits", "probabilities", "off")
        given: list[bool] = []
        found = batches.collect(ask, len(rows))
        named = dict(zip(itertools.compress(parts, given), found, strict=True))
        return Scores(
            named["logits"], named.get("probabilities"), self.head.competing, self._reader.contrasts, named.get("off")
        )

    def gradients(
        self,
        targets: np.ndarray,
        inputs: np.ndarray | Callable[[np.ndarray], np.ndarray] | None = None,
        rows: np.ndarray | None = None,
        keep: Callable[[np.ndarray], np.ndarray] = lambda gradients: gradients,
        every: int = 1,
        guided: bool = False,
    ) -> np.ndarray:
        """The gradients of targets' scores (logits where they are to be had) by some inputs.

        Args:
            targets: int `[N, K]`, the targets of each input.
            inputs: As in `scores`; or makes some of them: int `[n]` -> `[n, ...]`, a batch at a time.
            rows: As in `scores`.
            keep: Makes of the gradients of a batch, float32 `[n, K, ...]`, what is wanted of them, `[n, ...]`: less
                memory than to keep them all.
            every: Of so many inputs that follow each other only the mean of what is kept is returned, and in memory.
            guided: Whether ReLUs hand back only what is positive, as in guided backpropagation.

        Returns:
            What `keep` returns, for all inputs: by default the gradients, float32 `[N / every, K, ...]`, in score per
            unit of input.

        Raises:
            ValueError: The scores can't be differentiated.
        """
        given = self.inputs if inputs is None else inputs
        inputs_of = given if callable(given) else given.__getitem__
        rows = np.arange(len(targets)) if rows is None else rows
        gradients = self._gradients.guided if guided else self._gradients.by_inputs

        def ask(batch: np.ndarray) -> tuple[np.ndarray, ...]:
            return (keep(gradients(targets[batch], inputs_of(batch), rows[batch])),)

        return self._gradient_batches.collect(ask, len(targets), every)[0]

    def scores_under_masks(
        self,
        images: np.ndarray,
        canvases: np.ndarray,
        masks: Masks,
        rows: tuple[np.ndarray, np.ndarray, np.ndarray],
        measure: Measure,
    ) -> np.ndarray:
        """Scores of images in which masked pixels are replaced by those of a canvas.

        Args:
            images: Inputs `[P, ...]` of the probes, preprocessed.
            canvases: Inputs `[M, ...]`, preprocessed.
            masks: Gives masks by their indices: bool, true where a pixel is hidden, or float32, how much of it, 0..1.
            rows: Which probe, which canvas and which mask each of the B questions takes: three int `[B]`.
            measure: Keeps of the `Scores` of a batch what is wanted: takes them and the probes' rows, int `[b]`, and
                returns `[b, K]`.

        Returns:
            float32 `[B, K]`.
        """
        return self._under_masks.scores(images, canvases, masks, rows, measure)

    def scores_under_windows(self, windows: Windows, canvases: np.ndarray, measure: Measure) -> np.ndarray:
        """Scores of the probes with one window each replaced by a canvas: as `scores_under_masks`, but cheaper.

        Args:
            windows: The windows.
            canvases: Inputs `[P, ...]`, preprocessed: the canvas of each probe.
            measure: As in `scores_under_masks`.

        Returns:
            float32 `[P, M, K]` for M windows.
        """
        return self._under_masks.under_windows(windows, canvases, measure)

    def canvases(self, canvas: Canvas) -> np.ndarray:
        """The canvas of each probe, preprocessed: float32 `[P, ...]`; see `make_canvases`. Made once."""
        key = canvas if isinstance(canvas, str) else id(canvas)  # the array is kept, so its id stays its own
        if key not in self._canvases:
            made = make_canvases(canvas, self.probes)
            one = len(made) > 1 and made.strides[0] == 0  # the same for all probes, and kept once
            prepared = self._inputs.prepare(made[:1] if one else made)
            self._canvases[key] = canvas, np.broadcast_to(prepared, self.inputs.shape)
        return self._canvases[key][1]

    def canvas_pictures(self, canvas: Canvas) -> np.ndarray:
        """The canvas as a person sees it: uint8 `[1 or P, H, W, 3]`, one where it is the same for all. Made once."""
        key = canvas if isinstance(canvas, str) else id(canvas)
        if key not in self._canvas_pictures:
            made = make_canvases(canvas, self.probes)
            one = made.strides[0] == 0
            self._canvas_pictures[key] = canvas, self.probes.as_seen(made[:1] if one else made)
        return self._canvas_pictures[key][1]

    def to_display(self, maps: np.ndarray) -> np.ndarray:
        """Maps `[P, K, h, w]` as float32 `[P, K, H, W]`, scaled to the probes' size where `preprocess` changed it."""
        height, width = self.probes.images.shape[1:3]
        flat = resized(maps.reshape(-1, *maps.shape[2:]), (height, width))
        return flat.reshape(*maps.shape[:2], height, width)

    @property
    def differentiated(self) -> Head:
        """How the output is read as far as gradients are concerned, for which logits are not always to be had."""
        return self._gradients.head

    @property
    def unit(self) -> str:
        """The unit of log-odds and their derived targets: `"nats"`, or `""` if outputs or targets are plain numbers."""
        plain = self.head.reading == "value" or None in self._reader.contrasts
        return "" if plain else "nats"

    def processes(self) -> tuple[int, int]:
        """The number of this process among those of the training, from 0, and how many there are. The first writes."""
        return self._backend.processes()

    def as_first(self, decided: bool) -> bool:
        """What the first of several processes decided. All have to ask, and wait until it does."""
        return self._backend.as_first(decided)
