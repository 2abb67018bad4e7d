"""See what a Keras network looks at while it trains.

What is here, and the types of `picasso_callbacks.typing`, is for use; all that lies deeper may change.
"""

from picasso_callbacks.callback import Picasso
from picasso_callbacks.explain import explain
from picasso_callbacks.explanation import Explanation, Scale
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
from picasso_callbacks.trust import Trust

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
    "SaliencyMap",
    "Scale",
    "ScoreCam",
    "Scores",
    "SmoothGrad",
    "Trust",
    "Windows",
    "available_methods",
    "explain",
]
