"""LiveModel: scores, gradients and scores under masks of the very model that is being trained."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from PIL import Image

from picasso_callbacks.activations import recorded_activations
from picasso_callbacks.backends import make_backend
from picasso_callbacks.batches import Batches
from picasso_callbacks.canvases import Canvas, hide, make_canvases
from picasso_callbacks.find_head import find_head
from picasso_callbacks.head import DecodeProb
from picasso_callbacks.incremental import Routes, UnderWindows
from picasso_callbacks.inputs import Inputs, Preprocess
from picasso_callbacks.layout import Layout, Postprocess
from picasso_callbacks.outputs import Pick, loss_of
from picasso_callbacks.probes import Probes
from picasso_callbacks.reader import Derived, OutputMask, Reader, check_derived, position_weights
from picasso_callbacks.scores import Scores
from picasso_callbacks.windows import Windows

Masks = Callable[[np.ndarray], np.ndarray]
"""Gives the masks with these indices, int `[B]` -> bool `[B, h, w]`, so that they need exist only a batch at a time."""


class LiveModel:
    """Asks a model about a fixed set of probes, and leaves it exactly as it was.

    Functions are compiled once and read the model's current weights whenever they are called, so that one `LiveModel`
    serves a whole training run. Everything is computed in batches of a fixed size, the last one padded; occluded images
    are made inside the compiled function, so that memory grows with the batch and not with the number of masks.

    Args:
        model: A `keras.Model` that can be called on the probes.
        probes: The probes.
        preprocess: Turns probe images `[N, H, W, C]` into the model's inputs `[N, ...]`. Called in NumPy, once for the
            probes and once for each canvas.
        postprocess: Rearranges input-shaped arrays `[N, ...]` into `[N, h, w]` or `[N, h, w, c]`, for inputs that are
            not images.
        decode_prob: Turns the model's raw outputs into probabilities `[N, classes]`; or `"softmax"`, `"sigmoid"` or
            `"value"`, which says what the outputs are.
        output: Which of several outputs is explained, by name or index.
        output_mask: bool `[h, w]`, or one for each probe `[P, h, w]`: which positions of a dense output count.
        derived: Targets beside the classes: pairs of classes, or functions of the model's outputs.
        batch_size: The most inputs computed at once. `None`: from 32 for large images to 256 for small ones.
        incremental: Whether only what a window changes is computed, where the model can be taken apart and it pays.

    Attributes:
        inputs: The preprocessed probes, float32 `[P, ...]`.
        batches: Splits what is asked into batches.
        layout: Which elements of an input belong to which pixel of a map.
        head: How the output is read.
        classes: How many classes the model tells apart.

    Raises:
        ValueError: Probes, hooks and model don't fit together; the message says which and what to do.
    """

    def __init__(
        self,
        model: keras.Model,
        probes: Probes,
        *,
        preprocess: Preprocess | None = None,
        postprocess: Postprocess | None = None,
        decode_prob: DecodeProb | None = None,
        output: str | int | None = None,
        output_mask: OutputMask | None = None,
        derived: Sequence[Derived] = (),
        batch_size: int | None = None,
        incremental: bool = True,
    ):
        self.probes = probes
        self._model = model
        self._inputs = Inputs(model, probes, preprocess)
        self._canvases: dict[Any, tuple[Canvas, np.ndarray]] = {}
        self.inputs = self._inputs.prepare(probes.images)
        self.layout = Layout(self.inputs.shape[1:], postprocess)
        self.batches = Batches(batch_size or int(np.clip(1_000_000 // math.prod(self.layout.size), 32, 256)))
        self._backend = make_backend(model)
        self._pick = Pick(model, output, everything=callable(decode_prob))
        self._forward = self._backend.compile(self._ask)
        outputs, logits = self._first_answer()
        self._reader = self._make_reader(outputs, logits, decode_prob, output_mask, derived)
        self.head = self._reader.head
        self._incremental = incremental
        patches = batch_size or 2 * self.batches.limit  # they are smaller than images
        self._routes = Routes(self._backend, self.inputs, patches, self._extract, self._extract_whole)
        self._under_masks = self._backend.compile(self._trace_under_masks)
        self._gradients = self._backend.compile_gradients(self._trace_target_scores)

    def scores(self, inputs: np.ndarray | None = None, rows: np.ndarray | None = None) -> Scores:
        """The model's `Scores` of some inputs.

        Args:
            inputs: `[N, ...]`, preprocessed; by default those of the probes.
            rows: int `[N]`, the probes that the inputs stand for, whose extra inputs and output masks count for them;
                by default the first N.
        """
        inputs = self.inputs if inputs is None else inputs
        rows = np.arange(len(inputs)) if rows is None else rows
        return self._scores(lambda batch: inputs[batch], rows)

    def scores_of_images(self, make: Callable[[np.ndarray], np.ndarray], rows: np.ndarray) -> Scores:
        """The model's `Scores` of images that are made a batch at a time.

        Args:
            make: Makes some of the N images: int `[b]` -> `[b, H, W, C]`, in the probes' units.
            rows: int `[N]`, the probes that the images stand for.
        """
        return self._scores(lambda batch: self._inputs.prepare(make(batch)), rows)

    def _scores(self, inputs_of: Callable[[np.ndarray], np.ndarray], rows: np.ndarray) -> Scores:
        def ask(batch: np.ndarray) -> tuple[np.ndarray, ...]:
            scores = self._reader.read(self._extract_whole(inputs_of(batch), rows[batch]))
            return (scores.logits,) if scores.probabilities is None else (scores.logits, scores.probabilities)

        logits, *probabilities = self.batches.collect(ask, len(rows))
        contrasts = self._reader.contrasts
        return Scores(logits, probabilities[0] if probabilities else None, self.head.competing, contrasts)

    def gradients(
        self, targets: np.ndarray, inputs: np.ndarray | None = None, rows: np.ndarray | None = None
    ) -> np.ndarray:
        """The gradients of targets' scores (logits where they are to be had) by some inputs.

        Args:
            targets: int `[N, K]`, the targets of each input.
            inputs: As in `scores`.
            rows: As in `scores`.

        Returns:
            float32 `[N, K, ...]`, in score per unit of input.

        Raises:
            ValueError: The scores can't be differentiated.
        """

        inputs = self.inputs if inputs is None else inputs
        rows = np.arange(len(inputs)) if rows is None else rows

        def ask(batch: np.ndarray) -> tuple[np.ndarray, ...]:
            gradients = None
            if self._inputs.differentiable:
                of_probes, of_inputs = rows[batch].astype("int32"), targets[batch].astype("int32")
                gradients = self._gradients(inputs[batch], of_probes, of_inputs)
            if gradients is None:
                raise ValueError(
                    "Picasso: the model's scores don't depend on its input in a way that can be differentiated, so "
                    "there is no saliency map. Leave saliency_map out of methods=[...]."
                )
            return (gradients,)

        return self.batches.collect(ask, len(targets))[0]

    def scores_under_masks(
        self,
        images: np.ndarray,
        canvases: np.ndarray,
        masks: Masks,
        rows: tuple[np.ndarray, np.ndarray, np.ndarray],
        measure: Callable[[Scores, np.ndarray], np.ndarray],
    ) -> np.ndarray:
        """Scores of images in which masked pixels are replaced by those of a canvas.

        Args:
            images: Inputs `[P, ...]` of the probes, preprocessed.
            canvases: Inputs `[M, ...]`, preprocessed.
            masks: Gives masks, true where a pixel is hidden, by their indices.
            rows: Which probe, which canvas and which mask each of the B questions takes: three int `[B]`.
            measure: Keeps of the `Scores` of a batch what is wanted: takes them and the probes' rows, int `[b]`, and
                returns `[b, K]`.

        Returns:
            float32 `[B, K]`.
        """
        image_rows, canvas_rows, mask_rows = (np.asarray(part, dtype="int32") for part in rows)
        on_device = [self._backend.to_device(table) for table in (images, canvases)]

        def ask(batch: np.ndarray) -> tuple[np.ndarray, ...]:
            hidden = self.layout.input_masks(masks(mask_rows[batch]))
            extracted = self._under_masks(*on_device, image_rows[batch], canvas_rows[batch], hidden)
            return (measure(self._reader.read(extracted), image_rows[batch]),)

        return self.batches.collect(ask, len(image_rows))[0]

    def scores_under_windows(
        self, windows: Windows, canvases: np.ndarray, measure: Callable[[Scores, np.ndarray], np.ndarray]
    ) -> np.ndarray:
        """Scores of the probes with one window each replaced by a canvas: as `scores_under_masks`, but cheaper.

        Args:
            windows: The windows.
            canvases: Inputs `[P, ...]`, preprocessed: the canvas of each probe.
            measure: As in `scores_under_masks`.

        Returns:
            float32 `[P, M, K]` for M windows.
        """
        probes, count = len(self.inputs), len(windows)
        route = self._route(windows)
        if route is None:
            rows = np.repeat(np.arange(probes), count)
            found = self.scores_under_masks(
                self.inputs, canvases, windows.masks, (rows, rows, np.tile(np.arange(count), probes)), measure
            )
            return found.reshape(probes, count, -1)

        def ask(group: np.ndarray) -> tuple[np.ndarray, ...]:
            answers = route.ask(self.inputs[group], canvases[group], group)
            found = measure(self._reader.read(answers), np.repeat(group, count))
            return (found.reshape(len(group), count, -1),)

        return self.batches.collect(ask, probes, route.group)[0]

    def canvases(self, canvas: Canvas) -> np.ndarray:
        """The canvas of each probe, preprocessed: float32 `[P, ...]`; see `make_canvases`. Made once."""
        key = canvas if isinstance(canvas, str) else id(canvas)  # the array is kept, so its id stays its own
        if key not in self._canvases:
            self._canvases[key] = canvas, self._inputs.prepare(make_canvases(canvas, self.probes))
        return self._canvases[key][1]

    def to_display(self, maps: np.ndarray) -> np.ndarray:
        """Maps `[P, K, h, w]` as float32 `[P, K, H, W]`, scaled to the probes' size where `preprocess` changed it."""
        height, width = self.probes.images.shape[1:3]
        if maps.shape[2:] == (height, width):
            return maps.astype("float32")
        scaled = [
            np.asarray(Image.fromarray(one).resize((width, height), Image.Resampling.BILINEAR))
            for one in maps.astype("float32").reshape(-1, *maps.shape[2:])
        ]
        return np.stack(scaled).reshape(*maps.shape[:2], height, width)

    @property
    def unit(self) -> str:
        """The unit of log-odds and their derived targets: `"nats"`, or `""` if outputs or targets are plain numbers."""
        plain = self.head.reading == "value" or None in self._reader.contrasts
        return "" if plain else "nats"

    def is_first_process(self) -> bool:
        """Whether this is the only process of the training, or the first of several: the one that writes."""
        return self._backend.is_first_process()

    def _first_answer(self) -> tuple[Any, Any]:
        size = self.batches.size(len(self.inputs))
        inputs, rows = self.inputs[:size], np.arange(size, dtype="int32")
        try:
            if not self._model.built:  # as fit does it: without numbers, for any batch size
                self._model(self._inputs.symbols(inputs))
            return self._forward(inputs, rows)
        except Exception as error:
            if isinstance(error, ValueError) and str(error).startswith("Picasso:"):
                raise
            raise ValueError(
                f"Picasso: the model could not be called on the probes, inputs of shape {self.inputs.shape} and dtype "
                f"{self.inputs.dtype}: {error}\nPass probes as fit gets its images, or preprocess=..., which makes the "
                f"model's inputs of them."
            ) from error

    def _make_reader(
        self, outputs: Any, logits: Any, decode_prob: DecodeProb | None, mask: Any, derived: Sequence[Derived]
    ) -> Reader:
        output = self._pick(outputs)
        head = find_head(output, logits, decode_prob, loss_of(self._model, self._pick.key))
        if mask is not None and not head.dense:
            raise ValueError(
                f"Picasso: output_mask was passed, but the model's output has shape {np.shape(output)}, without "
                f"positions; expected [N, h, w, classes]. Pass output_mask=None."
            )
        weights = position_weights(output, mask, len(self.probes)) if head.dense else None
        of_classes = Reader(head, self._pick, (), weights)
        rows = np.arange(self.batches.size(len(self.probes)))
        self.classes = of_classes.read(_to_numpy(of_classes.extract(outputs, logits, rows))).classes
        check_derived(derived, outputs, self.classes, len(rows))
        return Reader(head, self._pick, derived, weights)

    def _extract_whole(self, inputs: np.ndarray, rows: np.ndarray) -> tuple[Any, ...]:
        """What the reader needs of whole forward passes, in NumPy."""
        rows = rows.astype("int32")
        outputs, logits = self._forward(inputs, rows)
        return _to_numpy(self._reader.extract(outputs, logits, rows))

    def _route(self, windows: Windows) -> UnderWindows | None:
        """How these windows are computed on patches; `None` if whole forward passes are to be taken."""
        possible = self._incremental and self.layout.plain and not self.probes.extra
        return self._routes.get(windows, self.batches.size(len(self.inputs))) if possible else None

    def _ask(self, call: Any, inputs: Any, rows: Any) -> tuple[Any, Any]:
        return self._record(lambda: call(self._inputs.feed(inputs, rows)))

    def _extract(self, run: Callable[[], Any], rows: Any) -> tuple[Any, ...]:
        return self._reader.extract(*self._record(run), rows)

    def _record(self, run: Callable[[], Any]) -> tuple[Any, Any]:
        """All that the model returns, and the logits of the output that is explained, where they are to be found."""
        with recorded_activations(self._model) as recorded:
            outputs = run()
        logits = recorded.logits_of(self._pick(outputs))
        as_float = lambda tensor: keras.ops.cast(tensor, "float32")  # noqa: E731
        return keras.tree.map_structure(as_float, outputs), None if logits is None else as_float(logits)

    def _trace_under_masks(
        self, call: Any, images: Any, canvases: Any, image_rows: Any, canvas_rows: Any, hidden: Any
    ) -> tuple[Any, ...]:
        composed = hide(self._backend.gather, images, canvases, image_rows, canvas_rows, hidden)
        return self._reader.extract(*self._ask(call, composed, image_rows), image_rows)

    def _trace_target_scores(self, call: Any, inputs: Any, rows: Any, targets: Any) -> Any:
        scores = self._reader.target_scores(*self._ask(call, inputs, rows), rows)
        return keras.ops.take_along_axis(scores, targets, axis=1)


def _to_numpy(nest: Any) -> Any:
    return keras.tree.map_structure(keras.ops.convert_to_numpy, nest)
