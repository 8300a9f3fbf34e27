"""MobileNetV3 Large: inverted residuals with squeeze-and-excitation and hard-swish.

Howard et al., 2019, https://arxiv.org/abs/1905.02244

On the Edge TPU: hard-swish, x * ReLU6(x + 3) / 6, which the converter makes one HARD_SWISH of, is
not mapped, and all behind the first one runs on the CPU. `minimalistic=true` has ReLU in its place,
no squeeze-and-excitation and windows of 3x3 alone, and is mapped throughout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.backbones import keras_application
from coralexp.backbones.limits import require_width
from coralexp.backbones.weights.source import IMAGENET, require_imagenet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coralexp.tf_runtime import keras

VERSION = 1
NOT_ON_THE_EDGE_TPU = {
    "HARD_SWISH": "is no operator of the compiler; minimalistic=true has ReLU",
}
LEAST_PX = 32
IMAGENET_WIDTHS = (0.75, 1.0)
IMAGENET_WIDTHS_MINIMALISTIC = (1.0,)


def build(
    input_shape: tuple[int, int, int],
    *,
    width: float = 1.0,
    minimalistic: bool = False,
    weights: str | None = None,
    cut_at: str | None = None,
) -> keras.Model:
    """Build the feature extractor.

    Args:
        input_shape: Height and width in pixels, 32 or more, and channels: `(H, W, C)`.
        width: Multiplier of the channel count of every layer, above 0 and at most 8; every layer
            keeps at least 8 channels.
        minimalistic: Without what accelerators cannot do: hard-swish, squeeze-and-excitation,
            windows of 5x5.
        weights: None starts from scratch; `imagenet` takes Keras', trained at 224 px, of width 0.75
            or 1, minimalistic of width 1; else the path of an .h5 or .keras file or of a
            SavedModel's folder, of the same network, ours or Keras'.
        cut_at: Name of the last layer that is kept; None for all.

    Returns:
        Model from float32 images `[N, H, W, C]` in [-1, 1] to float32 features
        `[N, H/32, W/32, F]`, rounded up, F = 960 at width 1; of a cut network, what its last
        layer gives.

    Raises:
        OptionError: If the width is out of range, or there are no such weights, or no such layer.
        ValueError: If a side is below 32 px.
        WeightsError: If the weights cannot be had or do not fit.
    """
    require_width(width)
    if weights == IMAGENET:
        widths = IMAGENET_WIDTHS_MINIMALISTIC if minimalistic else IMAGENET_WIDTHS
        require_imagenet(width, input_shape[2], widths)
    kind = "large_minimalistic" if minimalistic else "large"
    application = keras_application.Application(
        name="MobileNetV3Large",
        least_px=LEAST_PX,
        expects="tf",
        folder="mobilenet_v3",
        file=f"weights_mobilenet_v3_{kind}_224_{float(width)}_float_no_top_v2.h5",
    )
    keras_application.require(application, "mobilenetv3large", input_shape, weights)
    options = {"alpha": width, "minimalistic": minimalistic, "include_preprocessing": False}
    return keras_application.build(
        application, input_shape, weights=weights, cut_at=cut_at, options=options
    )


def unfit_for_fine_tuning(options: Mapping[str, object]) -> str | None:
    """Return why these options cannot be trained with fake quantization; None if they can."""
    if options.get("minimalistic"):
        return None
    return "tfmot does not know hard-swish: write backbone.minimalistic=true"
