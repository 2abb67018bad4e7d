"""What is public, and that people are told of nothing else: all that lies deeper is private by its place."""

import ast
import importlib
import inspect
import pathlib
import re

import pytest

import picasso_callbacks
import picasso_callbacks.typing

ROOT = pathlib.Path(__file__).parents[1]
PUBLIC = {"picasso_callbacks", "picasso_callbacks.typing"}
NAMES = picasso_callbacks.__all__


def test_all_is_every_public_name_in_order():
    homes = [name for names in picasso_callbacks._HOMES.values() for name in names]
    assert picasso_callbacks.__all__ == sorted(homes)
    assert set(homes) <= set(dir(picasso_callbacks))


def test_names_come_from_where_programs_that_check_types_are_told():
    tree = ast.parse(pathlib.Path(picasso_callbacks.__file__).read_text("utf-8"))
    told = {
        node.module: [alias.name for alias in node.names]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("picasso_callbacks.")
    }
    assert told == {f"picasso_callbacks.{home}": names for home, names in picasso_callbacks._HOMES.items()}


def test_a_name_that_is_a_module_too_is_what_it_is_made_public_as():
    importlib.import_module("picasso_callbacks.explain")
    assert inspect.isfunction(picasso_callbacks.explain)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        picasso_callbacks.nothing  # noqa: B018


def test_types_for_annotations_are_those_that_signatures_name():
    hints = {
        word
        for member in (picasso_callbacks.Picasso, picasso_callbacks.explain, picasso_callbacks.PartialOcclusion)
        for parameter in inspect.signature(member).parameters.values()
        for word in re.findall(r"\w+", str(parameter.annotation))
    }
    assert hints & set(vars(picasso_callbacks.typing)) - {"Any", "Callable", "Literal"} <= set(
        picasso_callbacks.typing.__all__
    )
    assert set(picasso_callbacks.typing.__all__) - {"Target"} <= hints


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_documented_with_all_its_arguments(name):
    member = getattr(picasso_callbacks, name)
    own = vars(member).get("__doc__") if inspect.isclass(member) else member.__doc__
    assert own, f"{name} has no docstring of its own"
    assert not own.startswith(f"{name}("), f"{name} has only the docstring that dataclasses make"
    told = re.findall(r"^ +(\w+): ", own, flags=re.MULTILINE)
    assert set(inspect.signature(member).parameters) <= set(told)


def programs():
    """The code that people are shown, by where it stands."""
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for block in re.findall(r"```python\n(.*?)```", path.read_text("utf-8"), re.DOTALL):
            yield path, block
    for path in sorted((ROOT / "examples").rglob("*.py")):
        yield path, path.read_text("utf-8")


def test_people_are_shown_public_names_only():
    shown = 0
    for path, program in programs():
        for node in ast.walk(ast.parse(program)):
            modules = [node.module] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            own = {str(module) for module in modules if str(module).split(".")[0] == "picasso_callbacks"}
            # docs/adding_a_method.md writes a file of the package itself.
            assert own <= PUBLIC or path.name == "adding_a_method.md", f"{path} imports {own}"
            shown += bool(own)
    assert shown > 5
