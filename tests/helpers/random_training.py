"""A training that draws random numbers wherever one can."""

import keras


def random_layers():
    return [
        keras.layers.RandomFlip(),
        keras.layers.GaussianNoise(0.1),
        keras.layers.Conv2D(4, 3, activity_regularizer="l2"),
        keras.layers.BatchNormalization(),
        keras.layers.SpatialDropout2D(0.3),
        keras.layers.Flatten(),
        keras.layers.Dropout(0.4),
        keras.layers.Dense(3, activation="softmax"),
    ]


def seed():
    """Starts all names and all global generators of random numbers anew."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(11)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.random.set_global_generator(tf.random.Generator.from_seed(11))
