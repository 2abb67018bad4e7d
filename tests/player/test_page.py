"""The player without a server: in one file with the network off, in a saved notebook, and where no script runs."""

import base64
import io
import json
import re

import numpy as np
import pytest
from helpers import watched
from helpers.browser import PATIENCE, chromium, in_a_browser
from helpers.models import linear
from helpers.watched import BIASED, EPOCHS, HOSTILE, NAMES
from playwright.sync_api import expect

from picasso_callbacks import Probes, Scale, explain, load
from picasso_callbacks.log.numbers import Numbers
from picasso_callbacks.player import asset
from picasso_callbacks.store import to_npz, to_text

pytestmark = in_a_browser

nbconvert = pytest.importorskip("nbconvert")
nbformat = pytest.importorskip("nbformat")


@pytest.fixture(scope="module")
def report():
    images = np.random.default_rng(0).integers(0, 256, (24, 96, 96, 3), dtype="uint8")
    weights = np.random.default_rng(1).normal(0, 1e-3, (images[0].size, 2))
    names = [HOSTILE, *(f"probe {index:02}" for index in range(1, 24))]
    return explain(linear(images[0].shape, weights, "softmax"), Probes(images, names=names), shortcuts=False)


@pytest.fixture
def opened():
    """Opens a page from disk with the network off; nothing may ask for anything, fail, or pop up."""
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1200, "height": 900}, offline=True)
        page = context.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        expect.set_options(timeout=1000 * PATIENCE)
        wrong = []
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: wrong.append(request.url) if re.match("https?:", request.url) else None)

        def open_(path):
            page.goto(path.as_uri())
            return page

        yield open_
        assert not [each for each in wrong if "mathjax" not in each.lower() and "require" not in each.lower()]


def test_a_file_shows_a_whole_training_offline(log_dir, tmp_path, opened, capsys):
    path = load(log_dir).save_html(tmp_path / "training.html")
    assert re.fullmatch(rf"Picasso: wrote {re.escape(str(path))}, 0\.\d MB\.\n", capsys.readouterr().out)
    page = opened(path)
    expect(page.locator("article.probe")).to_have_count(len(NAMES))
    page.get_by_text("1 of 2 runs").click()
    page.get_by_label(BIASED).check()
    slider = page.get_by_role("slider", name="epoch")
    slider.fill("2")
    page.locator("section.player[data-step='2']").wait_for()
    assert "step=2" in page.url
    expect(page.locator(".words.alarm")).to_contain_text("swapping the sky changes")
    page.reload()  # the address holds the state
    page.locator("section.player[data-step='2']").wait_for()
    expect(page.locator("article.probe").first.locator(".of")).to_have_count(2)


def test_a_file_has_a_limit_and_says_what_it_leaves_out(log_dir, tmp_path, opened, capsys):
    path = load(log_dir / watched.HONEST.split("/")[0]).save_html(tmp_path / "small.html", max_bytes=150_000)
    assert path.stat().st_size < 160_000
    said = capsys.readouterr().out
    [kept] = re.findall(rf"with (\d) of {EPOCHS} epochs of picasso", said)
    assert 1 < int(kept) < EPOCHS
    page = opened(path)
    expect(page.locator(".moment")).to_have_text(f"epoch {EPOCHS - 1} · {kept} of {kept} epochs (of {EPOCHS})")
    page.get_by_role("slider", name="epoch").press("Home")
    expect(page.locator(".moment")).to_contain_text("epoch 0 ·")


def test_a_report_is_a_file_too(report, tmp_path, opened):
    path = report.save_html(tmp_path / "deep" / "report.html")
    page = opened(path)
    page.locator("section.player[data-step]").wait_for()
    expect(page.locator("article.probe")).to_have_count(24)
    assert page.locator(".bar").is_hidden()  # there is one look
    label = page.locator("article.probe").nth(1).locator("canvas").nth(1).get_attribute("aria-label")
    name, method, low, high = re.match(r"(.*), (\w+) of class \d at look 0: (\S+) to (\S+) nats", label).groups()
    values = report["partial_occlusion"].values[1, 0]
    assert (name, method) == ("probe 01", "partial_occlusion")
    assert (float(low), float(high)) == pytest.approx((values.min(), values.max()), rel=0.06)


def test_plain_numbers_are_shown_as_such(tmp_path, opened):
    images = np.random.default_rng(0).random((2, 8, 8, 1), dtype="float32")
    report = explain(linear((8, 8, 1), np.eye(64, 3), None), Probes(images), decode_prob="value", targets=[0, 2])
    page = opened(report.save_html(tmp_path / "report.html"))
    page.locator("section.player[data-step]").wait_for()
    first, second = (float(value) for value in images[0, 0, :2, 0])
    says = page.locator(".says").first.inner_text()
    assert [float(each) for each in says.removeprefix("gives ").split(", ")][:2] == pytest.approx([first, second], 0.06)
    page.locator("article.probe canvas").nth(1).hover(position={"x": 5, "y": 5})
    expect(page.locator(".inspected")).to_contain_text("value 0: ")
    page.get_by_role("button", name="probe 00").click()
    expect(page.locator("article.probe h3")).to_have_text("probe 00")


def notebook(path, *bundles):
    """A notebook that was run, saved, and converted to HTML."""
    cells = [
        nbformat.v4.new_code_cell("report", outputs=[nbformat.v4.new_output("display_data", bundle)])
        for bundle in bundles
    ]
    page, _ = nbconvert.HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=cells))
    path.write_text(page, "utf-8")
    return path


def test_a_saved_notebook_shows_players_that_do_not_disturb_each_other(report, log_dir, tmp_path, opened):
    bundle = report._repr_mimebundle_()
    assert len(json.dumps(bundle)) < 2_000_000
    page = opened(notebook(tmp_path / "notebook.html", bundle, bundle, {"text/html": load(log_dir)._repr_html_()}))
    players = page.locator("section.player[data-step]")
    expect(players).to_have_count(3)
    expect(players.nth(0).locator("article.probe")).to_have_count(24)
    players.nth(0).get_by_label("method").select_option("saliency_map")
    expect(players.nth(0).locator("article.probe").first.locator("canvas")).to_have_count(2)
    expect(players.nth(1).locator("article.probe").first.locator("canvas")).to_have_count(3)
    players.nth(2).get_by_role("slider", name="epoch").fill("1")
    page.locator("section.player[data-step='1']").wait_for()
    assert page.locator("table").first.is_hidden()  # what stands in for it


def test_where_no_script_runs_the_overview_is_shown(report, tmp_path):
    path = notebook(tmp_path / "notebook.html", report._repr_mimebundle_())
    with chromium() as browser:
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(path.as_uri())
        assert page.get_by_text("24 probes").first.is_visible()
        assert page.locator("img").count() == 24


def test_a_cell_of_a_long_training_is_bounded(report, tmp_path):
    numbers = Numbers(str(tmp_path), "epoch")
    for step in range(12):
        numbers.write(numbers.records(step, report))
    cell = load(tmp_path)._repr_html_()
    assert 500_000 < len(cell) < 2_000_000
    assert HOSTILE not in cell


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    """A page that has the player's functions at hand."""
    path = tmp_path_factory.mktemp("module") / "page.html"
    script = asset("player.js").decode() + "\nObject.assign(window, {readNpz, writeNpz, position, animate});"
    path.write_text(f'<!DOCTYPE html><script type="module">{script}</script>', "utf-8")
    with chromium() as browser:
        page = browser.new_page()
        page.goto(path.as_uri())
        yield page


def test_positions_on_the_bar_are_those_of_the_cards(module):
    values = [-20.0, -3, -0.3, 0, 0.01, 0.5, 6, 12, 99]
    for scale in (Scale(12.0, True, knee=0.5), Scale(2.0, True), Scale(3.0, False)):
        found = module.evaluate(
            "([values, scale]) => values.map((each) => position(each, scale))", [values, vars(scale)]
        )
        np.testing.assert_allclose(found, scale.positions(np.array(values)), atol=1e-6)


def test_arrays_of_every_kind_are_read(module):
    arrays = {
        "f4": np.array([[1.5, -2], [np.inf, 3e-30]], "float32"),
        "f2": np.array([0, -0.0, 1, -1.5, 65504, 6e-8, 6.1e-5, np.inf, 0.333], "float16"),
        "i4": np.arange(6, dtype="int32").reshape(1, 2, 3),
        "u1": np.arange(256, dtype="uint8"),
        "none": np.zeros((0, 3), "float32"),
        "about": to_text({"a": "雪"}),
    }
    text = base64.b64encode(to_npz(arrays)).decode()
    found = module.evaluate(
        """async (text) => {
            const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
            const {about, ...arrays} = await readNpz(bytes.buffer);
            const told = ([name, {shape, values}]) => [name, [shape, Array.from(values, String)]];
            return [about, Object.fromEntries(Object.entries(arrays).map(told))];
        }""",
        text,
    )
    assert found[0] == {"a": "雪"}
    for name in ("f4", "f2", "i4", "u1", "none"):
        shape, values = found[1][name]
        assert tuple(shape) == arrays[name].shape
        numbers = [float(each.replace("Infinity", "inf")) for each in values]
        np.testing.assert_array_equal(np.array(numbers), arrays[name].ravel().astype("float64"))


@pytest.mark.parametrize(
    ("arrays", "why"),
    [
        ({"about": np.array([print], dtype=object)}, r"An array of \|O can't be read"),
        ({"values": np.zeros(2, [("a", "f4")])}, "can't be read"),
        (None, r"is no \.npz file"),
    ],
)
def test_what_holds_no_numbers_is_refused(module, arrays, why):
    """Among it objects, which Python would have to run code for."""
    file = io.BytesIO(b"cos\nsystem\n(S'exit'\ntR.")
    if arrays is not None:
        np.savez(file, **arrays)
    with pytest.raises(Exception, match=why):
        module.evaluate(
            "(text) => readNpz(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer)",
            base64.b64encode(file.getvalue()).decode(),
        )
