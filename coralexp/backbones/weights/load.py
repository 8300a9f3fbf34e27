"""The one entrance: what a new network starts from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.backbones.weights import download, folded, hdf5, keras_archive, saved_model, stored

if TYPE_CHECKING:
    from coralexp.tf_runtime import keras


def load(model: keras.Model, weights: str) -> None:
    """Give a network the weights of a file.

    Args:
        model: Without a head.
        weights: Path that `source.require_file` let pass.

    Raises:
        ModelFileError: If a .tflite file cannot be read.
        WeightsError: If another file cannot be read, or one does not fit; names the first tensor.
    """
    path = Path(weights).expanduser()
    suffix = path.suffix.lower()
    if path.is_dir():
        stored.fit(model, saved_model.read(path), path)
    elif suffix == ".tflite":
        folded.fit(model, path)
    elif suffix == ".keras":
        stored.fit(model, keras_archive.read(path), path)
    else:
        stored.fit(model, hdf5.read(path), path)


def load_imagenet(model: keras.Model, network: str, name: str) -> None:
    """Give a network of keras.applications its ImageNet weights.

    Args:
        model: Without a head.
        network: Folder on Keras' server, such as `mobilenet_v2`.
        name: Of the file.

    Raises:
        WeightsError: If the file cannot be had, read or fitted.
    """
    path = download.fetch(network, name)
    stored.fit(model, hdf5.read(path), path)


def follow_fresh_weights(model: keras.Model, momentum: float) -> None:
    """Let the statistics of normalization follow weights that change fast.

    Args:
        model: From scratch.
        momentum: Share of the old value that each step keeps, in [0, 1).
    """
    from coralexp.tf_runtime import keras

    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = momentum
