"""See what a Keras network looks at while it trains.

What is here, and the types of `picasso_callbacks.typing`, is for use; all that lies deeper may change.

Names are imported when they are first asked for: TensorBoard opens its tab from here, too, in a process that needs no
Keras and may have no backend for it.
"""

import importlib
import sys
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from picasso_callbacks.callback import Picasso
    from picasso_callbacks.explain import explain
    from picasso_callbacks.explanation import Explanation, Scale, WindowValues
    from picasso_callbacks.methods import Look, Method, available_methods
    from picasso_callbacks.methods.activations import Activations
    from picasso_callbacks.methods.attention_rollout import AttentionRollout
    from picasso_callbacks.methods.class_probabilities import ClassProbabilities
    from picasso_callbacks.methods.eigen_cam import EigenCam
    from picasso_callbacks.methods.grad_cam import GradCam
    from picasso_callbacks.methods.grad_cam_plus_plus import GradCamPlusPlus
    from picasso_callbacks.methods.guided_backprop import GuidedBackprop
    from picasso_callbacks.methods.input_x_gradient import InputXGradient
    from picasso_callbacks.methods.integrated_gradients import IntegratedGradients
    from picasso_callbacks.methods.layer_cam import LayerCam
    from picasso_callbacks.methods.partial_occlusion import PartialOcclusion
    from picasso_callbacks.methods.rise import Rise
    from picasso_callbacks.methods.saliency_map import SaliencyMap
    from picasso_callbacks.methods.score_cam import ScoreCam
    from picasso_callbacks.methods.smooth_grad import SmoothGrad
    from picasso_callbacks.model import LiveModel, Scores, Windows
    from picasso_callbacks.probes import Probes
    from picasso_callbacks.report import Comparison, Report
    from picasso_callbacks.shortcuts import Dependence, Evidence, Hiding
    from picasso_callbacks.store import Run
    from picasso_callbacks.trainings import Trainings, load
    from picasso_callbacks.trust import Trust

_HOMES = {
    "callback": ["Picasso"],
    "explain": ["explain"],
    "explanation": ["Explanation", "Scale", "WindowValues"],
    "methods": ["Look", "Method", "available_methods"],
    "methods.activations": ["Activations"],
    "methods.attention_rollout": ["AttentionRollout"],
    "methods.class_probabilities": ["ClassProbabilities"],
    "methods.eigen_cam": ["EigenCam"],
    "methods.grad_cam": ["GradCam"],
    "methods.grad_cam_plus_plus": ["GradCamPlusPlus"],
    "methods.guided_backprop": ["GuidedBackprop"],
    "methods.input_x_gradient": ["InputXGradient"],
    "methods.integrated_gradients": ["IntegratedGradients"],
    "methods.layer_cam": ["LayerCam"],
    "methods.partial_occlusion": ["PartialOcclusion"],
    "methods.rise": ["Rise"],
    "methods.saliency_map": ["SaliencyMap"],
    "methods.score_cam": ["ScoreCam"],
    "methods.smooth_grad": ["SmoothGrad"],
    "model": ["LiveModel", "Scores", "Windows"],
    "probes": ["Probes"],
    "report": ["Comparison", "Report"],
    "shortcuts": ["Dependence", "Evidence", "Hiding"],
    "store": ["Run"],
    "trainings": ["Trainings", "load"],
    "trust": ["Trust"],
}
"""Where each name comes from; the same as above, for programs that check types."""

__all__ = [
    "Activations",
    "AttentionRollout",
    "ClassProbabilities",
    "Comparison",
    "Dependence",
    "EigenCam",
    "Evidence",
    "Explanation",
    "GradCam",
    "GradCamPlusPlus",
    "GuidedBackprop",
    "Hiding",
    "InputXGradient",
    "IntegratedGradients",
    "LayerCam",
    "LiveModel",
    "Look",
    "Method",
    "PartialOcclusion",
    "Picasso",
    "Probes",
    "Report",
    "Rise",
    "Run",
    "SaliencyMap",
    "Scale",
    "ScoreCam",
    "Scores",
    "SmoothGrad",
    "Trainings",
    "Trust",
    "WindowValues",
    "Windows",
    "available_methods",
    "explain",
    "load",
]


def __getattr__(name: str) -> Any:
    home = next((home for home, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(types.ModuleType):
    """The package, in which `explain` is the function, also once the module of that name has been imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "explain" and isinstance(value, types.ModuleType):
            value = value.explain
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
