"""Method: the contract of whatever asks a question about the probes; and Look: what it is given."""

from __future__ import annotations

import abc
import dataclasses
import re

import numpy as np

from picasso_callbacks.explanation import Explanation
from picasso_callbacks.model import LiveModel, Scores


@dataclasses.dataclass(frozen=True)
class Look:
    """One look at the live model.

    Args:
        live: The model, its probes and how they go together.
        scores: What the model says of the untouched probes.
        targets: int `[P, K]`, the classes that are explained of each probe.
    """

    live: LiveModel
    scores: Scores
    targets: np.ndarray


class Method(abc.ABC):
    """A question about the probes. It returns numbers; it never draws, schedules, tags or writes.

    A method of the library is a file in `picasso_callbacks/methods/` with one `Method` in it, named as the file is.
    Other packages pass an instance, or register their class under the entry-point group `picasso_callbacks.methods`.

    Example:

        class InputTimesGradient(Method):
            def explain(self, look):
                live = look.live
                products = live.gradients(look.targets) * live.inputs[:, None]
                probes, targets = look.targets.shape
                maps = live.layout.to_maps(products.reshape(probes * targets, *live.inputs.shape[1:])).sum(axis=-1)
                return Explanation(
                    live.to_display(maps.reshape(probes, targets, *live.layout.size)),
                    unit="", score=live.head.description, title="input x gradient", scale=Scale(None, signed=True),
                )
    """

    @property
    def name(self) -> str:
        """What the method is called in reports and tags: the class's name in snake case."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()

    @abc.abstractmethod
    def explain(self, look: Look) -> Explanation:
        """Answers for all probes at once.

        Args:
            look: The live model at this moment, its scores of the probes, and the targets, int `[P, K]`.

        Returns:
            An `Explanation` with values `[P, K, H, W]` in display pixels, or `[P, classes]`. The same weights must give
            the same numbers: a method that needs noise seeds a generator of its own.
        """
