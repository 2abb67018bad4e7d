"""The detector in a training: when it speaks, to whom, and when it is silent."""

import keras
import numpy as np
import pytest
from helpers.event_files import picture, read, scalar
from helpers.shortcut_training import METHODS, Forgets, compiled, fit, probes, regions, warnings, watching

from picasso_callbacks import PartialOcclusion, explain
from picasso_callbacks.explain import Inquiry

SKY = {f"picasso_dependence/{name}" for name in ("sky", "surroundings", "texture")}


CUES = {f"picasso_dependence/{name}" for name in ("colour", "layout", "texture", "frame", "corners", "tag 1", "tag 2")}


def test_the_shortcut_is_named_at_the_first_epoch(tmp_path, caplog):
    fit(compiled(), watching(tmp_path), epochs=1)
    (warning,) = warnings(caplog)
    assert warning.startswith("Picasso, epoch 0: half-track: swapping the sky changes 6 of 6 answers")
    assert "tank: swapping the sky changes 6 of 6 answers" in warning
    assert warning.endswith("the answers should come from the vehicle.")


def test_the_expected_region_may_be_learned(tmp_path, caplog):
    history = fit(compiled(), watching(tmp_path, expected="sky"))
    assert not warnings(caplog)
    assert abs(history.history["picasso_dependence"][-1]) < 0.1  # of the texture


def test_without_masks_kinds_of_cues_are_tried(tmp_path, caplog):
    history = fit(compiled(), watching(tmp_path, expected=None))
    assert {tag for _, tag, _ in read(tmp_path)} > CUES
    assert set(history.history) == {"loss", "picasso_dependence"}
    assert "layout" in warnings(caplog)[0]


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


def test_dependences_are_in_the_history(tmp_path):
    history = fit(compiled(), watching(tmp_path))
    assert set(history.history) == {"loss", "picasso_dependence"}
    assert len(history.history["picasso_dependence"]) == 2


def test_between_looks_the_last_numbers_stay(tmp_path):
    model = compiled()
    nothing = [np.zeros((144, 2)), np.zeros(2)]
    forgets = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epoch and model.set_weights(nothing))
    history = fit(model, forgets, watching(tmp_path, every=2), epochs=4)
    assert history.history["picasso_dependence"] == [1, 1, 0, 0]


def test_early_stopping_can_watch_one(tmp_path):
    # It is to rise by no less than 1, which it can't: so it stops after the epoch that it waits.
    stopping = keras.callbacks.EarlyStopping("picasso_dependence", mode="max", min_delta=1, patience=1)
    history = fit(compiled(), watching(tmp_path), stopping, epochs=5)
    assert history.epoch == [0, 1]


def test_scalars_and_the_verdict_are_written(tmp_path):
    history = fit(compiled(), watching(tmp_path))
    written = read(tmp_path)
    for epoch in (0, 1):
        largest = max(scalar(written["picasso", tag, epoch]) for tag in SKY)
        assert largest == pytest.approx(history.history["picasso_dependence"][epoch])
    verdict = written["picasso", "picasso_verdict", 0].tensor.string_val[0].decode()
    assert verdict.startswith("half-track: swapping the sky changes 6 of 6 answers")


def test_the_card_the_sentence_and_the_numbers_agree(tmp_path):
    reports = []
    history = fit(compiled(), watching(tmp_path, on_alarm=reports.append), epochs=1)
    [report] = reports
    worst = report.alarms[0]
    assert worst.count == "12 of 12"
    assert (worst.change, history.history["picasso_dependence"]) == (1, [1])
    assert report.verdict.count("6 of 6 answers") == 2
    assert report.panel(0).finding == "hangs on the sky (12 of 12 answers)"
    np.testing.assert_array_equal(report.panel(0).outline, regions(12)["sky"][0])
    assert scalar(read(tmp_path)["picasso", "picasso_dependence/sky", 0]) == 1


def test_thirds_are_written_but_do_not_count_in_the_history(tmp_path):
    history = fit(compiled(), watching(tmp_path, expected=None), epochs=1)
    written = {
        tag: scalar(value) for (_, tag, _), value in read(tmp_path).items() if tag.startswith("picasso_dependence/")
    }
    assert history.history["picasso_dependence"][0] == pytest.approx(max(written[tag] for tag in CUES))
    assert set(written) - CUES == {f"picasso_dependence/{name}" for name in ("top", "middle", "bottom")}


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
    assert abs(history.history["picasso_dependence"][-1]) < 0.1  # of the texture
    assert not warnings(caplog)


def test_an_allowed_cue_is_measured_but_does_not_alarm(tmp_path):
    model = compiled()
    fit(model, epochs=2)
    cues = ["colour", "layout", "frame", "corners", "tag 1", "tag 2"]
    for allowed, silent in (([], False), (cues, True)):
        report = explain(model, probes(), methods=METHODS, allowed=allowed)
        assert (report.alarms == ()) is silent
        assert next(one for one in report.dependences if one.name == "layout").change > 0.2


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
