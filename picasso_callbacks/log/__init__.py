"""What is written: cards, scalars and texts in TensorBoard's event files, on one thread beside the training."""

from picasso_callbacks.log.cards import cards_cost
from picasso_callbacks.log.event_log import check_writable, count_runs, run_directory
from picasso_callbacks.log.recorder import Recorder

__all__ = ["Recorder", "cards_cost", "check_writable", "count_runs", "run_directory"]
