"""Saved models: files and folders as `keras.Model`.

Keras' safe mode stays on, so that no Python in a file is run. A SavedModel is a graph of TensorFlow's operations, some
of which reach files: it is run, as whoever names one asks.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import warnings
import zipfile
from collections.abc import Iterator

import h5py  # which Keras depends on, and declares
import keras

LAMBDA = (
    "it holds a Lambda layer, which is code. If you trust it, load it in Python: "
    "picasso_callbacks.explain(keras.saving.load_model(path, safe_mode=False), probes)"
)

OWN_CLASS = ". Where that is defined, load the model in Python, and call picasso_callbacks.explain(model, probes)"


def load_model(path: str, argument: str = "MODEL") -> keras.Model:
    """A `.keras` or `.h5` file, or a SavedModel folder where the backend is TensorFlow.

    Args:
        path: Where it is.
        argument: How it was handed in, for errors.

    Raises:
        ValueError: It can't be read, or only by running Python that it holds.
    """
    if not os.path.exists(path):
        raise ValueError(f"{argument} is {path!r}, which is not there; expected a .keras or .h5 file, or a SavedModel.")
    with _loading(path, argument):
        is_saved_model = os.path.exists(os.path.join(path, "saved_model.pb"))
        return _load_saved_model(path) if is_saved_model else _load_file(path)


def load_weights(model: keras.Model, path: str, argument: str) -> None:
    """Loads a `.weights.h5` file into a model; errors as of `load_model`."""
    with _loading(path, argument):
        model.load_weights(path)


def takes(model: keras.Model) -> tuple[tuple[int, int] | None, str]:
    """The images that a model takes: `(height, width)`, `None` where that is not fixed, and a colour mode."""
    shapes = [tuple(one.shape)[1:] for one in getattr(model, "inputs", None) or ()]
    shape = next((shape for shape in shapes if len(shape) in (2, 3)), (None, None, 3))
    if len(shape) == 2:
        height, width, channels = *shape, 1
    elif shape[2] not in (1, 3, 4) and shape[0] in (1, 3, 4):
        channels, height, width = shape
    else:
        height, width, channels = shape
    size = (int(height), int(width)) if height and width else None
    return size, {1: "grayscale", 4: "rgba"}.get(channels, "rgb")


@contextlib.contextmanager
def _loading(path: str, argument: str) -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")  # which is not asked
        try:
            yield
        except Exception as error:  # whatever a broken file, or a class of the user's, may bring Keras to raise
            words = str(error).rpartition("Exception encountered: ")[2].strip() or type(error).__name__
            why = LAMBDA if "Lambda" in str(error) or "`lambda`" in words else words.splitlines()[0].split(". ")[0]
            why += OWN_CLASS if "Could not locate" in words else ""
            raise ValueError(f"{argument} is {path!r}, which can't be loaded: {why.rstrip('.:')}.") from error


def _load_file(path: str) -> keras.Model:
    if path.endswith(".keras") and not zipfile.is_zipfile(path):  # Keras would say that it is not found
        raise ValueError("it is no .keras file, or not a whole one")
    if pathlib.Path(path).suffix.lower() in (".h5", ".hdf5"):
        with h5py.File(path) as file:
            if "Lambda" in str(file.attrs.get("model_config", "")):  # Keras before 3.11.3 runs it, safe_mode or not
                raise ValueError(LAMBDA)
    try:
        return keras.saving.load_model(path, safe_mode=True)
    except Exception:  # its loss or optimizer may be the user's own, and all that the loss can tell is decode_prob
        return keras.saving.load_model(path, safe_mode=True, compile=False)


def _load_saved_model(path: str) -> keras.Model:
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            f"it is a SavedModel, which needs TensorFlow, and the backend is {keras.backend.backend()}; set "
            "KERAS_BACKEND=tensorflow, or save the model as .keras"
        )
    layer = keras.layers.TFSMLayer(path, call_endpoint="serving_default")
    inputs = layer.call_endpoint_fn.structured_input_signature[1]
    if len(inputs) != 1:
        raise ValueError(f"it takes {sorted(inputs)}; expected the image alone")
    [spec] = inputs.values()
    image = keras.Input(batch_shape=tuple(spec.shape), dtype=spec.dtype.name)
    outputs = layer(image)
    if isinstance(outputs, dict) and len(outputs) == 1:
        [outputs] = outputs.values()
    return keras.Model(image, outputs)
