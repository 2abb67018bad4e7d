"""Drawn cases: what is handed in is refused by name before training, or its numbers are right.

Each property is held for a few cases in the default suite and for many, marked slow, always the same ones. To try
others, say how many times as many: `PICASSO_CASES=20 pytest -m slow tests/properties`.
"""

import os
import pathlib
import re
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies

import picasso_callbacks

PACKAGE = picasso_callbacks.__path__[0]

TIMES = int(os.environ.get("PICASSO_CASES", "0"))

WHAT = re.compile(r"[Ee]xpected|Pass |Leave out|Resize|Remove|is not one of|but there are|mend them|can't be read as")
"""Words by which an error says what would be right."""


def several(few: int, many: int) -> Any:
    """Runs a test with `cases`, how many to draw: once with a few, and once, if slow tests are run, with many."""
    slow = pytest.param(max(TIMES, 1) * many, marks=pytest.mark.slow, id="many")
    return pytest.mark.parametrize("cases", [pytest.param(few, id="few"), slow])


def hold(cases: int, check: Callable[..., None], *drawn: strategies.SearchStrategy[Any]) -> None:
    """Calls `check` with so many drawn cases."""
    calm = settings(
        max_examples=cases,
        derandomize=not TIMES,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    calm(given(*drawn)(check))()


def outcome(argument: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What the function returns, or `None` if it refuses an argument as it should: by name, saying what is expected.

    An error that NumPy, Pillow or Keras raised, one of another kind, and NumPy's warnings about numbers are failures.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            return function(*args, **kwargs)
        except (ValueError, TypeError) as error:
            assert_told(error, argument)
            return None


def assert_told(error: BaseException, argument: str) -> None:
    """Holds an error to the rules for refusals."""
    *_, last = traceback.extract_tb(error.__traceback__)
    said = f"{type(error).__name__} of {last.filename}:{last.lineno}: {error}"
    assert type(error) in (ValueError, TypeError), said
    assert pathlib.Path(last.filename).is_relative_to(PACKAGE), said
    assert re.search(argument, str(error)), said
    assert WHAT.search(str(error)), said
