"""Run: the numbers of one training as arrays, by method, probe and epoch."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from picasso_callbacks.averaging import average, axis_weights
from picasso_callbacks.store.reading import Records


class Run:
    """What one training wrote. Small numbers of all S looks are arrays; maps are read when they are asked for.

    Args:
        name: What it is called: its directory, relative to the log directory.
        records: Its records.

    Attributes:
        steps: int `[S]`: the epochs (or steps, see `unit`) that were looked at.
        unit: `"epoch"` or `"step"`.
        probes: P names.
        labels: The labels of each probe, as class indices; `()` where there are none.
        class_names: A name for each class.
        images: uint8 `[P, h, w, 3]`, the probes, at most 256 pixels high and wide.
        targets: int `[S, P, K]`, what was explained; numbers from the last class on are contrasts and functions.
        target_names: A name for each class, contrast and function.
        log_odds: float32 `[S, P, K]`, of the targets, in nats.
        probabilities: float32 `[S, P, classes]`; `None` where the outputs are plain numbers, in `plain_values`.
        methods: What is known of each method by its name: `"unit"`, `"score"`, `"scale"`, ...

    Example:

        [run] = picasso_callbacks.load("logs").values()
        run.values("partial_occlusion", probe="tank 03")             # float32 [S, K, h, w], nats
        run.values("saliency_map", probe="tank 03", epoch=7)         # float32 [K, h, w]
    """

    def __init__(self, name: str, records: Records):
        self.name, self.records = name, records
        self._training = records.arrays("training", 0)
        self.about: dict[str, Any] = _words(self._training)
        size = len(self.about.get("names", ()))
        numbers = {step: records.arrays("numbers", step) for step in records.steps()}
        looks = {step: of for step, of in numbers.items() if len(of.get("targets", ())) == size > 0}
        last = next(reversed(looks.values()), {})
        self._looks = {step: of for step, of in looks.items() if of["targets"].shape == last["targets"].shape}
        self.steps = np.array(list(self._looks), dtype=int)
        self._said = {step: _words(of) for step, of in self._looks.items()}
        self.methods: dict[str, dict[str, Any]] = {}
        for said in self._said.values():
            self.methods |= said["methods"]

    def __repr__(self) -> str:
        return f"Run({self.name!r}, {len(self.steps)} {self.unit}s, {len(self.probes)} probes)"

    @property
    def unit(self) -> str:
        return str(self.about.get("unit", "epoch"))

    @property
    def probes(self) -> tuple[str, ...]:
        return tuple(self.about.get("names", ()))

    @property
    def labels(self) -> tuple[tuple[int, ...] | None, ...]:
        return tuple(None if one is None else tuple(one) for one in self.about.get("labels", ()))

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(self.about.get("class_names", ()))

    @property
    def target_names(self) -> tuple[str, ...]:
        return (*self.class_names, *self.about.get("derived_names", ()))

    @property
    def images(self) -> np.ndarray:
        return self._training["pictures"]

    @property
    def regions(self) -> dict[str, np.ndarray]:
        """Masks by name, bool `[P, h, w]`, at most 64 pixels high and wide."""
        names = self.about.get("regions", ())
        return dict(zip(names, self._training["regions"] > 0, strict=True)) if names else {}

    @property
    def verdict(self) -> str:
        """The last one; `findings` has that of each look."""
        return str(next(reversed(self._said.values()), {}).get("verdict", ""))

    @property
    def expected(self) -> str | None:
        """The region that answers should come from, where one was named."""
        return next(reversed(self._said.values()), {}).get("expected")

    @functools.cached_property
    def targets(self) -> np.ndarray:
        return self._stacked("targets")

    @functools.cached_property
    def log_odds(self) -> np.ndarray:
        return self._stacked("log_odds")

    @functools.cached_property
    def probabilities(self) -> np.ndarray | None:
        return self._stacked("probabilities") if any("probabilities" in of for of in self._looks.values()) else None

    @functools.cached_property
    def plain_values(self) -> np.ndarray:
        """float32 `[S, P, classes]`: the outputs where they are plain numbers."""
        return self._stacked("values")

    @functools.cached_property
    def changes(self) -> np.ndarray:
        """float32 `[S, P]`: how far each answer moved since the look before: the probability that went to other
        classes, 0..1; of plain numbers and of classes that don't exclude each other, the largest change of one."""
        answers = self.probabilities if self.probabilities is not None else self.plain_values
        moved = np.abs(np.diff(np.nan_to_num(answers), axis=0, prepend=np.nan_to_num(answers[:1])))
        exclusive = self.probabilities is not None and self.about.get("exclusive", True)
        return (moved.sum(axis=2) / 2 if exclusive else moved.max(axis=2)).astype("float32")

    def largest(self, method: str) -> np.ndarray:
        """float32 `[S, P]`: the largest absolute value of each probe's maps, before they were made small."""
        return self._stacked(f"largest_{method}")

    def evidence(self) -> dict[tuple[str, str], np.ndarray]:
        """The share of each probe's map on a region, and the region's area: float32 `[S, 2, P]` by (method, region)."""
        found: dict[tuple[str, str], np.ndarray] = {}
        for place, step in enumerate(self._looks):
            for index, (method, region) in enumerate(self._said[step]["evidence"]):
                shape = (len(self._looks), 2, len(self.probes))
                known = found.setdefault((method, region), np.full(shape, np.nan, "float32"))
                known[place] = self._looks[step]["evidence"][index]
        return found

    def findings(self, epoch: int) -> dict[str, Any]:
        """What was said at a look: `"verdict"`, `"alarms"` by name, each of the `"dependences"` with its numbers."""
        self._check(epoch)
        return self._said[int(epoch)]

    def values(self, method: str, probe: str | int | None = None, epoch: int | None = None) -> np.ndarray:
        """Maps, or a number for each class, of a method.

        Args:
            method: Its name.
            probe: A probe's name or index. `None`: all.
            epoch: One of `steps`. `None`: all.

        Returns:
            float32 `[S, P, K, h, w]` or `[S, P, classes]`, without the axes that were chosen from. Maps of windows have
            the pixels of the model's input, others at most 64; NaN where the method failed.

        Raises:
            KeyError: There is no such method, probe or epoch; it says which there are.
        """
        if method not in self.methods:
            raise KeyError(f"No method {method!r} in {self.name!r}; it holds {sorted(self.methods)}.")
        if epoch is not None:
            self._check(epoch)
        rows = slice(None) if probe is None else self._index(probe)
        found = [self._of(method, int(step), rows) for step in (self.steps if epoch is None else [epoch])]
        shape = next((each.shape for each in found if each is not None), None)
        if shape is None:
            raise KeyError(f"No numbers of {method!r} are left in {self.name!r}.")
        whole = [np.full(shape, np.nan, "float32") if each is None else each for each in found]
        return whole[0] if epoch is not None else np.stack(whole)

    def windows(self, method: str, epoch: int) -> np.ndarray:
        """The numbers of which the maps are averages: float32 `[P, K, rows, columns]`; `methods` says where each is."""
        self._check(epoch)
        return self.records.arrays("maps", int(epoch))[f"windows_{method}"]

    def canvas(self, method: str) -> np.ndarray:
        """What a hidden window shows: uint8 `[1 or P, h, w, 3]`, of all probes or of each."""
        grey = np.full((1, 1, 1, 3), 128, "uint8")  # of a method that failed at the first look
        return self._training.get(f"canvas_{method}", grey)

    def weights(self, method: str) -> tuple[np.ndarray, np.ndarray]:
        """What a pixel of the maps takes of each row and column of windows: float64 `[rows, h]`, `[columns, w]`."""
        windows = self.methods[method]["windows"]
        return tuple(  # type: ignore[return-value]
            axis_weights(np.array(windows[axis]), side)
            for axis, side in zip(("rows", "columns"), windows["size"], strict=True)
        )

    def _of(self, method: str, step: int, rows: Any) -> np.ndarray | None:
        about = self._said[step]["methods"].get(method)
        if about is None:
            return None
        if not about["is_map"]:
            of = self._looks[step]
            names = (f"values_{method}", "probabilities", "values")
            return next(of[name] for name in names if name in of)[rows]
        arrays = self.records.arrays("maps", step)
        if f"windows_{method}" in arrays:
            return average(arrays[f"windows_{method}"][rows], *self.weights(method))
        if f"map_{method}" in arrays:
            scale = arrays[f"scale_{method}"][rows][..., None, None]
            return arrays[f"map_{method}"][rows].astype("float32") * np.where(scale > 0, scale, 1)
        return None

    def _stacked(self, name: str) -> np.ndarray:
        """An array of every look, `[S, ...]`; NaN (or -1) where a look lacks it."""
        arrays = [of.get(name) for of in self._looks.values()]
        last = next((each for each in reversed(arrays) if each is not None), np.zeros(0, "float32"))
        missing = np.full(last.shape, -1 if last.dtype.kind == "i" else np.nan, last.dtype)
        return np.stack([each if each is not None and each.shape == last.shape else missing for each in arrays])

    def _check(self, epoch: int) -> None:
        if int(epoch) not in self._said:
            raise KeyError(
                f"No look at {self.unit} {epoch} in {self.name!r}; there are {_listed(self.steps.tolist())}."
            )

    def _index(self, probe: str | int) -> int:
        if isinstance(probe, str):
            if probe not in self.probes:
                raise KeyError(f"No probe {probe!r} in {self.name!r}; there are {_listed(self.probes)}.")
            return self.probes.index(probe)
        if not -len(self.probes) <= probe < len(self.probes):
            raise KeyError(f"No probe {probe} in {self.name!r}; there are {len(self.probes)}, from 0.")
        return probe


def _words(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    return json.loads(arrays["about"].tobytes()) if "about" in arrays else {}


def _listed(names: Sequence[Any]) -> str:
    return ", ".join(map(str, names if len(names) <= 12 else [*names[:10], "...", names[-1]]))
