import io
import json
import time
import urllib.parse
import urllib.request

import numpy as np
import PIL.Image
import pytest
from tensorboard import program

from picasso_callbacks.log.event_log import EventLog
from picasso_callbacks.log.events import image
from picasso_callbacks.log.tags import MAX_LENGTH, distinct_tags

HOSTILE = [
    "tank/1.png",
    "tank",
    "tank",
    "tank (2)",
    "",
    " \n\t",
    "\x00\x7f",
    "\udcff",
    "C:\\photos\\1.png",
    'the "sky"',
    "<script>alert(1)</script>",
    "🦜👩‍👩‍👧 émoji",
    "日本語",
    "100% a&b=c?d#e +",
    "..",
    "x" * 300,
    "y" + "x" * 299,
]


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("half-track 3", "half-track 3"),
        ("日本語 🦜", "日本語 🦜"),
        ("<script>", "<script>"),
        ("photos/tank/1.png", "photos_tank_1.png"),
        ('a\\b "c"', "a_b 'c'"),
        ("  two\r\nlines\tand\x00\x1bcontrols ", "two lines and controls"),
        ("lone \udcff surrogate", "lone ? surrogate"),
        ("", "unnamed"),
        (" \n ", "unnamed"),
    ],
)
def test_a_name_reads_the_same(name, tag):
    assert distinct_tags([name]) == [tag]


def test_a_long_name_keeps_both_ends():
    (tag,) = distinct_tags(["a" * 100 + "b" * 100])
    assert tag == "a" * 39 + "…" + "b" * 40
    assert len(tag) == MAX_LENGTH


def test_equal_names_are_numbered_in_order():
    assert distinct_tags(["cat", "dog", "cat", "cat"]) == ["cat", "dog", "cat (2)", "cat (3)"]


def test_a_number_never_meets_a_name():
    assert distinct_tags(["cat", "cat", "cat (2)"]) == ["cat", "cat (2)", "cat (2) (2)"]


def test_names_that_become_equal_are_told_apart():
    assert distinct_tags(["a/b", "a_b", "", "unnamed"]) == ["a_b", "a_b (2)", "unnamed", "unnamed (2)"]


def test_tensorboard_serves_the_picture_of_every_tag(tmp_path):
    tags = [f"picasso/{tag}" for tag in distinct_tags(HOSTILE)]
    log = EventLog(tmp_path / "picasso")
    for shade, tag in enumerate(tags):
        log.write(image(tag, 0, np.full((2, 3, 3), shade, "uint8")))
    log.close()

    tensorboard = program.TensorBoard()
    tensorboard.configure(argv=["", "--logdir", str(tmp_path), "--port", "0"])
    images = tensorboard.launch() + "data/plugin/images/"
    served = _get_json(images + "tags")
    deadline = time.monotonic() + 60
    while len(served.get("picasso", [])) < len(tags) and time.monotonic() < deadline:
        time.sleep(0.05)  # TensorBoard loads in a process of its own, which tells nobody when it is done.
        served = _get_json(images + "tags")

    assert set(served["picasso"]) == set(tags)
    for shade, tag in enumerate(tags):
        query = urllib.parse.urlencode({"run": "picasso", "tag": tag, "sample": 0})
        (picture,) = _get_json(images + "images?" + query)
        with urllib.request.urlopen(images + "individualImage?" + picture["query"]) as answer:
            assert (np.asarray(PIL.Image.open(io.BytesIO(answer.read()))) == shade).all()


def _get_json(url):
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)
