"""A small convolutional network in plain torch with a Keras model's weights: captum's hooks want torch's own layers."""

import numpy as np


def torch_twin(model):
    """The Conv2D (valid, ReLU or none), MaxPooling2D, Flatten and Dense layers of a model, by their names.

    Returns a `torch.nn.Sequential` that takes `[N, C, H, W]`.
    """
    from torch import nn

    twin = nn.Sequential()
    shape = model.input_shape[1:]
    for layer in model.layers:
        kind = type(layer).__name__
        weights = [np.asarray(one, "float32") for one in layer.get_weights()]
        if kind == "Conv2D":
            height, width, inputs, outputs = weights[0].shape
            made = nn.Conv2d(inputs, outputs, (height, width))
            _fill(made, weights[0].transpose(3, 2, 0, 1), weights[1])
        elif kind == "MaxPooling2D":
            made = nn.MaxPool2d(layer.pool_size, layer.strides)
        elif kind == "Flatten":
            made = nn.Flatten()
        elif kind == "Dense":
            rows, columns, channels = shape  # that are flattened, by Keras with channels last
            kernel = weights[0].reshape(rows, columns, channels, -1).transpose(3, 2, 0, 1)
            made = nn.Linear(rows * columns * channels, len(kernel))
            _fill(made, kernel.reshape(len(kernel), -1), weights[1])
        twin.add_module(layer.name, made)
        if getattr(layer, "activation", None) is not None and layer.activation.__name__ == "relu":
            twin.add_module(f"{layer.name}_relu", nn.ReLU())
        shape = layer.output.shape[1:] if len(layer.output.shape) == 4 else shape
    return twin


def _fill(layer, weight, bias):
    import torch

    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weight.copy()))
        layer.bias.copy_(torch.tensor(bias))
