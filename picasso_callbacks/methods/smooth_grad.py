"""SmoothGrad: saliency, averaged over noisy copies of the probe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from picasso_callbacks.explanation import Explanation, Scale
from picasso_callbacks.methods.base import Look, Method
from picasso_callbacks.methods.saliency_map import strongest
from picasso_callbacks.typing import is_integer, is_one_of

Keep = Callable[[np.ndarray], np.ndarray]
"""As in `LiveModel.gradients`."""


class SmoothGrad(Method):
    """The gradient of a target's score by the pixels, averaged over copies of the probe with noise on them.

    As in `saliency_map`, the absolute value and then the maximum over channels is shown. The noise is the same on
    all probes and at every epoch, so that between epochs only the network moves.

    Args:
        samples: How many noisy copies: forward and backward passes for each probe.
        noise: The standard deviation of the noise, as a fraction of the range of the model's inputs.
        of: `"gradient"`: the mean of the gradients; `"square"`: of their squares; `"variance"`: their variance, which
            shows where the gradient depends on the noise.
        seed: Of the noise.

    Raises:
        ValueError: An argument that is none of these.

    Reference:
        Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017, section 3; squares: Hooker et al., "A
        Benchmark for Interpretability Methods", NeurIPS 2019; variance: Adebayo et al., 2018 (VarGrad).

    Example:

        Picasso("logs", probes, methods=["partial_occlusion", SmoothGrad(samples=50, of="square")])
    """

    def __init__(
        self,
        samples: int = 25,
        noise: float = 0.15,
        of: Literal["gradient", "square", "variance"] = "gradient",
        seed: int = 0,
    ):
        if not is_integer(samples) or samples < 1 or not noise >= 0:
            raise ValueError(
                f"SmoothGrad: samples is {samples!r} and noise {noise!r}; expected an int >= 1 and a float >= 0."
            )
        if not is_one_of(of, ("gradient", "square", "variance")):
            raise ValueError(f"SmoothGrad: of is {of!r}; expected 'gradient', 'square' or 'variance'.")
        self.samples, self.noise, self.of, self.seed = samples, noise, of, seed

    def explain(self, look: Look) -> Explanation:
        live = look.live
        rows = np.repeat(np.arange(len(live.inputs)), self.samples)
        deviation = np.float32(self.noise * np.ptp(live.inputs))
        shape = (self.samples, *live.inputs.shape[1:])
        noise = deviation * np.random.default_rng(self.seed).standard_normal(shape, "float32")

        def noisy(indices: np.ndarray) -> np.ndarray:
            return live.inputs[rows[indices]] + noise[indices % self.samples]

        def mean_of(keep: Keep) -> np.ndarray:
            return live.gradients(look.targets[rows], noisy, rows, keep, every=self.samples)

        if self.of == "variance":
            moments = mean_of(lambda gradients: np.stack([gradients, gradients**2], axis=1))
            shown = np.maximum(moments[:, 1] - moments[:, 0] ** 2, 0)
        else:
            shown = mean_of(np.square if self.of == "square" else lambda gradients: gradients)
        return Explanation(
            live.to_display(strongest(shown, live.layout)),
            unit="per unit of input" if self.of == "gradient" else "(per unit of input)²",
            score=f"smoothed gradient of the {live.differentiated.description}",
            title="SmoothGrad" if self.of == "gradient" else f"SmoothGrad, {self.of}",
            scale=Scale(limit=None, signed=False),
        )
