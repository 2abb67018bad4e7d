"""render: arrays in, uint8 [H, W, 3] out. Knows no model, no files and no TensorBoard."""

from picasso_callbacks.render.collage import draw_pair, draw_sheet
from picasso_callbacks.render.color_bar import number
from picasso_callbacks.render.colors import overlay
from picasso_callbacks.render.contents import Exchanged, Exhibit, Frame, Heatmap, Panel
from picasso_callbacks.render.exhibit import draw_exhibit
from picasso_callbacks.render.filmstrip import draw_filmstrip
from picasso_callbacks.render.maps import map_label
from picasso_callbacks.render.panel import draw_heatmap, draw_panel, draw_probabilities
from picasso_callbacks.render.probabilities import is_right, label_words, percent, prediction, predictions
from picasso_callbacks.render.resize import resize_image, thumbnail

__all__ = [
    "Exchanged",
    "Exhibit",
    "Frame",
    "Heatmap",
    "Panel",
    "draw_exhibit",
    "draw_filmstrip",
    "draw_heatmap",
    "draw_pair",
    "draw_panel",
    "draw_probabilities",
    "draw_sheet",
    "is_right",
    "label_words",
    "map_label",
    "number",
    "overlay",
    "percent",
    "prediction",
    "predictions",
    "resize_image",
    "thumbnail",
]
