"""MobileNetV2: inverted residuals, linear bottlenecks.

Sandler et al., 2018, https://arxiv.org/abs/1801.04381
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.backbones.limits import require_multiple, require_width
from coralexp.backbones.weights.source import IMAGENET, require_file, require_imagenet

if TYPE_CHECKING:
    from coralexp.tf_runtime import keras

VERSION = 1
REDUCTION_PX = 32
IMAGENET_WIDTHS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
IMAGENET_SIDES_PX = (96, 128, 160, 192, 224)
_MOMENTUM = 0.9  # 0.999, the default, needs thousands of steps to follow fresh weights


def build(
    input_shape: tuple[int, int, int],
    *,
    width: float = 0.35,
    weights: str | None = None,
    cut_at: str | None = None,
) -> keras.Model:
    """Build the feature extractor.

    Args:
        input_shape: Height and width in pixels, both multiples of 32, and channels: `(H, W, C)`.
        width: Multiplier of the channel count of every layer, above 0 and at most 8; every layer
            keeps at least 8 channels.
        weights: None starts from scratch; `imagenet` takes Keras' for the side (those of 224 px for
            other sides); else the path of an .h5, .keras or .tflite file or of a SavedModel's
            folder, of the same network.
        cut_at: Name of the last layer that is kept; None for all.

    Returns:
        Model from float32 images `[N, H, W, C]` in [-1, 1] to float32 features
        `[N, H/32, W/32, F]`; F is 1280 up to width 1, and 1280 * width, rounded to a multiple of 8,
        above.

    Raises:
        ModelFileError: If a .tflite file cannot be read.
        OptionError: If the width is out of range, or there are no such weights, or no such
            layer to cut at.
        ValueError: If a side is not a multiple of 32 px.
        WeightsError: If the weights cannot be had or do not fit.
    """
    require_width(width)
    require_multiple("mobilenetv2", input_shape, REDUCTION_PX)
    if weights == IMAGENET:
        require_imagenet(width, input_shape[2], IMAGENET_WIDTHS)
    elif weights is not None:
        require_file(weights)

    from coralexp.backbones import cut
    from coralexp.backbones.weights import load
    from coralexp.tf_runtime import keras

    model = keras.applications.MobileNetV2(
        input_shape,
        alpha=width,
        include_top=False,
        weights=None,
        input_tensor=keras.Input(input_shape, name="image"),
    )
    if weights is None:
        load.follow_fresh_weights(model, _MOMENTUM)
    elif weights == IMAGENET:
        height, width_px, _ = input_shape
        side_px = (
            height if height == width_px and height in IMAGENET_SIDES_PX else max(IMAGENET_SIDES_PX)
        )
        name = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{float(width)}_{side_px}_no_top.h5"
        load.load_imagenet(model, "mobilenet_v2", name)
    else:
        return cut.cut_and_load(model, weights, cut_at)
    return cut.cut(model, cut_at)
