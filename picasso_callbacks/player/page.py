"""Page: the player with its numbers in one piece of HTML, for a notebook's cell or for a file. It needs no server.

Numbers are `.npz` files, compressed as they are, in base64. The script is plain text, since some notebooks allow
scripts in a cell but none that a script makes. What stands in the page beside it, for where no script runs, is hidden
by the player's shadow root, and only once that has something to show. Each piece has a class of its own by which its
script finds it, and finds each copy of it once.
"""

from __future__ import annotations

import base64
import dataclasses
import html
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from picasso_callbacks.player.answers import Smaller, history, index_of, look, training
from picasso_callbacks.player.assets import asset
from picasso_callbacks.store import Run

FEW = 12
"""Looks; maps are made smaller rather than have fewer."""

_START = """
const data = (host) => JSON.parse(host.querySelector("script.data").textContent);
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
for (const host of document.querySelectorAll(".%(name)s:not(.started)")) {
  host.classList.add("started");
  const {index, answers, css, file} = data(host);
  const source = {
    index: async () => index,
    look: async (run, what) => bytes(answers[JSON.stringify([run, String(what)])]),
  };
  const state = file ? Object.fromEntries(new URLSearchParams(location.hash.slice(1))) : {};
  const address = (told) => `${location.href.split("#")[0]}#${new URLSearchParams(told)}`;
  render({
    source, el: host, css, state, link: file ? address : null,
    changed: (told) => { if (file) history.replaceState(null, "", address(told)); },
  });
}
"""


@dataclasses.dataclass(frozen=True)
class Bounded:
    """Runs, as much of them as there is room for.

    Args:
        runs: Which.
        smaller: How much smaller each is, by its name.
        data: The answers to what the player may ask, by run and what.
        size: About how many bytes a page of them takes.
    """

    runs: tuple[Run, ...]
    smaller: Mapping[str, Smaller]
    data: Mapping[tuple[str, str], bytes]
    size: int

    @property
    def told(self) -> str:
        """What was left out, in words; empty if nothing was."""
        parts = []
        for run in self.runs:
            kept, smaller = len(self.smaller[run.name].keeps(run)), self.smaller[run.name]
            if kept < len(run.steps):
                parts.append(f"{kept} of {len(run.steps)} {run.unit}s of {run.name}")
            if smaller.map is not None:
                parts.append(f"its maps of pixels at most {smaller.map} pixels high and wide")
        return ", ".join(parts)


def bounded(runs: Sequence[Run], room: int, picture: int = 256) -> Bounded:
    """As much of some runs as fits into about `room` bytes of a page, shared evenly.

    The first look, the last, and the first of each alarm stay; the others are spaced evenly between. Where there would
    be few, maps of pixels and pictures are made smaller first.
    """
    data: dict[tuple[str, str], bytes] = {}
    smaller: dict[str, Smaller] = {}
    size = len(asset("player.js")) + len(asset("player.css"))
    for run in runs:
        smaller[run.name], answers = _bounded(run, (room - size) / (len(runs) - len(smaller)), picture)
        data |= {(run.name, what): answer for what, answer in answers.items()}
        size += sum(_encoded(answer) for answer in answers.values())
    return Bounded(tuple(runs), smaller, data, size)


def _bounded(run: Run, room: float, picture: int) -> tuple[Smaller, dict[str, bytes]]:
    steps = run.steps.tolist()
    choice, fixed, count = Smaller(), b"", 0
    for choice in (Smaller(None, picture), Smaller(None, min(picture, 160), 32), Smaller(None, 96, 16)):
        fixed, told = training(run, choice), history(run, choice)
        one = max((_encoded(look(run, step, choice) or b"") for step in (steps[0], steps[-1])), default=1) + 100
        each = one + _encoded(told) / len(steps)
        count = int((room - _encoded(fixed)) / each)
        if count >= min(FEW, len(steps)):
            break
    if count < len(steps):
        choice = dataclasses.replace(choice, steps=_spaced(run, max(count, 1)))
    answers = {"training": fixed, "history": history(run, choice)}
    for step in choice.keeps(run):
        answers[str(step)] = look(run, step, choice) or b""
    return choice, answers


def _spaced(run: Run, count: int) -> tuple[int, ...]:
    steps: list[int] = run.steps.tolist()
    seen: set[str] = set()
    wanted = [steps[-1], steps[0]]
    for step in steps:
        new = set(run.findings(step)["alarms"]) - seen
        seen |= new
        wanted += [step] if new else []
    wanted = list(dict.fromkeys(wanted))[:count]
    left = [step for step in steps if step not in wanted]
    places = np.linspace(0, max(len(left) - 1, 0), min(count - len(wanted), len(left))).round().astype(int).tolist()
    return tuple(sorted({*wanted, *(left[place] for place in places)}))


def cell(contents: Bounded, fallback: str, file: bool = False) -> str:
    """The player as a piece of HTML, with `fallback`, HTML, where no script runs."""
    kept = {run.name: contents.smaller[run.name].keeps(run) for run in contents.runs}
    data: dict[str, Any] = {
        "index": index_of(kept, {run.name: len(run.steps) for run in contents.runs}),
        "answers": {
            json.dumps(key, separators=(",", ":"), ensure_ascii=False): base64.b64encode(value).decode()
            for key, value in contents.data.items()
        },
        "css": asset("player.css").decode(),
        "file": file,
    }
    name = f"picasso-{secrets.token_hex(8)}"
    inlined = json.dumps(data).replace("<", "\\u003c")  # nothing in it ends the script element
    script = asset("player.js").decode() + _START % {"name": name}
    return (
        f'<div class="{name}">{fallback}<script type="application/json" class="data">{inlined}</script></div>'
        f'<script type="module">{script}</script>'
    )


def document(title: str, contents: Bounded, fallback: str) -> str:
    """The player as a whole document."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        f'<meta name="viewport" content="width=device-width"><title>{html.escape(title)}</title>'
        f'<body style="margin:0;font-family:system-ui,sans-serif">{cell(contents, fallback, file=True)}</body></html>\n'
    )


def _encoded(data: bytes) -> int:
    return (len(data) + 2) // 3 * 4
