"""See what a Keras network looks at while it trains.

What is here, and the types of `picasso_callbacks.typing`, is for use; all that lies deeper may change.
"""

from picasso_callbacks.callback import Picasso
from picasso_callbacks.explain import explain
from picasso_callbacks.explanation import Explanation, Scale
from picasso_callbacks.methods import Look, Method, available_methods
from picasso_callbacks.methods.class_probabilities import ClassProbabilities
from picasso_callbacks.methods.partial_occlusion import PartialOcclusion
from picasso_callbacks.methods.saliency_map import SaliencyMap
from picasso_callbacks.model import LiveModel, Scores, Windows
from picasso_callbacks.probes import Probes
from picasso_callbacks.report import Comparison, Report
from picasso_callbacks.shortcuts import Dependence, Evidence, Hiding

__all__ = [
    "ClassProbabilities",
    "Comparison",
    "Dependence",
    "Evidence",
    "Explanation",
    "Hiding",
    "LiveModel",
    "Look",
    "Method",
    "PartialOcclusion",
    "Picasso",
    "Probes",
    "Report",
    "SaliencyMap",
    "Scale",
    "Scores",
    "Windows",
    "available_methods",
    "explain",
]
