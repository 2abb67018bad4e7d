"""Look: images from the command line are made probes, and a saved model is asked about them."""

from __future__ import annotations

import argparse
import importlib
import os
import pathlib
import sys
from collections.abc import Callable
from typing import Any

import keras

from picasso_callbacks.command.saved_model import load_model, takes
from picasso_callbacks.explain import DEFAULT_METHODS, Inquiry
from picasso_callbacks.interruptions import interruptible
from picasso_callbacks.options import Options
from picasso_callbacks.plain import readable, tell
from picasso_callbacks.probes import Probes
from picasso_callbacks.problems import naming
from picasso_callbacks.report import kind_of


def explain_files(given: argparse.Namespace) -> None:
    """`picasso explain`: saves what a model looks at; prints the verdict, and where the file is."""
    kind = kind_of(given.out)
    pathlib.Path(given.out).parent.mkdir(parents=True, exist_ok=True)  # what can't be is told before the look
    progress("loading the model")
    model = load_model(given.model)
    probes = read_probes(given, model)
    inquiry = make_inquiry(given, probes)
    with interruptible():
        report = inquiry.look(inquiry.watch(model), attempt, alone=True)
    progress("saving")
    path = report.save_html(given.out) if kind == ".html" else report.save(given.out)
    progress("")
    unlabelled = "Picasso: shortcuts are not looked for: that takes a folder with a folder of images for each class."
    tell(report.verdict or (unlabelled if probes.labels is None else inquiry.intention()))
    tell(f"Picasso: wrote {path}, {_size(path) / 1e6:.1f} MB.")


def read_probes(given: argparse.Namespace, model: keras.Model) -> Probes:
    """The images as the model takes them.

    Raises:
        ValueError: They can't be read, or the model doesn't tell how large they are to be.
    """
    size, color_mode = takes(model)
    size = given.size or size
    if size is None:
        raise ValueError("--size is not given, and the model doesn't tell it; expected HxW in pixels, as in 224x224.")
    return Probes.from_directory(
        given.images,
        size,
        count=given.count,
        color_mode=given.color_mode or color_mode,
        class_names=_class_names(given.classes),
        regions=dict(given.regions) or None,
    )


def make_inquiry(given: argparse.Namespace, probes: Probes) -> Inquiry:
    """What was asked for on the command line."""
    decode_prob = given.decode_prob
    if decode_prob is not None and decode_prob not in ("softmax", "sigmoid", "value"):
        decode_prob = _function(decode_prob, "--decode-prob")
    preprocess = None if given.preprocess is None else _function(given.preprocess, "--preprocess")
    options = Options(preprocess=preprocess, decode_prob=decode_prob, expected=given.expected)
    return Inquiry(probes, given.methods or DEFAULT_METHODS, None, given.top, options)


def attempt(part: str, function: Callable[..., Any], *args: Any) -> Any:
    """Runs a part of a look, which is told on the line of progress."""
    progress(part)
    with naming(part):
        return function(*args)


def progress(words: str) -> None:
    """Says on the last line of a terminal what is being done; nothing clears it, and a file is not filled with it."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{readable(words)}", end="...\r" if words else "", file=sys.stderr, flush=True)


def _class_names(words: str | None) -> list[str] | None:
    if words is None:
        return None
    if os.path.isfile(words):
        with open(words, encoding="utf-8-sig") as file:
            return [line.strip() for line in file if line.strip()]
    if "," not in words:
        raise ValueError(
            f"--classes is {words!r}, which is not there; expected a file with a class a line, or a,b,c, in the order "
            "of the model's outputs."
        )
    return [name.strip() for name in words.split(",")]


def _function(words: str, argument: str) -> Callable[..., Any]:
    """`module:function`; modules in the working directory are found, too."""
    module, _, name = words.partition(":")
    if not module or not name.isidentifier():
        raise ValueError(
            f"{argument} is {words!r}; expected module:function, as in keras.applications.vgg16:preprocess_input."
        )
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f"{argument} is {words!r}, which can't be imported ({error}); expected a module that is installed or in "
            "the working directory, and a function in it."
        ) from error


def _size(path: pathlib.Path) -> int:
    return sum(file.stat().st_size for file in ([path] if path.is_file() else path.iterdir()))
