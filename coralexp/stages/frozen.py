"""A trained model as one function on one image, weights constant, operators named by layer."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from coralexp.stages.function_names import number_functions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from coralexp.tf_runtime import keras, tf


def save_frozen(model: keras.Model, folder: Path) -> None:
    """Write the SavedModel that the converter reads.

    Against a module that holds the variables, saving takes half of the time and a conversion a
    fourth. The batch is fixed at 1, without which the Edge TPU compiler refuses the model. A fused
    operator is named after all that went into it: with `block_1_expand_BN` for each instead of
    `classifier/block_1_expand_BN/FusedBatchNormV3` it can be read, and takes a third of the bytes.

    Args:
        model: From float32 images `[N, H, W, C]` to probabilities `[N, K]`.
        folder: Receives the SavedModel: `image`, float32 `[1, H, W, C]`, to `probabilities`.
    """
    from coralexp.tf_runtime import freeze, tf

    signature = [tf.TensorSpec((1, *model.input_shape[1:]), tf.float32, name="image")]

    def answer(image: tf.Tensor) -> tf.Tensor:
        return model(image, training=False)

    traced = tf.function(answer, input_signature=signature, autograph=False).get_concrete_function()
    frozen = freeze(traced)
    graph, names = _renamed(frozen.graph.as_graph_def(), f"{model.name}/")
    output = frozen.outputs[0].name.partition(":")[0]

    def rebuilt(image: tf.Tensor) -> dict[str, tf.Tensor]:
        feeds = {names[frozen.inputs[0].name.partition(":")[0]]: image}
        found = tf.graph_util.import_graph_def(graph, feeds, [f"{names[output]}:0"], name="")
        return {"probabilities": found[0]}

    served = tf.function(rebuilt, input_signature=signature, autograph=False)
    # As an attribute of the module it would be traced and stored once more, with all weights.
    tf.saved_model.save(tf.Module(), str(folder), signatures=served.get_concrete_function())
    (folder / "fingerprint.pb").unlink(missing_ok=True)  # differs every time, and nothing reads it
    number_functions(folder / "saved_model.pb")


def _renamed(
    graph: tf.compat.v1.GraphDef, prefix: str
) -> tuple[tf.compat.v1.GraphDef, Mapping[str, str]]:
    """Return the graph with short names, and the new name of each node by its old one."""
    bare = {node.name: node.name.removeprefix(prefix) for node in graph.node}
    steps = [bare[node.name].split("/") for node in graph.node if node.op != "Const"]
    alone = Counter(path[0] for path in steps if len(path) == 2)  # noqa: PLR2004 - layer/Operator
    taken = set(bare.values())
    names: dict[str, str] = {}
    for node in graph.node:
        name = bare[node.name]
        layer, _, operator = name.partition("/")
        is_whole_layer = node.op != "Const" and operator and "/" not in operator
        if is_whole_layer and alone[layer] == 1 and layer not in taken:
            name = layer
        names[node.name] = name
    for node in graph.node:
        node.name = names[node.name]
        for place, source in enumerate(node.input):
            control, tensor = source[: source.startswith("^")], source.removeprefix("^")
            origin, colon, port = tensor.partition(":")
            node.input[place] = f"{control}{names[origin]}{colon}{port}"
    return graph, names
