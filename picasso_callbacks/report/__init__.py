"""What one look found, and its faces: in a notebook, as a table, as files, as arrays to keep, beside another look."""

from picasso_callbacks.report.comparison import Comparison
from picasso_callbacks.report.record import PROOFS, maps_record, numbers_record, training_record
from picasso_callbacks.report.report import Report
from picasso_callbacks.report.save import kind_of

__all__ = ["PROOFS", "Comparison", "Report", "kind_of", "maps_record", "numbers_record", "training_record"]
