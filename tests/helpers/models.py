"""Small models whose answers can be worked out, or cut before their softmax."""

import keras
import numpy as np
from keras import layers


def linear(size, weights, activation=None, bias=0.0, loss=None):
    """A model that multiplies its flattened input by `weights` [h * w * c, units]."""
    dense = layers.Dense(np.shape(weights)[1], activation=activation)
    model = keras.Sequential([keras.Input(size), layers.Flatten(), dense])
    dense.set_weights([np.asarray(weights, "float32"), np.broadcast_to(bias, dense.bias.shape)])
    if loss is not None:
        model.compile(loss=loss)
    return model


def from_logits():
    return keras.losses.CategoricalCrossentropy(from_logits=True)


def looks_at(size, pixel, weight=1.0, activation="softmax"):
    """Two classes; the logit of the second is `weight` times one (row, column) of the first channel."""
    weights = np.zeros((*size, 2))
    weights[(*pixel, 0, 1)] = weight
    return linear(size, weights.reshape(-1, 2), activation)


def cnn(size, classes=5, sharpness=8.0):
    """A smooth convolutional network with random weights, and the same network cut before its softmax."""
    image = keras.Input(size)
    hidden = layers.Conv2D(6, 3, activation="softplus")(image)
    hidden = layers.Conv2D(8, 3, strides=2, activation="tanh")(hidden)
    logits = layers.Dense(classes)(layers.Flatten()(hidden)) * sharpness
    return keras.Model(image, layers.Softmax()(logits)), keras.Model(image, logits)
