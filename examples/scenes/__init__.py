"""Drawn scenes of tanks and half-tracks under skies that tell, or do not tell, which of the two it is.

The old story retold with data that one can check: a network told tanks from half-tracks with great accuracy, and had
only learned that the tanks were photographed under clouds. Here the share of pictures in which the sky agrees with the
vehicle is an argument, and every picture comes with the masks of its sky and of its vehicle.
"""

from dataclasses import dataclass

import numpy as np

from .landscape import Landscape, clear_sky, cloudy_sky
from .painting import lay_over
from .vehicles import place_vehicle

CLASS_NAMES = ("half-track", "tank")

UNCOVERED = 0.02
"""The most of a sky pixel that something else may cover: its edge pixels carry the colours of both."""


@dataclass(frozen=True)
class Scenes:
    """N pictures and what is true of them.

    Args:
        images: uint8 `[N, H, W, 3]`.
        labels: int64 `[N]`, positions in `CLASS_NAMES`: 0 half-track, 1 tank.
        cloudy: bool `[N]`, whether there are clouds in the sky.
        sky: bool `[N, H, W]`, the pixels of the sky that nothing covers.
        vehicle: bool `[N, H, W]`, the pixels of the vehicle, without its shadow.
    """

    images: np.ndarray
    labels: np.ndarray
    cloudy: np.ndarray
    sky: np.ndarray
    vehicle: np.ndarray


def draw_scenes(count: int, *, bias: float, seed: int, size: tuple[int, int] = (64, 64)) -> Scenes:
    """Draws `count` scenes, half of them with tanks, in random order.

    A sky agrees with its vehicle when a tank has clouds above it or a half-track has none. Place, size, side, colours
    and landscape are drawn without regard to the class or the sky, and the ground is lit alike under both skies. The
    same seed with another bias gives the same vehicles and landscapes under other skies.

    Args:
        count: How many.
        bias: The share of each class, 0 to 1, in which the sky agrees: at 1 the sky tells the class, at 0.5 it tells
            nothing. It is kept exactly, up to rounding.
        seed: The seed of every random choice. The global generator is not touched.
        size: Height and width in pixels, 32 or more each, and neither more than twice the other.

    Returns:
        Scenes: The pictures, labels, skies and masks.

    Raises:
        ValueError: If `bias` is not in 0 to 1 or a side is shorter than 32 or more than twice the other.

    Example:
        ```python
        biased = draw_scenes(2_000, bias=1.0, seed=0)
        fair_test = draw_scenes(500, bias=0.5, seed=1)
        ```
    """
    height, width = size
    if not 0 <= bias <= 1:
        raise ValueError(f"draw_scenes: bias is {bias} but is a share, 0 to 1: 0.5 for a sky that tells nothing.")
    if min(size) < 32 or max(size) > 2 * min(size):
        raise ValueError(f"draw_scenes: size is {size} but each side must be 32 or more, and at most twice the other.")
    labels, cloudy = _labels_and_skies(count, bias, seed)
    images = np.empty((count, height, width, 3), np.uint8)
    sky = np.empty((count, height, width), bool)
    vehicle = np.empty((count, height, width), bool)
    for i in range(count):
        images[i], sky[i], vehicle[i] = _draw_scene(CLASS_NAMES[labels[i]], cloudy[i], [seed, i], size)
    return Scenes(images, labels, cloudy, sky, vehicle)


def _labels_and_skies(count, bias, seed):
    """Labels int64 `[N]` and cloudy bool `[N]`: pairs of the two classes, the first pairs in agreement, shuffled."""
    order = np.random.default_rng(seed).permutation(count)
    labels, pair = order % 2, order // 2
    agrees = pair < round(bias * count / 2)
    return labels, (labels == 1) == agrees


def _draw_scene(name, cloudy, seed, size):
    """One scene: uint8 `[H, W, 3]`, its sky and its vehicle, bool `[H, W]`."""
    # A generator for each part: what one part draws does not depend on how much another has drawn.
    sky_rng, land_rng, vehicle_rng = np.random.default_rng(seed).spawn(3)
    land = Landscape(land_rng, size)
    image = cloudy_sky(sky_rng, size) if cloudy else clear_sky(sky_rng, size)
    image, covered = land.draw_on(image)
    vehicle = place_vehicle(vehicle_rng, size, land.horizon)
    image = vehicle.shade_ground(image, covered)
    color, cover = vehicle.draw(name)
    image = lay_over(image, color, cover)
    visible_sky = (covered <= UNCOVERED) & (cover <= UNCOVERED)
    return np.rint(255 * image.clip(0, 1)).astype(np.uint8), visible_sky, cover >= 0.5
