"""What the landscape and the vehicles are painted with: soft noise, colours, and a pen with clean edges."""

import functools
import math

import numpy as np
from PIL import Image, ImageDraw

SUPERSAMPLING = 4
"""A sheet is drawn this many times larger than it is used, in each direction."""


def smooth_noise(rng, size, cells, octaves=4):
    """Noise that looks like clouds: float32 `[H, W]`, mean 0, deviation 1; `cells` blobs fit its height and width."""
    total = np.zeros(size, np.float32)
    for octave in range(octaves):
        rows, columns = (min(2 + round(n * 2**octave), side) for n, side in zip(cells, size, strict=True))
        grid = rng.standard_normal((rows, columns), np.float32)
        total += 0.55**octave * (_enlarging(rows, size[0]) @ grid @ _enlarging(columns, size[1]).T)
    total -= total.mean()
    return total / max(total.std(), 1e-6)


@functools.lru_cache
def _enlarging(count, side):
    """The matrix `[side, count]` that enlarges `count` values smoothly to `side` pixels."""
    one_each = Image.fromarray(np.eye(count, dtype=np.float32))
    return np.asarray(one_each.resize((count, side), Image.Resampling.BICUBIC))


def smoothstep(x, low, high):
    """0 below `low`, 1 above `high`, and smooth between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mix(a, b, share):
    """Colours `[..., 3]` between `a` (share 0) and `b` (share 1); `share` has no channel axis."""
    share = np.asarray(share, np.float32)[..., None]
    return a + (b - a) * share


def lay_over(image, color, cover):
    """`image` under a layer whose `color` `[H, W, 3]` is already multiplied by its `cover` `[H, W]`."""
    return image * (1 - cover[..., None]) + color


class Pen:
    """Draws shapes given in a thing's own units: its length is 1, its foot is at (0, 0), y points up.

    It keeps no colours, only how brightly two materials are lit, so that any colours can be laid on later: the skin
    (paint or leaves) and what is bare of it (steel and rubber, or wood).

    Args:
        size: Height and width of the picture in pixels.
        foot: x and y of the thing's foot in pixels.
        length: The thing's length in pixels.
        angle: Its rotation in radians, counterclockwise.
        mirrored: Whether it faces left.
    """

    def __init__(self, size, foot, length, angle=0.0, mirrored=False):
        height, width = size
        self._sheet = Image.new("RGB", (width * SUPERSAMPLING, height * SUPERSAMPLING))
        self._draw = ImageDraw.Draw(self._sheet)
        self._foot = foot[0] * SUPERSAMPLING, foot[1] * SUPERSAMPLING
        self._length = length * SUPERSAMPLING
        self._side = -1 if mirrored else 1
        self._cos, self._sin = self._length * math.cos(angle), self._length * math.sin(angle)

    def _pixels(self, points):
        """Where points lie on the sheet, whose y points down."""
        (left, top), side, cos, sin = self._foot, self._side, self._cos, self._sin
        return [(left + side * (cos * x - sin * y), top - sin * x - cos * y) for x, y in points]

    def polygon(self, points, *, skin=0.0, bare=0.0):
        """Fills a polygon of the one or the other material, lit from 0 to 1."""
        self._draw.polygon(self._pixels(points), fill=_ink(skin, bare))

    def box(self, left, bottom, right, top, **light):
        """Fills a rectangle."""
        self.polygon([(left, bottom), (left, top), (right, top), (right, bottom)], **light)

    def disc(self, x, y, radius, *, skin=0.0, bare=0.0):
        """Fills a circle."""
        ((cx, cy),) = self._pixels([(x, y)])
        r = radius * self._length
        self._draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=_ink(skin, bare))

    def line(self, points, thickness, *, skin=0.0, bare=0.0):
        """Strokes a line through points."""
        width = max(1, round(thickness * self._length))
        self._draw.line(self._pixels(points), fill=_ink(skin, bare), width=width, joint="curve")

    def layers(self):
        """The drawing in picture size: light on skin, light on the rest and cover, float32 `[H, W]` each in 0..1."""
        small = np.asarray(self._sheet.reduce(SUPERSAMPLING), np.float32) / 255
        return small[..., 0], small[..., 1], small[..., 2]


def _ink(skin, bare):
    return round(255 * skin), round(255 * bare), 255
