"""MobileNetV1: depthwise separable convolutions.

Howard et al., 2017, https://arxiv.org/abs/1704.04861
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.backbones.limits import require_multiple, require_width
from coralexp.backbones.weights.source import IMAGENET, require_file, require_imagenet

if TYPE_CHECKING:
    from coralexp.tf_runtime import keras

VERSION = 1
REDUCTION_PX = 32
LEAST_WIDTH = 1 / 32  # the first layer has 32 channels at width 1, and the count is rounded down
IMAGENET_WIDTHS = (0.25, 0.5, 0.75, 1.0)
IMAGENET_SIDES_PX = (128, 160, 192, 224)
_WIDTH_IN_FILE = {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}
_MOMENTUM = 0.9  # 0.99, the default, follows fresh weights too slowly for a few hundred steps


def build(
    input_shape: tuple[int, int, int],
    *,
    width: float = 0.25,
    weights: str | None = None,
    cut_at: str | None = None,
) -> keras.Model:
    """Build the feature extractor.

    Args:
        input_shape: Height and width in pixels, both multiples of 32, and channels: `(H, W, C)`.
        width: Multiplier of the channel count of every layer, 1/32 to 8.
        weights: None starts from scratch; `imagenet` takes Keras' for the side (those of 224 px for
            other sides); else the path of an .h5, .keras or .tflite file or of a SavedModel's
            folder, of the same network.
        cut_at: Name of the last layer that is kept; None for all.

    Returns:
        Model from float32 images `[N, H, W, C]` in [-1, 1] to float32 features
        `[N, H/32, W/32, 1024 * width]`.

    Raises:
        ModelFileError: If a .tflite file cannot be read.
        OptionError: If the width is out of range, or there are no such weights, or no such
            layer to cut at.
        ValueError: If a side is not a multiple of 32 px.
        WeightsError: If the weights cannot be had or do not fit.
    """
    require_width(width, least=LEAST_WIDTH)
    require_multiple("mobilenetv1", input_shape, REDUCTION_PX)
    if weights == IMAGENET:
        require_imagenet(width, input_shape[2], IMAGENET_WIDTHS)
    elif weights is not None:
        require_file(weights)

    from coralexp.backbones import cut
    from coralexp.backbones.weights import load
    from coralexp.tf_runtime import keras

    model = keras.applications.MobileNet(
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
        load.load_imagenet(
            model, "mobilenet", f"mobilenet_{_WIDTH_IN_FILE[width]}_{side_px}_tf_no_top.h5"
        )
    else:
        return cut.cut_and_load(model, weights, cut_at)
    return cut.cut(model, cut_at)
