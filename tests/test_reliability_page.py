"""docs/reliability.md shows the rows that tests carry: none without its test, no test of a fault without its row."""

import pathlib

import pytest
from helpers import faults

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "reliability.md"


def test_the_page_has_the_rows_of_the_tests():
    written = PAGE.read_text("utf-8").splitlines()
    begin = written.index(faults.table()[0])
    end = written.index("", begin)
    assert written[begin:end] == faults.table()


@pytest.mark.parametrize("name", faults.FAULTS)
def test_every_test_of_a_fault_has_a_row(name):
    assert [test.__name__ for test in faults.tests(name) if not faults.marks(test, "fault")] == []
