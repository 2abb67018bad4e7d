"""The detector in a training: when it speaks, to whom, and when it is silent."""

import logging

import keras
import numpy as np
import pytest
from helpers.event_files import picture, read, scalar
from helpers.models import linear
from helpers.shortcut_training import compiled, data, fit, probes, regions

from picasso_callbacks import PartialOcclusion, Picasso, explain
from picasso_callbacks.explain import Inquiry
from picasso_callbacks.report import Report
from picasso_callbacks.shortcuts.exchange import Exchanges
from picasso_callbacks.training.responder import Responder

OURS = ("picasso_callbacks", logging.WARNING)
METHODS = ["class_probabilities"]
SKY = {f"picasso_dependence/{name}" for name in ("sky", "surroundings", "texture")}
CUES = {f"picasso_dependence/{name}" for name in ("colour", "layout", "texture", "frame", "corners", "tag 1", "tag 2")}


def watching(log_dir, **settings):
    given = {"probes": probes(), "methods": METHODS, "expected": "vehicle", "on_error": "raise", **settings}
    return Picasso(log_dir, **given)


def warnings(caplog):
    return [told.getMessage() for told in caplog.records if (told.name, told.levelno) == OURS]


def test_the_shortcut_is_named_at_the_first_epoch(tmp_path, caplog):
    fit(compiled(), watching(tmp_path), epochs=1)
    (warning,) = warnings(caplog)
    assert warning.startswith("Picasso, epoch 0: half-track: swapping the sky changes 6 of 6 answers")
    assert "tank: swapping the sky changes 6 of 6 answers" in warning
    assert warning.endswith("the answers should come from the vehicle.")


def test_the_expected_region_may_be_learned(tmp_path, caplog):
    history = fit(compiled(), watching(tmp_path, expected="sky"))
    assert not warnings(caplog)
    assert max(map(abs, history.history["picasso_dependence/vehicle"])) < 0.1


def test_without_masks_kinds_of_cues_are_tried(tmp_path, caplog):
    history = fit(compiled(), watching(tmp_path, expected=None))
    assert set(history.history) - {"loss"} == CUES
    assert "layout" in warnings(caplog)[0]


def test_an_alarm_is_told_once(tmp_path, caplog):
    fit(compiled(), watching(tmp_path), epochs=4)
    assert len(warnings(caplog)) == 1


def test_a_second_fit_tells_it_again(tmp_path, caplog):
    picasso = watching(tmp_path)
    for _ in range(2):
        fit(compiled(), picasso)
    assert len(warnings(caplog)) == 2


def test_several_fits_of_one_training_are_told_once(tmp_path, caplog):
    model, picasso = compiled(), watching(tmp_path)
    for epoch in range(3):
        fit(model, picasso, initial_epoch=epoch, epochs=epoch + 1)
    assert len(warnings(caplog)) == 1


class Spoils(keras.callbacks.Callback):
    """Sets the weights to NaN at the end of epoch 1."""

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            self.model.set_weights([np.full_like(values, np.nan) for values in self.model.get_weights()])


def test_of_scores_that_are_not_finite_nothing_is_said(tmp_path, caplog):
    seen = []
    after = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(sorted(logs)))
    fit(compiled(), Spoils(), watching(tmp_path), after, epochs=2)
    assert [warning.split(":")[0] for warning in warnings(caplog)] == ["Picasso, epoch 0"]
    assert [("picasso_dependence/sky" in logs) for logs in seen] == [True, False]


def test_where_nothing_can_be_found_out_any_more_nothing_is_said(tmp_path, caplog, monkeypatch):
    measure, looks = Exchanges.measure, []

    def fails_later(self, live, scores):
        looks.append(0)
        if len(looks) > 2:  # the rehearsal and epoch 0
            raise RuntimeError("no memory")
        return measure(self, live, scores)

    monkeypatch.setattr(Exchanges, "measure", fails_later)
    fit(compiled(), watching(tmp_path, on_error="warn"), epochs=3)
    alarm, failed = warnings(caplog)
    assert alarm.startswith("Picasso, epoch 0: half-track")
    assert "shortcuts failed and is switched off" in failed


class Forgets(keras.callbacks.Callback):
    """Sets the weights to zero at the end of epoch 1."""

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            self.model.set_weights([np.zeros_like(values) for values in self.model.get_weights()])


def test_that_it_is_over_is_told_too(tmp_path, caplog):
    fit(compiled(), Forgets(), watching(tmp_path), epochs=2)
    alarm, over = warnings(caplog)
    assert alarm.startswith("Picasso, epoch 0: half-track: swapping the sky")
    assert over == "Picasso, epoch 1: No shortcut seen: the answers hang on nothing outside of the vehicle."


def test_log_is_silent(tmp_path, caplog):
    history = fit(compiled(), watching(tmp_path, on_alarm="log"))
    assert not warnings(caplog)
    assert history.history["picasso_dependence/sky"][-1] > 0.5


def test_stop_stops_at_the_first_alarm_and_says_why(tmp_path, caplog):
    model = compiled()
    history = fit(model, watching(tmp_path, on_alarm="stop"), epochs=5)
    assert history.epoch == [0]
    assert model.stop_training
    assert len(warnings(caplog)) == 1


def test_stop_does_not_stop_an_honest_training(tmp_path):
    history = fit(compiled(), watching(tmp_path, on_alarm="stop", expected="sky"), epochs=3)
    assert history.epoch == [0, 1, 2]


def test_a_function_gets_the_report_at_each_look_with_alarms(tmp_path, caplog):
    reports = []
    fit(compiled(), watching(tmp_path, on_alarm=reports.append), epochs=2)
    assert [type(report) for report in reports] == [Report, Report]
    assert [one.name for one in reports[0].alarms] == ["sky"]  # not the surroundings as well, of which it is a part
    assert not warnings(caplog)


def test_a_function_is_not_called_without_alarms(tmp_path):
    reports = []
    fit(compiled(), watching(tmp_path, on_alarm=reports.append, expected="sky"))
    assert reports == []


MAPS = [PartialOcclusion(3, 1), "saliency_map"]


def test_the_evidence_lies_on_the_shortcut_and_the_answers_do_without_the_object(tmp_path):
    reports = []
    fit(compiled(), watching(tmp_path, methods=MAPS, on_alarm=reports.append), epochs=6)
    last = reports[-1]
    sky, vehicle, *_ = last.evidence
    assert (sky.method, sky.region, vehicle.region) == ("partial_occlusion", "sky", "vehicle")
    assert sky.area == pytest.approx(1 / 3)
    assert sky.lift > 1.5
    assert vehicle.lift < 0.8
    assert sky.share + vehicle.share == pytest.approx(1)
    of_sky, of_vehicle = last.hidings
    assert of_sky.fall > 0.5
    assert of_vehicle.flipped == 0
    assert last.stable_since is not None
    assert last.verdict.endswith(
        f" {sky.share:.0%} of the evidence lies on the sky, which is 33% of the picture. With the vehicle hidden, "
        "12 of 12 answers stay the same. Not what you would expect: the answers should come from the vehicle. "
        f"What it looks at has been the same since epoch {last.stable_since}."
    )


def test_evidence_hiding_and_drift_are_written_as_scalars(tmp_path):
    reports = []
    fit(compiled(), watching(tmp_path, methods=MAPS, on_alarm=reports.append), epochs=6)
    written = {tag: scalar(value) for (_, tag, step), value in read(tmp_path).items() if step == 5 and is_scalar(tag)}
    last = reports[-1]
    for one in last.evidence:
        assert written.pop(f"picasso_evidence/{one.region}/{one.method}") == pytest.approx(one.share)
    for one in last.hidings:
        assert written.pop(f"picasso_evidence/{one.region}/area") == pytest.approx(
            1 / 3 if one.region == "sky" else 2 / 3
        )
        assert written.pop(f"picasso_hiding/{one.region}/answers changed") == pytest.approx(one.flipped)
        assert written.pop(f"picasso_hiding/{one.region}/fall of log-odds") == pytest.approx(one.fall)
    assert written == {"picasso_stable_since": last.stable_since}


def is_scalar(tag):
    return tag.startswith(("picasso_evidence", "picasso_hiding", "picasso_stable_since"))


def test_what_it_looks_at_changes_when_it_is_made_to_look_elsewhere(tmp_path):
    class Turns(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch >= 3:
                weights = np.zeros((12, 12, 2))
                weights[8:, :, 1] = 1
                self.model.set_weights([weights.reshape(144, 2), np.zeros(2)])

    fit(compiled(), Turns(), watching(tmp_path, methods=MAPS), epochs=6)
    since = {step: scalar(value) for (_, tag, step), value in read(tmp_path).items() if tag == "picasso_stable_since"}
    assert 3 not in since
    assert (since[4], since[5]) == (3, 3)


def test_the_other_processes_of_a_training_stop_in_silence(caplog):
    model = compiled()
    fit(model)
    report = explain(model, probes(), methods=METHODS, expected="vehicle")
    assert report.alarms
    assert Responder("stop").respond(0, report, aloud=False)
    assert not warnings(caplog)
    assert Responder("stop").respond(0, report, aloud=True)
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize("wrong", ["shout", None, 3])
def test_another_on_alarm_raises(tmp_path, wrong):
    with pytest.raises(ValueError, match=r"on_alarm is .*expected 'warn', 'log', 'stop' or a function"):
        watching(tmp_path, on_alarm=wrong)


def test_dependences_are_in_the_history(tmp_path):
    history = fit(compiled(), watching(tmp_path))
    assert set(history.history) - {"loss"} == SKY
    assert len(history.history["picasso_dependence/sky"]) == 2


def test_between_looks_the_last_numbers_stay(tmp_path):
    history = fit(compiled(), watching(tmp_path, every=2), epochs=4)
    first, second, third, _ = history.history["picasso_dependence/sky"]
    assert first == second != third


def test_early_stopping_can_watch_one(tmp_path):
    # It is to rise by no less than 1, which it can't: so it stops after the epoch that it waits.
    stopping = keras.callbacks.EarlyStopping("picasso_dependence/sky", mode="max", min_delta=1, patience=1)
    history = fit(compiled(), watching(tmp_path), stopping, epochs=5)
    assert history.epoch == [0, 1]


def test_scalars_and_the_verdict_are_written(tmp_path):
    history = fit(compiled(), watching(tmp_path))
    written = read(tmp_path)
    for epoch in (0, 1):
        for tag in SKY:
            assert scalar(written["picasso", tag, epoch]) == pytest.approx(history.history[tag][epoch])
        verdict = written["picasso", "picasso_verdict", epoch].tensor.string_val[0].decode()
        assert verdict.startswith("half-track: swapping the sky changes 6 of 6 answers")


def test_thirds_are_written_but_are_not_in_the_history(tmp_path):
    history = fit(compiled(), watching(tmp_path, expected=None), epochs=1)
    written = {tag for _, tag, _ in read(tmp_path) if tag.startswith("picasso_dependence/")}
    assert written - CUES == {f"picasso_dependence/{name}" for name in ("top", "middle", "bottom")}
    assert "picasso_dependence/top" not in history.history


def test_without_shortcuts_nothing_of_them_is_written_or_logged(tmp_path, caplog):
    history = fit(compiled(), watching(tmp_path, shortcuts=False, expected=None))
    assert set(history.history) == {"loss"}
    tags = {tag for _, tag, _ in read(tmp_path)}
    assert not [tag for tag in tags if "dependence" in tag or "verdict" in tag]
    assert not warnings(caplog)


def test_the_training_is_the_same_bit_for_bit(tmp_path):
    def train(*callbacks):
        model = compiled()
        history = fit(model, *callbacks)
        return model.get_weights(), history.history["loss"]

    weights, losses = train()
    for settings in ({"shortcuts": False, "expected": None}, {"expected": None}, {}):
        found, of_these = train(watching(tmp_path / str(len(settings)), **settings))
        assert of_these == losses
        for one, other in zip(found, weights, strict=True):
            np.testing.assert_array_equal(one, other)


def test_cards_keep_their_height_with_and_without_an_alarm(tmp_path):
    fit(compiled(), Forgets(), watching(tmp_path), epochs=2)
    written = read(tmp_path)
    heights = {picture(value).shape for (_, tag, _), value in written.items() if tag.startswith("picasso/")}
    assert len(heights) == 1


SILENT = {
    "unlabelled": {"labels": None, "class_names": None},
    "one class": {"labels": np.zeros(12, dtype=int), "class_names": None},
    "one probe of each": {"labels": np.arange(12), "class_names": None},
}


@pytest.mark.parametrize("case", SILENT)
def test_probes_that_can_not_tell_switch_it_off_in_silence(case, tmp_path, caplog):
    model = linear((12, 12, 1), np.zeros((144, 12)), "softmax", loss="sparse_categorical_crossentropy")
    model.fit(*data(), verbose=0, callbacks=[watching(tmp_path, probes=probes(**SILENT[case]), expected=None)])
    assert not [tag for _, tag, _ in read(tmp_path) if "dependence" in tag]
    assert not warnings(caplog)


@pytest.mark.parametrize("settings", [{"shortcuts": True, "expected": None}, {"expected": "vehicle"}])
@pytest.mark.parametrize("case", SILENT)
def test_asked_for_it_says_why_not(case, settings, tmp_path):
    words = "labels" if case == "unlabelled" else "two or more probes of two or more classes"
    with pytest.raises(ValueError, match=words):
        watching(tmp_path, probes=probes(**SILENT[case]), **settings)


def test_an_unknown_region_raises_and_names_the_regions(tmp_path):
    with pytest.raises(ValueError, match=r"expected is 'tank'; the probes' regions are \['sky', 'vehicle'\]"):
        watching(tmp_path, expected="tank")


def test_a_region_expected_of_probes_without_regions_raises(tmp_path):
    with pytest.raises(ValueError, match="expected is 'vehicle'"):
        watching(tmp_path, probes=probes(regions=None))


@pytest.mark.parametrize("allowed", [["weather"], ["colour", "weather"], "colour"])
def test_an_unknown_cue_raises_and_names_the_cues(tmp_path, allowed):
    with pytest.raises(ValueError, match=r"allowed is .*; expected a list of some of \['colour', 'layout'"):
        watching(tmp_path, expected=None, allowed=allowed)


def test_an_unknown_region_raises_where_one_is_expected(tmp_path):
    message = r"allowed is \['weather'\]; expected a list of some of \['sky', 'vehicle', 'texture'\]"
    with pytest.raises(ValueError, match=message):
        watching(tmp_path, allowed=["weather"])


def test_an_allowed_region_is_as_good_as_the_expected_one(tmp_path, caplog):
    ground = np.zeros((12, 12, 12), dtype=bool)
    ground[:, -3:] = True
    three = {**regions(12), "ground": ground}
    history = fit(compiled(), watching(tmp_path, probes=probes(regions=three), expected="ground", allowed=["sky"]))
    tried = ("vehicle", "surroundings", "texture")
    assert set(history.history) - {"loss"} == {f"picasso_dependence/{name}" for name in tried}
    assert max(map(abs, history.history["picasso_dependence/surroundings"])) < 0.1
    assert not warnings(caplog)


def test_an_error_of_on_alarm_is_told_and_the_training_goes_on(tmp_path, caplog):
    def fail(report):
        raise RuntimeError("no pager here")

    history = fit(compiled(), watching(tmp_path, on_alarm=fail, on_error="warn"), epochs=3)
    assert history.epoch == [0, 1, 2]
    (warning,) = warnings(caplog)
    assert "on_alarm failed and is switched off" in warning
    assert "picasso_verdict" in {tag for _, tag, step in read(tmp_path) if step == 2}


def test_an_allowed_cue_is_measured_but_does_not_alarm(tmp_path):
    model = compiled()
    fit(model, epochs=2)
    cues = ["colour", "layout", "frame", "corners", "tag 1", "tag 2"]
    for allowed, silent in (([], False), (cues, True)):
        report = explain(model, probes(), methods=METHODS, allowed=allowed)
        assert (report.alarms == ()) is silent
        assert next(one for one in report.dependences if one.name == "layout").change > 0.2


def test_plain_numbers_have_no_shortcuts():
    report = explain(linear((12, 12, 1), np.ones((144, 2))), probes(), methods=METHODS, decode_prob="value")
    assert (report.dependences, report.alarms, report.verdict) == ((), (), "")


def test_asked_for_of_plain_numbers_it_says_that_there_are_none():
    model = linear((12, 12, 1), np.ones((144, 2)))
    with pytest.raises(ValueError, match="the model's output is plain numbers; shortcuts are told of models that"):
        explain(model, probes(), methods=METHODS, decode_prob="value", expected="vehicle")


def test_asked_for_of_a_dense_output_it_says_so_before_training(tmp_path):
    model = keras.Sequential([keras.Input((12, 12, 1)), keras.layers.Conv2D(2, 1, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    images, _ = data()
    with pytest.raises(ValueError, match="the model's output is a class for each position"):
        model.fit(images, np.zeros((48, 12, 12)), verbose=0, callbacks=[watching(tmp_path)])


def test_a_network_that_is_turned_over_still_looks_at_the_same():
    model = compiled()
    fit(model, epochs=2)
    inquiry, seen = Inquiry(probes(), [PartialOcclusion(window=4, stride=4)], "top", 1), []
    for sign in (1, -1):
        kernel, bias = model.get_weights()
        model.set_weights([sign * kernel, bias])
        live = inquiry.watch(model)
        seen.append(inquiry.look(live, now=len(seen)).stable_since)
    assert seen == [None, 0]


def test_explain_gives_the_same_verdict(tmp_path):
    model, reports = compiled(), []
    fit(model, watching(tmp_path, on_alarm=reports.append), epochs=1)
    assert explain(model, probes(), methods=METHODS, expected="vehicle").verdict == reports[0].verdict


def test_regions_of_some_probes_are_enough():
    some = {name: [None, *masks[1:]] for name, masks in regions(12).items()}
    model = compiled()
    fit(model, epochs=2)
    report = explain(model, probes(regions=some), methods=METHODS, expected="vehicle")
    assert report.alarms[0].name in ("sky", "surroundings")
