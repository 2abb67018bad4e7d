"""The tab, measured in Chromium over a real TensorBoard: until the wall is there, and until a step of the slider is.

    python benchmarks/player.py --probes 64 --epochs 200

What is shown are photographs of 224 x 224 pixels as far as sizes go; the network is linear, which says nothing of them.
"""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import keras
import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from picasso_callbacks import Probes, explain, load
from picasso_callbacks.log.numbers import Numbers

STEP = """(place) => new Promise((done) => {
  const root = [...document.querySelectorAll("*")].find((each) => each.shadowRoot)?.shadowRoot;
  const player = root.querySelector("section.player"), slider = root.querySelector(".slider");
  const begin = performance.now();
  new MutationObserver(() => requestAnimationFrame(() => done(performance.now() - begin)))
    .observe(player, {attributes: true, attributeFilter: ["data-step"]});
  slider.value = place;
  slider.dispatchEvent(new Event("input"));
})"""
"""Milliseconds from moving the slider until the frame after the pictures were drawn."""


def photographs(count: int, side: int) -> np.ndarray:
    """As rich as photographs: brightness falls with frequency as 1 / f."""
    rng, pictures = np.random.default_rng(0), np.zeros((count, side, side, 3))
    for cells in (2, 4, 8, 16, 32, 64, side):
        noise = rng.integers(0, 256, (count, cells, cells, 3), dtype="uint8")
        for picture, one in zip(pictures, noise, strict=True):
            picture += np.asarray(Image.fromarray(one).resize((side, side), Image.Resampling.BICUBIC)) / cells
    return (255 * (pictures - pictures.min()) / np.ptp(pictures)).astype("uint8")


def write(log_dir: str, probes: int, epochs: int, side: int) -> None:
    images = photographs(probes, side)
    labels = np.arange(probes) % 2
    masks = np.zeros((probes, side, side), dtype=bool)
    masks[:, : side // 2] = True
    model = keras.Sequential([keras.Input((side, side, 3)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    model.layers[-1].kernel.assign(np.random.default_rng(1).normal(0, 1e-4, (side * side * 3, 2)))
    watched = Probes(images, labels=labels, regions={"top": masks, "bottom": ~masks})
    report = explain(model, watched, expected="top")
    # As rich in numbers as real ones: saliency of photographs is noise, more or less.
    rng, found = np.random.default_rng(2), report["saliency_map"]
    noise = np.abs(rng.normal(size=found.values.shape)).astype("float32")
    report = dataclasses.replace(
        report, explanations={**report.explanations, "saliency_map": dataclasses.replace(found, values=noise)}
    )
    numbers, spent = Numbers(str(pathlib.Path(log_dir, "picasso")), "epoch"), []
    for epoch in range(epochs):
        begin = time.process_time()
        numbers.write(numbers.records(epoch, report))
        spent.append(time.process_time() - begin)
    numbers.close()
    size = sum(path.stat().st_size for path in pathlib.Path(log_dir).rglob("*.picasso*"))
    print(
        f"store: {size / 1e6:.0f} MB, {size / epochs / 1e3:.0f} kB and {1e3 * statistics.median(spent):.0f} ms a look"
    )


def opened(page: Page, address: str) -> float:
    """Seconds from asking for the tab's own page until its wall is drawn."""
    begin = time.perf_counter()
    page.goto(f"{address}data/plugin_entry.html?name=picasso")
    page.locator("section.player[data-step]").wait_for()
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probes", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--side", type=int, default=224)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as log_dir:
        write(log_dir, args.probes, args.epochs, args.side)
        begin = time.perf_counter()
        load(log_dir)
        print(f"load: {time.perf_counter() - begin:.2f} s")
        command = [sys.executable, "-m", "tensorboard.main", "--logdir", log_dir, "--port", "0"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert server.stdout is not None
        address = next(filter(None, (re.search(r"at (http://\S+/)", line) for line in server.stdout)))[1]
        try:
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(
                    executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
                )
                page = chromium.new_page(viewport={"width": 1400, "height": 900})
                page.goto(address)
                page.get_by_role("tab", name="Picasso").wait_for()
                begin = time.perf_counter()
                page.get_by_role("tab", name="Picasso").click()
                page.frame_locator("iframe").locator("section.player[data-step]").wait_for()
                print(f"from a click on the tab, the first time: {time.perf_counter() - begin:.2f} s")
                print(f"a page: {statistics.median(opened(page, address) for _ in range(3)):.2f} s")
                # Every other step, from the end: what comes next was not asked for beforehand.
                places = range(args.epochs - 3, max(args.epochs - 23, 0), -2)
                cold = [page.evaluate(STEP, place) for place in places]
                cached = [page.evaluate(STEP, place) for place in reversed(places)]
                for name, spent in (("cold", cold), ("from cache", cached[1:])):
                    print(f"a step, {name}: {statistics.median(spent):.0f} ms, at most {max(spent):.0f} ms")
                asked = page.evaluate(
                    "performance.getEntriesByType('resource').filter((each) => /look/.test(each.name)).length"
                )
                print(f"looks asked for: {asked - 2} of {args.epochs}")
                chromium.close()
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
