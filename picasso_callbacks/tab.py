"""The tab `Picasso` in TensorBoard: a plugin that serves the player and the numbers under the log directory.

It is found by its entry point (`tensorboard_plugins` in pyproject.toml). TensorBoard's own process imports it, so it
must neither need Keras nor ever fail.
"""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from tensorboard.backend import http_util
from tensorboard.plugins import base_plugin
from werkzeug import wrappers

from picasso_callbacks.plain import logger, readable
from picasso_callbacks.player import ASSETS, asset, history, index_of, training
from picasso_callbacks.store import Entry, Records, Run, find_runs, read_entries, run_name

IMAGES = 300
"""Pictures of a card that TensorBoard keeps, unless it is told how many: every epoch of most trainings. It keeps them
in memory, those of other programs, too; 24 cards take half a gigabyte. The tab has every epoch anyway."""

FRESH = 2.0
"""Seconds for which a list of runs is good enough, since a remote store is slow to list."""

_Answer = Callable[[wrappers.Request], wrappers.Response]


class PicassoLoader(base_plugin.TBLoader):
    """Loads the tab, and has TensorBoard keep more than ten pictures of a card."""

    def fix_flags(self, flags: Any) -> None:
        samples = dict(getattr(flags, "samples_per_plugin", None) or {})
        samples.setdefault("images", IMAGES)
        flags.samples_per_plugin = samples

    def load(self, context: base_plugin.TBContext) -> base_plugin.TBPlugin:
        return PicassoPlugin(context)


class PicassoPlugin(base_plugin.TBPlugin):
    """Serves four things below `data/plugin/picasso/`: the player's files, an index of runs, and looks."""

    plugin_name = "picasso"

    def __init__(self, context: base_plugin.TBContext):
        self._runs = _Runs(_log_dirs(context))
        self._ahead = threading.Event()

    def get_plugin_apps(self) -> dict[str, Any]:
        assets = {f"/{name}": _app(self._asset(name)) for name in ASSETS}
        return {**assets, "/index": _app(self._index), "/look": _app(self._look)}

    def is_active(self) -> bool:
        try:
            active = bool(self._runs.steps())
        except Exception:  # or TensorBoard would list no tab at all
            logger.warning("Picasso: the log directory could not be read.", exc_info=True)
            return False
        if active and not self._ahead.is_set():  # TensorBoard's page, which asks this, is still being loaded
            self._ahead.set()
            threading.Thread(target=self._runs.read_ahead, daemon=True).start()
        return active

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        return base_plugin.FrontendMetadata(es_module_path="/tab.js", tab_name="Picasso", disable_reload=False)

    def _asset(self, name: str) -> _Answer:
        return lambda request: http_util.Respond(request, asset(name), ASSETS[name])

    def _index(self, request: wrappers.Request) -> wrappers.Response:
        return http_util.Respond(request, index_of(self._runs.steps()), "application/json")

    def _look(self, request: wrappers.Request) -> wrappers.Response:
        name, what = request.args.get("run", ""), request.args.get("what", "")
        try:
            answer = self._runs.answer(name, what)
        except ValueError as error:
            return http_util.Respond(request, readable(error), "text/plain", code=404)
        if answer is None:
            return http_util.Respond(request, "There is no such look.", "text/plain", code=404)
        return http_util.Respond(request, answer, "application/octet-stream")


@dataclasses.dataclass
class _Opened:
    """A run whose numbers were read, as long as there are no more; answers that take long are kept."""

    entries: dict[tuple[str, int], Entry]
    run: Run
    answers: dict[str, bytes] = dataclasses.field(default_factory=dict)

    def answer(self, what: str) -> bytes | None:
        if what not in self.answers and len(self.run.steps):
            self.answers[what] = training(self.run) if what == "training" else history(self.run)
        return self.answers.get(what)


class _Runs:
    """The runs under some directories. A run is found by its name in a list, never by a path from outside."""

    def __init__(self, log_dirs: dict[str, str]):
        self._log_dirs = log_dirs
        self._lock = threading.Lock()
        self._records: dict[str, Records] = {}
        self._opened: dict[str, _Opened] = {}
        self._read_at = -FRESH

    def steps(self) -> dict[str, list[int]]:
        """The looks of each run that has any."""
        with self._lock:
            self._refresh()
            steps = {name: records.steps() for name, records in self._records.items()}
        return {name: of for name, of in steps.items() if of}

    def answer(self, name: str, what: str) -> bytes | None:
        """What the player is told; `None` where there is no such run or look."""
        with self._lock:
            if name not in self._records:
                self._refresh()
            if name not in self._records:
                return None
            if what not in ("training", "history"):
                step = int(what) if what.isascii() and what.isdecimal() and len(what) < 20 else -1
                return self._records[name].data("maps", step)
            return self._opened_run(name).answer(what)

    def read_ahead(self) -> None:
        """Reads what the tab shows first: the last run."""
        for name in list(self.steps())[-1:]:
            for what in ("training", "history"):
                self.answer(name, what)

    def _opened_run(self, name: str) -> _Opened:
        opened, entries = self._opened.get(name), self._records[name].entries
        if opened is None or opened.entries != entries:
            run, kept = Run(name, self._records[name]), {}
            if opened is not None and (opened.run.about, opened.run.methods) == (run.about, run.methods):
                kept = {what: one for what, one in opened.answers.items() if what == "training"}  # takes longest
            opened = self._opened[name] = _Opened(dict(entries), run, kept)
        return opened

    def _refresh(self) -> None:
        if time.monotonic() - self._read_at < FRESH:
            return
        found = set()
        for prefix, root in self._log_dirs.items():
            for directory, names in find_runs(root).items():
                name = "/".join(filter(None, [prefix, run_name(directory, root)]))
                found.add(name)
                self._records.setdefault(name, Records([])).update(read_entries(directory, names))
        self._records = {name: self._records[name] for name in sorted(found)}
        self._read_at = time.monotonic()


def _app(answer: _Answer) -> Any:
    return wrappers.Request.application(answer)


def _log_dirs(context: base_plugin.TBContext) -> dict[str, str]:
    """Where to look, by what run names begin with: `--logdir`, or the parts of `--logdir_spec`."""
    spec = getattr(context.flags, "logdir_spec", "") or ""
    if not spec:
        return {"": os.path.expanduser(context.logdir)} if context.logdir else {}
    parts = {}
    for part in spec.split(","):
        name, colon, path = part.partition(":")
        named = bool(colon) and not path.startswith("//") and os.sep not in name
        parts[name if named else ""] = os.path.expanduser(path if named else part)
    return parts
