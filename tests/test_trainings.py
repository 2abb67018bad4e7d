"""load: the numbers come back as explain gave them, by method, probe and epoch."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from helpers import shortcut_training
from helpers.models import linear
from helpers.small_training import AtEpochEnd, compiled, fit, probes

from picasso_callbacks import PartialOcclusion, Picasso, Probes, explain, load
from picasso_callbacks.log.numbers import Numbers
from picasso_callbacks.report.record import LOOK_BYTES, maps_record, numbers_record

METHODS = ["partial_occlusion", "saliency_map", "class_probabilities"]


def kept(directory, step, report, unit="epoch"):
    """Writes a look, as another training that goes on there would."""
    numbers = Numbers(str(directory), unit)
    numbers.write(numbers.records(step, report))
    numbers.close()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A log directory, and the reports of the same epochs."""
    log_dir, reports = tmp_path_factory.mktemp("logs"), []
    watched = probes(3, names=["one", "two", "three"])
    looks = AtEpochEnd(lambda model, epoch: reports.append(explain(model, watched)))
    fit(compiled(), Picasso(log_dir, watched), looks, epochs=3)
    return log_dir, reports


def test_numbers_are_those_that_explain_gives(trained):
    log_dir, reports = trained
    [run] = load(log_dir).values()
    assert run.steps.tolist() == [0, 1, 2]
    for place, report in enumerate(reports):
        np.testing.assert_allclose(run.probabilities[place], report.probabilities, atol=1e-6)
        np.testing.assert_allclose(run.log_odds[place], report.log_odds, atol=1e-5)
        np.testing.assert_array_equal(run.targets[place], report.targets)
        for method in METHODS:
            values = report[method].values
            # Sixteen bits hold eleven of a number.
            np.testing.assert_allclose(run.values(method, epoch=place), values, atol=np.abs(values).max() / 2**11)


def test_values_are_chosen_by_probe_and_epoch(trained):
    [run] = load(trained[0]).values()
    every = run.values("partial_occlusion")
    assert every.shape == (3, 3, 2, 8, 8)
    np.testing.assert_array_equal(run.values("partial_occlusion", probe="two"), every[:, 1])
    np.testing.assert_array_equal(run.values("partial_occlusion", probe=-1, epoch=2), every[2, 2])
    assert run.windows("partial_occlusion", 0).shape == (3, 2, 7, 7)


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"method": "grad_cam"}, "it holds .*'partial_occlusion'"),
        ({"method": "saliency_map", "probe": "four"}, "there are one, two, three"),
        ({"method": "saliency_map", "probe": 3}, "there are 3, from 0"),
        ({"method": "saliency_map", "epoch": 9}, "there are 0, 1, 2"),
    ],
)
def test_what_there_is_not_is_told_beside_what_there_is(trained, chosen, words):
    [run] = load(trained[0]).values()
    with pytest.raises(KeyError, match=words):
        run.values(**chosen)


def test_changes_are_the_probability_that_moved(trained):
    [run] = load(trained[0]).values()
    moved = np.maximum(run.probabilities[2] - run.probabilities[1], 0).sum(axis=1)
    np.testing.assert_allclose(run.changes[2], moved, atol=1e-6)
    assert run.changes[0].tolist() == [0, 0, 0]


def test_a_data_frame_has_a_row_for_each_probe_and_target(trained):
    frame = load(trained[0]).to_pandas()
    assert len(frame) == 3 * 3 * 2
    row = frame[(frame.epoch == 1) & (frame.probe == "two")].iloc[0]
    assert (row.run, row.label, row.target) == ("picasso", "middle", "middle")
    np.testing.assert_allclose(row.log_odds, trained[1][1].log_odds[1, 0], atol=1e-5)
    largest = np.abs(trained[1][1]["saliency_map"].values[1]).max()
    np.testing.assert_allclose(row.saliency_map_largest, largest, rtol=1e-5)


def test_many_runs_by_their_directories(trained, tmp_path):
    report = trained[1][0]
    for number in range(20):
        kept(tmp_path / f"run {number:02}" / "picasso", 4, report)
    assert list(load(tmp_path)) == [f"run {number:02}/picasso" for number in range(20)]
    assert list(load(tmp_path / "run 03" / "picasso")) == ["."]


def test_a_directory_without_numbers_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"load: log_dir is .* in which there are no numbers of Picasso"):
        load(tmp_path / "nothing")


def test_it_is_read_while_it_is_written(trained, tmp_path):
    writes, seen = Numbers(str(tmp_path), "epoch"), []
    for step in range(3):
        writes.write(writes.records(step, trained[1][step]))
        seen.append(load(tmp_path)["."].steps.tolist())
    assert seen == [[0], [0, 1], [0, 1, 2]]


def test_a_training_that_goes_on_with_other_probes_shows_those(trained, tmp_path):
    kept(tmp_path, 0, trained[1][0])
    kept(tmp_path, 1, explain(compiled(), probes(2)))
    assert load(tmp_path)["."].steps.tolist() == [1]


def test_plain_numbers_have_no_probabilities(tmp_path):
    model = linear((2, 2, 1), np.eye(4, 2))
    report = explain(
        model, Probes(np.ones((3, 2, 2, 1))), decode_prob="value", methods=[PartialOcclusion(1, 1, "black")]
    )
    kept(tmp_path, 7, report, "step")
    run = load(tmp_path)["."]
    assert run.probabilities is None
    assert run.plain_values[0, 0].tolist() == [1, 1]
    assert run.values("partial_occlusion", probe=0, epoch=7)[0].tolist() == [[1, 0], [0, 0]]
    assert load(tmp_path).to_pandas().step.unique().tolist() == [7]


def test_findings_and_evidence(tmp_path):
    model = shortcut_training.compiled()
    callback = shortcut_training.watching(tmp_path, methods=METHODS, on_alarm="log")
    shortcut_training.fit(model, callback)
    [run] = load(tmp_path).values()
    said = run.findings(1)
    assert said["alarms"] == ["sky"]
    [sky] = [one for one in said["dependences"] if one["name"] == "sky"]
    assert sky["count"] == "12 of 12"
    assert sky["moved"] == list(range(12))
    assert run.expected == "vehicle"
    shares = run.evidence()["partial_occlusion", "sky"]
    assert shares.shape == (2, 2, 12)
    np.testing.assert_allclose(shares[1, 1], 1 / 3, atol=1e-6)  # the area
    assert run.regions["sky"].mean() == pytest.approx(1 / 3)


def test_a_look_is_bounded_whatever_the_probes(tmp_path):
    images = np.random.default_rng(0).random((64, 96, 96, 3), dtype="float32")
    model = linear((96, 96, 3), np.random.default_rng(1).normal(0, 0.01, (96 * 96 * 3, 2)), "softmax")
    report = explain(model, Probes(images), shortcuts=False)
    size = sum(array.nbytes for record in (maps_record(report), numbers_record(report)) for array in record.values())
    assert 0.9 * LOOK_BYTES < size < LOOK_BYTES + 5000
    assert maps_record(report)["map_saliency_map"].shape == (64, 2, 58, 58)


def test_a_window_at_every_pixel_is_kept_as_pixels(tmp_path):
    image = np.random.default_rng(0).random((48, 32, 32, 1), dtype="float32")  # of 2 x 900 windows, 346 kB
    model = linear((32, 32, 1), np.random.default_rng(1).normal(0, 1, (1024, 2)), "softmax")
    report = explain(model, Probes(image), methods=[PartialOcclusion(3, 1)], shortcuts=False)
    kept(tmp_path, 0, report)
    run = load(tmp_path)["."]
    assert "windows" not in run.methods["partial_occlusion"]
    values = report["partial_occlusion"].values
    np.testing.assert_allclose(run.values("partial_occlusion", epoch=0), values, atol=np.abs(values).max() / 2**11)


def test_reading_takes_no_keras(trained):
    program = (
        f"import sys, picasso_callbacks\nrun = picasso_callbacks.load({str(trained[0])!r})['picasso']\n"
        "run.values('saliency_map')\nassert not {'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_method_that_fails_leaves_a_gap(trained, tmp_path):
    full = explain(compiled(), probes(2))
    kept(tmp_path, 0, full)
    kept(tmp_path, 1, explain(compiled(), probes(2), methods=["class_probabilities"]))
    values = load(tmp_path)["."].values("saliency_map")
    assert np.isnan(values[1]).all()
    assert np.isfinite(values[0]).all()
    keras.backend.clear_session()
