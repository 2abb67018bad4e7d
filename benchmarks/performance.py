"""Measures what a look costs, part by part, and writes docs/performance.md from what has been measured.

    python benchmarks/performance.py                    # all that is missing; can be stopped and resumed
    python benchmarks/performance.py --quick            # few repeats, small models: a quarter of an hour
    python benchmarks/performance.py --only vgg16-56 look --again    # these parts, once more
    python benchmarks/performance.py --only             # only the page

Each part is a benchmark of this folder that writes its figures into a file (see timing.py) in `benchmarks/results/`, or
in `benchmarks/results/quick/`. A part whose file is there is not measured again. Run it on a machine that does nothing
else, or trust the ratios of processor time.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys

from peers import sentences, table
from timing import Figure

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "performance.md"
RESULTS = HERE / "results"
BACKENDS = ("tensorflow", "jax", "torch")

INTRODUCTION = """\
# Performance

Made by `python benchmarks/performance.py{quick}`. The *floor* is the time of the bare compiled forward passes that a
look replaces (probes x windows, plus one), at the best batch size, in the same process, in turns with what is measured.
Figures are ratios to it: the median over rounds, its quartiles in brackets, and the same ratio of processor time, which
suffers less from whatever else a machine does. *Patches* compute only what a window changes; *whole* passes are what is
left for models that can't be taken apart. [design.md](design.md) says how.
"""

GAPS = """
What stands between a figure and its goal:

- *Whole* passes: the floor is fed from memory, a look makes the occluded images first. They are copied once, in NumPy,
  on one core, while the network waits.
- Saliency of a small network: what a call costs whatever the network, handing over the inputs and taking the largest
  of three channels, is a tenth of 6 ms. It vanishes in larger networks.
- RISE: 100 masks a probe are drawn, laid over the picture and weighed on one core, a tenth of the passes of so small a
  network. Batches are small enough that what a layer makes is kept in memory that is used again: to get it from the
  system anew for every layer took a third of the time, in passes of 512 at once.
- Guided backpropagation: eight probes are 20 ms, of which a tenth is what a call costs.
- The first look: each method is a computation of its own, which TensorFlow has to trace. Gradients of two targets by
  hand, and nothing else, take twice as long to trace as a forward pass; patches take an untouched pass and one in which
  every layer gathers what it needs; then both ways are compared. This is paid once, before training.
- Outside of the model: answers are read, averaged and compared in Python, which takes 3 ms a look, and 20 ms more where
  shortcuts are looked for, however small the network: exchanged images are made, and bounds are found for every class.
- With against without: two trainings that do the same differ by up to a third here, so this is a median over wide
  ranges. The callback's own account is steadier.
"""

PEERS = """
## Other tools

Made by `python benchmarks/peers.py{quick}`: a small network at 64 x 64, 8 probes, windows of 16 at a stride of 8, all
tools of a backend in one process. The floor is of the forward passes that the tool needs for one target; for saliency
it is one forward pass, and a backward pass a target. tf-explain knows no stride and lays patches side by side, 16 a
probe. Tools that explain one class at a time are asked once a target. `model.predict` includes making the stack of
occluded images. tf-keras-vis has no occlusion.
"""


@dataclasses.dataclass(frozen=True)
class Part:
    """A benchmark with its arguments; `title` stands on the page until it is measured."""

    title: str
    script: str
    arguments: str = ""
    backend: str = "tensorflow"
    quick: str | None = None
    """Arguments that make it quick; `None`: not part of a quick run."""


def _large(model: str, window: int, stride: int, probes: int = 1) -> Part:
    arguments = f"{model} --window {window} --stride {stride} --probes {probes} --floors 25 49 --repeats 5"
    return Part(f"{model} at 224, window {window}, stride {stride}", "incremental.py", arguments)


PARTS = {
    **{
        f"small-{backend}": Part("small CNN at 64", "incremental.py", "--plain --repeats 25", backend, "--repeats 5")
        for backend in BACKENDS
    },
    "vgg16-56": _large("VGG16", 56, 28),
    "vgg16-32": _large("VGG16", 32, 32),
    "vgg16-16": _large("VGG16", 16, 32),
    "resnet50v2": _large("ResNet50V2", 32, 32),
    "mobilenetv2": _large("MobileNetV2", 32, 32, 4),
    "efficientnetv2b0": _large("EfficientNetV2B0", 32, 32, 4),
    "look": Part("saliency; first look", "first_look.py", quick="--repeats 7"),
    "look-mobilenetv2": Part("MobileNetV2: saliency; first look", "first_look.py", "MobileNetV2 --probes 4"),
    "overhead": Part(
        "training thread outside the model; default run at MNIST's size", "overhead.py", quick="--looks-only"
    ),
    **{
        f"overhead-{backend}": Part("a look of a small CNN at 28", "overhead.py", "--looks-only", backend, "")
        for backend in BACKENDS[1:]
    },
    "overhead-mobilenetv2": Part(
        "MobileNetV2: training thread outside the model",
        "overhead.py",
        "--looks-only --model MobileNetV2 --repeats 3",
    ),
    "methods": Part("each method against its passes, small CNN at 64", "methods.py", quick="--repeats 5"),
    "whole-look": Part("cards: processor time and bytes", "whole_look.py", quick="--probes 12"),
    "memory": Part("peak memory", "memory.py", quick="--repeats 1"),
    "peers-cpu": Part("other tools", "peers.py", quick="--quick"),
}


def measure(part: Part, file: pathlib.Path, quick: bool) -> None:
    """Runs a benchmark; one that fails leaves no file, and the page says so."""
    if not (HERE / part.script).exists() or importlib.util.find_spec(part.backend) is None:
        print(f"{file.stem}: left out, there is no {part.script} or no {part.backend} here.", flush=True)
        return
    print(f"{file.stem} ...", flush=True)
    extra = part.quick if quick and part.quick else ""
    command = [sys.executable, str(HERE / part.script), *part.arguments.split(), *extra.split(), "--json", str(file)]
    environment = {**os.environ, "KERAS_BACKEND": part.backend, "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run(command, env=environment)
    if done.returncode:
        print(f"{file.stem}: failed, see above.", flush=True)


def row(part: Part, one: Figure) -> str:
    """A figure of a part as a row of the table, in Markdown."""
    unit, goal = one.get("unit", "x floor"), one.get("goal", "")
    ratio = f"{one['ratio']:.3g}{'' if unit == 'x floor' else f' {unit}'} ({one['low']:.3g}-{one['high']:.3g})"
    processor = f"{one['processor']:.3g}" if one.get("processor") is not None else ""
    reached = "" if not goal else "yes" if one["ratio"] <= float(re.findall(r"[\d.]+", goal)[0]) else "no"
    backend = one.get("backend", part.backend)
    return f"| {' | '.join([one['what'], backend, ratio, processor, goal, reached, one.get('note', '')])} |"


def page(results: pathlib.Path) -> str:
    """The page about all figures that there are."""
    quick = " --quick" if results != RESULTS else ""
    lines = [INTRODUCTION.format(quick=quick)]
    lines += ["| what | backend | ratio | processor | goal | reached | |", "|---|---|---|---|---|---|---|"]
    shown: list[Figure] = []
    for name, part in PARTS.items():
        file = results / f"{name}.json"
        if name == "peers-cpu":
            continue
        figures = json.loads(file.read_text()) if file.exists() else []
        lines += [row(part, one) for one in figures] or [f"| {part.title} | {part.backend} | not measured | | | | |"]
        shown += figures
    lines += [GAPS.rstrip(), PEERS.format(quick=quick)]
    for device, title in (("cpu", "On processors"), ("gpu", "On a GPU")):
        file = results / f"peers-{device}.json"
        if not file.exists():
            lines += [f"{title}: not measured.", ""]
        else:
            found = json.loads(file.read_text())
            lines += [f"{title}:", "", *table(found["figures"])]
            lines += ["", "Their numbers, held against brute force:", "", *sentences(found["findings"])]
            shown += found["figures"]
    return "\n".join([*lines, "", *where(shown)]).rstrip() + "\n"


def where(figures: list[Figure]) -> list[str]:
    """The machines that the figures come from."""
    loads = [one["load"] for one in figures if one.get("load") is not None]
    machines = dict.fromkeys(one["machine"] for one in figures if "machine" in one)
    lines = ["## Where", "", *[f"- {one}" for one in machines]]
    if loads:
        lines += ["", f"The load of the machine, with the benchmark itself, was {min(loads):.1f} to {max(loads):.1f}."]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="*", choices=[*PARTS], help="only these parts; none: only the page")
    parser.add_argument("--again", action="store_true", help="also what has been measured before")
    parser.add_argument("--page", type=pathlib.Path, default=PAGE)
    arguments = parser.parse_args()
    results = RESULTS / "quick" if arguments.quick else RESULTS
    results.mkdir(parents=True, exist_ok=True)
    for name in PARTS if arguments.only is None else arguments.only:
        part, file = PARTS[name], results / f"{name}.json"
        if (arguments.quick and part.quick is None) or (file.exists() and not arguments.again):
            continue
        measure(part, file, arguments.quick)
    arguments.page.write_text(page(results))
    print(f"Wrote {arguments.page}.")


if __name__ == "__main__":
    main()
