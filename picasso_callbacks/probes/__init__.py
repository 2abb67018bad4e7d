"""Probes: what is asked about - images, what they show, and how they come in."""

from picasso_callbacks.probes.probes import Probes, in_units_of

__all__ = ["Probes", "in_units_of"]
