"""Attention rollout of transformers whose attention is known, and of those that have none."""

import keras
import numpy as np
import pytest
from keras import layers

from picasso_callbacks import Probes, explain

SIZE = (4, 6, 2)
IMAGES = np.random.default_rng(0).random((2, *SIZE), dtype="float32")


class ClassToken(layers.Layer):
    def call(self, tokens):
        return keras.ops.concatenate([keras.ops.ones_like(tokens[:, :1]), tokens], axis=1)


class OfTheClass(layers.Layer):
    def call(self, tokens):
        return tokens[:, 0]


def transformer(class_token, blocks=2, even=False):
    """Patches of 2 x 2 pixels, which attend to each other. `even`: all to all alike, for want of a query."""
    image = keras.Input(SIZE)
    tokens = layers.Reshape((6, 8))(layers.Conv2D(8, 2, strides=2)(image))
    tokens = ClassToken()(tokens) if class_token else tokens
    for _ in range(blocks):
        start = "zeros" if even else "glorot_uniform"
        attention = layers.MultiHeadAttention(2, 4, kernel_initializer=start)
        tokens = layers.Add()([tokens, attention(tokens, tokens)])
    pooled = OfTheClass()(tokens) if class_token else layers.GlobalAveragePooling1D()(tokens)
    return keras.Model(image, layers.Dense(3, activation="softmax")(pooled))


def rollout(model):
    return explain(model, Probes(IMAGES), methods=["attention_rollout"], targets=[0, 2])["attention_rollout"].values


def by_hand(model, class_token):
    """Shares of the patches, `[P, 2, 3]`, from queries and keys, a layer at a time."""
    convolution = next(layer for layer in model.layers if isinstance(layer, layers.Conv2D))
    attentions = [layer for layer in model.layers if isinstance(layer, layers.MultiHeadAttention)]
    tokens = keras.ops.convert_to_numpy(convolution(IMAGES)).reshape(2, 6, 8)
    if class_token:
        tokens = np.concatenate([np.ones((2, 1, 8)), tokens], axis=1)
    shares = np.eye(tokens.shape[1])
    for layer in attentions:
        query, query_bias, key, key_bias, value, value_bias, out, out_bias = layer.get_weights()
        queries = np.einsum("nta,ahd->nhtd", tokens, query) + query_bias[:, None]
        keys = np.einsum("nta,ahd->nhtd", tokens, key) + key_bias[:, None]
        scores = np.exp(queries @ keys.transpose(0, 1, 3, 2) / np.sqrt(4))
        scores /= scores.sum(axis=-1, keepdims=True)
        values = np.einsum("nta,ahd->nhtd", tokens, value) + value_bias[:, None]
        tokens = tokens + np.einsum("nhtd,hda->nta", scores @ values, out) + out_bias
        shares = (0.5 * scores.mean(axis=1) + 0.5 * np.eye(tokens.shape[1])) @ shares
    return (shares[:, 0, 1:] if class_token else shares.mean(axis=1)).reshape(2, 2, 3)


@pytest.mark.parametrize("class_token", [True, False])
def test_shares_are_those_of_queries_and_keys(class_token):
    model = transformer(class_token)
    found = rollout(model)
    np.testing.assert_array_equal(found[:, 0], found[:, 1])
    patches = by_hand(model, class_token)
    np.testing.assert_allclose(
        found[:, 0, ::3, [0, 5]], patches[:, [0, 0, 1, 1], [0, 2, 0, 2]].reshape(2, 2, 2).transpose(2, 0, 1), rtol=1e-4
    )


def test_of_even_attention_all_patches_have_one_share():
    """With a class token, that attends to itself by half more: 7 tokens, one layer, half of it the residual."""
    np.testing.assert_allclose(rollout(transformer(True, blocks=1, even=True)), 0.5 / 7, rtol=1e-5)
    np.testing.assert_allclose(rollout(transformer(False, blocks=3, even=True)), 1 / 6, rtol=1e-5)


def test_the_model_attends_as_before():
    model = transformer(True)
    before = keras.ops.convert_to_numpy(model(IMAGES))
    rollout(model)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(model(IMAGES)), before)
    assert not any("call" in vars(layer) for layer in model._flatten_layers())


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([layers.Conv2D(3, 3)], r"layers has shapes \[\]; expected \(T, T\) of each"),
        ([layers.Conv2D(2, 1), layers.Reshape((8, 6))], "8 tokens don't lie as a picture of 4 x 6 does"),
    ],
)
def test_without_tokens_of_a_picture_it_is_refused(found, message):
    image = x = keras.Input(SIZE)
    for layer in found:
        x = layer(x)
    if len(x.shape) == 3:
        x = layers.MultiHeadAttention(2, 3)(x, x)
    model = keras.Model(image, layers.Dense(3, activation="softmax")(layers.Flatten()(x)))
    with pytest.raises(ValueError, match=message):
        rollout(model)
