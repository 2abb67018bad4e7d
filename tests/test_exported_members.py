import inspect
import types

import picasso_callbacks


def test_all_is_every_public_name_in_order():
    public = [
        name
        for name, member in vars(picasso_callbacks).items()
        if not name.startswith("_") and not isinstance(member, types.ModuleType)
    ]
    # Each may be the name of a submodule, too (`explain`), but is the function then.
    assert picasso_callbacks.__all__ == sorted(public)


def test_every_exported_name_is_documented():
    for name in picasso_callbacks.__all__:
        member = getattr(picasso_callbacks, name)
        own = vars(member).get("__doc__") if inspect.isclass(member) else member.__doc__
        assert own, f"{name} has no docstring of its own"
        assert not own.startswith(f"{name}("), f"{name} has only the docstring that dataclasses make"
