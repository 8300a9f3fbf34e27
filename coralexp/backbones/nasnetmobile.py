"""NASNet-A (4 @ 1056), the mobile one: cells that a search has found.

Zoph et al., 2017, https://arxiv.org/abs/1707.07012
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.backbones import keras_application

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coralexp.tf_runtime import keras

VERSION = 1
APPLICATION = keras_application.Application(
    name="NASNetMobile",
    least_px=32,
    expects="tf",
    folder="nasnet",
    file="NASNet-mobile-no-top.h5",
)


def build(
    input_shape: tuple[int, int, int], *, weights: str | None = None, cut_at: str | None = None
) -> keras.Model:
    """Build the feature extractor.

    Args:
        input_shape: Height and width in pixels, 32 or more, and channels: `(H, W, C)`.
        weights: None starts from scratch; `imagenet` takes Keras', trained at 224 px; else the path
            of an .h5 or .keras file or of a SavedModel's folder, of the same network, ours or
            Keras'.
        cut_at: Name of the last layer that is kept; None for all.

    Returns:
        Model from float32 images `[N, H, W, C]` in [-1, 1] to float32 features
        `[N, h, w, 1056]`, h and w about a 32nd of the sides: 1 for 32 px, 7 for 224; of a cut
        network, what its last layer gives.

    Raises:
        OptionError: If there are no such weights, or no such layer.
        ValueError: If a side is below 32 px.
        WeightsError: If the weights cannot be had or do not fit.
    """
    keras_application.require(APPLICATION, "nasnetmobile", input_shape, weights)
    return keras_application.build(APPLICATION, input_shape, weights=weights, cut_at=cut_at)


def unfit_for_fine_tuning(options: Mapping[str, object]) -> str | None:
    """Return why it cannot be trained with fake quantization, whatever the options."""
    return "it normalizes where there is no convolution in front to fold into"
