"""Full integer quantization after training with ai-edge-quantizer, beside the converter's own way.

https://github.com/google-ai-edge/ai-edge-quantizer: it quantizes a float .tflite file, and keeps
the operator versions of that file, which the Edge TPU's compiler of 2021 knows.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from functools import partial
from typing import TYPE_CHECKING

from coralexp.errors import ConversionError
from coralexp.quant.calibration import refuse_calibration, spanning_pixels
from coralexp.quant.contract import Images, QuantizationMode

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.tf_runtime import tf

VERSION = 1


def plan(*, calibration_images: int = 200, per_channel: bool = True) -> QuantizationMode:
    """Quantize weights and activations to int8 in the converted float file.

    Input and output are int8: pixels - 128 go in. Dense layers get one scale, as with `ptq`.

    Args:
        calibration_images: Training images whose activations set the ranges, at least 1.
        per_channel: Whether each output channel of a convolution has a scale of its own.

    Raises:
        OptionError: If an option is out of its range.
    """
    refuse_calibration(calibration_images)
    return QuantizationMode(
        _configure,
        calibration_images=calibration_images,
        integer_only=True,
        requantize=partial(_quantize, per_channel=per_channel),
    )


def _configure(converter: tf.lite.TFLiteConverter, images: Images) -> None:
    """Leave the converter as it is: a float file is what the quantizer takes."""


def _quantize(path: Path, images: Images, *, per_channel: bool) -> bytes:
    from ai_edge_quantizer import qtyping, quantizer

    granularity = qtyping.QuantGranularity
    with (
        contextlib.redirect_stdout(io.StringIO()),  # its report and its bars
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(action="ignore"),  # that it keeps every activation, on purpose
    ):
        work = quantizer.Quantizer(str(path))
        for operation, channels in (
            (qtyping.TFLOperationName.ALL_SUPPORTED, per_channel),
            (qtyping.TFLOperationName.FULLY_CONNECTED, False),
        ):
            work.add_static_config(
                regex=".*",
                operation_name=operation,
                activation_num_bits=8,
                weight_num_bits=8,
                weight_granularity=granularity.CHANNELWISE if channels else granularity.TENSORWISE,
            )
        name, inputs = _signature(path)
        seen = [{inputs: image[None]} for image in spanning_pixels(images)]
        try:
            ranges = work.calibrate({name: seen}, num_threads=1)
            data = work.quantize(ranges, enable_progress_report=False).quantized_model
        except (ValueError, RuntimeError) as error:
            raise ConversionError(f"ai-edge-quantizer refused the model: {error}") from error
    if data is None:
        raise ConversionError("ai-edge-quantizer gave no model, and no reason")
    return bytes(data)


def _signature(path: Path) -> tuple[str, str]:
    """Return the names of the file's signature and of its input."""
    from ai_edge_litert.interpreter import Interpreter

    signatures = Interpreter(str(path)).get_signature_list()
    name = next(iter(signatures))
    return name, signatures[name]["inputs"][0]
