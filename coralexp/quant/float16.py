"""Half precision: float16 weights, float32 arithmetic. It cannot run on the Edge TPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.quant.contract import Images, QuantizationMode

if TYPE_CHECKING:
    from coralexp.tf_runtime import tf

VERSION = 1


def plan() -> QuantizationMode:
    """Store the weights in float16, which halves the file."""
    return QuantizationMode(_configure, calibration_images=0, integer_only=False)


def _configure(converter: tf.lite.TFLiteConverter, images: Images) -> None:
    from coralexp.tf_runtime import tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
