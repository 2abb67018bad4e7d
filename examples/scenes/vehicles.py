"""The vehicles: a tank runs on tracks along its length, a half-track on a wheel in front and short tracks behind."""

from dataclasses import dataclass

import numpy as np

from .painting import Pen, mix, smooth_noise, smoothstep

PAINTS = ((0.34, 0.37, 0.22), (0.52, 0.46, 0.28), (0.43, 0.33, 0.22), (0.38, 0.40, 0.38), (0.27, 0.31, 0.24))
"""Olive, sand, brown, grey, dark green."""

STEEL = (0.24, 0.22, 0.20)


@dataclass(frozen=True)
class Vehicle:
    """A vehicle's place, size, side and colours, whichever vehicle it will be."""

    rng: np.random.Generator
    size: tuple[int, int]
    foot: tuple[float, float]
    length: float
    angle: float
    mirrored: bool

    def draw(self, name):
        """The vehicle's colour times its cover, `[H, W, 3]`, and its cover, `[H, W]`."""
        rng = self.rng
        first, second = rng.choice(PAINTS, 2, replace=False) * rng.uniform(0.9, 1.15)
        blotches = smooth_noise(rng, self.size, (6, 6), octaves=2)
        paint = mix(first, second, rng.uniform(0, 0.9) * smoothstep(blotches, 0.1, 0.5))
        pen = Pen(self.size, self.foot, self.length * LENGTHS[name], self.angle, self.mirrored)
        DRAWINGS[name](pen, rng)
        skin, bare, cover = pen.layers()
        color = skin[..., None] * paint + bare[..., None] * np.array(STEEL)
        # No colour may tell the class: tracks are dark and a tank has more of them, so the mean is set alike.
        mean = color.sum(axis=(0, 1)) / cover.sum()
        return color * (0.85 * mix(first, second, 0.25) / mean), cover

    def shade_ground(self, image, covered):
        """`image` with the vehicle's soft shadow where the ground is."""
        height, width = self.size
        (x, y), reach = self.foot, self.length
        across = (np.arange(width) + 0.5 - x) / (0.54 * reach)
        down = (np.arange(height)[:, None] + 0.5 - y - 0.01 * reach) / (0.06 * reach)
        shadow = 0.55 * np.exp(-(across**4) - down**2) * covered
        return image * (1 - shadow[..., None])


def place_vehicle(rng, size, horizon):
    """A vehicle somewhere on the field below `horizon`, within the lower two thirds of the picture."""
    height, width = size
    length = min(rng.uniform(0.52, 0.86) * np.sqrt(height * width), 0.86 * width)
    highest = max(horizon + 0.06 * height, height / 3 + TALLEST * length)
    return Vehicle(
        rng=rng,
        size=size,
        foot=(
            rng.uniform(0.58 * length, width - 0.58 * length),
            rng.uniform(min(highest, 0.94 * height), 0.96 * height),
        ),
        length=length,
        angle=rng.normal(0, 0.03),
        mirrored=rng.random() < 0.5,
    )


def draw_tank(pen, rng):
    """Facing right: tracks, hull, turret, gun."""
    _tracks(pen, -0.44, 0.36, wheels=rng.integers(5, 8))
    pen.polygon([(-0.44, 0.15), (-0.46, 0.20), (-0.42, 0.26), (0.24, 0.26), (0.39, 0.18), (0.38, 0.15)], skin=0.72)
    pen.polygon([(-0.42, 0.26), (-0.40, 0.275), (0.21, 0.275), (0.24, 0.26)], skin=1.0)
    pen.polygon([(0.24, 0.26), (0.21, 0.27), (0.36, 0.19), (0.39, 0.18)], skin=0.95)
    pen.polygon([(-0.47, 0.155), (-0.47, 0.175), (0.40, 0.175), (0.43, 0.145), (0.38, 0.155)], skin=0.95)
    pen.box(-0.40, 0.19, -0.28, 0.235, skin=0.58)  # a box of tools
    pen.line([(-0.22, 0.20), (0.08, 0.20)], 0.010, bare=0.5)  # a tow rope
    x = rng.uniform(-0.14, 0.0)
    _gun(pen, 0.16 + x, 0.345, length=rng.uniform(0.34, 0.42), slope=rng.uniform(-0.02, 0.16))
    _turret(pen, x)


def _gun(pen, x, y, length, slope):
    """A barrel with a muzzle brake, from the turret's front at (x, y)."""

    def along(start, end, above=0.0):
        return [(x + reach, y + slope * reach + above) for reach in (start, end)]

    pen.line(along(0, length), 0.032, skin=0.62)
    pen.line(along(0, length, above=0.008), 0.010, skin=0.95)
    pen.line(along(length - 0.05, length), 0.045, skin=0.55)


def _turret(pen, x):
    """A turret with its cupola; `x` is how far forward it sits."""
    side = [(-0.20, 0.28), (-0.24, 0.33), (-0.18, 0.41), (0.08, 0.41), (0.19, 0.36), (0.18, 0.30), (0.14, 0.28)]
    roof = [(-0.18, 0.41), (-0.16, 0.425), (0.06, 0.425), (0.08, 0.41), (0.06, 0.395), (-0.17, 0.395)]
    front = [(0.08, 0.41), (0.19, 0.36), (0.18, 0.35), (0.07, 0.39)]
    for outline, light in ((side, 0.78), (roof, 1.0), (front, 0.95)):
        pen.polygon([(x + px, py) for px, py in outline], skin=light)
    pen.box(x - 0.10, 0.42, x, 0.455, skin=0.7)
    pen.box(x - 0.11, 0.45, x + 0.01, 0.462, skin=1.0)
    pen.line([(x - 0.19, 0.28), (x + 0.14, 0.28)], 0.012, bare=0.5)


def draw_half_track(pen, rng):
    """Facing right: short tracks, an open bed, a cab, a bonnet, a wheel."""
    _tracks(pen, -0.46, 0.06, wheels=rng.integers(3, 5))
    door, bed, roof = rng.uniform(-0.02, 0.05), rng.uniform(0.31, 0.34), rng.uniform(0.39, 0.43)
    _bed(pen, door, bed)
    _cab_and_bonnet(pen, door, roof)
    arch = np.linspace(0, np.pi, 12)
    pen.polygon(np.c_[0.35 + 0.135 * np.cos(arch), 0.105 + 0.125 * np.sin(arch)].tolist(), skin=0.95)  # the mudguard
    for radius, light in ((0.10, {"bare": 0.6}), (0.058, {"skin": 0.85}), (0.020, {"bare": 0.4})):
        pen.disc(0.35, 0.10, radius, **light)


def _bed(pen, front, top):
    """An open bed with boards, from the rear to `front`."""
    pen.box(-0.46, top, front, top + 0.03, bare=0.45)  # its far side, in shadow
    pen.box(-0.50, 0.185, front, top, skin=0.72)
    pen.line([(-0.50, top), (front, top)], 0.018, skin=1.0)
    for x in np.linspace(-0.42, front - 0.06, 4):
        pen.line([(x, 0.19), (x, top - 0.015)], 0.010, skin=0.5)


def _cab_and_bonnet(pen, x, roof):
    """A cab with a window, its rear at `x`, and the bonnet before it."""
    pen.box(x + 0.16, 0.10, 0.48, 0.20, bare=0.35)  # the frame, seen above the wheel
    front = [(x + 0.12, roof), (x + 0.19, 0.29), (x + 0.19, 0.12), (0.11, 0.12), (0.08, 0.185)]
    pen.polygon([(x, 0.185), (x, roof), *front], skin=0.8)
    pen.polygon([(x + 0.03, 0.30), (x + 0.03, roof - 0.03), (x + 0.10, roof - 0.03), (x + 0.145, 0.30)], bare=0.5)
    pen.box(x - 0.01, roof, x + 0.13, roof + 0.018, skin=1.0)
    pen.line([(x + 0.02, 0.19), (x + 0.02, 0.28)], 0.008, skin=0.5)
    pen.polygon([(x + 0.19, 0.16), (x + 0.19, 0.295), (0.46, 0.265), (0.49, 0.24), (0.49, 0.15)], skin=0.74)
    pen.polygon([(x + 0.17, 0.305), (x + 0.17, 0.285), (0.46, 0.25), (0.49, 0.24), (0.46, 0.27)], skin=1.0)
    pen.box(0.475, 0.15, 0.495, 0.24, bare=0.5)  # the radiator
    for slit in (0.24, 0.27, 0.30):
        pen.line([(slit, 0.20), (slit, 0.245)], 0.008, skin=0.45)


def _tracks(pen, left, right, wheels):
    """Tracks around `wheels` road wheels, from the axle at `left` to the one at `right`."""
    for inset, light in ((0, 0.7), (0.018, 0.15)):  # the belt, and the dark within it
        low, high, edge = inset, 0.17 - inset, 0.03 - inset
        pen.polygon(
            [
                (left - edge, 0.08),
                (left + 0.07, low),
                (right - 0.07, low),
                (right + edge, 0.08),
                (right, high),
                (left, high),
            ],
            bare=light,
        )
        for x in (left, right):
            pen.disc(x, 0.115, 0.055 - inset, bare=light)
    for x in np.arange(left + 0.08, right - 0.08, 0.03):  # the links' edges
        pen.box(x, -0.008, x + 0.014, 0.006, bare=0.9)
    for x in (left, right):
        pen.disc(x, 0.115, 0.034, skin=0.6)
        pen.disc(x, 0.115, 0.012, bare=0.3)
    spacing = (right - left - 0.16) / (wheels - 1)
    for x in left + 0.08 + spacing * np.arange(wheels):
        pen.disc(x, 0.064, min(0.048, 0.46 * spacing), skin=0.8)
        pen.disc(x, 0.064, 0.015, bare=0.4)


DRAWINGS = {"tank": draw_tank, "half-track": draw_half_track}

LENGTHS = {"tank": 1.03, "half-track": 1.0}
"""Factors that give both the same mean area."""

TALLEST = 0.46
"""The height of the taller vehicle over its length."""
