"""An error after training has begun: told once, its part tried again or given up, the others untouched."""

import pytest

from picasso_callbacks.problems import Problems, naming, spoken_by


def fails(what="disk full"):
    raise OSError(what)


def test_a_part_that_failed_is_tried_again_and_told_of_once(caplog):
    problems = Problems(raises=False)
    for _ in range(5):  # never several times in a row
        assert problems.attempt("drawing", fails) is None
        assert problems.attempt("drawing", len, "abc") == 3
    failed, works = caplog.records
    assert failed.getMessage().startswith("Picasso: drawing failed; it is tried again at the next looks")
    assert str(failed.exc_info[1]) == "disk full"
    assert works.getMessage() == "Picasso: drawing works again."


def test_an_error_of_another_kind_is_told_too(caplog):
    problems = Problems(raises=False)
    problems.attempt("drawing", fails)
    problems.attempt("drawing", int, "x")
    assert [type(record.exc_info[1]) for record in caplog.records] == [OSError, ValueError]


def test_a_part_that_failed_three_times_in_a_row_is_given_up(caplog):
    problems, tried = Problems(raises=False), []
    for _ in range(3):
        problems.attempt("drawing", fails)
    assert problems.attempt("drawing", tried.append, 1) is None
    assert tried == []
    assert caplog.records[-1].getMessage().startswith("Picasso: drawing failed 3 times in a row and is switched off")


def test_some_parts_are_never_given_up():
    problems = Problems(raises=False)
    for _ in range(9):
        problems.attempt("writing", fails, tries=float("inf"))
    assert problems.attempt("writing", len, "abc", tries=float("inf")) == 3


def test_the_other_parts_go_on():
    problems = Problems(raises=False)
    problems.attempt("drawing", fails)
    assert problems.attempt("writing", "a".join, "bc") == "bac"


def test_another_training_tries_again():
    problems = Problems(raises=False)
    for _ in range(3):
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
