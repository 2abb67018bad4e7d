"""Checkpoints: which files of a folder are new and complete, and of which step each is."""

from __future__ import annotations

import contextlib
import pathlib
import re

WEIGHTS = ".weights.h5"


class Checkpoints:
    """The checkpoints in a folder, while they are being written.

    A file is complete when it is the same, in size and time, at two calls of `ready` in succession: leave a second
    between them. One that is written over is new again.

    Args:
        folder: Where `*.keras` and `*.weights.h5` appear.
    """

    def __init__(self, folder: str):
        self._folder = pathlib.Path(folder)
        self._seen: dict[pathlib.Path, tuple[int, int]] = {}
        self._taken: dict[pathlib.Path, tuple[int, int]] = {}

    def __len__(self) -> int:
        """How many there were at the last call of `ready`."""
        return len(self._seen)

    def ready(self) -> list[pathlib.Path]:
        """Those that are complete and were not returned before, by number; then those without, the oldest first."""
        before, self._seen = self._seen, self._files()
        found = [path for path, state in self._seen.items() if before.get(path) == state != self._taken.get(path)]
        self._taken |= {path: self._seen[path] for path in found}
        return sorted(found, key=self._order)

    def waits(self) -> bool:
        """Whether there are some that were not complete at the last call of `ready`."""
        return self._seen != {path: self._taken.get(path) for path in self._seen}

    def _files(self) -> dict[pathlib.Path, tuple[int, int]]:
        found = {}
        for path in self._folder.iterdir():
            if path.name.endswith((".keras", WEIGHTS)) and not path.name.startswith("."):
                with contextlib.suppress(FileNotFoundError):  # removed since
                    state = path.stat()
                    found[path] = (state.st_size, state.st_mtime_ns)
        return found

    def _order(self, path: pathlib.Path) -> tuple[float, int, str]:
        number = step_of(path.name)
        return (float("inf") if number is None else number, self._taken[path][1], path.name)


def step_of(name: str) -> int | None:
    """The number in a checkpoint's name: after a word such as `epoch`, or else the last whole one that stands alone.

    `weights.07-2.33.keras` and `vgg16_epoch7.keras` are of step 7; `resnet50.keras` and `model_v2.keras` have none.
    """
    stem = name.removesuffix(WEIGHTS).removesuffix(".keras")
    after_word = re.findall(r"(?:epoch|step|ckpt|checkpoint|model|weights)[-_=. ]?(\d+)(?!\.?\d)", stem, re.IGNORECASE)
    alone = re.findall(r"(?<![A-Za-z0-9])\d+(?![A-Za-z0-9])", re.sub(r"\d+\.\d+", " ", stem))
    numbers = after_word or alone
    return int(numbers[-1]) if numbers else None
