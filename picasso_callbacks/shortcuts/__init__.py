"""Shortcuts: what the answers hang on - exchange between probes, the alarm, the verdict in words."""

from picasso_callbacks.shortcuts.alarm import alarms
from picasso_callbacks.shortcuts.dependence import Dependence
from picasso_callbacks.shortcuts.exchange import Exchanges
from picasso_callbacks.shortcuts.verdict import verdict

__all__ = ["Dependence", "Exchanges", "alarms", "verdict"]
