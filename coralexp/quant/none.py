"""No quantization: the float32 model, for comparison. It cannot run on the Edge TPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.quant.contract import Images, QuantizationMode

if TYPE_CHECKING:
    from coralexp.tf_runtime import tf

VERSION = 1


def plan() -> QuantizationMode:
    """Keep every weight and activation in float32."""
    return QuantizationMode(_configure, calibration_images=0, integer_only=False)


def _configure(converter: tf.lite.TFLiteConverter, images: Images) -> None:
    """Leave the converter as it is."""
