"""Clustered, then full integer: few distinct weights, and the file packs well."""

from __future__ import annotations

from functools import partial
from typing import Literal

from coralexp.quant import ptq
from coralexp.quant.calibration import refuse_calibration
from coralexp.quant.clustering import clustering
from coralexp.quant.contract import QuantizationMode

VERSION = 1


def plan(
    *,
    clusters: int = 16,
    epochs: int = 2,
    learning_rate: float = 1e-4,
    calibration_images: int = 200,
    io: Literal["uint8", "int8"] = "uint8",
) -> QuantizationMode:
    """Fine-tune while each layer has a few distinct weights, then quantize as `ptq` does.

    Args:
        clusters: Distinct weights of each layer, 2 to 256.
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
        compression=clustering(clusters, epochs, learning_rate),
    )
