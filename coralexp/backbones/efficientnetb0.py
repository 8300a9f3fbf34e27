"""EfficientNet-B0: inverted residuals with squeeze-and-excitation and swish.

Tan and Le, 2019, https://arxiv.org/abs/1905.11946
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.backbones import keras_application

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coralexp.tf_runtime import keras

VERSION = 1
APPLICATION = keras_application.Application(
    name="EfficientNetB0",
    least_px=32,
    expects="torch",
    folder="keras-applications",
    file="efficientnetb0_notop.h5",
    server="https://storage.googleapis.com",
    own_scaling=("rescaling", "normalization"),
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
            less the mean colour, over the deviation.
        cut_at: Name of the last layer that is kept; None for all.

    Returns:
        Model from float32 images `[N, H, W, C]` in [-1, 1] to float32 features
        `[N, H/32, W/32, 1280]`, rounded up; of a cut network, what its last layer gives.

    Raises:
        OptionError: If there are no such weights, or no such layer.
        ValueError: If a side is below 32 px.
        WeightsError: If the weights cannot be had or do not fit.
    """
    keras_application.require(APPLICATION, "efficientnetb0", input_shape, weights)
    return keras_application.build(APPLICATION, input_shape, weights=weights, cut_at=cut_at)


def unfit_for_fine_tuning(options: Mapping[str, object]) -> str | None:
    """Return why it cannot be trained with fake quantization, whatever the options."""
    return (
        "tfmot does not know how to quantize its squeeze-and-excitation; take "
        "backbone=efficientnet_lite0"
    )
