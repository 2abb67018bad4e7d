"""Command: what `picasso` takes on the command line, and how it ends."""

from __future__ import annotations

import argparse
import os
import pathlib
import re
import sys
from collections.abc import Sequence

from picasso_callbacks.plain import tell
from picasso_callbacks.problems import spoken_by
from picasso_callbacks.trainings import PAGE_BYTES, load

MODEL = "a .keras or .h5 file, or under TensorFlow a SavedModel folder"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs `picasso`.

    Args:
        arguments: What stands after the program's name; `None`: of this process.

    Returns:
        0; 1 for a problem, which is said in a line on stderr; 130 if interrupted. Wrong usage exits with 2.
    """
    parser = make_parser()
    given = parser.parse_args(arguments)
    if given.command == "watch" and not (given.log_dir or given.out):
        parser.error("watch: neither --log-dir nor --out is given; expected where to write: one of them, or both.")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow reads it when it is imported
    speaker = f"picasso {given.command}"
    try:
        with spoken_by(speaker):
            given.run(given)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        words = str(error) if isinstance(error, ValueError) else f"{speaker}: {type(error).__name__}: {error}"
        tell(" ".join(words.split()), to=sys.stderr)
        return 1
    return 0


def make_parser() -> argparse.ArgumentParser:
    """The parser, whose results know by `run` what is to be done."""
    parser = argparse.ArgumentParser(prog="picasso", description="See what a Keras network looks at.")
    commands = parser.add_subparsers(dest="command", required=True)

    explain = commands.add_parser("explain", help="ask a saved model about images")
    explain.add_argument("model", metavar="MODEL", help=MODEL)
    explain.add_argument("images", metavar="IMAGES", nargs="+", help="files and folders")
    explain.add_argument(
        "--out", required=True, help=".html: one file with the player; .png or .jpg: all cards; else a folder"
    )
    explain.set_defaults(run=_explain)
    _add_questions(explain)

    report = commands.add_parser("report", help="put a whole training into one HTML file")
    report.add_argument("log_dir", metavar="LOGDIR", help="what Picasso was given as log_dir, or a folder above it")
    report.add_argument("--out", required=True, type=_html, help="the .html file")
    report.add_argument("--max-bytes", type=int, default=PAGE_BYTES, help="about how large it may get (%(default)s)")
    report.set_defaults(run=_report)

    watch = commands.add_parser("watch", help="follow a folder of checkpoints")
    watch.add_argument("folder", metavar="FOLDER", help="where *.keras and, with --model, *.weights.h5 appear")
    watch.add_argument("--images", metavar="IMAGES", nargs="+", required=True, help="files and folders")
    watch.add_argument("--model", help=f"the model whose weights *.weights.h5 are: {MODEL}")
    watch.add_argument("--log-dir", help="where TensorBoard looks; a run there that has these images is gone on with")
    watch.add_argument("--out", type=_html, help="an .html file, kept up to date")
    watch.add_argument("--once", action="store_true", help="end when what is there is explained")
    watch.set_defaults(run=_watch)
    _add_questions(watch)
    return parser


def _add_questions(parser: argparse.ArgumentParser) -> None:
    """What is asked, and of which images: as the arguments of `explain` and `Probes.from_directory` by these names."""
    parser.add_argument("--classes", help="in the order of the outputs: a,b,c or a file with one a line")
    parser.add_argument("--size", type=_size, metavar="HxW", help="to resize to, where the model doesn't tell: 224x224")
    parser.add_argument("--color-mode", choices=("rgb", "rgba", "grayscale"), help="where the model doesn't tell")
    parser.add_argument("--count", type=int, default=24, help="how many images to take at most (%(default)s)")
    parser.add_argument(
        "--regions", action="append", type=_region, default=[], metavar="NAME=FOLDER", help="mask images, repeatable"
    )
    parser.add_argument("--expected", metavar="NAME", help="the region that answers should come from")
    parser.add_argument("--methods", type=lambda names: names.split(","), metavar="A,B", help="names of methods")
    parser.add_argument("--top", type=int, default=2, help="how many classes of an unlabelled image (%(default)s)")
    parser.add_argument(
        "--preprocess",
        metavar="MODULE:FUNCTION",
        help="makes inputs of images 0..255, such as keras.applications.vgg16:preprocess_input",
    )
    parser.add_argument(
        "--decode-prob", metavar="HOW", help="what the outputs are: softmax, sigmoid, value, or MODULE:FUNCTION"
    )


def _explain(given: argparse.Namespace) -> None:
    from picasso_callbacks.command.look import explain_files  # needs Keras, which takes seconds to import

    explain_files(given)


def _watch(given: argparse.Namespace) -> None:
    from picasso_callbacks.command.watch import watch

    watch(given)


def _report(given: argparse.Namespace) -> None:
    load(given.log_dir).save_html(given.out, given.max_bytes)


def _html(path: str) -> str:
    if pathlib.Path(path).suffix.lower() != ".html":
        raise argparse.ArgumentTypeError(f"it is {path!r}; expected a file that ends in .html.")
    return path


def _size(words: str) -> tuple[int, int]:
    sides = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", words)
    if sides is None:
        raise argparse.ArgumentTypeError(f"it is {words!r}; expected height and width in pixels, as in 224x224.")
    return int(sides[1]), int(sides[2])


def _region(words: str) -> tuple[str, str]:
    name, sign, folder = words.partition("=")
    if not (name and sign and folder):
        raise argparse.ArgumentTypeError(f"it is {words!r}; expected NAME=FOLDER, as in vehicle=masks/vehicle.")
    return name, folder
