"""Dynamic range: int8 weights, float32 activations. It cannot run on the Edge TPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.quant.contract import Images, QuantizationMode

if TYPE_CHECKING:
    from coralexp.tf_runtime import tf

VERSION = 1


def plan() -> QuantizationMode:
    """Quantize the weights; activations are quantized while the model runs, and need no data."""
    return QuantizationMode(_configure, calibration_images=0, integer_only=False)


def _configure(converter: tf.lite.TFLiteConverter, images: Images) -> None:
    from coralexp.tf_runtime import tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
