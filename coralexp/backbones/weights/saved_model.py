"""Reads the weights of a SavedModel's folder: its checkpoint; the graph beside it stays shut."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from coralexp.backbones.weights.stored import StoredLayer, group
from coralexp.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.backbones.weights.stored import Array

_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
_VALUE = "VARIABLE_VALUE"
_RANKS = {1, 4}


def read(path: Path) -> list[StoredLayer]:
    """Return the layers of a SavedModel, in the order of its variables.

    Args:
        path: Folder that holds `variables/`.

    Raises:
        WeightsError: If the checkpoint is damaged or holds no layers.
    """
    from coralexp.tf_runtime import tf

    try:
        checkpoint = tf.train.load_checkpoint(str(path / "variables" / "variables"))
        shapes = checkpoint.get_variable_to_shape_map()
        graph = _object_graph(checkpoint.get_tensor(_GRAPH))
        variables: list[tuple[str, Array]] = []
        for key, full_name in sorted(graph.items(), key=lambda item: _order(item[0])):
            if key in shapes and len(shapes[key]) in _RANKS:
                variables.append((full_name, checkpoint.get_tensor(key)))
    except (tf.errors.OpError, ValueError, TypeError, RuntimeError, KeyError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsError(
            f"{path}: its variables cannot be read ({first}); save it again"
        ) from error
    layers = group(variables)
    if not layers:
        raise WeightsError(f"{path}: its variables are named after no layers")
    return layers


def _object_graph(serialized: bytes) -> dict[str, str]:
    """Return keys in the checkpoint to names of the variables, such as `Conv1/kernel`."""
    from google.protobuf import descriptor_pool, json_format, message, message_factory

    # TensorFlow, once imported, has described its messages to protobuf.
    form = descriptor_pool.Default().FindMessageTypeByName("tensorflow.TrackableObjectGraph")
    graph = message_factory.GetMessageClass(form)()
    try:
        graph.ParseFromString(serialized)
    except message.DecodeError as error:
        raise ValueError(f"object graph: {error}") from error
    fields = json_format.MessageToDict(graph, preserving_proto_field_name=True)
    return {
        attribute["checkpoint_key"]: attribute["full_name"]
        for node in fields.get("nodes", [])
        for attribute in node.get("attributes", [])
        if attribute.get("name") == _VALUE and "full_name" in attribute
    }


def _order(key: str) -> list[tuple[int, str]]:
    """Sort `layer_with_weights-2` before `layer_with_weights-10`, and `variables/2` likewise."""
    return [
        (int(piece), "") if piece.isdigit() else (-1, piece)
        for piece in re.split(r"(\d+)", key)
        if piece
    ]
