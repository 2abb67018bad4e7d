"""docs/compatibility.md: every kind of model on every backend, each cell really asked, and checked by brute force.

`python tests/compatibility.py` asks all three backends, each in a process of its own; with `jax` after it only
this one, and the other columns stay as they are.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

PAGE = pathlib.Path(__file__).parent.parent / "docs" / "compatibility.md"
BACKENDS = ["tensorflow", "jax", "torch"]

HEADING = """# Compatibility

Made by `python tests/compatibility.py`, which explains a model of each kind on each backend, compares what hiding a
quarter of the image does with `model.predict`, and looks whether the saliency map is finite and not zero.
`tests/test_compatibility.py` holds this page to what it finds. A cell says which score is explained.

"""

ABOUT = {
    "Heads": "Each at the end of a Functional, Sequential (where there is one output), subclassed and nested model.",
    "Architectures": "Small models of three classes.",
    "Refused before training": "`fit` raises before its first step; the cell has the beginning of the message.",
    "keras.applications": "With random weights, images of 32 x 32 and three classes.",
}

Table = dict[tuple[str, str], str]
"""What was found, by section and row."""


def observe(section: str, row: str) -> str:
    """Asks the models of a row, on the backend in use; raises an `AssertionError` for wrong answers."""
    import keras
    from helpers import zoo, zoo_architectures, zoo_heads, zoo_refused

    keras.utils.set_random_seed(0)
    if section == "Heads":
        found: dict[str, list[str]] = {}
        for head, style in zoo_heads.PAIRS:
            if head == row:
                found.setdefault(_text(zoo.look, zoo_heads.specimen(head, style)), []).append(style)
        if len(found) == 1:
            return next(iter(found))
        return "; ".join(f"{text} ({', '.join(styles)})" for text, styles in found.items())
    if section == "Refused before training":
        return zoo_refused.message(row)
    return _text(zoo.look, {**zoo_architectures.LIGHT, **zoo_architectures.HEAVY}[row]())


def _text(look, specimen) -> str:
    try:
        return f"works: {look(specimen)}"
    except (ValueError, RuntimeError, NotImplementedError) as error:
        return "error: " + str(error).partition("\n")[0][:200]


def rows() -> list[tuple[str, str]]:
    """All sections and rows, in the order of the page."""
    from helpers import zoo_architectures, zoo_heads, zoo_refused

    sections = [zoo_heads.HEADS, zoo_architectures.LIGHT, zoo_refused.REFUSED, zoo_architectures.HEAVY]
    return [(section, row) for section, kinds in zip(ABOUT, sections, strict=True) for row in kinds]


def read() -> dict[str, Table]:
    """The committed page, by backend."""
    tables: dict[str, Table] = {backend: {} for backend in BACKENDS}
    section = ""
    for line in PAGE.read_text("utf-8").splitlines() if PAGE.exists() else ():
        if line.startswith("## "):
            section = line[3:]
        elif section in ABOUT and line.startswith("| ") and not line.startswith("| |"):
            row, *cells = (cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1])
            for backend, cell in zip(BACKENDS, cells, strict=True):
                tables[backend][section, row] = cell
    return tables


def write(tables: dict[str, Table]) -> None:
    """Writes the page."""
    versions = [f"{name} {_version(name)}" for name in ("keras", *BACKENDS)]
    lines = [HEADING + f"On a CPU, with {', '.join(versions)}."]
    order = rows()
    for section, about in ABOUT.items():
        lines += ["", f"## {section}", "", about, "", f"| | {' | '.join(BACKENDS)} |", "|---|---|---|---|"]
        for row in (row for of, row in order if of == section):
            cells = [tables[backend].get((section, row), "").replace("|", "\\|") for backend in BACKENDS]
            lines.append(f"| {row} | {' | '.join(cells)} |")
    PAGE.write_text("\n".join(lines) + "\n", "utf-8")


def _version(name: str) -> str:
    """The version of a package, or what the page says of it where it is not installed."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version(name)
    said = re.search(rf"\b{name} ([^,\s]+?)[,.]?\s", PAGE.read_text("utf-8"))
    return said[1] if said else "(not known)"


def main(backends: list[str]) -> None:
    tables = read()
    for backend in backends:
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "found.json")
            env = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "1"}
            subprocess.run([sys.executable, __file__, "--observe", str(file)], env=env, check=True)
            tables[backend] = {(section, row): text for section, row, text in json.loads(file.read_text("utf-8"))}
        write(tables)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--observe"]:
        pathlib.Path(sys.argv[2]).write_text(json.dumps([(*row, observe(*row)) for row in rows()]), "utf-8")
    else:
        main(sys.argv[1:] or BACKENDS)
