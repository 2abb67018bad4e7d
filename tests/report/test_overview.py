"""What a notebook shows of a report: safe, small, wrong answers first."""

import html.parser
import re

import numpy as np
import pytest
from helpers.models import linear
from helpers.small_training import compiled, probes
from PIL import Image, features

from picasso_callbacks import PartialOcclusion, Probes, explain

SIZE = (4, 6, 1)


class Page(html.parser.HTMLParser):
    """The elements of a page, its texts, and the cells of its table's rows."""

    def __init__(self, report):
        super().__init__()
        self.tags, self.sources, self.alts, self.rows, self.texts = set(), [], [], [], []
        self.feed(report._repr_html_())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.add(tag)
        assert not [name for name in attrs if name.startswith("on") or name == "href"]
        if tag == "img":
            self.sources.append(attrs["src"])
            self.alts.append(attrs["alt"])
        if tag == "tr":
            self.rows.append([])
        self._in_cell = tag in ("td", "th")
        if self._in_cell:
            self.rows[-1].append("")

    def handle_data(self, data):
        self.texts.append(data)
        if self._in_cell:
            self.rows[-1][-1] += data

    @property
    def all_text(self):
        return " ".join(self.texts)


def first_pixels(count, labels, **settings):
    """A network whose answer is the brightest of the first three pixels, and probes whose is `index % 3`."""
    images = np.zeros((count, *SIZE), "float32")
    images[np.arange(count), 0, np.arange(count) % 3] = 1
    model = linear(SIZE, 3 * np.eye(24, 3), "softmax")
    given = Probes(images, labels=labels, class_names=["red", "green", "blue"], value_range=(0, 1))
    return explain(model, given, shortcuts=False, **settings)


def test_names_are_escaped_and_nothing_runs_or_comes_from_elsewhere():
    hostile = '"><script>alert(1)</script>'
    report = explain(
        compiled(), probes(2, names=[hostile, "lone \ud800"], class_names=["a<b", "<i>", "&amp;"]), shortcuts=False
    )
    page = Page(report)
    assert page.tags <= {"div", "p", "b", "span", "img", "table", "tr", "th", "td"}
    assert all(re.match(r"data:image/(webp|jpeg);base64,[\w+/=]+$", source) for source in page.sources)
    assert {hostile, "a<b"} <= {cell for row in page.rows for cell in row}
    assert "url(" not in report._repr_html_()
    report._repr_html_().encode("utf-8")


def test_wrong_answers_come_first_in_the_table_and_among_the_cards():
    page = Page(first_pixels(6, labels=[0, 1, 0, 0, 1, 2]))  # the third is wrong: it says blue
    assert [row[:3] for row in page.rows[1:3]] == [["red 02", "red", "blue 91 %"], ["red 00", "red", "red 91 %"]]
    assert page.alts[:2] == ["red 02, label red, says blue 91 %", "red 00, label red, says red 91 %"]
    assert len(page.rows) == 1 + 6
    assert "6 probes, 5 answered right (the others come first, shaded)." in page.all_text


def test_the_table_says_which_place_speaks_most_for_the_answer():
    page = Page(first_pixels(3, labels=None, targets=[0, 2], methods=[PartialOcclusion(1, 1, "black")]))
    assert page.rows[0] == ["probe", "label", "answer", "partial_occlusion: largest, nats"]
    # Hidden, the pixel's logit falls from 3 to 0, that of log(e^3 / 2) to log(1 / 2).
    assert page.rows[3] == ["probe 02", "", "blue 91 %", "blue: 3, top"]
    # The answer green was not explained: the first target it is, which gains from what is hidden.
    assert page.rows[2][:3] == ["probe 01", "", "green 91 %"]
    assert page.rows[2][3].startswith("red: ")


def test_a_legend_tells_colours_in_numbers():
    page = Page(first_pixels(3, labels=None, targets=0, methods=[PartialOcclusion(1, 1), "saliency_map"]))
    text = page.all_text
    assert "partial_occlusion : occlusion (nats)" in text
    assert "Red speaks for the target, blue against it" in text
    # Half of the way along the bar: 0.5 sinh(asinh(12 / 0.5) / 2).
    assert "-12 -1.7 0 1.7 12" in text
    # The gradient of the logit by its pixel is 3.
    assert "0 1.5 3 Black is 0, yellow the largest value." in text


def test_many_probes_are_pictured_in_part_and_the_rest_is_told():
    page = Page(first_pixels(30, labels=None, methods="class_probabilities"))
    assert len(page.sources) == 24
    assert len(page.rows) == 1 + 30
    assert "6 more probes are in the table; .image(index) draws a card." in page.all_text


def photographs(count, side=224):
    """As rich as photographs: brightness falls with frequency as 1 / f."""
    rng = np.random.default_rng(0)
    pictures = np.zeros((count, side, side, 3))
    for cells in (2, 4, 8, 16, 32, 64, side):
        noise = rng.uniform(size=(count, cells, cells, 3), high=255).astype("uint8")
        for picture, one in zip(pictures, noise, strict=True):
            picture += np.asarray(Image.fromarray(one).resize((side, side), Image.Resampling.BICUBIC)) / cells
    return (255 * (pictures - pictures.min()) / np.ptp(pictures)).astype("uint8")


def test_two_dozen_photographs_take_little_of_a_notebook():
    images = photographs(24)
    weights = np.random.default_rng(1).normal(0, 1e-4, (images[0].size, 2))
    report = explain(linear(images[0].shape, weights, "softmax"), Probes(images))
    size = len(report._repr_html_())
    assert 24 * 5_000 < size < 600_000


def test_without_webp_there_are_jpegs(monkeypatch):
    monkeypatch.setattr(features, "check", lambda feature: False)
    assert Page(first_pixels(1, labels=None)).sources[0].startswith("data:image/jpeg;base64,/9j/")


@pytest.mark.parametrize("decode_prob", ["value", "softmax"])
def test_a_map_of_nothing_and_plain_numbers_are_told(decode_prob):
    model = linear(SIZE, np.zeros((24, 2)))
    report = explain(model, Probes(np.ones((1, *SIZE))), decode_prob=decode_prob, targets=0)
    row = Page(report).rows[1]
    assert row[2] == ("0, 0" if decode_prob == "value" else "class 0 50 %")
    assert row[3].endswith(" 0: near 0 everywhere")
