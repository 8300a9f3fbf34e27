"""The network of a job, put together from its parts: never from what a file says that it is.

A Keras file can hold layers that are programs, and `load_model` runs them. An entry may come from
another store, so its `model.h5` is read for its numbers alone, into the network that the job's own
backbone and head make.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.artifacts.hdf5_numbers import Array, read_model
from coralexp.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from coralexp.backbones.contract import BuildBackbone
    from coralexp.heads.contract import AttachHead
    from coralexp.tf_runtime import keras, tf


@dataclass(frozen=True)
class Classifier:
    """From images to probabilities.

    Attributes:
        model: From float32 `[N, H, W, C]` in [-1, 1] to float32 `[N, K]`.
        backbone: The part of it that turns pixels into features; it shares its layers.
    """

    model: keras.Model
    backbone: keras.Model


def classifier(
    build_backbone: BuildBackbone,
    attach_head: AttachHead,
    image_shape: tuple[int, int, int],
    classes: int,
    freeze: Callable[[keras.Model], None],
) -> Classifier:
    """Return the network as a training begins with it.

    Args:
        build_backbone: Pixels to features.
        attach_head: Features to probabilities.
        image_shape: Height and width in pixels, and channels.
        classes: How many.
        freeze: Sets which layers of the backbone learn.

    Raises:
        OptionError: If that names a layer that the backbone has not.
        WeightsError: If stored weights cannot be had or do not fit.
    """
    from coralexp.tf_runtime import keras

    backbone = build_backbone(image_shape)
    freeze(backbone)
    model = keras.Model(backbone.input, attach_head(backbone.output, classes), name="classifier")
    return Classifier(model, backbone)


def take_weights(model: keras.Model, file: Path) -> None:
    """Give a network the weights that one of the same layers was saved with.

    Args:
        model: The network; changed in place.
        file: `model.h5` of a `train` or `qat` entry.

    Raises:
        WeightsError: If the file is damaged, or of another network; names the first layer.
    """
    saved = read_model(file)
    layers = [layer for layer in model.layers if layer.weights]
    if len(saved) != len(layers):
        raise WeightsError(
            f"{file}: has {len(saved)} layers with weights; this network has {len(layers)}"
        )
    values: list[tuple[tf.Variable, Array]] = []
    for layer, (name, arrays) in zip(layers, saved, strict=True):
        # The order in which Keras writes them, which is not that of `layer.weights`.
        weights = layer.trainable_weights + layer.non_trainable_weights
        shapes = [tuple(weight.shape) for weight in weights]
        fits = shapes == [array.shape for array in arrays]
        if not fits or _unnumbered(layer.name) != _unnumbered(name):
            raise WeightsError(
                f"{file}: layer {name!a} is not '{layer.name}' {shapes} of this network; it "
                f"was saved by another one"
            )
        values += zip(weights, arrays, strict=True)
    for weight, array in values:
        weight.assign(array)


def _unnumbered(name: str) -> str:
    """Return a layer's name without Keras' number, which counts what the process built before."""
    return re.sub(r"_\d+$", "", name)
