"""What it takes to encode a card and to check a record: the library's way beside those of other libraries.

    python benchmarks/writing.py

Ratios are to the library's way: the median over rounds of the ratio of processor time within a round.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import google_crc32c
import keras
import numpy as np
from PIL import Image
from tensorboard.summary.writer.record_writer import masked_crc32c
from timing import rounds

from picasso_callbacks import Probes, explain
from picasso_callbacks.encode import encode_jpeg, encode_png

SIDE = 224


def card() -> np.ndarray:
    """The card of a probe as rich in detail as a photograph: smooth noise of many sizes."""
    noise = np.zeros((SIDE, SIDE, 3))
    generator = np.random.default_rng(0)
    for cells in (2, 7, 28, 112):
        coarse = generator.uniform(size=(cells, cells, 3)).astype("float32")
        scaled = [Image.fromarray(channel).resize((SIDE, SIDE), Image.Resampling.BICUBIC) for channel in coarse.T]
        noise += np.stack(scaled, axis=-1) / 4
    model = keras.Sequential([keras.Input((SIDE, SIDE, 3)), keras.layers.Conv2D(8, 7, strides=4, activation="relu")])
    model.add(keras.layers.GlobalAveragePooling2D())
    model.add(keras.layers.Dense(5, activation="softmax"))
    return np.asarray(explain(model, Probes(noise[None].astype("float32"))).image(0))


def pillow(pixels: np.ndarray, level: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=level)
    return file.getvalue()


def report(title: str, jobs: dict[str, Callable[[], object]], repeats: int) -> None:
    seconds = rounds({name: lambda job=job: [job() for _ in range(5)] for name, job in jobs.items()}, repeats)
    own = next(iter(seconds.values()))[:, 1]
    print(title)
    for name, spent in seconds.items():
        made = jobs[name]()
        size = f"{len(made) / 1e3:8.1f} kB" if isinstance(made, bytes) else ""
        ratio = np.median(spent[:, 1] / own)
        print(f"  {name:24} {np.median(spent[:, 1]) / 5 * 1e3:8.3f} ms {ratio:8.2f} x {size}")


def main() -> None:
    pixels = card()
    ways = {f"Pillow, level {level}": lambda level=level: pillow(pixels, level) for level in (1, 3, 6)}
    report(f"PNG of a card of {pixels.shape[1]} x {pixels.shape[0]}", {"own": lambda: encode_png(pixels), **ways}, 9)
    print(f"  as JPEG: {len(encode_jpeg(pixels)) / 1e3:.1f} kB")
    data = encode_png(pixels)
    checks = {"google-crc32c": lambda: google_crc32c.value(data), "TensorBoard's": lambda: masked_crc32c(data)}
    report(f"CRC-32C of {len(data) / 1e3:.0f} kB", checks, 9)


if __name__ == "__main__":
    main()
