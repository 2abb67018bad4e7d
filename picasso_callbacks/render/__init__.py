"""render: arrays in, uint8 [H, W, 3] out. Knows no model, no files and no TensorBoard."""

from picasso_callbacks.render.contents import Frame, Heatmap, Panel
from picasso_callbacks.render.filmstrip import draw_filmstrip
from picasso_callbacks.render.panel import draw_heatmap, draw_panel, draw_probabilities
from picasso_callbacks.render.resize import thumbnail

__all__ = [
    "Frame",
    "Heatmap",
    "Panel",
    "draw_filmstrip",
    "draw_heatmap",
    "draw_panel",
    "draw_probabilities",
    "thumbnail",
]
