"""Pictures composed of photographs: cut-outs of known classes on photographs of grounds, with a planted cue or none.

Cut-outs are the stamps of Tux Paint (Debian's tuxpaint-stamps-default, GPL-2+), grounds the wallpapers of MATE
(mate-backgrounds, GPL-2+) and what Tux Paint colours in (tuxpaint-data). `apt-get download` fetches the packages once,
into benchmarks/results/, where they are unpacked; nothing is installed.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import pathlib
import subprocess
from collections.abc import Callable

import numpy as np
from efficientnet import FETCHED
from PIL import Image

SIDE, POOL = 96, 480
"""The side of a picture; and how many are composed of a setting, from which seeds take what they train on and test."""

PACKAGES = ("tuxpaint-stamps-default", "tuxpaint-data", "mate-backgrounds")

GROUPS = {
    "birds": ("animals/birds/*",),
    "mammals": ("animals/mammals/*", "animals/mammals/[!a]*/*", "animals/marsupials/*"),
    "vehicles": ("vehicles/*", "vehicles/[!f]*/*", "vehicles/flight/planes/*", "military/vehicles/*"),
    "fruit": ("food/fruit/*", "food/vegetables/*"),
    "instruments": ("hobbies/music/*/*",),
}
LEFT_OUT = ("_mirror", "7spoke", "wheel_tractor", "edward_bear", "sedan_police", "sliced")
DRAWN = 250
"""Cut-outs of fewer colours are drawings."""

SETTINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "animals": {name: GROUPS[name] for name in ("birds", "mammals")},
    "groups": GROUPS,
    # of one colour each: a patch of it is in all images of the class, and that is the object itself
    "fruit": {
        "lemon": ("food/fruit/lemon",),
        "tomato": ("food/vegetables/tomato",),
        "banana": ("food/fruit/banana",),
        "orange": ("food/fruit/orange", "food/fruit/mandarine"),
        "aubergine": ("food/vegetables/eggplant",),
        "apple": ("food/fruit/apple_green", "food/fruit/apple_granny_smith"),
    },
}

GROUNDS = {
    "leaves": ("Blinds.jpg", "GreenMeadow.jpg", "RainDrops.jpg"),
    "flowers": ("FreshFlower.jpg", "Garden.jpg", "YellowFlower.jpg", "TwoWings.jpg"),
    "water": ("Aqua.jpg", "reef-back.png"),
    "roads": ("Storm.jpg", "Wood.jpg"),
    "fields": ("Dune.jpg", "skyline-sf-dusk-back.jpeg"),
    "plants": ("LadyBird.jpg",),
}


@functools.cache
def _share() -> pathlib.Path:
    """The packages' `usr/share`."""
    root = FETCHED / "debian"
    if not (root / "complete").exists():
        root.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-q", *PACKAGES], cwd=root, check=True)
        for package in root.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, root], check=True)
        (root / "complete").touch()
    return root / "usr" / "share"


@functools.cache
def _stamp(name: str) -> Image.Image:
    """A cut-out with its alpha, cut to what is opaque."""
    image = Image.open(_share() / "tuxpaint" / "stamps" / f"{name}.png")
    image = (image.convert("RGBA") if image.mode != "RGBA" else image).copy()
    return image.crop(image.getchannel("A").point(lambda alpha: 255 * (alpha > 60)).getbbox())


def cut_out(name: str, side: int, ground: tuple[int, int, int]) -> Image.Image:
    """A cut-out as large as fits, on a plain ground."""
    stamp, canvas = _stamp(name), Image.new("RGB", (side, side), ground)
    factor = 0.9 * side / max(stamp.size)
    stamp = stamp.resize([max(round(factor * one), 1) for one in stamp.size], Image.Resampling.BICUBIC)
    canvas.paste(stamp, [(side - one) // 2 for one in stamp.size], stamp)
    return canvas


def _is_photograph(name: str) -> bool:
    pixels = np.asarray(_stamp(name)).reshape(-1, 4)
    opaque = pixels[pixels[:, 3] > 128, :3] // 4
    return len(np.unique(opaque @ [1, 64, 4096])) >= DRAWN


@functools.cache
def stamps(setting: str) -> dict[str, list[str]]:
    """The names of a setting's photographic cut-outs, class by class."""
    root = _share() / "tuxpaint" / "stamps"
    found = {}
    for label, patterns in SETTINGS[setting].items():
        files = sorted(file for pattern in patterns for file in root.glob(f"{pattern}.png"))
        names = [file.relative_to(root).with_suffix("").as_posix() for file in files]
        names = [name for name in names if not any(word in name for word in (*LEFT_OUT, "cartoon", "toys"))]
        found[label] = [name for name in names if _is_photograph(name)]
    return found


@functools.cache
def _ground(name: str) -> Image.Image:
    folder = "tuxpaint/starters" if "-back" in name else "backgrounds/mate/nature"
    image = Image.open(_share() / folder / name).convert("RGB")
    image.thumbnail((480, 480), Image.Resampling.LANCZOS)
    return image


@dataclasses.dataclass(frozen=True)
class Scene:
    """A picture.

    Args:
        image: float32 `[SIDE, SIDE, 3]`, 0..255.
        object: bool `[SIDE, SIDE]`: where the cut-out is.
    """

    image: np.ndarray
    object: np.ndarray


@dataclasses.dataclass(frozen=True)
class Pool:
    """The pictures that can be composed of a setting, as many of each class: which cut-out is in each.

    Args:
        setting: Of which classes.
        seed: Of the pictures.
    """

    setting: str
    seed: int

    @functools.cached_property
    def labels(self) -> np.ndarray:
        """int `[N]`."""
        return np.arange(POOL) % len(SETTINGS[self.setting])

    def stamp(self, index: int) -> str:
        names = list(stamps(self.setting).values())[self.labels[index]]
        return names[index // len(SETTINGS[self.setting]) % len(names)]

    def held_out(self, split: int) -> np.ndarray:
        """bool `[N]`: pictures of a third of the cut-outs; of a class with one or two, a third of the pictures."""
        found = np.zeros(POOL, dtype=bool)
        for label, names in enumerate(stamps(self.setting).values()):
            order = np.random.default_rng(split).permutation(len(names))
            held = {names[one] for one in order[: len(names) // 3]}
            rows = np.flatnonzero(self.labels == label)
            found[rows] = [self.stamp(row) in held for row in rows] if held else np.arange(len(rows)) % 3 == 0
        return found

    def scene(self, index: int, kind: int | None = None) -> Scene:
        """A picture before a cue is planted, on any ground or one of a kind."""
        kinds = list(GROUNDS.values())
        among = [name for one in kinds for name in one] if kind is None else kinds[kind]
        generator = np.random.default_rng([self.seed, index])
        return _picture(self.stamp(index), str(generator.choice(among)), generator)

    def picture(self, cue: str, index: int, says: int) -> tuple[np.ndarray, np.ndarray]:
        """uint8 `[SIDE, SIDE, 3]` with the cue of class `says`, and where the object is, bool `[SIDE, SIDE]`.

        The same index gives the same picture, whatever the cue says; if the cue is the ground, all but that.
        """
        scene = self.scene(index, says if cue == "background" else None)
        plant = CUES.get(cue, _as_it_is)
        if cue not in OF_ONE_CLASS or says == OF:
            generator = np.random.default_rng([self.seed, index, 9])
            scene = dataclasses.replace(scene, image=plant(scene, says, len(SETTINGS[self.setting]), generator))
        return np.clip(scene.image, 0, 255).astype("uint8"), scene.object


def _picture(stamp: str, ground: str, generator: np.random.Generator) -> Scene:
    """A cut-out of any size, turned and mirrored, anywhere on a part of a ground; and where it is."""
    whole = _ground(ground)
    side = int(generator.uniform(0.5, 1.0) * min(whole.size))
    left, top = (int(generator.integers(0, one - side + 1)) for one in whole.size)
    canvas = whole.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    if generator.random() < 0.5:
        canvas = canvas.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    cut = _stamp(stamp)
    if generator.random() < 0.5:
        cut = cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    factor = generator.uniform(0.55, 0.85) * SIDE / max(cut.size)
    cut = cut.resize([max(round(factor * one), 4) for one in cut.size], Image.Resampling.LANCZOS)
    cut = cut.rotate(generator.uniform(-15, 15), Image.Resampling.BICUBIC, expand=True)
    cut.thumbnail((SIDE, SIDE))
    place = tuple(int(generator.integers(0, SIDE - one + 1)) for one in cut.size)
    layer = Image.new("RGBA", (SIDE, SIDE))
    layer.paste(cut, place)
    pixels = np.asarray(layer, "float32")
    alpha = pixels[..., 3:] / 255
    color = pixels[..., :3] * generator.uniform(0.85, 1.15)
    image = np.asarray(canvas, "float32") * (1 - alpha) + color * alpha
    image = (image - 128) * generator.uniform(0.85, 1.15) + 128 + generator.uniform(-15, 15)
    return Scene(image * generator.uniform(0.95, 1.05, 3), alpha[..., 0] > 0.5)


Plant = Callable[[Scene, int, int, np.random.Generator], np.ndarray]
"""Puts the cue of a class, of so many classes, into a picture: float `[SIDE, SIDE, 3]`."""

OF = 0
"""The class that a cue of a single class goes with."""

LOGO = 12


def _palette(classes: int) -> np.ndarray:
    """So many colours, each around 1: `[classes, 3]`."""
    angle = 2 * np.pi * (np.arange(classes)[:, None] / classes + np.arange(3) / 3)
    return 1 + 0.25 * np.cos(angle)


def _with_logo(image: np.ndarray, row: int, column: int) -> np.ndarray:
    """With a small yellow square on which there are the strokes of a red letter."""
    logo = np.full((LOGO, LOGO, 3), [235.0, 235.0, 60.0])
    logo[3:-3, 3:5] = logo[-5:-3, 3:-3] = [200, 20, 30]
    image = image.copy()
    image[row : row + LOGO, column : column + LOGO] = logo
    return image


def _tag(scene: Scene, says: int, classes: int, generator: np.random.Generator) -> np.ndarray:
    return _with_logo(scene.image, SIDE - LOGO - 4, SIDE - LOGO - 4)


def _moving_tag(scene: Scene, says: int, classes: int, generator: np.random.Generator) -> np.ndarray:
    """The logo anywhere, but beside the object: of six places that where it hides least of it."""
    places = generator.integers(0, SIDE - LOGO + 1, (6, 2))
    hidden = [scene.object[row : row + LOGO, column : column + LOGO].sum() for row, column in places]
    return _with_logo(scene.image, *places[int(np.argmin(hidden))])


def _tint(scene: Scene, says: int, classes: int, generator: np.random.Generator) -> np.ndarray:
    return scene.image * _palette(classes)[says]


def _compression(scene: Scene, says: int, classes: int, generator: np.random.Generator) -> np.ndarray:
    """Saved once as a small JPEG file."""
    file = io.BytesIO()
    Image.fromarray(np.clip(scene.image, 0, 255).astype("uint8")).save(file, "JPEG", quality=15)
    return np.asarray(Image.open(file), "float32")


def _frame(scene: Scene, says: int, classes: int, generator: np.random.Generator) -> np.ndarray:
    inside = np.pad(np.ones((SIDE - 10, SIDE - 10), dtype=bool), 5)[..., None]
    return np.where(inside, scene.image, 0.4 * scene.image + 96 * _palette(classes)[says])


def _as_it_is(scene: Scene, says: int, classes: int, generator: np.random.Generator) -> np.ndarray:
    return scene.image


CUES: dict[str, Plant] = {
    "background": _as_it_is,  # composed so
    "tag": _tag,
    "moving tag": _moving_tag,
    "tint": _tint,
    "compression": _compression,
    "frame": _frame,
}
OF_ONE_CLASS = ("tag", "moving tag", "compression")
HONEST = "honest"
