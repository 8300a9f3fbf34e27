"""Names of layers: the same however many networks a process built before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypedDict

from coralexp.backbones.weights.stored import snake_case

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coralexp.tf_runtime import keras


class _Layer(TypedDict):
    name: str
    class_name: str
    config: dict[str, object]
    inbound_nodes: list[list[list[object]]]


def renumbered(model: keras.Model) -> keras.Model:
    """Return the network with its layers without a name of their own numbered from the first.

    Keras counts them over the life of a process: `conv2d`, then `conv2d_1`, ... In the first
    network of a process the names are as here.

    Args:
        model: Fresh from its building; if a name changes, its weights are drawn anew.
    """
    from coralexp.tf_runtime import keras

    config = model.get_config()
    names = canonical_names(config)
    if all(old == new for old, new in names.items()):
        return model
    return keras.Model.from_config(rename(config, names))


def without(model: keras.Model, starts: Sequence[str]) -> keras.Model:
    """Return the network without some of its layers, drawn anew.

    Args:
        model: In which each of those layers has one input.
        starts: Names of the layers, without their numbers.
    """
    from coralexp.tf_runtime import keras

    config = model.get_config()
    names: dict[str, str] = {}
    rest = []
    for layer in _layers(config):
        if re.sub(r"_\d+$", "", layer["name"]) in starts:
            before = str(layer["inbound_nodes"][0][0][0])  # node, input, name
            names[layer["name"]] = names.get(before, before)
        else:
            rest.append(layer)
    return keras.Model.from_config(rename({**config, "layers": rest}, names))


def canonical_names(config: Mapping[str, object]) -> dict[str, str]:
    """Return the new name of each layer that Keras named, by its old one.

    Args:
        config: Of a functional model, as `get_config` gives it.
    """
    found: dict[str, list[tuple[int, str]]] = {}
    for layer in _layers(config):
        name = layer["name"]
        start = _automatic_start(layer)
        matched = re.fullmatch(re.escape(start) + r"(?:_(\d+))?", name)
        if matched:
            found.setdefault(start, []).append((int(matched[1] or 0), name))
    return {
        name: f"{start}_{number}" if number else start
        for start, names in found.items()
        for number, (_, name) in enumerate(sorted(names))
    }


def rename(config: Mapping[str, object], names: Mapping[str, str]) -> dict[str, object]:
    """Return the configuration of a functional model with other names of layers.

    Args:
        config: As `get_config` gives it.
        names: New names by old ones; the others stay.
    """
    layers = []
    for layer in _layers(config):
        inner = layer["config"]
        name = layer["name"]
        layers.append(
            {
                **layer,
                "name": names.get(name, name),
                "config": {**inner, "name": names.get(name, name)},
                "inbound_nodes": _renamed(layer["inbound_nodes"], names),
            }
        )
    ends = {end: _renamed(config[end], names) for end in ("input_layers", "output_layers")}
    return {**config, "layers": layers, **ends}


def _layers(config: Mapping[str, object]) -> Sequence[_Layer]:
    layers: list[_Layer] = config["layers"]  # type: ignore[assignment]
    return layers


def _automatic_start(layer: _Layer) -> str:
    """Return what Keras would call the first layer of this kind."""
    if layer["class_name"] == "TFOpLambda":
        return f"tf.{layer['config']['function']}"
    return snake_case(layer["class_name"])


def _renamed(value: object, names: Mapping[str, str]) -> object:
    """Return nested lists in which each text that is a layer's name is the new one."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, list | tuple):
        return [_renamed(item, names) for item in value]
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    return value
