"""Dynamic range: int8 weights, float32 activations. It cannot run on the Edge TPU."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from coralexp.quant.contract import Images, QuantizationMode

if TYPE_CHECKING:
    from coralexp.tf_runtime import tf

VERSION = 1


def plan(*, optimize_for: Literal["default", "size", "latency"] = "default") -> QuantizationMode:
    """Quantize the weights; activations are quantized while the model runs, and need no data.

    Args:
        optimize_for: What older exercises ask the converter for. By TensorFlow's own documentation
            `size` and `latency` are deprecated and do the same as `default`: the files are equal.
    """
    return QuantizationMode(
        partial(_configure, optimize_for=optimize_for), calibration_images=0, integer_only=False
    )


def _configure(converter: tf.lite.TFLiteConverter, images: Images, *, optimize_for: str) -> None:
    from coralexp.tf_runtime import tf

    goals = {
        "default": tf.lite.Optimize.DEFAULT,
        "size": tf.lite.Optimize.OPTIMIZE_FOR_SIZE,
        "latency": tf.lite.Optimize.OPTIMIZE_FOR_LATENCY,
    }
    converter.optimizations = [goals[optimize_for]]
