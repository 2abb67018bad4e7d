"""store: the numbers of a training, beside its event file; docs/store.md has the format. No model, no Keras."""

from picasso_callbacks.store.reading import Entry, HeldRecords, Records, find_runs, read_entries, run_name
from picasso_callbacks.store.run import Run
from picasso_callbacks.store.writing import Store, from_npz, to_npz, to_text

__all__ = [
    "Entry",
    "HeldRecords",
    "Records",
    "Run",
    "Store",
    "find_runs",
    "from_npz",
    "read_entries",
    "run_name",
    "to_npz",
    "to_text",
]
