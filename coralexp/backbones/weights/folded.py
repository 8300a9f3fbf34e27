"""Gives a network the weights of a .tflite file, which holds no normalization any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coralexp.errors import WeightsError
from coralexp.tflite.weights import read_constants

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.tf_runtime import keras
    from coralexp.tflite.weights import Constants, Floats

_HALF_RANGE = 127.5  # pixel = 127.5 * (x + 1) for x in [-1, 1]


def fit(model: keras.Model, path: Path) -> None:
    """Give every convolution of a network its dequantized kernel, and its normalization the bias.

    Normalization was folded into the convolutions, so each one becomes `x + bias` and is kept from
    training: with the statistics of a batch it would scale the features anew, and what the file
    knew would be lost.

    The file's own scaling of pixels is folded into the first convolution. That is exact but for
    the last row and column of its output, where zeros are padded: they stand for the file's zero
    point there and for pixel 127.5 here (half a grey level apart for Coral's models).

    Args:
        model: Without a head; each convolution is followed by a normalization.
        path: A .tflite file of the same network, quantized or not.

    Raises:
        ModelFileError: If the file cannot be read.
        TypeError: If the network has a convolution without normalization.
        WeightsError: If its tensors do not fit; names the first.
    """
    from coralexp.tf_runtime import keras

    constants = read_constants(path)
    layers = [layer for layer in model.layers if layer.weights]
    convolutions, normalizations = layers[::2], layers[1::2]
    pairs = list(zip(convolutions, normalizations, strict=True))
    if not all(isinstance(layer, keras.layers.BatchNormalization) for layer in normalizations):
        raise TypeError(f"{model.name} has convolutions without normalization")
    values = []
    for number, (convolution, _) in enumerate(pairs):
        if number >= len(constants.layers):
            raise WeightsError(
                f"{path}: has {len(constants.layers)} layers with weights; nothing is left for "
                f"'{convolution.name}' {list(convolution.weights[0].shape)}"
            )
        layer = constants.layers[number]
        _require_fit(layer, convolution, path)
        kernel, bias = layer.kernel, layer.bias
        if number == 0 and constants.input_scale:
            gain = _HALF_RANGE * constants.input_scale
            offset = constants.input_scale * (_HALF_RANGE - constants.input_zero_point)
            kernel, bias = fold_input(kernel, bias, gain, offset)
        values.append((kernel, bias))
    for (convolution, normalization), (kernel, bias) in zip(pairs, values, strict=True):
        convolution.set_weights([kernel])
        normalization.set_weights(_addition(bias, normalization.epsilon))
        normalization.trainable = False


def fold_input(kernel: Floats, bias: Floats, gain: float, offset: float) -> tuple[Floats, Floats]:
    """Return the kernel and bias that do to `x` what the given ones do to `gain * x + offset`.

    Args:
        kernel: Of the first convolution, `[h, w, in, out]`.
        bias: `[out]`.
        gain: Above 0.
        offset: In units of the input for which the kernel was trained.
    """
    summed = kernel.sum(axis=(0, 1, 2), dtype=np.float64)
    return (kernel * np.float32(gain)), np.asarray(bias + offset * summed, np.float32)


def _addition(bias: Floats, epsilon: float) -> list[Floats]:
    """Return gamma, beta, mean and variance of a normalization that only adds a bias.

    Variance + epsilon must be 1 in single precision, so that its root multiplies by exactly 1.
    """
    ones = np.ones_like(bias)
    variance = ones - np.float32(epsilon)
    return [ones, bias, np.zeros_like(bias), variance]


def _require_fit(layer: Constants, convolution: keras.layers.Layer, path: Path) -> None:
    from coralexp.tf_runtime import keras

    depthwise = isinstance(convolution, keras.layers.DepthwiseConv2D)
    kind = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    expected = tuple(convolution.weights[0].shape)
    if layer.kind != kind or layer.kernel.shape != expected:
        raise WeightsError(
            f"{path}: tensor '{layer.name}' is {layer.kind} {list(layer.kernel.shape)}, but layer "
            f"'{convolution.name}' needs {kind} {list(expected)}; "
            "width, channels and backbone must be those of the file"
        )
    if not (np.isfinite(layer.kernel).all() and np.isfinite(layer.bias).all()):
        raise WeightsError(f"{path}: tensor '{layer.name}' holds values that are not finite")
