"""What a look costs as a whole: the training thread, the processor time of all threads, and bytes on the disk.

    python benchmarks/whole_look.py                # 12 to 400 photographs at 224 x 224
    python benchmarks/whole_look.py --probes 24

Real trainings of a small network, whose looks are drawn and written as a user's are; shortcuts are left out, since
their cost is forward passes. A card should take 10 ms of processor time and 120 kB at most, however many there are.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import pathlib
import tempfile

import keras
import numpy as np
from overhead import Stopwatch
from PIL import Image
from timing import save

from picasso_callbacks import Picasso, Probes

SIDE, EPOCHS = 224, 6
CLASSES = 5


def photographs(count: int) -> np.ndarray:
    """Smooth noise of many sizes, as rich in detail as photographs: uint8 `[count, SIDE, SIDE, 3]`."""
    generator = np.random.default_rng(0)
    images = np.zeros((min(count, 24), SIDE, SIDE, 3))
    for image in images:
        for cells in (2, 7, 28, 112):
            coarse = generator.uniform(size=(3, cells, cells)).astype("float32")
            scaled = [Image.fromarray(one).resize((SIDE, SIDE), Image.Resampling.BICUBIC) for one in coarse]
            image += np.stack(scaled, axis=-1) / 4
    return np.resize((255 * images.clip(0, 1)).astype("uint8"), (count, SIDE, SIDE, 3))


def measure(count: int) -> tuple[np.ndarray, float, float, float]:
    """Seconds of looks, on the training thread and of all threads; ms for a card and for a filmstrip; kB for a card."""
    images = photographs(count)
    model = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(8, 7, strides=4, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        labels = np.arange(count) % CLASSES
        picasso = Picasso(folder, Probes(images, labels=labels), shortcuts=False)
        before = Stopwatch()
        after, spent = Stopwatch(before, picasso), []
        account = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: spent.append(picasso._recorder.seconds))
        model.fit(images[:8], labels[:8], epochs=EPOCHS, verbose=0, callbacks=[before, picasso, after, account])
        spent.append(picasso._recorder.seconds)
        size = sum(os.path.getsize(path) for path in pathlib.Path(folder).rglob("*tfevents*"))
    *cards, strip = 1e3 * np.diff(spent) / count  # of all looks but the first, which draws the letters, too
    return np.array(after.looks[2:]), float(np.median(cards)), float(strip), size / count / EPOCHS / 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probes", type=int, nargs="*", default=[12, 24, 96, 400])
    parser.add_argument("--json", help="a file for the figures, see timing.py")
    arguments = parser.parse_args()
    figures = []
    print("probes  training thread  all threads  of these a card  at the end a filmstrip  written, by card")
    for count in arguments.probes:
        looks, drawing, strip, size = measure(count)
        thread, process = np.median(looks, axis=0)
        times = f"{thread:13.3f} s {process:10.3f} s {drawing:12.1f} ms {strip:20.1f} ms"
        print(f"{count:6} {times} {size:14.0f} kB", flush=True)
        for what, value, goal in (("processor", drawing, "<= 10"), ("bytes", size, "<= 120")):
            unit = "ms" if what == "processor" else "kB"
            about = f"a card at {SIDE} x {SIDE}, {count} probes, {what}"
            figures.append(
                {"what": about, "goal": goal, "unit": unit, **dict.fromkeys(("ratio", "low", "high"), round(value, 1))}
            )
    save(arguments.json, figures)


if __name__ == "__main__":
    main()
