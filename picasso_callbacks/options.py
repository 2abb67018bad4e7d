"""Options: what `Picasso` and `explain` are told alike of how to look, as one value."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from picasso_callbacks.typing import DecodeProb, OutputMask, Postprocess, Preprocess, is_integer, is_one_of


@dataclasses.dataclass(frozen=True, eq=False)
class Options:
    """How to look at a model. What each option means is said by `explain` and `Picasso`, which take them by keyword.

    A new one is added here and to these two signatures; a test holds them to each other.

    Raises:
        ValueError: A value that can't be right, whatever the model.
    """

    preprocess: Preprocess | None = None
    postprocess: Postprocess | None = None
    decode_prob: DecodeProb | None = None
    output: str | int | None = None
    output_mask: OutputMask | None = None
    shortcuts: bool | None = None
    expected: str | None = None
    allowed: Collection[str] = ()
    trust: bool = False
    batch_size: int | None = None
    incremental: bool = True

    @classmethod
    def among(cls, arguments: Mapping[str, Any]) -> Options:
        """Those among all arguments of a call, its `locals()`."""
        return cls(**{field.name: arguments[field.name] for field in dataclasses.fields(cls)})

    def __post_init__(self) -> None:
        for name in ("preprocess", "postprocess", "decode_prob"):
            words = ("softmax", "sigmoid", "value") if name == "decode_prob" else ()
            hook = getattr(self, name)
            if hook is not None and not callable(hook) and not is_one_of(hook, words):
                expected = "".join(f"{word!r}, " for word in words)
                raise ValueError(f"{name} is {hook!r}; expected {expected}a function or None.")
        if not (self.expected is None or isinstance(self.expected, str)):
            raise ValueError(f"expected is {self.expected!r}; expected the name of a region, or None.")
        listed = isinstance(self.allowed, Collection) and not isinstance(self.allowed, (bytes, np.ndarray))
        if not listed or self.allowed == "" or not all(isinstance(name, str) for name in self.allowed):
            raise ValueError(f"allowed is {self.allowed!r}; expected a list of names of cues or regions.")
        for name in ("shortcuts", "trust", "incremental"):
            flag = getattr(self, name)
            if not isinstance(flag, (bool, np.bool_)) and (flag is not None or name != "shortcuts"):
                raise ValueError(f"{name} is {flag!r}; expected True or False{', or None' * (name == 'shortcuts')}.")
        if self.batch_size is not None and not (is_integer(self.batch_size) and self.batch_size >= 1):
            raise ValueError(f"batch_size is {self.batch_size!r}; expected an int >= 1 or None.")


DEFAULTS = Options()
"""What is done unless an option says otherwise."""
