"""Occlusion below the cost of its forward passes: only what a window changes is computed, layer by layer.

A window changes only its neighbourhood in the early layers of a network. `make_plan` says, for a model and its windows,
which layers are computed on the changed patch alone; `run_untouched` computes the untouched images, once, and
`run_under_windows` the patches, which take what surrounds them from there. Every window is computed, at the stride that
was asked for, and the numbers are those of whole forward passes.

A layer of your own takes part if it is given a rule: `rules[MyLayer] = pointwise`.
"""

from picasso_callbacks.model.incremental.ask import UnderWindows
from picasso_callbacks.model.incremental.graph import try_graph
from picasso_callbacks.model.incremental.plan import Plan, make_plan
from picasso_callbacks.model.incremental.routes import Routes
from picasso_callbacks.model.incremental.rules import pointwise, rules, sliding
from picasso_callbacks.model.incremental.run import run_under_windows, run_untouched

__all__ = [
    "Plan",
    "Routes",
    "UnderWindows",
    "make_plan",
    "pointwise",
    "rules",
    "run_under_windows",
    "run_untouched",
    "sliding",
    "try_graph",
]
