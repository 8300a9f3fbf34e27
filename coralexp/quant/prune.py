"""Pruned, then full integer: many weights are 0, and the file packs well."""

from __future__ import annotations

from functools import partial
from typing import Literal

from coralexp.quant import ptq
from coralexp.quant.calibration import refuse_calibration
from coralexp.quant.contract import QuantizationMode
from coralexp.quant.pruning import pruning

VERSION = 1


def plan(
    *,
    sparsity: float = 0.5,
    epochs: int = 2,
    learning_rate: float = 1e-4,
    calibration_images: int = 200,
    io: Literal["uint8", "int8"] = "uint8",
) -> QuantizationMode:
    """Fine-tune while the smallest weights are held at 0, then quantize as `ptq` does.

    Args:
        sparsity: Share of each layer's weights that become 0, in (0, 1).
        epochs: Passes over the training split, at least 1.
        learning_rate: Step size of the optimizer, per step, above 0.
        calibration_images: Training images whose activations set the ranges, at least 1.
        io: Type of the model's input and output: `uint8` takes plain pixels, `int8` pixels - 128.

    Raises:
        OptionError: If an option is out of its range.
    """
    refuse_calibration(calibration_images)
    return QuantizationMode(
        partial(ptq.configure, io=io, per_channel=True),
        calibration_images=calibration_images,
        integer_only=True,
        compression=pruning(sparsity, epochs, learning_rate),
    )
