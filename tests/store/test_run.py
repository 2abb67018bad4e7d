"""A run's numbers out of records that are written down: two probes, two looks, of which the second lacks something."""

import numpy as np
import pytest

from picasso_callbacks.store import HeldRecords, Run, to_text

WINDOWS = {"size": [2, 3], "rows": [[0, 2]], "columns": [[0, 2], [1, 3]]}
"""Two windows of two columns, which share the middle one."""

METHODS = {
    "occlusion": {"is_map": True, "windows": WINDOWS},
    "saliency": {"is_map": True},
    "probabilities": {"is_map": False},
    "other": {"is_map": False},
}
ABOUT = {
    "unit": "step",
    "names": ["one", "two"],
    "labels": [[1], None],
    "class_names": ["cat", "dog"],
    "derived_names": ["dog vs cat"],
    "regions": ["sky", "ground"],
}
TRAINING = {
    "pictures": np.arange(2 * 2 * 3 * 3, dtype="uint8").reshape(2, 2, 3, 3),
    "regions": np.array([[[[1, 0, 0]], [[0, 0, 0]]], [[[0, 1, 1]], [[2, 1, 1]]]], "uint8"),
    "canvas_occlusion": np.full((2, 1, 1, 3), 7, "uint8"),
}
FIRST, SECOND = [[0.75, 0.25], [0.5, 0.5]], [[0.25, 0.75], [0.5, 0.5]]


def look(probabilities, *, methods=tuple(METHODS), evidence=(), **arrays):
    about = {"methods": {name: METHODS[name] for name in methods}, "evidence": evidence}
    about |= {name: arrays.pop(name) for name in ("verdict", "expected") if name in arrays}
    given = {} if probabilities is None else {"probabilities": np.array(probabilities, "float32")}
    targets, odds = np.array([[0, 2], [1, 2]], "int32"), np.array([[1, 2], [3, 4]], "float32")
    return {"about": to_text(about), "targets": targets, "log_odds": odds, **given, **arrays}


def run_of(looks, maps=None, about=ABOUT, **more):
    records = {("training", 0): {"about": to_text({**about, **more}), **TRAINING}}
    records |= {("numbers", step): one for step, one in looks.items()}
    return Run("here", HeldRecords(records | {("maps", step): one for step, one in (maps or {}).items()}))


def two():
    values = np.array([[[[4, 8]], [[0, 2]]], [[[1, 1]], [[3, 5]]]], "float32")  # [probes, targets, rows, columns]
    halves = np.array([[[[1, -0.5]], [[0, 0]]], [[[0.25, 1]], [[1, 0]]]], "float16")
    scale = np.array([[2, 0], [4, 0.5]], "float32")
    return run_of(
        {
            3: look(
                FIRST, largest_saliency=np.array([2, 4], "float32"), values_other=np.array([[7.0], [9.0]], "float32")
            ),
            10: look(SECOND, methods=("occlusion", "probabilities"), verdict="Fine.", expected="ground"),
        },
        {
            3: {"windows_occlusion": values, "map_saliency": halves, "scale_saliency": scale},
            10: {"windows_occlusion": values + 1},
        },
    )


def test_what_there_is():
    run = two()
    assert repr(run) == "Run('here', 2 steps, 2 probes)"
    assert (run.steps.tolist(), run.unit, run.probes) == ([3, 10], "step", ("one", "two"))
    assert (run.labels, run.class_names) == (((1,), None), ("cat", "dog"))
    assert run.target_names == ("cat", "dog", "dog vs cat")
    np.testing.assert_array_equal(run.images, TRAINING["pictures"])
    assert (run.verdict, run.expected) == ("Fine.", "ground")
    assert run.findings(10)["verdict"] == "Fine."
    assert list(run.methods) == list(METHODS)


def test_regions_are_where_their_masks_are_not_zero():
    regions = two().regions
    assert list(regions) == ["sky", "ground"]
    assert regions["sky"].tolist() == [[[True, False, False]], [[False] * 3]]
    assert regions["ground"].tolist() == [[[False, True, True]], [[True] * 3]]
    assert run_of({}, regions=[]).regions == {}


def test_maps_of_windows_are_their_averages():
    run = two()
    assert run.values("occlusion", probe="one", epoch=3).tolist() == [[[4, 6, 8]] * 2, [[0, 1, 2]] * 2]
    assert run.values("occlusion", probe=1)[1].tolist() == [[[2, 2, 2]] * 2, [[4, 5, 6]] * 2]
    assert run.windows("occlusion", 3)[0].tolist() == [[[4, 8]], [[0, 2]]]
    assert [one.tolist() for one in run.weights("occlusion")] == [[[1, 1]], [[1, 0.5, 0], [0, 0.5, 1]]]


def test_other_maps_are_parts_of_the_largest_number():
    found = two().values("saliency", epoch=3)
    assert found[0].tolist() == [[[2, -1]], [[0, 0]]]
    assert found[1].tolist() == [[[1, 4]], [[0.5, 0]]]
    assert found.dtype == np.float32


def test_a_map_of_one_or_less_is_scaled_like_any_other():
    halves, scale = np.array([[[[1, 0.5]]]] * 2, "float16"), np.array([[0.5], [1]], "float32")
    run = run_of({0: look(FIRST)}, {0: {"map_saliency": halves, "scale_saliency": scale}})
    assert run.values("saliency", epoch=0).tolist() == [[[[0.5, 0.25]]], [[[1, 0.5]]]]


def test_what_a_look_lacks_is_nan():
    run = two()
    assert np.isfinite(run.values("saliency")[0]).all()
    assert np.isnan(run.values("saliency")[1]).all()
    assert run.largest("saliency")[0].tolist() == [2, 4]
    assert np.isnan(run.largest("saliency")[1]).all()


def test_numbers_of_each_class_are_a_methods_own_or_the_answers():
    run = two()
    assert run.values("other", epoch=3).tolist() == [[7], [9]]
    assert run.values("probabilities", probe=-2).tolist() == [FIRST[0], SECOND[0]]
    assert run.probabilities.tolist() == [FIRST, SECOND]
    plain = run_of({0: look(None, methods=["probabilities"], values=np.array([[5, 6], [7, 8]], "float32"))})
    assert plain.values("probabilities", epoch=0).tolist() == plain.plain_values[0].tolist() == [[5, 6], [7, 8]]
    assert plain.probabilities is None


def test_a_method_of_which_nothing_is_left_is_told():
    run = run_of({0: look(FIRST)}, {0: {}})
    with pytest.raises(KeyError, match="No numbers of 'saliency' are left in 'here'"):
        run.values("saliency")


@pytest.mark.parametrize(
    ("probe", "words"), [(2, "No probe 2 .*there are 2, from 0"), (-3, "No probe -3"), ("six", "No probe 'six'")]
)
def test_a_probe_that_there_is_not_is_told(probe, words):
    with pytest.raises(KeyError, match=words):
        two().values("other", probe=probe)


@pytest.mark.parametrize(("count", "listed"), [(12, ", 10, 11"), (13, ", 9, ..., 12")])
def test_many_looks_are_listed_in_short(count, listed):
    run = run_of(dict.fromkeys(range(count), look(FIRST)))
    with pytest.raises(KeyError, match=rf"No look at step 99 in 'here'; there are 0, .*{listed}\."):
        run.findings(99)


def test_what_each_answer_moved_from_look_to_look():
    # Half went from cat to dog in the first: of classes that exclude each other that counts once.
    assert two().changes.tolist() == [[0, 0], [0.5, 0]]
    four = run_of({0: look([[0.5, 0.5, 0, 0]] * 2), 1: look([[0, 0, 0.25, 0.75], [0.25, 0.75, 0, 0]])})
    assert four.changes.tolist() == [[0, 0], [1, 0.25]]
    several = run_of({0: look(FIRST), 1: look([[0.5, 1], [0.5, 0.25]])}, exclusive=False)
    assert several.changes.tolist() == [[0, 0], [0.75, 0.25]]
    numbers = [look(None, values=np.array(one, "float32")) for one in ([[5, 6], [7, 8]], [[5, 9], [np.nan, 8]])]
    assert run_of(dict(enumerate(numbers))).changes.tolist() == [[0, 0], [3, 7]]


def test_evidence_by_method_and_region():
    shares = np.array([[[0.25, 0.5], [0.125, 0.25]]], "float32")
    of = {"evidence": [["saliency", "sky"]]}
    more = {"evidence": [["occlusion", "sky"], ["saliency", "sky"]]}
    first, second = look(FIRST, **of), look(SECOND, **more)
    first["evidence"], second["evidence"] = shares, np.concatenate([shares * 2, shares])
    found = run_of({0: first, 1: second}).evidence()
    assert list(found) == [("saliency", "sky"), ("occlusion", "sky")]
    assert found["saliency", "sky"].tolist() == [shares[0].tolist()] * 2
    assert np.isnan(found["occlusion", "sky"][0]).all()
    assert found["occlusion", "sky"][1].tolist() == (2 * shares[0]).tolist()


def test_looks_of_other_probes_or_targets_than_the_last_are_left_out():
    one = {name: array[:1] if name in ("targets", "log_odds") else array for name, array in look(FIRST).items()}
    fewer = look(FIRST) | {"targets": np.zeros((2, 1), "int32")}
    assert run_of({0: one, 1: fewer, 2: look(FIRST), 3: look(SECOND)}).steps.tolist() == [2, 3]
    assert run_of({0: {}}).steps.tolist() == []


def test_numbers_that_a_look_lacks_are_nan():
    first = look(FIRST)
    del first["log_odds"]
    run = run_of({0: first, 1: look(SECOND)})
    assert np.isnan(run.log_odds[0]).all()
    assert run.log_odds[1].tolist() == [[1, 2], [3, 4]]
    assert run.targets.tolist() == [[[0, 2], [1, 2]]] * 2


def test_a_canvas_is_the_methods_or_grey():
    run = two()
    assert run.canvas("occlusion").tolist() == TRAINING["canvas_occlusion"].tolist()
    assert run.canvas("rise").tolist() == [[[[128, 128, 128]]]]


def test_a_run_of_which_nothing_is_known_yet():
    run = Run("empty", HeldRecords({}))
    assert (run.unit, run.probes, run.labels, run.verdict, run.expected) == ("epoch", (), (), "", None)
    assert run.steps.tolist() == []
    assert Run("begun", HeldRecords({("numbers", 0): {"log_odds": np.zeros((0, 2))}})).steps.tolist() == []
