"""Weights to begin with, for deep networks of rectifiers without normalization."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coralexp.tf_runtime import keras


def begin_rectified(model: keras.Model) -> keras.Model:
    """Return the network with kernels drawn so that its rectifiers keep the signal's size.

    Keras draws them for layers without rectifiers: each then halves the signal's square, and
    behind the thirteen of VGG16 nothing of a picture is left to tell it by.

    Source: He et al., 2015, https://arxiv.org/abs/1502.01852, where VGG's depth is the example.

    Args:
        model: Its trainable convolutions are changed in place.
    """
    from coralexp.tf_runtime import keras

    draw = keras.initializers.HeNormal
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D) and layer.trainable:
            layer.kernel.assign(draw()(layer.kernel.shape))
    return model
