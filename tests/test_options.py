"""The options are one value; the signatures of `explain` and `Picasso`, which users read, are held to it."""

import dataclasses
import inspect
import re

import pytest

from picasso_callbacks import Picasso, explain
from picasso_callbacks.explain import Inquiry
from picasso_callbacks.options import Options

OPTIONS = {field.name: field for field in dataclasses.fields(Options)}
SHARED = ["methods", "targets", "top", *OPTIONS]


def texts(documented):
    """What a docstring says of each argument, without its line breaks."""
    [block] = re.findall(r"^ *Args:\n(.*?)\n\n", inspect.getdoc(documented), flags=re.DOTALL | re.MULTILINE)
    entries = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", block, flags=re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}


@pytest.mark.parametrize("function", [explain, Picasso])
@pytest.mark.parametrize("name", OPTIONS)
def test_each_option_is_an_argument_of_its_type_and_default(function, name):
    parameter = inspect.signature(function).parameters[name]
    assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
    assert (parameter.annotation, parameter.default) == (OPTIONS[name].type, OPTIONS[name].default)


@pytest.mark.parametrize("name", ["methods", "targets", "top"])
def test_what_is_asked_has_one_default(name):
    functions = (explain, Picasso, Inquiry)
    assert len({str(inspect.signature(one).parameters[name]) for one in functions}) == 1


@pytest.mark.parametrize("name", SHARED)
def test_what_is_said_of_an_argument_is_said_once_and_everywhere(name):
    assert texts(explain)[name] == texts(Picasso)[name]


@pytest.mark.parametrize("function", [explain, Picasso])
def test_every_argument_is_documented_in_the_order_of_the_signature(function):
    assert sorted(texts(function)) == sorted(inspect.signature(function).parameters)


def test_options_are_taken_from_among_the_arguments_of_a_call():
    hook = abs
    arguments = {**{name: field.default for name, field in OPTIONS.items()}, "preprocess": hook, "log_dir": "logs"}
    assert Options.among(arguments).preprocess is hook
    with pytest.raises(KeyError, match="incremental"):
        Options.among({name: value for name, value in arguments.items() if name != "incremental"})


def test_options_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Options().batch_size = 3
