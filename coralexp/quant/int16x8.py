"""int16 activations and int8 weights: closer to float. It cannot run on the Edge TPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.quant.calibration import refuse_calibration, representative
from coralexp.quant.contract import Images, QuantizationMode

if TYPE_CHECKING:
    from coralexp.tf_runtime import tf

VERSION = 1


def plan(*, calibration_images: int = 200) -> QuantizationMode:
    """Quantize weights to int8 and activations to int16; input and output stay float32.

    Args:
        calibration_images: Training images whose activations set the ranges, at least 1.

    Raises:
        OptionError: If an option is out of its range.
    """
    refuse_calibration(calibration_images)
    return QuantizationMode(_configure, calibration_images=calibration_images, integer_only=False)


def _configure(converter: tf.lite.TFLiteConverter, images: Images) -> None:
    from coralexp.tf_runtime import tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative(images)
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    ]
