"""Where the ranges of fake quantization begin: at what real images do to the trained model.

tensorflow-model-optimization begins each activation's range at [-6, 6] and moves it by a thousandth
of the way a step. A short fine-tuning ends long before the ranges arrive, with activations cut off:
on 420 glyphs, an EfficientNet-Lite0 with frozen ImageNet weights fell from 0.97 to 0.71 so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from coralexp.quant.contract import Images
    from coralexp.tf_runtime import keras, tf

_BATCH_IMAGES = 16
_RANGES = (
    "output",
    "pre_activation",
    "post_activation",
)  # of tfmot's variables, before _min and _max


def begin_ranges(trained: keras.Model, quantized: keras.Model, images: Images) -> None:
    """Set the activation ranges of a model with fake quantization.

    Args:
        trained: The float model.
        quantized: The same with fake quantization around its layers; changed in place.
        images: float32 `[M, H, W, C]` in [-1, 1], M at least 1.
    """
    from coralexp.tf_runtime import keras, tf

    pairs = {
        (wrapper.layer.name, kind): _variables(wrapper, kind)
        for wrapper in quantized.layers
        for kind in _RANGES
        if hasattr(wrapper, "layer") and _variables(wrapper, kind)
    }
    tensors = [_activation(trained.get_layer(name), kind) for name, kind in pairs]
    watched = keras.Model(trained.input, tensors)

    def extremes(batch: tf.Tensor) -> tf.Tensor:
        answers = watched(batch, training=False)
        return tf.stack([[tf.reduce_min(a), tf.reduce_max(a)] for a in answers])

    measure = tf.function(extremes)
    # Whole batches, all of one size: each has one vote, as in the moving average that follows.
    starts = range(0, max(len(images) - _BATCH_IMAGES, 0) + 1, _BATCH_IMAGES)
    found = [measure(tf.constant(images[at : at + _BATCH_IMAGES])).numpy() for at in starts]
    for (low, high), variables in zip(np.mean(found, axis=0), pairs.values(), strict=True):
        variables[0].assign(min(low, 0.0))  # fake quantization keeps 0 inside a range
        variables[1].assign(max(high, 0.0))


def _variables(wrapper: keras.layers.Layer, kind: str) -> list[tf.Variable]:
    """Return the minimum and the maximum of one range of a layer; nothing if it has none."""
    ends = [f"/{kind}_min:0", f"/{kind}_max:0"]
    return [variable for end in ends for variable in wrapper.weights if variable.name.endswith(end)]


def _activation(layer: keras.layers.Layer, kind: str) -> tf.Tensor:
    """Return the symbolic tensor that a range is about."""
    from coralexp.tf_runtime import keras

    if kind != "pre_activation" or not hasattr(layer, "activation"):
        return layer.output
    config = {**layer.get_config(), "activation": "linear", "name": f"{layer.name}_before"}
    bare = type(layer).from_config(config)
    tensor = bare(layer.input)
    bare.set_weights(layer.get_weights())
    return keras.layers.Activation("linear")(tensor)
