"""What is written: cards, scalars and texts in TensorBoard's event files, on one thread beside the training."""

from picasso_callbacks.log.cards import cards_cost
from picasso_callbacks.log.recorder import Recorder
from picasso_callbacks.log.runs import check_writable

__all__ = ["Recorder", "cards_cost", "check_writable"]
