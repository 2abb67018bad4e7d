"""LiveModel: scores, gradients and scores under masks of the very model that is being trained."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from PIL import Image

from picasso_callbacks.backends import make_backend
from picasso_callbacks.canvases import Canvas, make_canvases
from picasso_callbacks.head import DecodeProb, find_head
from picasso_callbacks.layout import Layout, Postprocess, arrange, fits
from picasso_callbacks.probes import Probes
from picasso_callbacks.scores import Scores

Preprocess = Callable[[np.ndarray], np.ndarray]
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
        decode_prob: Turns the model's raw outputs into probabilities `[N, classes]`; or `"softmax"` or `"sigmoid"`.
        batch_size: The most inputs computed at once. `None`: from 32 for large images to 256 for small ones.

    Attributes:
        inputs: The preprocessed probes, float32 `[P, ...]`.
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
        batch_size: int | None = None,
    ):
        self.probes = probes
        self._preprocess = preprocess
        self._expected = _input_shape(model)
        self._canvases: dict[Any, tuple[Canvas, np.ndarray]] = {}
        self._rehearsed_seconds: float | None = None
        self.rehearsed_seconds = 0.0
        self.inputs = self._prepare(probes.images)
        self.layout = Layout(self.inputs.shape[1:], postprocess)
        self._batch_size = batch_size or int(np.clip(1_000_000 // math.prod(self.layout.size), 32, 256))
        self._backend = make_backend(model)
        self._forward = self._backend.compile(_ask)
        output, logits = self._first_answer(model)
        self.head = find_head(model, output, logits, decode_prob)
        self.classes = self.head.scores(_to_numpy(self.head.extract(output, logits))).logits.shape[1]
        self._under_masks = self._backend.compile(self._trace_under_masks)
        self._gradients = self._backend.compile_gradients(self._trace_class_scores)

    def scores(self, inputs: np.ndarray | None = None) -> Scores:
        """The model's `Scores` of `inputs` `[N, ...]`, by default those of the probes."""
        inputs = self.inputs if inputs is None else inputs

        def ask(rows: np.ndarray) -> tuple[np.ndarray, ...]:
            scores = self.head.scores(_to_numpy(self.head.extract(*self._forward(inputs[rows]))))
            return scores.logits, scores.probabilities

        logits, probabilities = self._in_batches(ask, len(inputs))
        return Scores(logits, probabilities, competing=self.head.reading == "softmax")

    def gradients(self, classes: np.ndarray) -> np.ndarray:
        """The gradients of class scores (logits where they are to be had) by the probes' inputs.

        Args:
            classes: int `[P, K]`, the classes of each probe.

        Returns:
            float32 `[P, K, ...]`, in score per unit of input.

        Raises:
            ValueError: The scores can't be differentiated.
        """

        def ask(rows: np.ndarray) -> tuple[np.ndarray, ...]:
            gradients = self._gradients(self.inputs[rows], classes[rows].astype("int32"))
            if gradients is None:
                raise ValueError(
                    "Picasso: the model's scores don't depend on its input in a way that can be differentiated, so "
                    "there is no saliency map. Leave saliency_map out of methods=[...]."
                )
            return (gradients,)

        return self._in_batches(ask, len(classes))[0]

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
            images: Inputs `[N, ...]`, preprocessed.
            canvases: Inputs `[M, ...]`, preprocessed.
            masks: Gives masks, true where a pixel is hidden, by their indices.
            rows: Which image, which canvas and which mask each of the B questions takes: three int `[B]`.
            measure: Keeps of the `Scores` of a batch what is wanted: takes them and the images' rows, int `[b]`, and
                returns `[b, K]`.

        Returns:
            float32 `[B, K]`.
        """
        image_rows, canvas_rows, mask_rows = (np.asarray(part, dtype="int32") for part in rows)
        on_device = [self._backend.to_device(table) for table in (images, canvases)]

        def ask(batch: np.ndarray) -> tuple[np.ndarray, ...]:
            hidden = self.layout.input_masks(masks(mask_rows[batch]))
            extracted = self._under_masks(*on_device, image_rows[batch], canvas_rows[batch], hidden)
            return (measure(self.head.scores(extracted), image_rows[batch]),)

        return self._in_batches(ask, len(image_rows))[0]

    def canvases(self, canvas: Canvas) -> np.ndarray:
        """The canvas of each probe, preprocessed: float32 `[P, ...]`; see `make_canvases`. Made once."""
        key = canvas if isinstance(canvas, str) else id(canvas)  # the array is kept, so its id stays its own
        if key not in self._canvases:
            self._canvases[key] = canvas, self._prepare(make_canvases(canvas, self.probes))
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

    def is_first_process(self) -> bool:
        """Whether this is the only process of the training, or the first of several: the one that writes."""
        return self._backend.is_first_process()

    @contextlib.contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Within this, only the first batch of each question is asked, and its first answer stands for all."""
        self._rehearsed_seconds = 0.0
        try:
            yield
        finally:
            self.rehearsed_seconds, self._rehearsed_seconds = self._rehearsed_seconds, None

    def _in_batches(self, ask: Callable[[np.ndarray], tuple[np.ndarray, ...]], count: int) -> tuple[np.ndarray, ...]:
        """Asks about the rows 0 .. count-1 in batches of one size, and joins the answers."""
        size = self._size(count)
        answers: tuple[np.ndarray, ...] = ()
        for start in range(0, count, size):
            batch = ask(np.minimum(np.arange(start, start + size), count - 1))
            if not answers:
                answers = tuple(np.empty((count, *part.shape[1:]), part.dtype) for part in batch)
            for answer, part in zip(answers, batch, strict=True):
                answer[start : start + size] = part[: count - start]
            if self._rehearsed_seconds is not None:
                begin = time.perf_counter()
                ask(np.arange(size))
                self._rehearsed_seconds += (time.perf_counter() - begin) * math.ceil(count / size)
                for answer in answers:
                    answer[:] = answer[:1]
                break
        return answers

    def _size(self, count: int) -> int:
        """The batch size that splits `count` rows most evenly."""
        return math.ceil(count / math.ceil(count / self._batch_size))

    def _prepare(self, images: np.ndarray) -> np.ndarray:
        if self._preprocess is None:
            inputs = arrange(images, self._expected)
        else:
            inputs = np.asarray(keras.ops.convert_to_numpy(self._preprocess(images.copy())))
        if len(inputs) != len(images) or inputs.dtype == object:
            raise ValueError(
                f"Picasso: preprocess turned images of shape {images.shape} into {inputs.dtype} {inputs.shape}; "
                f"expected numbers [{len(images)}, ...], one input for each image."
            )
        if self._expected is not None and not fits(inputs.shape[1:], self._expected):
            takes = f"the model takes {(None, *self._expected)}. Resize the probes or pass preprocess=..."
            came = "probes have" if self._preprocess is None else "preprocess returned"
            raise ValueError(f"Picasso: {came} shape {inputs.shape} but {takes}")
        return inputs.astype("float32")

    def _first_answer(self, model: keras.Model) -> tuple[Any, Any]:
        try:
            if not model.built:
                model(self.inputs[:1])  # builds it outside of any tracing, as its first training step would
            return self._forward(self.inputs[: self._size(len(self.inputs))])
        except Exception as error:
            raise ValueError(
                f"Picasso: the model could not be called on the probes, inputs of shape {self.inputs.shape} and dtype "
                f"{self.inputs.dtype}: {error}\nPass probes as fit gets its images, or preprocess=..., which makes the "
                f"model's inputs of them."
            ) from error

    def _trace_under_masks(
        self, call: Any, images: Any, canvases: Any, image_rows: Any, canvas_rows: Any, hidden: Any
    ) -> Any:
        take = keras.ops.take
        composed = keras.ops.where(hidden, take(canvases, canvas_rows, axis=0), take(images, image_rows, axis=0))
        return self.head.extract(*_ask(call, composed))

    def _trace_class_scores(self, call: Any, inputs: Any, classes: Any) -> Any:
        return keras.ops.take_along_axis(self.head.class_scores(*_ask(call, inputs)), classes, axis=1)


def _ask(call: Any, inputs: Any) -> tuple[Any, Any]:
    """The model's output and, where Keras left them on it, the logits before its last softmax or sigmoid."""
    output = call(inputs)
    logits = getattr(output, "_keras_logits", None)
    as_float = lambda tensor: keras.ops.cast(tensor, "float32")  # noqa: E731
    return keras.tree.map_structure(as_float, output), None if logits is None else as_float(logits)


def _to_numpy(nest: Any) -> Any:
    return keras.tree.map_structure(keras.ops.convert_to_numpy, nest)


def _input_shape(model: keras.Model) -> tuple[int | None, ...] | None:
    """The shape of a model's only input without the batch, where it is known."""
    inputs = getattr(model, "inputs", None)
    return tuple(inputs[0].shape[1:]) if inputs is not None and len(inputs) == 1 else None
