"""Shortcuts: what the answers hang on - exchange, evidence, hiding, drift, the alarm and the verdict in words."""

from picasso_callbacks.shortcuts.dependence import Dependence
from picasso_callbacks.shortcuts.evidence import Evidence
from picasso_callbacks.shortcuts.finder import Finder, Findings
from picasso_callbacks.shortcuts.hiding import Hiding
from picasso_callbacks.shortcuts.proof import Proof, Swap
from picasso_callbacks.shortcuts.verdict import words_on_card

__all__ = ["Dependence", "Evidence", "Finder", "Findings", "Hiding", "Proof", "Swap", "words_on_card"]
