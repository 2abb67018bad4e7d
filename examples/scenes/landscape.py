"""The land and the sky: gradients, clouds, hills, a textured field and trees."""

import numpy as np

from .painting import Pen, lay_over, mix, smooth_noise, smoothstep

GRASS, STRAW, SAND, EARTH = (0.40, 0.45, 0.23), (0.60, 0.54, 0.29), (0.72, 0.61, 0.41), (0.43, 0.34, 0.23)
HAZE = (0.66, 0.72, 0.76)
"""The colour of the distance, the same under both skies."""

LEAVES, WOOD = (0.25, 0.36, 0.14), (0.30, 0.22, 0.15)


def clear_sky(rng, size):
    """A blue sky that pales toward the horizon: float32 `[H, W, 3]`."""
    height, width = size
    down = np.linspace(0, 1, height)[:, None]
    zenith = np.array([0.20, 0.42, 0.74]) + rng.uniform(-0.05, 0.05, 3)
    pale = np.array([0.72, 0.84, 0.93]) + rng.uniform(-0.03, 0.03, 3)
    sky = mix(zenith, pale, smoothstep(down, -0.1, rng.uniform(0.5, 0.75)))
    sun = (np.linspace(0, 1, width) - rng.uniform(0, 1)) ** 2 + (down - rng.uniform(0, 0.3)) ** 2
    return mix(sky, np.array([1.0, 0.98, 0.9]), 0.35 * np.exp(-sun / 0.02)).astype(np.float32)


def cloudy_sky(rng, size):
    """The same sky behind clouds, lit from above, that flatten toward the horizon: float32 `[H, W, 3]`."""
    height, width = size
    # A layer of clouds seen in perspective: its rows crowd together toward the horizon.
    elevation = np.clip(1 - np.arange(height) / (0.5 * height), 0, 1)
    distance = 1 / (0.35 + elevation)
    step = max(1, height // 12)
    rows = step + np.rint(distance / distance.max() * (2 * height - 1 - step)).astype(int)
    sheet = smooth_noise(rng, (2 * height, width), (7, 3 * width / height), octaves=5)
    density = sheet[rows] + rng.uniform(0.2, 0.9)
    lit = sheet[rows] - sheet[rows - step]
    shadow = np.array([0.50, 0.52, 0.56]) + rng.uniform(-0.06, 0.06)
    light = np.array([0.95, 0.95, 0.94])
    cloud = mix(shadow, light, smoothstep(lit - 0.3 * density, -1.3, 0.6))
    return mix(clear_sky(rng, size), cloud, smoothstep(density, -0.3, 0.5)).astype(np.float32)


class Landscape:
    """A field with hills behind it and trees on it.

    Attributes:
        horizon: The row, in pixels, at which the field begins.
    """

    def __init__(self, rng, size):
        self._rng, self._size = rng, size
        self.horizon = rng.uniform(0.36, 0.52) * size[0]
        near, patches = rng.choice([GRASS, GRASS, STRAW, SAND, EARTH], 2)
        light = rng.uniform(0.85, 1.15)
        self._near, self._patches = near * light, mix(near, patches, 0.5) * light

    def draw_on(self, image):
        """Lays the land over a sky: the picture `[H, W, 3]`, and how much of each pixel the land covers `[H, W]`."""
        rng, (height, _) = self._rng, self._size
        covered = np.zeros(self._size, np.float32)
        far_hills = self._ridge(self.horizon - rng.uniform(0.04, 0.12) * height, 0.035 * height, 2, 2)
        woods = self._ridge(self.horizon - rng.uniform(0.005, 0.04) * height, 0.018 * height, 5, 4)
        field = self._ridge(self.horizon, 0.004 * height, 2, 1)
        green = mix(np.array(LEAVES), np.array(GRASS), rng.uniform(0, 0.6))
        texture = smooth_noise(rng, self._size, (24, 24), octaves=2)[..., None]
        colors = (
            mix(green, np.array(HAZE), 0.6),
            mix(green, np.array(HAZE), 0.22) * (1 + 0.1 * texture),
            self._field(),
        )
        for cover, color in zip((far_hills, woods, field), colors, strict=True):
            image = lay_over(image, color * cover[..., None], cover)
            covered = np.maximum(covered, cover)
        color, cover = self._trees()
        image, covered = lay_over(image, color, cover), np.maximum(covered, cover)
        return image.astype(np.float32), covered

    def _ridge(self, row, roughness, cells, octaves):
        """Cover `[H, W]` of all below a rough line, with its edge pixels in part."""
        height, width = self._size
        line = row + roughness * smooth_noise(self._rng, (1, width), (0, cells), octaves)[0]
        return np.clip(np.arange(1, height + 1)[:, None] - line, 0, 1).astype(np.float32)

    def _field(self):
        """The ground `[H, W, 3]`: patches and grain in perspective, paler with distance."""
        rng, (height, width) = self._rng, self._size
        depth = np.clip((np.arange(height) - self.horizon) / (height - self.horizon), 0, 1)
        distance = 1 / (depth + 0.12)
        rows = np.rint(distance / distance.max() * (3 * height - 1)).astype(int)
        patches = smooth_noise(rng, (3 * height, width), (16, 2), octaves=3)[rows]
        grain = smooth_noise(rng, self._size, (30, 18), octaves=3)
        ground = mix(self._near, self._patches, smoothstep(patches, -0.8, 0.8))
        ground = ground * (1 + 0.07 * patches + 0.11 * grain * (0.35 + 0.65 * depth[:, None]))[..., None]
        far = np.exp(-depth / 0.12)[:, None]
        return mix(ground * (1.08 - 0.25 * depth[:, None, None]), np.array(HAZE), 0.4 * far)

    def _trees(self):
        """Trees at the far end of the field: their colour times their cover `[H, W, 3]`, and their cover `[H, W]`."""
        rng, (height, width) = self._rng, self._size
        pen = Pen(self._size, (0, self.horizon), height)
        for _ in range(rng.integers(0, 5)):
            foot = np.array([rng.uniform(0, width / height), -rng.uniform(0.005, 0.08)])
            _draw_tree(pen, rng, foot, rng.uniform(0.12, 0.26))
        leaves, wood, cover = pen.layers()
        leaf_color = np.array(LEAVES) * rng.uniform(1.0, 1.4, 3)
        return leaves[..., None] * leaf_color + wood[..., None] * np.array(WOOD), cover


def _draw_tree(pen, rng, foot, height):
    """A bush, a round tree or a slender one."""
    crown, spread = rng.choice([(0.10, 0.20), (0.45, 0.17), (0.60, 0.13)])
    pen.polygon(foot + height * np.array([(-0.05, 0), (-0.03, crown), (0.03, crown), (0.05, 0)]), bare=0.8)
    for light in (0.45, 0.65, 0.9):  # from the shaded lower leaves to the ones in the sun
        leaves = rng.uniform((-1.5 * spread, -0.08, 0.05, 0.9), (1.5 * spread, 0.14, 0.12, 1.1), (8, 4))
        for x, y, radius, shade in leaves.tolist():
            center = foot + height * np.array([x - 0.06 * light, y + crown + 0.2 * (light - 0.3)])
            pen.disc(*center, height * radius, skin=light * shade)
