"""A real TensorBoard in a real browser: a card for each probe, under its name, with a slider that changes the picture.

Set PICASSO_SCREENSHOTS to a folder to see what the browser saw.
"""

import contextlib
import io
import os
import pathlib
import re
import shlex
import time
import urllib.request

import keras
import numpy as np
import pytest
from helpers.browser import PATIENCE, chromium, in_a_browser, tensorboard
from helpers.event_files import read
from playwright.sync_api import expect

from picasso_callbacks import Picasso, Probes
from picasso_callbacks.log.tags import distinct_tags

EPOCHS = 3
NAMES = ["tank 🚜 <script>alert(1)</script>", "half-track <b>bold</b> & 雪"]
TAGS = [f"picasso/{tag}" for tag in distinct_tags(NAMES)]
pytestmark = in_a_browser


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    """The log directory of a short training, and the command that it printed."""
    log_dir = tmp_path_factory.mktemp("logs")
    images = np.random.default_rng(0).random((32, 24, 32, 3), dtype="float32")
    labels = (images[:, :12].mean(axis=(1, 2, 3)) > images[:, 12:].mean(axis=(1, 2, 3))).astype(int)
    probes = Probes(images[:2], labels=labels[:2], names=NAMES, class_names=["half-track", "tank"])
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((24, 32, 3)), layers.Conv2D(4, 5), layers.Flatten(), layers.Dense(2, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        model.fit(images, labels, epochs=EPOCHS, verbose=0, callbacks=[Picasso(log_dir, probes)])
    [command] = re.findall("tensorboard --logdir .*", printed.getvalue())
    return log_dir, command


@pytest.fixture(scope="module")
def address(training):
    """Where a TensorBoard that was started with the printed command answers, once it has read the pictures."""
    _, *arguments = shlex.split(training[1])
    with tensorboard(*arguments) as found:
        wait_until_read(found)
        yield found


@pytest.fixture
def page():
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(1000 * PATIENCE)
        expect.set_options(timeout=1000 * PATIENCE)
        dialogs = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        yield page
        assert not dialogs, "A probe's name was run as a script."


def test_images_dashboard_shows_a_card_for_each_probe_whose_slider_changes_the_picture(training, address, page):
    page.goto(f"{address}#images")
    cards = page.locator("tf-image-loader")
    for tag in TAGS:
        card = cards.filter(has_text=f"tag: {tag}")
        expect(card).to_have_count(1)
        step = card.locator(".heading-label span").filter(has_text=re.compile(r"^\d+$"))
        for epoch in reversed(range(EPOCHS)):
            expect(step).to_have_text(str(epoch))
            wait_until_shown(page, card.locator("img"), written(training, tag, epoch))
            card.get_by_role("slider").press("ArrowLeft")
    expect(cards).to_have_count(2 * len(TAGS))  # and the filmstrips
    screenshot(page, "images")


def test_time_series_dashboard_shows_a_card_for_each_probe_whose_slider_changes_the_picture(training, address, page):
    page.goto(f"{address}?tagFilter=%5Epicasso%2F#timeseries")
    cards = page.locator("image-card")
    for tag in TAGS:
        card = cards.filter(has_text=tag)
        expect(card).to_have_count(1)
        for epoch in reversed(range(EPOCHS)):
            expect(card.locator(".step")).to_have_text(f"Step {epoch}")
            wait_until_shown(page, card.locator("img"), written(training, tag, epoch))
            card.get_by_role("slider").press("ArrowLeft")
    expect(cards).to_have_count(len(TAGS))
    screenshot(page, "time_series")


def wait_until_read(address):
    """Returns once TensorBoard has found all tags; a page that is opened before would not look again."""

    def found():
        with urllib.request.urlopen(f"{address}data/plugin/images/tags", timeout=PATIENCE) as answer:
            return answer.read().count(b"picasso_filmstrip/") == len(NAMES)

    wait_until(found, lambda: time.sleep(0.1))


def wait_until_shown(page, image, file):
    """Returns once an `<img>` has drawn this very file; dashboards name the new step before they have its picture."""
    wait_until(
        lambda: (
            image.evaluate("image => image.complete && image.naturalWidth > 0")
            and page.request.get(image.evaluate("image => image.src")).body() == file
        ),
        lambda: page.wait_for_timeout(50),
    )


def wait_until(condition, pause):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"Nothing came within {PATIENCE} s."
        pause()


def written(training, tag, epoch):
    """The PNG file that the callback wrote."""
    return read(training[0])["picasso", tag, epoch].tensor.string_val[2]


def screenshot(page, name):
    if folder := os.environ.get("PICASSO_SCREENSHOTS"):
        page.screenshot(path=pathlib.Path(folder, f"{name}.png"))
