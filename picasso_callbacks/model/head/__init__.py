"""How the model's answers are read: as which probabilities, by which scores, for which targets."""

from picasso_callbacks.model.head.head import Head
from picasso_callbacks.model.head.logits import hides_logits, recorded_activations
from picasso_callbacks.model.head.pick import Pick
from picasso_callbacks.model.head.reader import Derived, Reader, make_reader, to_numpy
from picasso_callbacks.model.head.scores import Scores
from picasso_callbacks.model.head.targets import TargetChooser

__all__ = [
    "Derived",
    "Head",
    "Pick",
    "Reader",
    "Scores",
    "TargetChooser",
    "hides_logits",
    "make_reader",
    "recorded_activations",
    "to_numpy",
]
