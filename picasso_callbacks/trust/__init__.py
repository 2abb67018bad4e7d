"""How far maps are to be trusted: whether they find what the score rests on, and whether they know the network."""

from picasso_callbacks.trust.trust import Trust, measure_trust

__all__ = ["Trust", "measure_trust"]
