"""load: the numbers that trainings wrote. Needs neither Keras nor what Keras runs on."""

from __future__ import annotations

import html
import os
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from picasso_callbacks.plain import tell
from picasso_callbacks.player import Bounded, bounded, cell, document
from picasso_callbacks.store import Records, Run, find_runs, read_entries, run_name

PAGE_BYTES, CELL_BYTES = 25_000_000, 2_000_000
"""What a page and a notebook's cell take at most, unless told otherwise."""

CELL_PICTURE = 160
"""The longer side of pictures in a cell."""


class Trainings(Mapping[str, Run]):
    """The trainings under a log directory, by name; what `load` returns. Shows itself in a notebook.

    Args:
        runs: By name.

    Example:

        trainings = picasso_callbacks.load("logs")
        list(trainings)                                     # ["picasso", "picasso_2"]
        trainings["picasso"].values("saliency_map", probe=0, epoch=7)   # float32 [K, h, w]
        trainings.save_html("report.html")                  # one file, for people who have nothing but a browser
    """

    def __init__(self, runs: Mapping[str, Run]):
        self._runs = dict(runs)

    def __getitem__(self, name: str) -> Run:
        if name not in self._runs:
            raise KeyError(f"No run {name!r}; there are {list(self._runs)}.")
        return self._runs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._runs)

    def __len__(self) -> int:
        return len(self._runs)

    def __repr__(self) -> str:
        return f"Trainings({', '.join(map(repr, self._runs.values()))})"

    def to_pandas(self) -> Any:
        """The small numbers as a `pandas.DataFrame`, a row for each run, epoch, probe and target.

        Returns:
            Columns `run`, `epoch` (or `step`), `probe`, `label`, `answer` and `probability` (of the answer; `None` and
            NaN where the outputs are plain numbers), `target`, `log_odds` (the value, of a plain number), `change` (how
            much of the answer's probability moved since the look before) and, for each method with maps,
            `<method>_largest`, the largest absolute value over all targets.

        Raises:
            ImportError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError("to_pandas needs pandas, which is not installed: pip install pandas") from error
        return pandas.concat([pandas.DataFrame(_columns(run)) for run in self.values()], ignore_index=True)

    def save_html(self, path: str | os.PathLike[str], max_bytes: int = PAGE_BYTES) -> pathlib.Path:
        """Writes the player with these trainings as one HTML file, which needs no server, no network and no Python.

        Args:
            path: The file. One by that name is written over.
            max_bytes: About how large it may get. Where a training is larger, it has fewer epochs, evenly spaced, and
                smaller maps; what is left out is printed, and said in the file.

        Returns:
            The path.
        """
        path = pathlib.Path(path)
        contents = bounded(list(self.values()), max_bytes)
        page = document(path.stem, contents, self._words(contents))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(page.encode("utf-8", "replace"))
        tell(f"Picasso: wrote {path}, {len(page) / 1e6:.1f} MB{_left_out(contents.told)}")
        return path

    def _repr_html_(self) -> str:
        contents = bounded(list(self.values()), CELL_BYTES, CELL_PICTURE)
        return cell(contents, self._words(contents))

    def _words(self, contents: Bounded) -> str:
        """What is shown where no script runs."""
        told = [f"{self!r}. {contents.told}", *(f"{run.name}: {run.verdict}" for run in self.values() if run.verdict)]
        return "".join(map(_paragraph, told))


def load(log_dir: str | os.PathLike[str]) -> Trainings:
    """Reads what `Picasso` keeps of trainings beside their event files, also while they are being written.

    Args:
        log_dir: What `Picasso` was given, or a directory above it, of many runs; or one run's own. A URL works where
            TensorBoard can read it.

    Returns:
        A `Trainings`: each `Run` by its name, which is its directory relative to `log_dir`.

    Raises:
        ValueError: There is nothing that `Picasso` wrote.

    Example:

        [run] = picasso_callbacks.load("logs").values()
        run.probabilities                                            # float32 [S, P, classes], of S epochs
        run.values("partial_occlusion", probe="tank 03", epoch=7)    # float32 [K, h, w], nats
    """
    root = os.fspath(log_dir)
    runs = {}
    for directory, names in find_runs(root).items():
        name = run_name(directory, root)
        run = Run(name, Records(read_entries(directory, names)))
        if len(run.steps):
            runs[name] = run
    if not runs:
        raise ValueError(
            f"load: log_dir is {root!r}, in which there are no numbers of Picasso. Expected the log_dir of a training "
            "with Picasso(log_dir, ...), after its first look, or a directory above it."
        )
    return Trainings(runs)


def _columns(run: Run) -> dict[str, Any]:
    S, P, K = run.targets.shape
    shape = (S, P, K)

    def spread(values: Any, axes: tuple[int, ...]) -> np.ndarray:
        return np.broadcast_to(np.expand_dims(values, axes), shape).ravel()

    classes, names = np.array(run.class_names, dtype=object), np.array(run.target_names, dtype=object)
    labels = [", ".join(classes[list(one)]) if one else None for one in run.labels] or [None] * P
    answers, sure = np.full((S, P), None), np.full((S, P), np.nan)
    if run.probabilities is not None:
        answers, sure = classes[run.probabilities.argmax(axis=2)], run.probabilities.max(axis=2)
    largest = {f"{name}_largest": spread(run.largest(name), (2,)) for name, of in run.methods.items() if of["is_map"]}
    return {
        "run": run.name,
        run.unit: spread(run.steps, (1, 2)),
        "probe": spread(np.array(run.probes, dtype=object), (0, 2)),
        "label": spread(np.array(labels, dtype=object), (0, 2)),
        "answer": spread(answers, (2,)),
        "probability": spread(sure, (2,)),
        "target": names[run.targets].ravel(),
        "log_odds": run.log_odds.ravel(),
        "change": spread(run.changes, (2,)),
        **largest,
    }


def _left_out(told: str) -> str:
    return f", with {told}; max_bytes=... allows more." if told else "."


def _paragraph(words: str) -> str:
    return f"<p>{html.escape(words.encode('utf-8', 'replace').decode())}</p>" if words.strip() else ""
