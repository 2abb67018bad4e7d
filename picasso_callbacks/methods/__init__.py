"""Methods: a file each; the file's name is the method's name."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import pkgutil
from collections.abc import Iterable
from types import ModuleType

from picasso_callbacks.methods.base import Look, Method

__all__ = ["Look", "Method", "available_methods", "make_methods"]

ENTRY_POINTS = "picasso_callbacks.methods"


def available_methods() -> list[str]:
    """The names that `methods=[...]` takes: files in this folder, and entry points of installed packages."""
    return sorted({*_files(), *_entry_points()})


def make_methods(methods: Iterable[str | Method]) -> dict[str, Method]:
    """Turns names and instances into methods by distinct names; a second one of a kind is called `name_2`.

    Raises:
        ValueError: An unknown name, or something that is neither a name nor an instance of a `Method`.
    """
    if not isinstance(methods, Iterable) or isinstance(methods, str):
        methods = [methods]
    made: dict[str, Method] = {}
    for spec in methods:
        method = _class(spec)() if isinstance(spec, str) else spec
        if not isinstance(method, Method):
            called = " Call it: pass an instance." if inspect.isclass(method) else ""
            raise ValueError(
                f"methods holds {method!r}; expected a name out of {available_methods()} or an instance of a "
                f"picasso_callbacks.Method.{called}"
            )
        plain = spec if isinstance(spec, str) else method.name
        name, number = plain, 2
        while name in made:
            name, number = f"{plain}_{number}", number + 1
        made[name] = method
    if not made:
        raise ValueError(
            f"methods is empty; expected at least one of {available_methods()} or an instance of a Method."
        )
    return made


def _class(name: str) -> type[Method]:
    if name in _files():
        return _only_method(importlib.import_module(f"{__name__}.{name}"))
    points = _entry_points()
    if name not in points:
        raise ValueError(f"methods holds {name!r}, which is no method; expected one of {available_methods()}.")
    found = points[name].load()
    if not (inspect.isclass(found) and issubclass(found, Method)):
        raise ValueError(f"The entry point {points[name].value!r} of the method {name!r} is no Method but {found!r}.")
    return found


def _files() -> list[str]:
    return [m.name for m in pkgutil.iter_modules(__path__) if m.name != "base" and not m.name.startswith("_")]


def _entry_points() -> dict[str, importlib.metadata.EntryPoint]:
    return {point.name: point for point in importlib.metadata.entry_points(group=ENTRY_POINTS)}


def _only_method(module: ModuleType) -> type[Method]:
    """The one `Method` that a file of this folder defines."""
    found = [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Method) and member.__module__ == module.__name__
    ]
    if len(found) != 1:
        names = [cls.__name__ for cls in found]
        raise ValueError(f"{module.__file__} defines {len(found)} Methods {names}; expected exactly one.")
    return found[0]
