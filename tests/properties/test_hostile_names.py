"""Names of probes, classes, regions, methods and runs that somebody hostile chose: they are read, and nothing more."""

import contextlib
import html.parser
import io
import json
import logging
import urllib.request

import numpy as np
import pytest
from helpers.browser import PATIENCE, chromium, in_a_browser, tensorboard
from helpers.cases import hold, several
from helpers.event_files import read
from helpers.hostile import MARK, NAMES, attacked, guard, raw, tree
from helpers.small_training import ZerosUntil, compiled, data, fit
from hypothesis import strategies as st
from tensorboard import plugin_util

from picasso_callbacks import Picasso, Probes, explain, load
from picasso_callbacks.log.events import as_markdown
from picasso_callbacks.log.tags import distinct_tags
from picasso_callbacks.plain import readable

COUNT = len(NAMES)
CLASSES = (NAMES[0], NAMES[3], NAMES[12])
REGIONS = {NAMES[0]: None, "../sky": None, NAMES[13]: None}


class Hostile(ZerosUntil):
    """A method whose name and title are anybody's."""

    name = f"<img src=x onerror={MARK}>"

    def __init__(self):
        super().__init__(10**6, lambda: None)


def probes():
    images = np.tile(data(6)[0], (COUNT // 6 + 1, 1, 1, 1))[:COUNT]
    boxes = [(0, 0, 3, 8)] * COUNT, [(3, 0, 2, 8)] * COUNT, [(5, 0, 3, 8)] * COUNT
    regions = dict(zip(REGIONS, boxes, strict=True))
    labels = np.arange(COUNT) % 3
    return Probes(images, labels=labels, names=NAMES, class_names=CLASSES, regions=regions)


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    """A folder around a log directory, what was there before, and what was said on the terminal."""
    around = tmp_path_factory.mktemp("around")
    (around / "attacked").write_text("not yet")
    before = tree(around)
    log_dir = around / "logs" / "<img src=x onerror=window.attacked=1>"
    handler = logging.StreamHandler(io.StringIO())
    logging.getLogger("picasso_callbacks").addHandler(handler)
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(printed):
        callback = Picasso(log_dir, probes(), methods=["partial_occlusion", Hostile()], expected=NAMES[0])
        fit(compiled(), callback, epochs=2)
        report = explain(compiled(), probes(), methods=["partial_occlusion", Hostile()], expected=NAMES[0])
        print(report, load(log_dir))
        report.save(around / "saved" / "folder")
        report.save(around / "saved" / "page.html")
        report.save_html(around / "saved" / "player.html")
        load(log_dir).save_html(around / "saved" / "training.html")
    logging.getLogger("picasso_callbacks").removeHandler(handler)
    return around, log_dir, before, printed.getvalue() + handler.stream.getvalue(), report


def test_nothing_is_written_elsewhere(training):
    around, log_dir, before, _, _ = training
    after = tree(around)
    assert {path: after[path] for path in before} == before
    within = (str(log_dir / "picasso"), str(around / "saved"))
    assert all(path.startswith(within) for path in set(after) - set(before))


def test_nothing_raw_reaches_the_terminal(training):
    *_, said, report = training
    assert "tensorboard --logdir" in said
    assert not raw(said)
    assert not raw(report.verdict)
    assert report.verdict
    assert "\\x1b[2J" in readable(NAMES[12])


def test_events_and_store_have_all_names(training):
    _, log_dir, *_ = training
    tags = {tag for _, tag, _ in read(log_dir)}
    assert {f"picasso/{tag}" for tag in distinct_tags(NAMES)} <= tags
    assert all(group.startswith("picasso") for group in {tag.split("/")[0] for tag in tags})
    [run] = load(log_dir).values()
    assert run.probes == tuple(NAMES)
    assert run.class_names == CLASSES
    assert list(run.regions) == list(REGIONS)
    assert run.values(Hostile.name, probe=NAMES[0]).shape[0] == 2


class Shown(html.parser.HTMLParser):
    """What a piece of HTML shows, and by which elements."""

    def __init__(self, page):
        super().__init__()
        self.words, self.elements = "", set()
        self.feed(page)

    def handle_data(self, data):
        self.words += data

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)


@several(40, 300)
def test_a_verdict_in_markdown_shows_what_it_says(cases):
    """As TensorBoard's own renderer makes HTML of it."""
    signs = st.text("[]()!<>&*_`#+-=|~:;.\\\"'{}1 aB/", max_size=30)
    entities = st.sampled_from(
        ["&lt;b&gt;", "&#106;", "<a@b.c>", "<http://a.b>", "[a]: b", "a __b__ c", "a_b_c", "1986. x"]
    )

    def check(words):
        words = readable(words)
        shown = Shown(plugin_util.markdown_to_safe_html(as_markdown(words)))
        assert shown.elements <= {"p"}
        assert shown.words.split() == words.split()

    hold(
        cases,
        check,
        signs | entities | st.text(max_size=12) | st.sampled_from(NAMES) | st.builds("{} {}".format, signs, signs),
    )


def test_an_ordinary_verdict_is_written_as_it_is():
    words = (
        "half-track: swapping the sky changes 12 of 12 answers (a part of that size elsewhere: 0). Should answers hang "
        "on that? If so, say allowed=['the_sky', 'layout']; else mind your data."
    )
    assert as_markdown(words) == words


def test_pages_hold_no_element_of_a_name(training):
    around, *_, report = training
    overview = Shown(report._repr_html_())
    assert "script" not in overview.elements
    assert {"svg", "a", "style", "title"}.isdisjoint(overview.elements)
    for page in (around / "saved").glob("*.html"):
        parsed = Shown(page.read_text("utf-8"))
        assert {"svg", "a", "textarea"}.isdisjoint(parsed.elements), page


# In a real browser, as people see them.


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser):
    opened = browser.new_page(viewport={"width": 1200, "height": 900})
    opened.set_default_timeout(1000 * PATIENCE)
    wrong = guard(opened)
    yield opened
    assert not attacked(opened), "A name was run as a script."
    assert not wrong, wrong
    opened.close()


def chromium_test(function):
    for mark in in_a_browser:
        function = mark(function)
    return function


@chromium_test
@pytest.mark.parametrize("name", ["page.html", "player.html", "training.html"])
def test_files_in_a_browser(training, page, name):
    around, *_ = training
    page.goto((around / "saved" / name).as_uri())
    if name != "page.html":
        page.locator("section.player[data-step]").first.wait_for()
        page.locator("article.probe").first.locator("canvas").nth(1).hover(position={"x": 3, "y": 3})
    assert page.get_by_text(NAMES[0], exact=False).first.text_content()


@chromium_test
def test_a_notebook_in_a_browser(training, page, tmp_path):
    nbconvert, nbformat = pytest.importorskip("nbconvert"), pytest.importorskip("nbformat")
    *_, log_dir, _, _, report = training
    bundles = (
        report._repr_mimebundle_(),
        {"text/html": load(log_dir)._repr_html_()},
        {"text/html": report._repr_html_()},
    )
    cells = [nbformat.v4.new_code_cell("", outputs=[nbformat.v4.new_output("display_data", each)]) for each in bundles]
    converted, _ = nbconvert.HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=cells))
    (tmp_path / "notebook.html").write_text(converted, "utf-8", "replace")
    page.goto((tmp_path / "notebook.html").as_uri())
    page.locator("section.player[data-step]").nth(1).wait_for()


@chromium_test
def test_tensorboards_own_dashboards_and_the_tab(training, page):
    _, log_dir, *_ = training
    with tensorboard("--logdir", str(log_dir)) as address:
        page.goto(f"{address}#picasso")
        page.frame_locator("iframe").locator("section.player[data-step]").wait_for()
        for dashboard, shown in (
            ("text", "tf-text-loader"),
            ("images", "tf-image-loader"),
            ("timeseries", "image-card"),
        ):
            page.goto(f"{address}#{dashboard}")
            page.locator(shown).first.wait_for()
        query = "data/plugin/text/text?run=picasso&tag=picasso_verdict"
        with urllib.request.urlopen(address + query) as answer:
            shown = Shown(json.load(answer)[-1]["text"])
    [run] = load(log_dir).values()
    assert shown.elements <= {"p"}
    assert shown.words.split() == run.verdict.split()
