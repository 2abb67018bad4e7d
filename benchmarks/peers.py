"""Other tools on the same work as ours: their time against the floor, and their numbers against brute force.

    python benchmarks/peers.py                  # tf-explain, xplique, tf-keras-vis, captum, model.predict, and ours
    python benchmarks/peers.py --quick          # fewer repeats: under five minutes on two cores
    python benchmarks/peers.py --device gpu     # the same table on a GPU

The work: a small network at 64 x 64, 8 probes, windows of 16 at a stride of 8, one or two targets. All tools of a
backend run in one process, in turns with the floor: the bare compiled forward passes, at the best batch size, that the
tool needs *for one target*; for saliency one forward pass and a backward pass a target. tf-explain knows no stride, it
lays patches side by side: 16 instead of 49 a probe, and its floor is of 16. Of several settings of a tool the fastest
counts. The tools' environments are made at the first call (some minutes, 5 GB), in `benchmarks/results/environments/`.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import pathlib
import shutil
import subprocess
import sys
import venv

from timing import Figure, origin

HERE = pathlib.Path(__file__).resolve().parent
ENVIRONMENTS = HERE / "results" / "environments"

PACKAGES = {
    "tensorflow": "tensorflow==2.20.0 tf-keras==2.20.1 keras==3.15.1 tensorflow-probability==0.25.0 scipy==1.15.3 "
    "scikit-image==0.25.2 scikit-learn==1.7.2 opencv-python-headless matplotlib einops deprecated imageio pillow cmap",
    "torch": "torch==2.13.0 captum==0.9.0 keras==3.15.1 tensorboard pillow cmap",
}
AS_THEY_ARE = {"tensorflow": "tf-explain==0.3.1 xplique==2.0.2 tf-keras-vis==0.8.7"}
"""Installed without what they ask for: xplique wants CUDA and a linter, tf-explain does not say what it needs."""

ON_GPU = {"tensorflow": "tensorflow[and-cuda]==2.20.0"}
COLUMNS = [(question, targets) for question in ("occlusion", "saliency") for targets in (1, 2)]


def interpreter(backend: str, device: str) -> pathlib.Path:
    """The Python of a backend's environment, which is made if it is not there."""
    place = ENVIRONMENTS / (backend if device == "cpu" else f"{backend}-{device}")
    python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not (place / "complete").exists():
        print(f"Making the environment {place.name}; this takes some minutes.", flush=True)
        venv.create(place, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "-q"]
        on_gpu = ON_GPU.get(backend, "") if device == "gpu" else ""
        subprocess.run([*pip, *PACKAGES[backend].split(), *on_gpu.split()], check=True)
        if backend in AS_THEY_ARE:
            subprocess.run([*pip, "--no-deps", *AS_THEY_ARE[backend].split()], check=True)
        (place / "complete").touch()
    return python


def ask(backend: str, device: str, repeats: int) -> dict:
    """What the worker of a backend measures, in its environment."""
    command = [str(interpreter(backend, device)), "-W", "ignore", __file__, "--worker", backend]
    command += ["--device", device, "--repeats", str(repeats)]
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment["PYTHONPATH"] = str(HERE.parent)
    if device == "cpu":
        environment["CUDA_VISIBLE_DEVICES"] = "-1"
    print(f"The tools on {backend} ...", flush=True)
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"The worker for {backend} failed; what it said stands above.")
    return json.loads(done.stdout.splitlines()[-1])


def work(backend: str, device: str, repeats: int) -> None:
    """The worker: prints a line of JSON."""
    import keras

    logging.getLogger("tensorflow").setLevel("ERROR")  # it warns of other tools' retracing
    keras.config.disable_interactive_logging()  # or `predict` of tf-explain draws its progress
    if device == "gpu" and _gpus(backend) == 0:
        sys.exit(f"--device gpu: {backend} sees no GPU in its environment.")
    from peers_numbers import findings
    from peers_tools import measure

    figures = [{**origin(), "device": device, **one} for one in measure(repeats)]
    print(json.dumps({"figures": figures, "findings": [{"backend": backend, **one} for one in findings()]}))


def _gpus(backend: str) -> int:
    if backend == "torch":
        import torch

        return torch.cuda.device_count()
    import tensorflow as tf

    return len(tf.config.list_physical_devices("GPU"))


def table(figures: list[Figure]) -> list[str]:
    """A row a tool, in Markdown."""
    lines = [
        "| tool | backend | passes a probe | "
        + " | ".join(f"{name}, {k} target{'s' * (k > 1)}" for name, k in COLUMNS),
        "|---|---|---|" + "---|" * len(COLUMNS),
    ]
    lines[0] += " |"
    for tool, backend in dict.fromkeys((one["tool"], one["backend"]) for one in figures):
        cells = {
            (one["question"], one["targets"]): one
            for one in figures
            if (one["tool"], one["backend"]) == (tool, backend)
        }
        passes = [str(one["passes"] // 8) for one in cells.values() if one["question"] == "occlusion"]
        row = [tool, backend, *(passes[:1] or ["-"])]
        row += [_cell(cells[column]) if column in cells else "-" for column in COLUMNS]
        lines.append("| " + " | ".join(row) + " |")
    return lines


def _cell(one: Figure) -> str:
    return f"{one['ratio']:.2f} ({one['low']:.2f}-{one['high']:.2f}; processor {one['processor']:.2f})"


def sentences(findings: list[dict]) -> list[str]:
    """The findings, tool by tool, in Markdown."""
    lines = []
    for tool, backend in dict.fromkeys((one["tool"], one["backend"]) for one in findings):
        lines += [f"**{tool}** ({backend})", ""]
        lines += [f"- {one['says']}" for one in findings if (one["tool"], one["backend"]) == (tool, backend)]
        lines.append("")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three repeats instead of nine")
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    parser.add_argument("--json", type=pathlib.Path, help="keeps all of it here; by default where performance.py looks")
    parser.add_argument("--worker", choices=list(PACKAGES), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    repeats = arguments.repeats or (3 if arguments.quick else 9)
    if arguments.worker:
        work(arguments.worker, arguments.device, repeats)
        return
    if arguments.device == "gpu" and shutil.which("nvidia-smi") is None:
        parser.error("--device gpu: there is no NVIDIA GPU here (no nvidia-smi). Leave --device out for the processor.")
    answers = [ask(backend, arguments.device, repeats) for backend in PACKAGES]
    found = {part: [one for answer in answers for one in answer[part]] for part in ("figures", "findings")}
    kept = arguments.json or HERE / "results" / ("quick" if arguments.quick else "") / f"peers-{arguments.device}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(found, indent=1) + "\n")
    print("\n".join(["", *table(found["figures"]), "", *sentences(found["findings"])]))


if __name__ == "__main__":
    main()
