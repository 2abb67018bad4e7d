"""What is done about an alarm."""

from types import SimpleNamespace

import pytest
from helpers.event_files import read
from helpers.shortcut_training import METHODS, Forgets, compiled, fit, probes, warnings, watching

from picasso_callbacks import explain
from picasso_callbacks.report import Report
from picasso_callbacks.shortcuts.exchange import Exchanges
from picasso_callbacks.training.responder import Responder


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


def test_where_nothing_can_be_found_out_any_more_nothing_is_said(tmp_path, caplog, monkeypatch):
    measure, looks = Exchanges.measure, []

    def fails_later(self, *asked):
        looks.append(0)
        if len(looks) > 2:  # the rehearsal and epoch 0
            raise RuntimeError("no memory")
        return measure(self, *asked)

    monkeypatch.setattr(Exchanges, "measure", fails_later)
    fit(compiled(), watching(tmp_path, on_error="warn"), epochs=3)
    alarm, failed = warnings(caplog)
    assert alarm.startswith("Picasso, epoch 0: half-track")
    assert "shortcuts failed; it is tried again" in failed


def test_each_alarm_is_told_of_once_until_all_are_over(caplog):
    def report(*names):
        alarms = tuple(SimpleNamespace(name=name) for name in names)
        return SimpleNamespace(alarms=alarms, dependences=(1,), verdict=" and ".join(names) or "none")

    responder = Responder("warn")
    for epoch, names in enumerate(["a", "a", "ab", "a", "ab", "", "", "a"]):
        responder.respond(f"epoch {epoch}", report(*names))
    told = [record.getMessage().removeprefix("Picasso, epoch ") for record in caplog.records]
    assert told == ["0: a", "2: a and b", "5: none", "7: a"]


def test_that_it_is_over_is_told_too(tmp_path, caplog):
    fit(compiled(), Forgets(), watching(tmp_path), epochs=2)
    alarm, over = warnings(caplog)
    assert alarm.startswith("Picasso, epoch 0: half-track: swapping the sky")
    assert (
        over
        == "Picasso, epoch 1: No shortcut seen: the answers hang on nothing outside of the vehicle (12 probes, 3 cues)."
    )


def test_log_is_silent(tmp_path, caplog):
    history = fit(compiled(), watching(tmp_path, on_alarm="log"))
    assert not warnings(caplog)
    assert history.history["picasso_dependence"][-1] > 0.5


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


def test_an_error_of_on_alarm_is_told_and_the_training_goes_on(tmp_path, caplog):
    def fail(report):
        raise RuntimeError("no pager here")

    history = fit(compiled(), watching(tmp_path, on_alarm=fail, on_error="warn"), epochs=3)
    assert history.epoch == [0, 1, 2]
    failed, given_up = warnings(caplog)
    assert "on_alarm failed; it is tried again" in failed
    assert "on_alarm failed 3 times in a row and is switched off" in given_up
    assert "picasso_dependence/sky" in {tag for _, tag, step in read(tmp_path) if step == 2}
