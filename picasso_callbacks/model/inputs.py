"""Inputs: from probe images to what the model takes."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from picasso_callbacks.model.arrangement import Arrangement, arrange, arrangement_for, find_arrangement, fits
from picasso_callbacks.model.own_training import overrides
from picasso_callbacks.probes import Probes
from picasso_callbacks.problems import naming
from picasso_callbacks.typing import Preprocess


class Inputs:
    """Makes a model's image inputs, and puts the probes' extra inputs beside them when it is called.

    Args:
        model: The model; it is asked for the shapes and names of its inputs, where it knows them.
        probes: The probes; for their extra inputs.
        preprocess: Turns images `[N, H, W, C]` into inputs `[N, ...]`, in NumPy. `None`: as the model itself does it in
            `fit` (`preprocess_samples`, as models of keras-hub have it), or else images go in as they are, or with
            channels first or without their only channel, if that is what the model takes.

    Attributes:
        at_once: How many images the model takes at once, where that is fixed; else `None`.
        differentiable: `False` if the model takes integers, which have no gradient.

    Raises:
        ValueError: The model has other inputs than the image and the probes' extra ones.
    """

    def __init__(self, model: keras.Model, probes: Probes, preprocess: Preprocess | None):
        self._preprocess, self._whose = preprocess, "preprocess"
        if preprocess is None and (own := _own_preprocess(model)) is not None:
            self._preprocess, self._whose = own, "the model's preprocess_samples"
        self._known = _known_inputs(model)
        given = self._named(probes.extra or {})
        self._extra = {name: value for name, value in given.items() if value is not None}
        self._as_list = isinstance(_structure(model), (list, tuple)) or 0 in given
        self._order = list(self._known) or sorted(given, key=str)
        self._image = self._image_name(given)
        expected = self._known.get(self._image) if self._known else None
        self._expected = None if expected is None else tuple(expected.shape[1:])
        image = probes.images.shape[1:]
        self._known_arrangement = arrangement_for(image, self._expected)
        if self._expected is None:  # what it was built for tells how the images lie, if not how large they must be
            self._known_arrangement = arrangement_for(image, _built_for(model)) or "channels last"
        self.at_once = None if expected is None else expected.shape[0]
        self.differentiable = expected is None or "int" not in str(expected.dtype)

    def prepare(self, images: np.ndarray) -> np.ndarray:
        """The image inputs, float32 `[N, ...]` without gaps in memory, of images `[N, H, W, C]`."""
        if self._preprocess is None:
            inputs = arrange(images, self._known_arrangement)
        else:
            with naming(self._whose):
                inputs = np.asarray(keras.ops.convert_to_numpy(self._preprocess(images.copy())))
        if inputs.dtype == object or inputs.ndim == 0 or len(inputs) != len(images):
            raise ValueError(
                f"Picasso: {self._whose} turned images of shape {images.shape} into {inputs.dtype} {inputs.shape}; "
                f"expected numbers [{len(images)}, ...], one input for each image."
            )
        if self._expected is not None and not fits(inputs.shape[1:], self._expected):
            takes = f"the model takes {(None, *self._expected)}. Resize the probes or pass preprocess=..."
            came = "probes have" if self._preprocess is None else f"{self._whose} returned"
            raise ValueError(f"Picasso: {came} shape {inputs.shape} but {takes}")
        return np.ascontiguousarray(inputs, "float32")

    def arrangement(self, probes: Probes, shape: tuple[int, ...]) -> Arrangement | None:
        """Where rows, columns and channels of an input of this shape are; `None` where it is no image."""
        if self._preprocess is None:
            return self._known_arrangement
        return find_arrangement(self.prepare, probes, shape) if len(shape) in (2, 3) else None

    def feed(self, images: Any, rows: Any) -> Any:
        """What the model is called with: image inputs `[N, ...]`, and extra inputs of the probes `rows`, int `[N]`."""
        if not self._extra:
            return images
        feed = {name: keras.ops.take(value, rows, axis=0) for name, value in self._extra.items()}
        feed[self._image] = images
        return [feed[name] for name in self._order] if self._as_list else feed

    def symbols(self, inputs: np.ndarray, count: int | None) -> Any:
        """Symbolic tensors like what the model is called with, `count` or any number, given its image inputs."""
        feed = self.feed(inputs[:1], np.zeros(1, dtype="int32"))
        return keras.tree.map_structure(lambda one: keras.KerasTensor((count, *one.shape[1:]), dtype="float32"), feed)

    def _named(self, extra: dict[str | int, Any]) -> dict[str | int, Any]:
        """Inputs that were given by their places, by the names that the model has for these places, if it has."""
        if 0 in extra and len(extra) == len(self._known):
            return dict(zip(self._known, extra.values(), strict=True))
        return extra

    def _image_name(self, extra: dict[str | int, Any]) -> str | int:
        """Which of the model's inputs is the image."""
        names = [name for name in self._known if name not in self._extra]
        marked = [name for name, value in extra.items() if value is None]
        unknown = [name for name in extra if self._known and name not in self._known]
        if unknown or (self._known and len(names) != 1) or (not self._known and self._extra and len(marked) != 1):
            shapes = {name: tuple(one.shape) for name, one in self._known.items()}
            raise ValueError(
                f"Picasso: the model's inputs are {shapes or 'not known'}, the probes' extra inputs {list(extra)}; "
                "expected all inputs but the image in Probes(extra={name: array}), and, where the model's inputs are "
                "not known, None for the name of the image; or Probes(extra=[...]), all inputs in the model's order, "
                "as call(self, inputs) unpacks them, with None for the image."
            )
        return names[0] if names else marked[0] if marked else ""


def _own_preprocess(model: keras.Model) -> Preprocess | None:
    """How the model makes inputs of images in `fit` and `predict`, but not when it is called; `None` if it does not.

    Raises:
        ValueError: It seems to, but does not say how.
    """
    preprocessor, samples = getattr(model, "preprocessor", None), getattr(model, "preprocess_samples", None)
    if callable(samples):
        has_its_own = preprocessor is not None or not hasattr(model, "preprocessor")
        return (lambda images: _image_in(samples(images))) if has_its_own else None
    if callable(preprocessor) and overrides(model, "fit", "train_step"):
        raise ValueError(
            "Picasso: the model has a preprocessor and a training of its own, which may prepare the images before the "
            "model is called; expected to know. Pass preprocess=..., which makes the model's inputs of the probes: "
            "preprocess=model.preprocessor, or preprocess=lambda images: images where the model does it when called."
        )
    return None


def _image_in(sample: Any) -> Any:
    """The image input in what a model's own preprocessing returned: `x`, `(x,)` or `(x, y, ...)`."""
    x = keras.utils.unpack_x_y_sample_weight(sample)[0]
    if isinstance(x, dict):
        if len(x) > 1:
            raise ValueError(f"it returned {sorted(x)}; pass preprocess=..., which makes the image input alone.")
        [x] = x.values()
    return x


def _known_inputs(model: keras.Model) -> dict[str | int, Any]:
    """A model's symbolic inputs by name; empty where it has none yet, or is subclassed."""
    structure = _structure(model)
    if structure is None:
        return {}
    if isinstance(structure, dict):
        return dict(structure)
    return {tensor.name: tensor for tensor in keras.tree.flatten(structure)}


def _built_for(model: keras.Model) -> tuple[int | None, ...] | None:
    """The shape of one input that a model was built for when it was first called on a single tensor, if it was."""
    shapes = list((getattr(model, "_build_shapes_dict", None) or {}).values())
    single = len(shapes) == 1 and isinstance(shapes[0], tuple)
    return shapes[0][1:] if single and all(isinstance(side, (int, type(None))) for side in shapes[0]) else None


def _structure(model: keras.Model) -> Any:
    """A model's symbolic inputs as it takes them: a tensor, list or dict; `None` where it has none."""
    inputs = getattr(model, "inputs", None)
    return inputs if inputs is None else getattr(model, "input", inputs)
