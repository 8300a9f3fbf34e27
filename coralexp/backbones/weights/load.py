"""The one entrance: what a new network starts from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.backbones.weights import download, folded, hdf5, keras_archive, saved_model, stored

if TYPE_CHECKING:
    from coralexp.backbones.weights.stored import StoredLayer
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
    if path.suffix.lower() == ".tflite" and not path.is_dir():
        folded.fit(model, path)
    else:
        stored.fit(model, read(path), path)


def read(path: Path) -> list[StoredLayer]:
    """Return the layers of an .h5 or .keras file or of a SavedModel's folder.

    Raises:
        WeightsError: If it cannot be read.
    """
    if path.is_dir():
        return saved_model.read(path)
    if path.suffix.lower() == ".keras":
        return keras_archive.read(path)
    return hdf5.read(path)


def load_imagenet(model: keras.Model, network: str, name: str) -> None:
    """Give a network of keras.applications its ImageNet weights.

    Args:
        model: Without a head.
        network: Folder on Keras' server, such as `mobilenet_v2`.
        name: Of the file.

    Raises:
        WeightsError: If the file cannot be had, read or fitted.
    """
    path, layers = read_imagenet(network, name)
    stored.fit(model, layers, path)


def read_imagenet(
    network: str, name: str, server: str | None = None
) -> tuple[Path, list[StoredLayer]]:
    """Return the ImageNet weights of a network of keras.applications, and where they lie.

    Args:
        network: Folder on the server, such as `vgg16`.
        name: Of the file.
        server: Where that folder is; None for the place of most.

    Raises:
        WeightsError: If the file cannot be had or read.
    """
    path = download.fetch(network, name, server=server)
    return path, hdf5.read(path)


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
