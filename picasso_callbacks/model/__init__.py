"""The model that is asked: the very one that is trained, in inference, left exactly as it was."""

from picasso_callbacks.model.canvases import check_canvas, hide_in_memory
from picasso_callbacks.model.head import Scores, TargetChooser
from picasso_callbacks.model.layout import Layout, resized
from picasso_callbacks.model.live_model import LiveModel
from picasso_callbacks.model.value_range import steep_note
from picasso_callbacks.model.windows import Windows, check_length

__all__ = [
    "Layout",
    "LiveModel",
    "Scores",
    "TargetChooser",
    "Windows",
    "check_canvas",
    "check_length",
    "hide_in_memory",
    "resized",
    "steep_note",
]
