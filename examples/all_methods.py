"""All methods on two networks, one of which only looks at the sky: which maps tell them apart, and are to be trusted.

python examples/all_methods.py                      # some minutes on two cores
python examples/all_methods.py --pictures DIR       # saves one probe as all methods see it, at the first and last epoch
KERAS_BACKEND=jax python examples/all_methods.py    # or torch; without it, TensorFlow

The scenes and networks are those of tanks.py.
"""

import argparse
import dataclasses
import pathlib

import keras
import numpy as np
from PIL import Image
from scenes import draw_scenes
from tanks import HELD_OUT, build_model, first_of_each

from picasso_callbacks import available_methods, explain

METHODS = [name for name in available_methods() if name not in ("attention_rollout", "class_probabilities")]
"""All that such a network can be asked with: there is no attention in it."""


def train(scenes, probes, epochs):
    """A network, and what was seen of it after its first and its last epoch."""
    keras.utils.set_random_seed(0)
    model, seen = build_model(), []

    def look(epoch, logs):
        if epoch in (0, epochs - 1):
            last = epoch == epochs - 1
            seen.append(explain(model, probes, methods=METHODS, targets="label", expected="vehicle", trust=last))

    watch = keras.callbacks.LambdaCallback(on_epoch_end=look)
    model.fit(scenes.images[HELD_OUT:], scenes.labels[HELD_OUT:], epochs=epochs, callbacks=[watch], verbose=2)
    return seen


def on_the_sky(report, method):
    """How many times its share of the picture the sky has of the method's maps."""
    [found] = [one for one in report.evidence if (one.method, one.region) == (method, "sky")]
    return found.lift


def line(method, biased, honest):
    """A row of the table: a method's maps of both networks, and how far they are to be trusted."""
    words = [f"{method:22}"]
    words += [
        f"{on_the_sky(report, method):6.2f}" if method in report.trust else " " * 6 for report in (biased, honest)
    ]
    for report in (biased, honest):
        trust = report.trust.get(method)
        times = trust.areas.times(trust.by_chance) if trust else None
        words += [f"{times[0]:6.2f} {times[1]:6.2f}" if times else " " * 13]
    words += [f"{report.trust[method].redrawn:6.2f}" if method in report.trust else "" for report in (biased, honest)]
    return " ".join(words)


def gallery(reports, probe):
    """One probe at several looks, beside each other, with three methods to a card."""
    rows = []
    for begin in range(0, len(METHODS), 3):
        cards = [card(report, probe, METHODS[begin : begin + 3]) for report in reports]
        height = max(len(one) for one in cards)
        rows.append([np.pad(one, ((0, height - len(one)), (0, 0), (0, 0)), constant_values=255) for one in cards])
    return Image.fromarray(np.concatenate([np.concatenate(row, axis=1) for row in rows]))


def card(report, probe, methods):
    """A card with some of the methods alone, and without their notes."""
    shown = {name: dataclasses.replace(report[name], notes=()) for name in methods}
    return np.asarray(dataclasses.replace(report, explanations=shown).image(probe).convert("RGB"))


def main():
    parser = argparse.ArgumentParser(description="All methods on a network that knows the sky, and an honest one.")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--scenes", type=int, default=2_000, help="how many are drawn of either set")
    parser.add_argument("--probes", type=int, default=24)
    parser.add_argument("--pictures", help="a folder for what all methods show of one probe, of each network")
    args = parser.parse_args()

    last = {}
    for name, bias in (("biased", 1.0), ("honest", 0.5)):
        scenes = draw_scenes(args.scenes, bias=bias, seed=0)
        first, last[name] = train(scenes, first_of_each(scenes, args.probes), args.epochs)
        if args.pictures:
            folder = pathlib.Path(args.pictures)
            folder.mkdir(parents=True, exist_ok=True)
            gallery([first, last[name]], args.probes // 2).save(folder / f"methods-{name}.png")

    print("\nBiased and honest: how many times its area the sky has of a map; how many times as fast as at random the")
    print(
        "score falls, and rises, when places are hidden, and shown, in the map's order; and the rank correlation with"
    )
    print("the map of a network whose top half is shuffled.\n")
    print(f"{'':22} {'sky':>13} {'fall and rise, biased, honest':>27} {'shuffled':>11}")
    for method in METHODS:
        print(line(method, last["biased"], last["honest"]))


if __name__ == "__main__":
    main()
