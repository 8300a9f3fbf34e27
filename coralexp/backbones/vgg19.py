"""VGG19: sixteen 3x3 convolutions, no normalization.

Simonyan and Zisserman, 2014, https://arxiv.org/abs/1409.1556

The convolutions take 20 million bytes as integers, more than twice what the chip keeps: the rest
comes from the host for every image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.backbones import keras_application
from coralexp.backbones.rectified import begin_rectified

if TYPE_CHECKING:
    from coralexp.tf_runtime import keras

VERSION = 2
APPLICATION = keras_application.Application(
    name="VGG19",
    least_px=32,
    expects="caffe",
    folder="vgg19",
    file="vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
)


def build(
    input_shape: tuple[int, int, int], *, weights: str | None = None, cut_at: str | None = None
) -> keras.Model:
    """Build the feature extractor.

    Args:
        input_shape: Height and width in pixels, 32 or more, and channels: `(H, W, C)`.
        weights: None starts from scratch; `imagenet` takes Keras', trained at 224 px; else the path
            of an .h5 or .keras file or of a SavedModel's folder, of the same network, ours or
            Keras'. A layer in front, `preprocess`, feeds Keras' what they expect:
            blue, green, red less the mean colour.
        cut_at: Name of the last layer that is kept; None for all.

    Returns:
        Model from float32 images `[N, H, W, C]` in [-1, 1] to float32 features
        `[N, H/32, W/32, 512]`, rounded down; of a cut network, what its last layer gives.

    Raises:
        OptionError: If there are no such weights, or no such layer.
        ValueError: If a side is below 32 px.
        WeightsError: If the weights cannot be had or do not fit.
    """
    keras_application.require(APPLICATION, "vgg19", input_shape, weights)
    model = keras_application.build(APPLICATION, input_shape, weights=weights, cut_at=cut_at)
    return model if weights is not None else begin_rectified(model)
