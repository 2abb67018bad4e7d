"""The tab in a real TensorBoard and a real Chromium: what a person clicks, and what they then read."""

import io
import json
import re
import shutil
import subprocess
import time

import numpy as np
import pytest
from helpers.browser import PATIENCE, chromium, in_a_browser, tensorboard
from helpers.small_training import compiled, probes
from helpers.watched import BIASED, EPOCHS, HONEST, HOSTILE, NAMES
from PIL import Image
from playwright.sync_api import expect

from picasso_callbacks import Scale, explain, load
from picasso_callbacks.log.numbers import Numbers
from picasso_callbacks.render import overlay

pytestmark = in_a_browser


@pytest.fixture(scope="module")
def address(log_dir):
    with tensorboard("--logdir", str(log_dir), "--samples_per_plugin", "images=1") as found:
        yield found


@pytest.fixture(scope="module")
def biased(log_dir):
    return load(log_dir)[BIASED]


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser, address):
    context = browser.new_context(viewport={"width": 1200, "height": 900}, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    opened.set_default_timeout(1000 * PATIENCE)
    expect.set_options(timeout=1000 * PATIENCE)
    wrong = []
    opened.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    assert not wrong, "A script that should not have run, or an error."
    context.close()


def tab(page, address, **state):
    """The player's frame, once it shows something."""
    state = {"runs": json.dumps([BIASED]), **state}
    parts = [f"p.picasso.{name}={page.evaluate('encodeURIComponent', value)}" for name, value in state.items()]
    page.goto(f"{address}#{'&'.join(['picasso', *parts])}")
    frame = page.frame_locator("iframe")
    expect(frame.locator("article.probe").first).to_be_visible()
    frame.locator("section.player[data-step]").wait_for()
    return frame


def moment(frame):
    return frame.locator(".moment")


def told(frame, index=0):
    """What the pictures of a probe say to those who can't see them."""
    return [
        one.get_attribute("aria-label") for one in frame.locator("article.probe").nth(index).locator("canvas").all()
    ]


# 1. A wall, one slider, play.


def test_all_probes_move_together_and_every_epoch_is_there(page, address):
    frame = tab(page, address)
    expect(frame.locator("article.probe")).to_have_count(len(NAMES))
    expect(moment(frame)).to_have_text(f"epoch {EPOCHS - 1} · {EPOCHS} of {EPOCHS} epochs")
    slider = frame.get_by_role("slider", name="epoch")
    for epoch in reversed(range(EPOCHS - 1)):
        slider.press("ArrowLeft")
        expect(moment(frame)).to_have_text(f"epoch {epoch} · {epoch + 1} of {EPOCHS} epochs")
        frame.locator(f"section.player[data-step='{epoch}']").wait_for()
        for index in (0, len(NAMES) - 1):
            canvas = frame.locator("article.probe").nth(index).locator("canvas").nth(1)
            expect(canvas).to_have_attribute("aria-label", re.compile(f"at epoch {epoch}:"))
    slider.press("End")
    frame.locator(f"section.player[data-step='{EPOCHS - 1}']").wait_for()
    slider.fill("3")
    frame.locator("section.player[data-step='3']").wait_for()


def test_space_plays_and_pauses(page, address):
    frame = tab(page, address, step="0")
    player = frame.locator("section.player")
    player.focus()
    page.keyboard.press("Space")
    expect(player).not_to_have_attribute("data-step", "0")
    page.keyboard.press("Space")
    expect(frame.get_by_role("button", name="play")).to_be_visible()
    page.wait_for_timeout(300)
    paused_at = player.get_attribute("data-step")
    page.wait_for_timeout(700)
    assert player.get_attribute("data-step") == paused_at
    page.keyboard.press("Space")
    expect(player).to_have_attribute("data-step", str(EPOCHS - 1))
    expect(frame.get_by_role("button", name="play")).to_be_visible()  # it ends there


# 2. Selectors, overlay, numbers.


def test_methods_targets_and_probes_are_chosen_separately(page, address):
    frame = tab(page, address)
    assert len(told(frame)) == 3
    frame.get_by_label("method").select_option("saliency_map")
    expect(frame.locator("article.probe").first.locator("canvas")).to_have_count(2)
    assert told(frame)[1].startswith(f"{HOSTILE}, saliency_map of half-track <i> at epoch 7")
    frame.get_by_label("target").select_option(label="tank")
    expect(frame.locator("article.probe").first.locator("figcaption").nth(1)).to_contain_text("saliency, tank")
    frame.get_by_label("probe", exact=True).select_option("probe 03")
    expect(frame.locator("article.probe")).to_have_count(1)
    expect(frame.locator("article.probe h3")).to_have_text("probe 03")


def test_an_overlay_is_as_opaque_as_its_slider_says(page, address):
    frame = tab(page, address, method="partial_occlusion", layout="overlay")
    pixels = "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, 60, 60).data)"
    canvas = frame.locator("article.probe").first.locator("canvas").first
    frame.get_by_label("opacity").fill("0")
    page.wait_for_timeout(300)
    clear = np.array(canvas.evaluate(pixels))
    frame.get_by_label("opacity").fill("100")
    page.wait_for_timeout(300)
    opaque = np.array(canvas.evaluate(pixels))
    frame.get_by_label("opacity").fill("50")
    page.wait_for_timeout(300)
    np.testing.assert_allclose(canvas.evaluate(pixels), (clear + opaque) / 2, atol=1)
    assert np.abs(clear - opaque).max() > 30


def test_the_colour_bar_has_numbers(page, address):
    frame = tab(page, address, method="partial_occlusion")
    bar = frame.locator(".bar-box")
    assert bar.locator(".ticks span").all_inner_texts() == ["-12", "-1.7", "0", "1.7", "12"]
    assert "nats" in bar.locator("canvas").get_attribute("aria-label")
    frame.get_by_label("in", exact=True).select_option("probability")
    expect(bar.locator(".ticks span").first).to_have_text("-1")
    assert "of probability" in told(frame)[1]


def test_colours_are_those_of_the_cards(page, address, biased):
    """Pixel for pixel: each repeats a value and a grey of the probe, of which the player tells 32."""
    frame = tab(page, address)
    side = 128
    places = ((np.arange(side) + 0.5) * 12 / side).astype(int)
    grey = np.asarray(Image.fromarray(biased.images[0]).convert("L"))[places][:, places] // 8 * 8
    for column, method in ((1, "partial_occlusion"), (2, "saliency_map")):
        scale = Scale(**biased.methods[method]["scale"])
        if scale.limit is None:
            scale = scale.with_limit(float(biased.largest(method)[:, 0].max()))
        values = biased.values(method, probe=0, epoch=EPOCHS - 1)[0][places][:, places]
        pixels = "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, 128, 128).data)"
        shown = frame.locator("article.probe").first.locator("canvas").nth(column).evaluate(pixels)
        found, expected = np.reshape(shown, (side, side, 4))[..., :3], overlay(values, grey, scale)
        off = np.abs(found.astype(int) - expected).max(axis=-1)
        assert off.max() <= 8  # a neighbouring colour, where sixteen bits round otherwise
        assert (off == 0).mean() > 0.95


def test_pointing_at_a_window_shows_what_hiding_it_does(page, address, biased):
    """The windows are 3 pixels, one each 1.5; the one at the top left hides rows and columns 0 to 2."""
    frame = tab(page, address, method="partial_occlusion")
    canvas = frame.locator("article.probe").first.locator("canvas").nth(1)
    canvas.hover(position={"x": 3, "y": 3})
    words = frame.locator(".inspected")
    expect(words).to_contain_text("region: sky")
    fall = biased.windows("partial_occlusion", EPOCHS - 1)[0, 0, 0, 0]
    base = biased.log_odds[-1, 0, 0]
    [shown] = re.findall(r"window, rows 0 to 3, columns 0 to 3: (\S+) nats", words.inner_text())
    assert float(shown) == pytest.approx(fall, abs=0.006)
    [before, after] = re.findall(r"half-track <i>: log-odds (\S+) → (\S+?),", words.inner_text())[0]
    assert (float(before), float(after)) == pytest.approx((base, base - fall), abs=0.06)
    hidden = words.locator("canvas")
    assert hidden.get_attribute("aria-label").endswith("with that window hidden")
    grey = hidden.evaluate("canvas => Array.from(canvas.getContext('2d').getImageData(5, 5, 1, 1).data)")
    np.testing.assert_allclose(grey[:3], 128, atol=2)


def test_arrow_keys_on_a_picture_say_the_same_as_pointing(page, address):
    frame = tab(page, address)
    canvas, words = frame.locator("article.probe").first.locator("canvas").nth(1), frame.locator(".inspected")
    canvas.hover(position={"x": 16, "y": 16})  # the middle of that window
    expect(words).to_contain_text("rows 0 to 3, columns 0 to 3")
    pointed = words.inner_text()
    page.mouse.move(0, 0)
    expect(words).to_have_count(0)
    canvas.focus()
    canvas.press("ArrowLeft")
    expect(words).to_contain_text("window, rows")
    expect(frame.locator(".cross")).to_have_count(1)
    for key in ("ArrowLeft", "ArrowUp"):
        for _ in range(8):
            canvas.press(key)
    expect(words).to_contain_text("rows 0 to 3, columns 0 to 3")
    assert words.inner_text() == pointed
    expect(frame.locator(".inspector")).to_have_attribute("aria-live", "polite")
    expect(moment(frame)).to_contain_text(f"epoch {EPOCHS - 1} ")
    saliency = frame.locator("article.probe").first.locator("canvas").nth(2)
    saliency.focus()
    saliency.press("Shift+ArrowDown")
    expect(words).to_contain_text("here: ")
    expect(frame.locator(".cross")).to_have_count(1)
    saliency.press("Escape")
    expect(words).to_have_count(0)
    canvas.click()  # leaves the arrow keys to the slider
    page.keyboard.press("ArrowLeft")
    frame.locator(f"section.player[data-step='{EPOCHS - 2}']").wait_for()


def test_where_an_alarms_cue_lies_is_outlined_on_the_probes_it_moves(page, address, biased):
    """The line is inside of the region's edge, that of the picture included."""
    frame = tab(page, address)
    [alarm] = [one for one in biased.findings(EPOCHS - 1)["dependences"] if one["name"] == "sky"]
    assert alarm["moved"]
    places = ((np.arange(128) + 0.5) * 12 / 128).astype(int)
    pixels = "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, 128, 128).data)"
    for index, name in enumerate(NAMES):
        canvas = frame.locator("article.probe").nth(index).locator("canvas").first
        moved = index in alarm["moved"]
        expect(canvas).to_have_attribute("aria-label", f"{name}, the probe{', sky outlined' if moved else ''}")
        line = (np.reshape(canvas.evaluate(pixels), (128, 128, 4))[..., :3] == [0xA8, 0x3A, 0x00]).all(axis=-1)
        sky = biased.regions["sky"][index][places][:, places].astype(bool)
        around = np.pad(sky, 1)
        inner = around[:-2, 1:-1] & around[2:, 1:-1] & around[1:-1, :-2] & around[1:-1, 2:]
        assert not line[~sky].any()
        assert line[sky & ~inner].all() == moved
    honest = tab(page, address, runs=json.dumps([HONEST]))
    expect(honest.locator("article.probe").first.locator("canvas").first).to_have_attribute(
        "aria-label", re.compile("the probe$")
    )


# 3. One probe.


def test_one_probe_has_a_film_strip_and_lines(page, address, biased):
    frame = tab(page, address)
    frame.get_by_role("button", name="probe 03", exact=True).click()
    frames = frame.locator(".frame")
    expect(frames).to_have_count(EPOCHS)
    frames.nth(2).click()
    frame.locator("section.player[data-step='2']").wait_for()
    probabilities = frame.get_by_role("img", name=re.compile("^probabilities over epochs, at epoch 2:"))
    expect(probabilities).to_be_visible()
    tank = biased.probabilities[2, 3, 1]
    [said] = re.findall(r"tank (\S+)$", probabilities.get_attribute("aria-label"))
    assert float(said) == pytest.approx(tank, abs=0.006)
    expect(frame.get_by_role("img", name=re.compile("^share of partial_occlusion on each region"))).to_be_visible()
    most = int(np.argmax(biased.changes[:, 3]))
    expect(frame.locator(".most")).to_contain_text(f"Its answer changed most at epoch {most}:")
    frame.get_by_role("button", name=f"go to epoch {most}").click()
    frame.locator(f"section.player[data-step='{most}']").wait_for()
    frame.get_by_role("button", name="← all probes").click()
    expect(frame.locator("article.probe")).to_have_count(len(NAMES))


# 4. Runs beside each other.


def test_two_runs_are_compared_at_one_epoch_and_on_one_scale(page, address, log_dir):
    frame = tab(page, address)
    frame.get_by_text("1 of 2 runs").click()
    frame.get_by_label(HONEST).check()
    first = frame.locator("article.probe").first
    expect(first.locator(".of")).to_have_text([BIASED, HONEST])
    expect(first.locator("canvas[aria-label]")).to_have_count(6)
    assert all("at epoch 7" in words for words in [told(frame)[1], told(frame)[4]])
    frame.get_by_label("compare at").select_option("share")
    expect(moment(frame)).to_have_text("100 % of the training")
    frame.get_by_role("slider", name="share of the training").fill("43")  # of seven steps from the first to the last
    frame.locator("section.player[data-step='3']").wait_for()
    # One scale: the larger of both largest values so far ends both bars.
    frame.get_by_label("probe", exact=True).select_option("probe 03")
    frame.get_by_label("method").select_option("saliency_map")
    both = load(log_dir)
    largest = max(float(run.largest("saliency_map")[:4, 3].max()) for run in both.values())
    bar = frame.locator(".bar-box .ticks span").last
    expect(bar).to_have_text(re.compile(rf"^{largest:.2g}$"))


# 5. Verdict, alarms, proof, order.


def test_the_verdict_its_numbers_its_proof_and_its_probes(page, address, biased):
    frame = tab(page, address)
    expect(frame.locator(".words")).to_have_text(biased.findings(EPOCHS - 1)["verdict"])
    alarm = frame.locator(".alarm-row.now")
    expect(alarm).to_contain_text("12 of 12 answers change")
    first = next(step for step in biased.steps.tolist() if "sky" in biased.findings(step)["alarms"])
    alarm.get_by_role("button", name=f"first at epoch {first}").click()
    frame.locator(f"section.player[data-step='{first}']").wait_for()
    frame.get_by_text("Proof: exchanges behind the alarm").click()
    expect(frame.locator(".proof").first).to_contain_text("with that of")
    assert frame.locator(".proof").first.locator("canvas").count() == 3
    moved = next(one for one in biased.findings(first)["dependences"] if one["name"] == "sky")["moved"]
    if moved:
        frame.get_by_role("button", name=f"show its {len(moved)} probes").click()
        expect(frame.locator("article.probe")).to_have_count(len(moved))
        frame.get_by_role("button", name="show all probes").click()
    expect(frame.locator("article.probe")).to_have_count(len(NAMES))


@pytest.mark.parametrize("by", ["changed", "wrong", "off"])
def test_probes_are_sorted(page, address, biased, by):
    frame = tab(page, address)
    frame.get_by_label("sort").select_option(by)
    keys = {
        "changed": -biased.changes.sum(axis=0),
        "wrong": biased.probabilities[-1][np.arange(12), np.arange(12) % 2],
        "off": biased.evidence()["partial_occlusion", "vehicle"][-1, 0],
    }
    shown = [one.inner_text() for one in frame.locator("article.probe > .open").all()]
    assert shown == [NAMES[index] for index in np.argsort(keys[by], kind="stable")]


# 6. To take along.


def test_a_link_brings_back_what_was_shown(page, address):
    frame = tab(page, address, step="2", method="saliency_map", target="class 1", size="large", sort="changed")
    frame.get_by_role("button", name="link").click()
    link = frame.get_by_label("link").input_value()
    assert page.evaluate("navigator.clipboard.readText()") == link
    page.goto("about:blank")
    page.goto(link)
    frame = page.frame_locator("iframe")
    frame.locator("section.player[data-step='2']").wait_for()
    assert frame.get_by_label("method").input_value() == "saliency_map"
    assert frame.get_by_label("target").input_value() == "class 1"
    assert frame.get_by_label("size").input_value() == "large"
    assert frame.get_by_label("sort").input_value() == "changed"


def saved(page, frame, button):
    with page.expect_download() as download:
        frame.get_by_role("button", name=button).click()
    return download.value.suggested_filename, open(download.value.path(), "rb").read()


def test_pictures_and_numbers_are_saved(page, address, biased):
    frame = tab(page, address, step="4")
    name, data = saved(page, frame, "PNG")
    assert name == "picasso epoch 4.png"
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == "PNG"
        assert picture.width > 600
        assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 500
    name, data = saved(page, frame, "npz")
    assert name == "picasso epoch 4.npz"
    with np.load(io.BytesIO(data), allow_pickle=False) as numbers:
        for method in ("partial_occlusion", "saliency_map"):
            expected = biased.values(method, epoch=4)[:, 0]
            np.testing.assert_allclose(numbers[method], expected, atol=1e-3 * np.abs(expected).max())
        np.testing.assert_allclose(numbers["probabilities"], biased.probabilities[4], atol=1e-6)
        assert json.loads(numbers["about"].tobytes())["probes"] == NAMES
    name, data = saved(page, frame, "WebP")
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.n_frames) == ("WEBP", EPOCHS)
        frames = []
        for index in (0, EPOCHS - 1):
            picture.seek(index)
            frames.append(np.asarray(picture.convert("RGB"), float))
        assert np.abs(frames[0] - frames[1]).mean() > 1
    frame.locator("section.player[data-step='4']").wait_for()


# 7. While training runs.


def test_new_epochs_appear_by_themselves(page, tmp_path):
    report = explain(compiled(), probes(3))
    numbers = Numbers(str(tmp_path / "picasso"), "epoch")
    numbers.write(numbers.records(0, report))
    with tensorboard("--logdir", str(tmp_path)) as address:
        frame = tab(page, address, runs="[]")
        expect(moment(frame)).to_have_text("epoch 0 · 1 of 1 epochs")
        for step in (1, 2):
            numbers.write(numbers.records(step, report))
        expect(moment(frame)).to_have_text("epoch 2 · 3 of 3 epochs")
        frame.get_by_role("slider", name="epoch").press("Home")
        numbers.write(numbers.records(3, report))
        expect(moment(frame)).to_have_text("epoch 0 · 1 of 4 epochs")  # who looks back is not taken away


# Beyond.


def test_a_server_that_is_late_or_fails_is_told_and_recovers(page, address):
    frame = tab(page, address)
    page.route("**/look?*what=2", lambda route: route.fulfill(status=500))
    slider = frame.get_by_role("slider", name="epoch")
    slider.fill("2")
    expect(frame.locator(".status")).to_have_text("epoch 2 can't be shown: the server says 500")
    slider.fill("1")
    expect(frame.locator(".status")).to_be_empty()
    page.unroute("**/look?*what=2")

    def late(route):
        time.sleep(1)
        route.continue_()

    page.route("**/look?*what=3", late)
    slider.fill("3")
    slider.fill("5")  # which is not overtaken by the late one
    frame.locator("section.player[data-step='5']").wait_for()
    page.wait_for_timeout(1500)
    assert "at epoch 5" in told(frame)[1]
    slider.fill("2")
    frame.locator("section.player[data-step='2']").wait_for()


def test_what_is_done_while_a_run_is_read_counts(page, address):
    frame = tab(page, address)
    held, waits = [], True
    page.route(f"**/look?*{HONEST.split('/')[0]}*", lambda route: held.append(route) if waits else route.continue_())
    frame.get_by_text("1 of 2 runs").click()
    frame.get_by_label(HONEST).check()
    frame.get_by_role("slider", name="epoch").fill("2")
    frame.locator("section.player[data-step='2']").wait_for()
    assert held
    waits = False
    for route in held:
        route.continue_()
    expect(frame.locator("article.probe").first.locator(".of")).to_have_text([BIASED, HONEST])
    frame.locator("section.player[data-step='2']").wait_for()
    page.wait_for_timeout(500)
    expect(moment(frame)).to_contain_text("epoch 2")


def test_it_works_below_a_path_and_without_the_fast_loader(page, log_dir):
    with tensorboard("--logdir", str(log_dir), "--path_prefix", "/some/where", "--load_fast", "false") as address:
        frame = tab(page, address, step="4")
        frame.locator("section.player[data-step='4']").wait_for()


def test_without_numbers_the_tab_is_inactive(page, tmp_path):
    with tensorboard("--logdir", str(tmp_path)) as address:
        listing = page.request.get(f"{address}data/plugins_listing").json()
        assert listing["picasso"]["enabled"] is False
        assert listing["picasso"]["tab_name"] == "Picasso"


def test_tensorboards_dark_mode_is_followed(page, address):
    frame = tab(page, address)
    paper = "player => getComputedStyle(player).backgroundColor"
    assert frame.locator("section.player").evaluate(paper) == "rgb(255, 255, 255)"
    page.evaluate("document.body.classList.add('dark-mode')")
    page.wait_for_timeout(200)
    assert frame.locator("section.player").evaluate(paper) == "rgb(28, 31, 36)"


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    """The source of axe-core, which comes from npm."""
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("axe")
    done = subprocess.run(["npm", "install", "--silent", "axe-core@4"], cwd=folder, capture_output=True, timeout=300)
    if done.returncode:
        pytest.skip(f"npm could not be reached: {done.stderr.decode()[-200:]}")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("state", [{}, {"probe": "probe 03"}, {"runs": json.dumps([BIASED, HONEST])}])
def test_nothing_serious_stands_in_the_way_of_anybody(page, address, axe, state, dark):
    tab(page, address, **state)
    if dark:
        page.evaluate("document.body.classList.add('dark-mode')")
    page.wait_for_timeout(500)
    frame = next(each for each in page.frames if "plugin_entry" in each.url)
    frame.evaluate(axe)
    found = frame.evaluate("axe.run(document, {resultTypes: ['violations']})")
    serious = [
        (one["id"], one["nodes"][0]["html"][:200], one["nodes"][0]["failureSummary"])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert not serious
