"""What a quantization mode is: a record of the moments at which it may act.

A choice of the group `quant` names a function of keyword-only options that returns a
`QuantizationMode`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from coralexp.tf_runtime import keras, tf

Images = npt.NDArray[np.float32]


@dataclass(frozen=True)
class FineTuning:
    """A mode that trains: how, after the float training.

    Attributes:
        prepare: Turns the trained float model into the one that is fine-tuned, given images whose
            activations set the ranges to begin with: float32 `[M, H, W, C]` in [-1, 1].
        calibration_images: How many images `prepare` wants.
        finish: Last touch on the fine-tuned model: returns the one that is exported.
        epochs: Passes over the training split, at least 1.
        learning_rate: Step size of the optimizer, per step.
        options: What else decides the result, by name; modes that share all of it share the work.
        version: Number of the code of `prepare`, where the mode's own does not say it.
        callbacks: Makes what Keras calls while it trains.
    """

    prepare: Callable[[keras.Model, Images], keras.Model]
    calibration_images: int
    finish: Callable[[keras.Model], keras.Model]
    epochs: int
    learning_rate: float
    options: Mapping[str, float | str] = field(default_factory=dict)
    version: int = 0
    callbacks: Callable[[], Sequence[keras.callbacks.Callback]] = tuple


@dataclass(frozen=True)
class QuantizationMode:
    """What a mode does.

    Attributes:
        configure: Sets the converter up, given calibration images: float32 `[M, H, W, C]` in
            [-1, 1].
        calibration_images: How many images `configure` wants; 0 if none.
        integer_only: Whether every tensor of the result is of integers, as the Edge TPU needs it.
        fine_tuning: None if nothing is trained.
        compression: What is trained before that, so that weights take less room when packed; None
            for nothing.
        requantize: Turns the converted file into the one that is kept, given the same images; None
            keeps the converter's.
    """

    configure: Callable[[tf.lite.TFLiteConverter, Images], None]
    calibration_images: int
    integer_only: bool
    fine_tuning: FineTuning | None = None
    compression: FineTuning | None = None
    requantize: Callable[[Path, Images], bytes] | None = None
