"""An outline around a part of a picture."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from picasso_callbacks.render.colors import PAPER, Color


def outlined(image: np.ndarray, mask: np.ndarray, color: Color, thickness: int = 3) -> np.ndarray:
    """uint8 `[h, w, 3]` with a line inside of the edge of what is masked, and a thin white one inside of that.

    Args:
        image: uint8 `[h, w, 3]`.
        mask: bool `[H, W]`, stretched over the image.
        color: Of the line.
        thickness: Of the line, in pixels.
    """
    inside = Image.fromarray(mask.astype("uint8") * 255).resize(image.shape[1::-1], Image.Resampling.NEAREST)
    padded = Image.new("L", (inside.width + 2, inside.height + 2))  # or it would have no edge where the picture ends
    padded.paste(inside, (1, 1))
    drawn = image.copy()
    for line, width in ((PAPER, thickness + 1), (color, thickness)):
        kept = padded
        for _ in range(width):
            kept = kept.filter(ImageFilter.MinFilter(3))
        edge = (np.asarray(padded) > np.asarray(kept))[1:-1, 1:-1]
        drawn[edge] = line
    return drawn
