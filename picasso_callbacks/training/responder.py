"""Responder: what is done about an alarm."""

from __future__ import annotations

from picasso_callbacks.plain import logger
from picasso_callbacks.report import Report
from picasso_callbacks.typing import OnAlarm, is_one_of


class Responder:
    """Tells about alarms, each once until all are over.

    Args:
        on_alarm: `"warn"`: logs the verdict when there is an alarm that was not told of yet, and when all are over.
            `"log"`: leaves it to TensorBoard. `"stop"`: warns and asks to stop. A function: is called with the report
            at each look that has alarms, in every process of a distributed training, since it may want to stop it.

    Raises:
        ValueError: It is none of these.
    """

    def __init__(self, on_alarm: OnAlarm):
        if not callable(on_alarm) and not is_one_of(on_alarm, ("warn", "log", "stop")):
            raise ValueError(f"Picasso: on_alarm is {on_alarm!r}; expected 'warn', 'log', 'stop' or a function.")
        self._on_alarm = on_alarm
        self._told: set[str] = set()

    @property
    def may_stop(self) -> bool:
        """Whether an alarm stops the training."""
        return self._on_alarm == "stop"

    def restart(self) -> None:
        """Forgets what was told, as for another training."""
        self._told = set()

    def respond(self, moment: str, report: Report, aloud: bool = True) -> bool:
        """Does what `on_alarm` says.

        Args:
            moment: When that is, such as "epoch 3".
            report: What was seen.
            aloud: Whether this process is the one of the training that logs.

        Returns:
            Whether training should stop, as this process sees it.
        """
        names = [one.name for one in report.alarms]
        if callable(self._on_alarm):
            if names:
                self._on_alarm(report)
            return False
        if not report.dependences:  # nothing was found out
            return False
        news = not self._told.issuperset(names) if names else bool(self._told)
        if aloud and self._on_alarm != "log" and news and report.verdict:
            logger.warning("Picasso, %s: %s", moment, report.verdict)
        self._told = self._told.union(names) if names else set()
        return bool(names) and self.may_stop
