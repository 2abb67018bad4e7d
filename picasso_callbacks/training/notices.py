"""Notices: what the callback says of itself before and while it looks."""

from __future__ import annotations

import shlex

from picasso_callbacks.training.budget import Budget
from picasso_callbacks.training.schedule import Schedule

TENSORBOARD_KEEPS = 10
"""Pictures that TensorBoard keeps of a card unless told otherwise."""

MANY = 1000
"""As many as it is told to keep where it is not known how many there will be."""

LARGE = 1e9
"""Bytes of event files that are worth a notice."""


def announcement(log_dir: str, probes: int, schedule: Schedule, look_seconds: float, look_bytes: int) -> list[str]:
    """What a look takes, how to watch, and how large the event files will be if that is much.

    Args:
        log_dir: Where TensorBoard looks.
        probes: How many there are.
        schedule: Of the training that begins.
        look_seconds: What a look takes on the training thread.
        look_bytes: The size of all pictures of a look.
    """
    looks = schedule.looks()
    kept = max(TENSORBOARD_KEEPS, MANY if looks is None else looks)
    lines = [
        f"a look at {probes} probes takes about {look_seconds:.2g} s.",
        f"to watch, run  tensorboard --logdir {shlex.quote(log_dir)} --samples_per_plugin images={kept}",
    ]
    size = (looks or 0) * look_bytes
    if size > LARGE:
        lines.append(
            f"up to {looks} looks will write about {size / 1e9:.1f} GB of pictures to {log_dir}. "
            "Fewer probes, every=... or budget=... make it less."
        )
    return [f"Picasso: {line}" for line in lines]


def cost_notice(budget: Budget) -> str:
    """What looks cost that nothing limits, and how they cost less."""
    return (
        f"Picasso: looks take {100 * budget.taken():.0f} % of the training time so far. budget=0.05 takes fewer of "
        "them; fewer probes, shortcuts=False or every=... make it less, too."
    )


def spacing_notice(budget: Budget, schedule: Schedule) -> str:
    """That the budget does not pay for all looks, and for how many it does."""
    return (
        f"Picasso: looks take {100 * budget.wanted():.2g} % of the training time; with budget={budget.share} it looks "
        f"every {schedule.spaced(budget.spacing())} or so."
    )
