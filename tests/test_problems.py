"""An error after training has begun: told once, its part off, the others untouched."""

import pytest

from picasso_callbacks.problems import Problems, naming, spoken_by


def fails(what="disk full"):
    raise OSError(what)


def test_a_part_that_failed_is_told_of_once_and_not_tried_again(caplog):
    problems, tried = Problems(raises=False), []
    assert problems.attempt("drawing", fails) is None
    assert problems.attempt("drawing", tried.append, 1) is None
    assert tried == []
    [told] = caplog.records
    assert told.getMessage().startswith("Picasso: drawing failed and is switched off")
    assert str(told.exc_info[1]) == "disk full"


def test_the_other_parts_go_on():
    problems = Problems(raises=False)
    problems.attempt("drawing", fails)
    assert problems.attempt("writing", "a".join, "bc") == "bac"


def test_another_training_tries_again():
    problems = Problems(raises=False)
    problems.attempt("drawing", fails)
    problems.forget()
    assert problems.attempt("drawing", len, "abc") == 3


def test_errors_to_be_raised_are_kept_until_they_can_be(caplog):
    problems = Problems(raises=True)
    problems.attempt("drawing", fails, "first")
    problems.attempt("writing", fails, "second")
    with pytest.raises(OSError, match="first"):
        problems.raise_kept()
    problems.raise_kept()  # once
    assert not caplog.records


def test_naming_says_whose_an_error_is():
    with (
        pytest.raises(ValueError, match="Picasso: preprocess failed: OSError: disk full") as raised,
        naming("preprocess"),
    ):
        fails()
    assert isinstance(raised.value.__cause__, OSError)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("top is 0; expected 1.", "explain: top is 0; expected 1."),
        ("Picasso: top is 0.", "explain: top is 0."),
        ("Picasso: saliency failed: ValueError: Picasso: no", "explain: saliency failed: ValueError: no"),
    ],
)
def test_an_error_begins_with_the_name_of_what_was_called(message, said):
    error = ValueError(message)
    with pytest.raises(ValueError, match=f"^{said}$") as raised, spoken_by("explain"):
        raise error
    assert raised.value is error


def test_errors_of_another_kind_are_left_as_they_are():
    with pytest.raises(UnicodeDecodeError) as raised, spoken_by("explain"):
        b"\xff".decode("utf-8")
    assert raised.value.reason == "invalid start byte"
    with pytest.raises(OSError, match=r"^Picasso: disk full$"), spoken_by("explain"):
        fails("Picasso: disk full")
