"""Probes: what is asked about - images, what they show, and how they come in."""

from picasso_callbacks.probes.images import as_numpy, is_finite
from picasso_callbacks.probes.probes import Probes, in_units_of

__all__ = ["Probes", "as_numpy", "in_units_of", "is_finite"]
