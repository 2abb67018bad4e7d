"""What VGG16 looks at in your pictures: one look at a trained network, as the original Picasso took.

python examples/vgg16.py photos                     # the ImageNet weights, which Keras downloads: 550 MB
python examples/vgg16.py photos --weights FILE      # weights that you have: of ImageNet, or of your own training, then
                                                    # with --class-names FILE, a name for each of its classes
python examples/vgg16.py photos --weights none      # a network that has learnt nothing, where there is no network
KERAS_BACKEND=jax python examples/vgg16.py photos   # or torch; without it, TensorFlow

`photos` is a folder of images, of any size; they are resized to 224 x 224. Each gets a card: the five likeliest classes
are told, and for the first two which parts speak for and against them, and which pixels they are most sensitive to.
"""

import argparse
import collections
import json
import pathlib
import sys

import keras
import numpy as np

from picasso_callbacks import PartialOcclusion, Probes, explain

SIDE, CLASSES = 224, 1000
vgg16 = keras.applications.vgg16


def build_model(weights, classes):
    """VGG16 with weights of a file, of ImageNet, or as it is before it learns."""
    if weights not in ("imagenet", "none") and not pathlib.Path(weights).is_file():
        sys.exit(f"--weights {weights}: no such file. Pass a file of Keras weights, 'imagenet' or 'none'.")
    try:
        return vgg16.VGG16(weights=None if weights == "none" else weights, classes=classes)
    except Exception as error:
        if weights == "imagenet":  # Keras raises it when it can't download
            advice = (
                "Download vgg16_weights_tf_dim_ordering_tf_kernels.h5 where there is a network and pass --weights "
                "FILE, or pass --weights none to see what a network looks at that has learnt nothing."
            )
        else:
            advice = f"They should be of VGG16 with {classes} classes; pass --class-names with a name for each."
        sys.exit(f"No weights {weights!r}: {error}\n{advice}")


def read_class_names(file):
    """The names in a text file, one a line, or in ImageNet's `imagenet_class_index.json`."""
    text = pathlib.Path(file).read_text("utf-8")
    if file.endswith(".json"):
        return [name for _, (_, name) in sorted(json.loads(text).items(), key=lambda entry: int(entry[0]))]
    return text.splitlines()


def imagenet_names():
    """The names of ImageNet's classes, which Keras downloads; where it can't, numbers."""
    try:
        return [first[0][1] for first in vgg16.decode_predictions(np.eye(CLASSES), top=1)]
    except Exception as error:
        print(f"Classes are numbered, since their names can't be downloaded ({error}). Pass --class-names FILE.")
        return [f"class {number}" for number in range(CLASSES)]


def distinct(names):
    """ImageNet has two classes called crane: the second becomes `crane (2)`."""
    seen = collections.Counter()
    for name in names:
        seen[name] += 1
        name = name.replace("_", " ")
        yield f"{name} ({seen[name]})" if seen[name] > 1 else name


def main():
    parser = argparse.ArgumentParser(description="What VGG16 looks at in a folder of pictures.")
    parser.add_argument("folder")
    parser.add_argument("--weights", default="imagenet", help="'imagenet', 'none', or a file of Keras weights")
    parser.add_argument("--class-names", help="a file with a name a line, or imagenet_class_index.json")
    parser.add_argument("--pictures", default="logs/vgg16", help="the folder for the cards")
    parser.add_argument("--count", type=int, default=8, help="how many pictures are looked at, at most")
    parser.add_argument("--targets", type=int, default=2, help="how many of the likeliest classes are explained")
    parser.add_argument("--window", type=int, default=56, help="the side of what is hidden, in pixels")
    parser.add_argument("--stride", type=int, default=28)
    args = parser.parse_args()

    names = read_class_names(args.class_names) if args.class_names else None
    own = names is not None and args.weights != "imagenet"
    model = build_model(args.weights, len(names) if own else CLASSES)
    if names is None:
        names = [f"class {number}" for number in range(CLASSES)] if args.weights == "none" else imagenet_names()
    found = Probes.from_directory(args.folder, image_size=(SIDE, SIDE), count=args.count)
    # Names of folders are no classes of this network, so they only name the pictures.
    probes = Probes(found.images, names=found.names, class_names=list(distinct(names)))
    report = explain(
        model,
        probes,
        methods=[PartialOcclusion(args.window, args.stride), "saliency_map", "class_probabilities"],
        targets="top",
        top=args.targets,
        preprocess=vgg16.preprocess_input,
    )

    pictures = pathlib.Path(args.pictures)
    pictures.mkdir(parents=True, exist_ok=True)
    for index, name in enumerate(probes.names):
        card = pictures / f"{index:02} {name.replace('/', ' ')}.png"
        report.image(index).save(card)
        print(f"\n{name}: {card}")
        for number in np.argsort(-report.probabilities[index], kind="stable")[:5]:
            print(f"  {report.probabilities[index, number]:6.1%}  {report.class_names[number]}")


if __name__ == "__main__":
    main()
