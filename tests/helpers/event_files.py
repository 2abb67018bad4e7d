"""What was written to a log directory, read back with TensorBoard's own loader."""

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader


def read(log_dir: str | os.PathLike[str]) -> dict[tuple[str, str, int], Any]:
    """The summary values under `log_dir` by (run, tag, step), in the order of files and events."""
    return {
        (os.path.relpath(path.parent, log_dir), value.tag, event.step): value
        for path in event_files(log_dir)
        for event in EventFileLoader(str(path)).Load()
        for value in event.summary.value
    }


def event_files(log_dir: str | os.PathLike[str]) -> list[Path]:
    """All event files under `log_dir`, sorted."""
    return sorted(Path(log_dir).rglob("*tfevents*"))


def steps(log_dir: str | os.PathLike[str], run: str, prefix: str) -> list[int]:
    """The steps of the tags that begin with `prefix`, each once, in the order of writing."""
    return list(dict.fromkeys(step for of, tag, step in read(log_dir) if of == run and tag.startswith(prefix)))


def scalar(value: Any) -> float:
    """The number that a summary value holds."""
    return float(value.tensor.float_val[0])


def picture(value: Any) -> np.ndarray:
    """The picture that a summary value holds: uint8 `[H, W, 3]`."""
    return np.asarray(PIL.Image.open(io.BytesIO(value.tensor.string_val[2])))
