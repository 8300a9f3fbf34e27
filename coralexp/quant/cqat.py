"""Clustered, then quantization-aware training that keeps the clusters."""

from __future__ import annotations

from functools import partial
from typing import Literal

from coralexp.quant import qat
from coralexp.quant.calibration import refuse_calibration
from coralexp.quant.clustering import clustering
from coralexp.quant.contract import FineTuning, QuantizationMode
from coralexp.quant.preserving import prepare

VERSION = 1


def plan(
    *,
    clusters: int = 16,
    epochs: int = 2,
    learning_rate: float = 1e-4,
    calibration_images: int = 200,
    io: Literal["uint8", "int8"] = "uint8",
) -> QuantizationMode:
    """Cluster, then fine-tune with fake quantization while the clusters stay.

    Args:
        clusters: Distinct weights of each layer, 2 to 256.
        epochs: Passes over the training split of each of the two, at least 1.
        learning_rate: Step size of the optimizer in both, per step, above 0.
        calibration_images: Training images whose activations set the ranges to begin with, at least
            1.
        io: Type of the model's input and output: `uint8` takes plain pixels, `int8` pixels - 128.

    Raises:
        OptionError: If an option is out of its range.
    """
    refuse_calibration(calibration_images)
    return QuantizationMode(
        partial(qat.configure, io=io),
        calibration_images=0,
        integer_only=True,
        compression=clustering(clusters, epochs, learning_rate),
        fine_tuning=FineTuning(
            prepare=partial(prepare, scheme="Default8BitClusterPreserveQuantizeScheme"),
            calibration_images=calibration_images,
            finish=qat.span_pixels,
            epochs=epochs,
            learning_rate=learning_rate,
        ),
    )
