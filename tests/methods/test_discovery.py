import os
import re
import shutil
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest

import picasso_callbacks
from picasso_callbacks import (
    Explanation,
    Method,
    PartialOcclusion,
    Probes,
    SaliencyMap,
    Scale,
    explain,
    methods,
)
from picasso_callbacks.methods import available_methods, make_methods

METHOD = """
    import numpy as np

    from picasso_callbacks.explanation import Explanation, Scale
    from picasso_callbacks.methods.base import Method


    class {name}(Method):
        def explain(self, look):
            values = np.full((*look.targets.shape, *look.live.layout.size), 7.0, "float32")
            return Explanation(values, unit="", score="none", title="sevens", scale=Scale(10.0, signed=False))
"""


class Brightness(Method):
    """The probe's own brightness, times `gain`."""

    def __init__(self, gain=1.0):
        self.gain = gain

    def explain(self, look):
        images = self.gain * look.live.probes.images.mean(axis=-1)
        values = np.repeat(images[:, None], look.targets.shape[1], axis=1)
        return Explanation(values, unit="", score="none", title="brightness", scale=Scale(1.0, signed=False))


def test_a_file_name_is_a_method():
    made = make_methods(["saliency_map", "partial_occlusion"])
    assert [(name, type(method)) for name, method in made.items()] == [
        ("saliency_map", SaliencyMap),
        ("partial_occlusion", PartialOcclusion),
    ]


def test_an_instance_is_asked_and_called_after_its_class():
    model = keras.Sequential([keras.Input((2, 3, 1)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    image = np.arange(6, dtype="float32").reshape(1, 2, 3, 1) / 10
    report = explain(model, Probes(image, labels=[0]), methods=[Brightness(gain=2.0)])
    assert list(report.explanations) == ["brightness"]
    np.testing.assert_allclose(report["brightness"].values[0, 0], [[0, 0.2, 0.4], [0.6, 0.8, 1.0]], rtol=1e-6)


def test_one_method_may_stand_alone():
    assert list(make_methods("saliency_map")) == ["saliency_map"]
    assert list(make_methods(Brightness())) == ["brightness"]


def test_a_second_one_of_a_kind_gets_a_number():
    made = make_methods([PartialOcclusion(), "saliency_map", PartialOcclusion(window=2), "partial_occlusion"])
    assert list(made) == ["partial_occlusion", "saliency_map", "partial_occlusion_2", "partial_occlusion_3"]
    assert made["partial_occlusion_2"].window == (2, 2)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"'occlusion'.*class_probabilities.*partial_occlusion.*saliency_map"):
        make_methods(["occlusion"])


def test_a_class_is_no_instance():
    with pytest.raises(ValueError, match="Call it: pass an instance"):
        make_methods([SaliencyMap])


@pytest.mark.parametrize("wrong", [3, None, "base", ""])
def test_what_is_no_method_is_refused(wrong):
    with pytest.raises(ValueError, match=r"methods holds .*expected .*saliency_map"):
        make_methods([wrong])


def test_no_methods_are_refused():
    with pytest.raises(ValueError, match="methods is empty"):
        make_methods([])


def test_an_installed_package_adds_a_method(tmp_path, monkeypatch):
    install(tmp_path, module="sevens_for_picasso", method="Sevens", entry="sevens = sevens_for_picasso:Sevens")
    monkeypatch.syspath_prepend(tmp_path)
    assert "sevens" in available_methods()
    [(name, method)] = make_methods(["sevens"]).items()
    assert (name, type(method).__module__, type(method).__name__) == ("sevens", "sevens_for_picasso", "Sevens")


def test_an_entry_point_to_something_else_is_refused(tmp_path, monkeypatch):
    install(tmp_path, module="nothing_for_picasso", method="Sevens", entry="nothing = nothing_for_picasso:np")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match=r"'nothing_for_picasso:np'.*is no Method"):
        make_methods(["nothing"])


def test_a_file_dropped_into_the_folder_works_by_its_name(tmp_path):
    copy = tmp_path / "picasso_callbacks"
    shutil.copytree(picasso_callbacks.__path__[0], copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "methods" / "sevens.py").write_text(textwrap.dedent(METHOD.format(name="Sevens")))
    program = """
import keras, numpy as np
from picasso_callbacks import Probes, available_methods, explain

model = keras.Sequential([keras.Input((4, 5, 1)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")])
report = explain(model, Probes(np.zeros((2, 4, 5, 1), "float32")), methods=["sevens"])
print("sevens" in available_methods(), report["sevens"].values.shape, np.unique(report["sevens"].values))
"""
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "KERAS_BACKEND": keras.config.backend()},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.stdout.strip() == "True (2, 2, 4, 5) [7.]", ran.stderr


@pytest.mark.parametrize(
    ("name", "source", "count"),
    [("no_method", "import numpy", 0), ("two_methods", METHOD.format(name="A") + METHOD.format(name="B"), 2)],
)
def test_a_file_must_hold_exactly_one_method(tmp_path, monkeypatch, name, source, count):
    file = tmp_path / f"{name}.py"
    file.write_text(textwrap.dedent(source))
    monkeypatch.setattr(methods, "__path__", [*methods.__path__, str(tmp_path)])
    with pytest.raises(ValueError, match=f"{re.escape(str(file))} defines {count} Methods .*expected exactly one"):
        make_methods([name])


def install(folder, module, method, entry):
    """What pip leaves of a package: a module, and metadata with an entry point."""
    (folder / f"{module}.py").write_text(textwrap.dedent(METHOD.format(name=method)))
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[picasso_callbacks.methods]\n{entry}\n")
