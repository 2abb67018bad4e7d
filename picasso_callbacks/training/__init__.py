"""A training that is looked at: when, at what cost, what is said of it, and what is done about an alarm."""

from picasso_callbacks.training.budget import Budget
from picasso_callbacks.training.notices import (
    announcement,
    cost_notice,
    mismatch_notice,
    spacing_notice,
    writing_notice,
)
from picasso_callbacks.training.responder import Responder
from picasso_callbacks.training.roster import enter, leave
from picasso_callbacks.training.schedule import make_schedule

__all__ = [
    "Budget",
    "Responder",
    "announcement",
    "cost_notice",
    "enter",
    "leave",
    "make_schedule",
    "mismatch_notice",
    "spacing_notice",
    "writing_notice",
]
