"""The old story of the network that learned the weather: two trainings, of which one only looks at the sky.

python examples/tanks.py                      # the pictures are drawn: no download, under three minutes on two cores
python examples/tanks.py --pictures DIR       # saves a card of each network, too
KERAS_BACKEND=jax python examples/tanks.py    # or torch; without it, TensorFlow

In the first data set all tanks stand under clouds and all half-tracks under a clear sky. In the second there are the
same vehicles in the same fields, but the sky tells nothing. By its validation accuracy nobody can tell the first
network from a good one. Picasso can, from the very pictures that fool the accuracy.
"""

import argparse
import pathlib
import shlex

import keras
import numpy as np
from scenes import CLASS_NAMES, draw_scenes

from picasso_callbacks import Picasso, Probes, explain

HELD_OUT = 200
"""Of the scenes drawn, how many are kept for validation."""


def first_of_each(scenes, count):
    """The first tanks and half-tracks, `count` in all, with the masks of their sky and of the vehicle."""
    chosen = np.concatenate([np.flatnonzero(scenes.labels == label)[: count // 2] for label in (0, 1)])
    return Probes(
        scenes.images[chosen],
        labels=scenes.labels[chosen],
        class_names=CLASS_NAMES,
        regions={"sky": scenes.sky[chosen], "vehicle": scenes.vehicle[chosen]},
    )


def build_model():
    layers = keras.layers
    model = keras.Sequential([keras.Input((64, 64, 3)), layers.Rescaling(1 / 127.5, offset=-1)])
    for filters in (16, 32, 64):
        model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.4))
    model.add(layers.Dense(2, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def train(scenes, probes, log_dir, epochs):
    """A network trained on all but the first scenes, which Picasso watches."""
    keras.utils.set_random_seed(0)
    model = build_model()
    model.fit(
        scenes.images[HELD_OUT:],
        scenes.labels[HELD_OUT:],
        validation_data=(scenes.images[:HELD_OUT], scenes.labels[:HELD_OUT]),
        epochs=epochs,
        callbacks=[Picasso(log_dir, probes, expected="vehicle")],
        verbose=2,
    )
    return model


def main():
    parser = argparse.ArgumentParser(description="Two networks that tell tanks from half-tracks; one knows the sky.")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--scenes", type=int, default=2_000, help="how many are drawn of either set")
    parser.add_argument("--log-dir", default="logs/tanks")
    parser.add_argument("--pictures", help="a folder for a card of each network, and the proof")
    args = parser.parse_args()

    fair_test = draw_scenes(400, bias=0.5, seed=1)
    found = {}
    for name, bias in (("biased", 1.0), ("honest", 0.5)):
        scenes = draw_scenes(args.scenes, bias=bias, seed=0)
        probes = first_of_each(scenes, 24)
        print(f"\nThe {name} set: {np.mean(scenes.cloudy == scenes.labels):.0%} of the skies agree with the vehicle.\n")
        model = train(scenes, probes, f"{args.log_dir}/{name}", args.epochs)

        report = explain(model, probes, expected="vehicle")
        if args.pictures:
            pathlib.Path(args.pictures).mkdir(parents=True, exist_ok=True)
            report.image(12).save(pathlib.Path(args.pictures, f"tanks-{name}.png"))
            if report.alarms:
                report.proof().save(pathlib.Path(args.pictures, f"tanks-{name}-proof.png"))
        _, own = model.evaluate(scenes.images[:HELD_OUT], scenes.labels[:HELD_OUT], verbose=0)
        _, fair = model.evaluate(fair_test.images, fair_test.labels, verbose=0)
        found[name] = report.verdict, own, fair

    print("\nWhat Picasso found, from 24 pictures of each set's own validation data:")
    for name, (verdict, *_) in found.items():
        print(f"\n  {name}  {verdict}")
    print("\nWas it right? The accuracy on validation data, and on new scenes whose skies tell nothing:\n")
    for name, (_, own, fair) in found.items():
        print(f"  {name}  {own:6.1%} {fair:6.1%}")
    print("\nTo see the two side by side, run this and open the address that it prints:\n")
    print(f"tensorboard --logdir {shlex.quote(args.log_dir)}")


if __name__ == "__main__":
    main()
