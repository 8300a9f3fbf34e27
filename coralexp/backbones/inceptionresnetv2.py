"""Inception-ResNet-V2: Inception's branches, with residuals.

Szegedy et al., 2016, https://arxiv.org/abs/1602.07261
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.backbones import keras_application

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coralexp.tf_runtime import keras

VERSION = 1
APPLICATION = keras_application.Application(
    name="InceptionResNetV2",
    least_px=75,
    expects="tf",
    folder="inception_resnet_v2",
    file="inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
)


def build(
    input_shape: tuple[int, int, int], *, weights: str | None = None, cut_at: str | None = None
) -> keras.Model:
    """Build the feature extractor.

    Args:
        input_shape: Height and width in pixels, 75 or more, and channels: `(H, W, C)`.
        weights: None starts from scratch; `imagenet` takes Keras', trained at 299 px; else the path
            of an .h5 or .keras file or of a SavedModel's folder, of the same network, ours or
            Keras'.
        cut_at: Name of the last layer that is kept; None for all.

    Returns:
        Model from float32 images `[N, H, W, C]` in [-1, 1] to float32 features
        `[N, h, w, 1536]`, h and w about a 32nd of the sides: 1 for 75 px, 5 for 224; of a cut
        network, what its last layer gives.

    Raises:
        OptionError: If there are no such weights, or no such layer.
        ValueError: If a side is below 75 px.
        WeightsError: If the weights cannot be had or do not fit.
    """
    keras_application.require(APPLICATION, "inceptionresnetv2", input_shape, weights)
    return keras_application.build(APPLICATION, input_shape, weights=weights, cut_at=cut_at)


def unfit_for_fine_tuning(options: Mapping[str, object]) -> str | None:
    """Return why it cannot be trained with fake quantization, whatever the options."""
    return "its scaled residuals are a layer that tfmot does not know"
