"""Full integer quantization after training: what the Edge TPU takes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from coralexp.quant.calibration import refuse_calibration, representative
from coralexp.quant.contract import Images, QuantizationMode
from coralexp.quant.integer import ask_for_integers

if TYPE_CHECKING:
    from coralexp.tf_runtime import tf

VERSION = 1


def plan(
    *,
    calibration_images: int = 200,
    io: Literal["uint8", "int8"] = "uint8",
    per_channel: bool = True,
) -> QuantizationMode:
    """Quantize weights and activations to int8; training itself is left alone.

    Args:
        calibration_images: Training images whose activations set the ranges, at least 1.
        io: Type of the model's input and output: `uint8` takes plain pixels, `int8` pixels - 128.
        per_channel: Whether each output channel of a convolution has a scale of its own. With one
            scale for all of them (`false`), depthwise layers lose most: their channels differ most.

    Raises:
        OptionError: If an option is out of its range.
    """
    refuse_calibration(calibration_images)
    return QuantizationMode(
        partial(configure, io=io, per_channel=per_channel),
        calibration_images=calibration_images,
        integer_only=True,
    )


def configure(
    converter: tf.lite.TFLiteConverter, images: Images, *, io: str, per_channel: bool
) -> None:
    """Set the converter up, ranges from images."""
    from coralexp.tf_runtime import tf

    ask_for_integers(converter, io)
    if not per_channel:  # TensorFlow has no public name for this
        converter._experimental_disable_per_channel = True  # noqa: SLF001
    converter.representative_dataset = representative(images)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
