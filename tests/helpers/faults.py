"""The table of docs/reliability.md: each test that injects a fault carries its row, as the mark `fault`.

PYTHONPATH=tests python -m helpers.faults prints the table.
"""

import importlib.util
import inspect
import math
import pathlib
import types

TESTS = pathlib.Path(__file__).parents[1]

FAULTS = ("test_callback_disks.py", "test_callback_slow_disks.py", "test_callback_mishaps.py")
"""Files in which every test injects one."""

OTHERS = ("test_callback_checkpoints.py", "test_callback_kills.py", "test_callback_lifecycle.py")
OTHERS += ("test_callback_signals.py", "log/test_recorder.py")

HEADER = ("fault", "injected", "times", "what becomes of it", "looks lost", "the training", "test")


def table() -> list[str]:
    """The rows of all tests that carry one, as lines of Markdown, the header first."""
    rows = [_row(name, test) for name in (*FAULTS, *OTHERS) for test in tests(name) if marks(test, "fault")]
    return [_line(HEADER), _line(["---"] * len(HEADER)), *rows]


def tests(name: str) -> list[types.FunctionType]:
    """The test functions of a file, in their order."""
    spec = importlib.util.spec_from_file_location(pathlib.Path(name).stem + "_with_rows", TESTS / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = [one for called, one in vars(module).items() if called.startswith("test_") and inspect.isfunction(one)]
    return [test for test in found if test.__module__ == spec.name]


def marks(test: types.FunctionType, name: str) -> list:
    """Its marks of that name."""
    return [mark for mark in getattr(test, "pytestmark", []) if mark.name == name]


def _row(name: str, test: types.FunctionType) -> str:
    [mark] = marks(test, "fault")
    (fault,), said = mark.args, mark.kwargs
    times = said.get("times", 1) * math.prod(len(list(one.args[1])) for one in marks(test, "parametrize"))
    return _line([fault, said["injected"], times, said["outcome"], said["lost"], said["training"], f"`{name}`"])


def _line(cells) -> str:
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    print(*table(), sep="\n")
