"""What one look found, and its faces: in a notebook, as a table, as files, beside another look."""

from picasso_callbacks.report.comparison import Comparison
from picasso_callbacks.report.report import PROOFS, Report

__all__ = ["PROOFS", "Comparison", "Report"]
