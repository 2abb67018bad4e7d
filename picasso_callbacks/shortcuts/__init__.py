"""Shortcuts: what the answers hang on - exchange between probes, the alarm, the verdict in words."""

from picasso_callbacks.shortcuts.dependence import Dependence
from picasso_callbacks.shortcuts.detector import Detection, Detector, make_detector

__all__ = ["Dependence", "Detection", "Detector", "make_detector"]
