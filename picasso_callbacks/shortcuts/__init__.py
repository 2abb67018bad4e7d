"""Shortcuts: what the answers hang on - exchange, evidence, hiding, drift, the alarm and the verdict in words."""

from picasso_callbacks.shortcuts.dependence import Dependence
from picasso_callbacks.shortcuts.detector import Detection, Detector, make_detector
from picasso_callbacks.shortcuts.drift import Drift
from picasso_callbacks.shortcuts.evidence import Evidence, weigh_regions
from picasso_callbacks.shortcuts.hiding import Hiding, hide_regions
from picasso_callbacks.shortcuts.verdict import make_verdict

__all__ = [
    "Dependence",
    "Detection",
    "Detector",
    "Drift",
    "Evidence",
    "Hiding",
    "hide_regions",
    "make_detector",
    "make_verdict",
    "weigh_regions",
]
