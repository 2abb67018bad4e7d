"""Long names on a card: cut, but never alike."""

import pytest

from picasso_callbacks.render.names import fit_names
from picasso_callbacks.render.sheet import text_width

SPECIES = [f"species {number} of the large and hairy genus" for number in (1, 2, 16)]


def test_names_that_fit_are_left_as_they_are():
    assert fit_names(["tank", "half-track"], 22, 200) == ["tank", "half-track"]


@pytest.mark.parametrize("width", [80, 110, 200])
@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (SPECIES, ["1", "2", "16"]),
        (["a_very_long_folder_name/cat_left_side_view", "a_very_long_folder_name/dog_left_side_view"], ["cat", "dog"]),
        (["n020856200000000000000000000001", "n020856200000000000000000000002"], ["1", "2"]),
        (["the same beginning of two names", "the same beginning of two names as well"], ["es", "l"]),
    ],
)
def test_long_names_keep_what_they_differ_in(names, parts, width):
    fitted = fit_names(names, 22, width)
    assert len(set(fitted)) == len(names)
    for name, part in zip(fitted, parts, strict=True):
        assert part in name
        assert text_width(name, 22) <= width


def test_a_name_may_come_twice():
    first, second = fit_names([SPECIES[0], SPECIES[0]], 22, 100)
    assert first == second


def test_a_name_that_reads_like_no_other_is_cut_in_its_middle():
    fitted = fit_names([*SPECIES, "an entirely different kind of name"], 22, 140)
    assert fitted[3].startswith("an en")
    assert len(set(fitted)) == 4
