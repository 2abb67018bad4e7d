"""docs/compatibility.md is true: every row asked again on the backend in use, and a kind of each trained."""

import compatibility
import keras
import pytest
from helpers import zoo, zoo_heads
from helpers.event_files import read
from helpers.zoo_architectures import LIGHT

TABLE = compatibility.read()[keras.config.backend()]


def marked(section, row):
    marks = [] if section == "Refused before training" else [pytest.mark.slow, pytest.mark.part(3)]
    return pytest.param(section, row, id=f"{section}-{row}", marks=marks)


@pytest.mark.parametrize(("section", "row"), [marked(*row) for row in compatibility.rows()])
def test_the_page_says_what_is_found(section, row):
    assert compatibility.observe(section, row) == TABLE[section, row]


def test_the_page_has_the_sources_that_are_meant():
    for head, chosen in zoo_heads.HEADS.items():
        assert TABLE["Heads", head] == f"works: {chosen.source}"


def assert_trains(specimen, log_dir):
    zoo.train(specimen, log_dir)
    cards = {tag for _, tag, _ in read(log_dir) if tag.startswith("picasso/")}
    assert cards == {f"picasso/{name}" for name in specimen.probes.names}


@pytest.mark.slow
@pytest.mark.parametrize("head", zoo_heads.HEADS)
def test_every_head_trains_with_the_callback(head, tmp_path):
    assert_trains(zoo_heads.specimen(head, "Functional"), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", LIGHT)
def test_every_small_architecture_trains_with_the_callback(architecture, tmp_path):
    assert_trains(LIGHT[architecture](), tmp_path)
