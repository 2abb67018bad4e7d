"""Notices: what the callback says of itself before and while it looks."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Mapping
from typing import Any

import numpy as np

from picasso_callbacks.report import Report
from picasso_callbacks.training.budget import Budget
from picasso_callbacks.training.schedule import Schedule

MANY_PROBES = 50
"""More than a person looks at, epoch for epoch."""

LARGE = 1e9
"""Bytes of event files that are worth a notice."""

WORSE, BY_CHANCE = 0.3, 1e-3
"""Probes of which so much less is right than in training, by more than chance would have it, are worth a notice."""

_OF_THE_STRONGEST = re.compile(r"(val_)?((sparse_)?categorical_)?acc(uracy)?")
_BINARY = re.compile(r"(val_)?binary_acc(uracy)?")
_ACCURACY = re.compile(f"{_OF_THE_STRONGEST.pattern}|{_BINARY.pattern}")


def announcement(
    log_dir: str, probes: int, schedule: Schedule, look_seconds: float, draw_seconds: float, look_bytes: int
) -> list[str]:
    """What a look takes, how to watch, and how large the event files will be if that is much.

    Args:
        log_dir: Where TensorBoard looks.
        probes: How many there are.
        schedule: Of the training that begins.
        look_seconds: What a look takes on the training thread.
        draw_seconds: What drawing and writing takes of the processor, beside the training.
        look_bytes: The size of all pictures of a look.
    """
    looks = schedule.looks()
    lines = [
        f"a look at {probes} probes takes about {look_seconds:.2g} s, and {draw_seconds:.2g} s of one processor beside "
        "the training, to draw and write.",
        f"to watch, run  tensorboard --logdir {shlex.quote(log_dir)}",
    ]
    if probes > MANY_PROBES:
        lines.append(
            f"{probes} probes are more than a person looks at; each look draws them all. "
            "count=24 in Probes.from_dataset or Probes.from_directory takes as many of each class."
        )
    size = (looks or 0) * look_bytes
    if size > LARGE:
        lines.append(
            f"up to {looks} looks will write about {size / 1e9:.1f} GB of pictures to {log_dir}. "
            "Fewer probes, every=... or budget=... make it less."
        )
    return [f"Picasso: {line}" for line in lines]


def mismatch_notice(logs: Mapping[str, Any] | None, report: Report) -> str | None:
    """That the network does far worse on the probes than in its training, which they may not be like; else `None`.

    Args:
        logs: The metrics of the epoch.
        report: Of a look at its end.
    """
    labels, several, p = report.probes.labels, report.probes.multi_hot, report.probabilities
    if p is None or not np.isfinite(p).all():
        return None
    if (
        several is not None
    ):  # every answer counts, as in binary accuracy; most may be a no, which is right without skill
        rights, compared, most = (p > 0.5) == several, _BINARY, 1 - float(several.mean())
    elif labels is not None:  # of classes that do not exclude each other, the label does not tell about the others
        exclusive = np.allclose(p.sum(axis=1), 1, atol=0.01)
        rights, compared, most = p.argmax(axis=1) == labels, _ACCURACY if exclusive else _OF_THE_STRONGEST, 1.0
    else:
        return None
    accuracies = [float(value) for name, value in (logs or {}).items() if compared.fullmatch(name)]
    if not accuracies:
        return None
    right, count, expected = int(rights.sum()), rights.size, min(most, *accuracies)
    if right / count > expected - WORSE or _chance_of_at_most(right, count, expected) > BY_CHANCE:
        return None
    low, high = report.probes.images.min(), report.probes.images.max()
    return (
        f"Picasso: the training says {min(accuracies):.0%} accuracy, but of the "
        f"{'labelled probes' if several is None else 'answers about labelled probes'} {right} of {count} are right. "
        f"Are they as fit gets its images? They range from {low:.4g} to {high:.4g} in {report.probes.images.dtype}. "
        "What a dataset or generator does to images on the way (scaling, normalising, colours) has to be done to the "
        "probes, or by preprocess=... If they are as they should be, the network does not know what they show, or "
        "their labels are in another order."
    )


def _chance_of_at_most(right: int, count: int, expected: float) -> float:
    """The chance that so few of `count` are right if each is with chance `expected`."""
    return sum(math.comb(count, k) * expected**k * (1 - expected) ** (count - k) for k in range(right + 1))


def writing_notice(probes: int) -> str:
    """What the end of a training waits for."""
    return f"Picasso: drawing and writing what is left, and {probes} filmstrips ..."


def cost_notice(budget: Budget, several: bool = False) -> str:
    """What looks cost that nothing limits, and how they cost less; in a training of several processes no budget can."""
    return f"Picasso: looks take {100 * budget.taken():.0f} % of the training time so far. " + (
        "Fewer probes, shortcuts=False or every=... make it less."
        if several
        else "budget=0.05 takes fewer of them; fewer probes, shortcuts=False or every=... make it less, too."
    )


def spacing_notice(budget: Budget, schedule: Schedule) -> str:
    """That the budget does not pay for all looks, and for how many it does."""
    return (
        f"Picasso: looks take {100 * budget.wanted():.2g} % of the training time; with budget={budget.share} it looks "
        f"every {schedule.spaced(budget.spacing())} or so."
    )
