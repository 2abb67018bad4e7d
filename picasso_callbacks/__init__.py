"""See what a Keras network looks at while it trains."""

from picasso_callbacks.callback import Picasso
from picasso_callbacks.explain import explain
from picasso_callbacks.explanation import Explanation, Scale
from picasso_callbacks.methods import Look, Method, available_methods
from picasso_callbacks.methods.class_probabilities import ClassProbabilities
from picasso_callbacks.methods.partial_occlusion import PartialOcclusion
from picasso_callbacks.methods.saliency_map import SaliencyMap
from picasso_callbacks.probes import Probes
from picasso_callbacks.report import Report

__all__ = [
    "ClassProbabilities",
    "Explanation",
    "Look",
    "Method",
    "PartialOcclusion",
    "Picasso",
    "Probes",
    "Report",
    "SaliencyMap",
    "Scale",
    "available_methods",
    "explain",
]
