"""Layers as a file holds them, and how they are fitted to a network."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from coralexp.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from coralexp.tf_runtime import keras

Array = npt.NDArray[np.generic]

# The order in which Keras lists the weights of a layer; what is not named here (a quantizer's
# ranges, an optimizer's moments) is no weight of a backbone.
ROLES = (
    "depthwise_kernel",
    "pointwise_kernel",
    "kernel",
    "bias",
    "gamma",
    "beta",
    "moving_mean",
    "moving_variance",
)


@dataclass(frozen=True)
class StoredLayer:
    """Weights of one layer.

    Attributes:
        name: Of the layer when it was saved; empty if the file does not tell.
        slot: Its place among the layers of its class, such as `conv2d_3`; empty if the file names
            layers otherwise.
        arrays: In Keras' order.
        path: Its name and those of what it is in, such as `conv1/bn`, which may also be the name of
            a layer; empty if the file does not tell.
    """

    name: str
    slot: str
    arrays: tuple[Array, ...]
    path: str = ""


def group(variables: Sequence[tuple[str, Array]]) -> list[StoredLayer]:
    """Return the layers of variables that are named `.../layer/role`.

    Args:
        variables: Names, with or without Keras' `:0`, and values, in the order of the layers.
    """
    layers: dict[str, dict[str, Array]] = {}
    for full_name, array in variables:
        *path, role = full_name.split(":")[0].split("/")
        if path and role in ROLES:
            layers.setdefault("/".join(path), {})[role] = array
    return [
        StoredLayer(
            path.rpartition("/")[2],
            "",
            tuple(roles[role] for role in ROLES if role in roles),
            path,
        )
        for path, roles in layers.items()
    ]


def fit(model: keras.Model, stored: Sequence[StoredLayer], path: Path) -> None:
    """Give every layer of a network the weights that a file holds for it.

    Layers are found by their name; if the file lacks one of the names, by their place among the
    layers of their class; if it does not tell that, by order. What is left over, such as the head
    of the network that was saved, is ignored.

    Args:
        model: Without a head.
        stored: Layers of the file, in its order.
        path: Of the file, for the error.

    Raises:
        WeightsError: If a layer is not in the file or has another shape there; names the first.
    """
    layers = [layer for layer in model.layers if layer.weights]
    by_name = find_by_name(stored)
    by_slot = {layer.slot: layer for layer in stored if layer.slot}
    slots = _slots(model)
    known = [layer.name for layer in layers if layer.name in by_name]
    if len(known) == len(layers) or (known and not by_slot and len(known) > len(layers) // 2):
        found: Mapping[str, StoredLayer] = by_name
        keys = {layer.name: layer.name for layer in layers}
    elif by_slot:
        found, keys = by_slot, slots
    else:
        found = {str(number): layer for number, layer in enumerate(stored)}
        keys = {layer.name: str(number) for number, layer in enumerate(layers)}
    values = [(layer, _matching(layer, found.get(keys[layer.name]), path)) for layer in layers]
    for layer, arrays in values:
        layer.set_weights(arrays)


def find_by_name(stored: Sequence[StoredLayer]) -> dict[str, StoredLayer]:
    """Return the layers of a file by their names, and by their paths where a name is one."""
    names = {layer.name: layer for layer in stored if layer.name}
    return names | {layer.path: layer for layer in stored if layer.path}


def _matching(layer: keras.layers.Layer, stored: StoredLayer | None, path: Path) -> list[Array]:
    """Return the arrays, or say why they are none for that layer."""
    expected = [tuple(weight.shape) for weight in layer.weights]
    if stored is None:
        raise WeightsError(
            f"{path}: has no weights for layer '{layer.name}' {_listed(expected)}; "
            "they must come from the same backbone"
        )
    shapes = [array.shape for array in stored.arrays]
    if shapes != expected:
        called = stored.name or stored.slot
        raise WeightsError(
            f"{path}: layer '{called}' holds {_listed(shapes)}, but '{layer.name}' needs "
            f"{_listed(expected)}; width, channels and backbone must be those of the file"
        )
    arrays = [np.asarray(array, np.float32) for array in stored.arrays]
    if not all(np.isfinite(array).all() for array in arrays):
        raise WeightsError(
            f"{path}: layer '{stored.name or stored.slot}' holds values that are not finite"
        )
    return list(arrays)


def _listed(shapes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join(str(list(shape)) for shape in shapes) or "nothing"


def _slots(model: keras.Model) -> dict[str, str]:
    """Return the names under which Keras' own format files the layers of a model."""
    counts: Counter[str] = Counter()
    slots = {}
    for layer in model.layers:
        kind = snake_case(type(layer).__name__)
        slots[layer.name] = f"{kind}_{counts[kind]}" if counts[kind] else kind
        counts[kind] += 1
    return slots


def snake_case(name: str) -> str:
    """Return the name of a class as Keras files it: `Conv2D` becomes `conv2d`."""
    joined = re.sub(r"\W+", "", name)
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", joined)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()
