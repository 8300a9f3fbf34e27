"""Quantization-aware training: the float model is fine-tuned while it feels the rounding."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from coralexp.quant.calibration import refuse_calibration
from coralexp.quant.contract import FineTuning, Images, QuantizationMode
from coralexp.quant.fake_quant import begin_ranges
from coralexp.quant.fine_tuning_limits import refuse_fine_tuning
from coralexp.quant.integer import ask_for_integers

if TYPE_CHECKING:
    from coralexp.tf_runtime import keras, tf

VERSION = 2


def plan(
    *,
    epochs: int = 2,
    learning_rate: float = 1e-4,
    calibration_images: int = 200,
    io: Literal["uint8", "int8"] = "uint8",
) -> QuantizationMode:
    """Insert fake quantization (tfmot's 8-bit scheme), fine-tune, then convert to int8.

    Args:
        epochs: Passes over the training split, at least 1.
        learning_rate: Step size of the optimizer, per step, above 0. A tenth of the training's or
            less keeps what was learned.
        calibration_images: Training images whose activations set the ranges to begin with, at least
            1.
        io: Type of the model's input and output: `uint8` takes plain pixels, `int8` pixels - 128.

    Raises:
        OptionError: If an option is out of its range.
    """
    refuse_fine_tuning(epochs, learning_rate)
    refuse_calibration(calibration_images)
    return QuantizationMode(
        partial(configure, io=io),
        calibration_images=0,
        integer_only=True,
        fine_tuning=FineTuning(_prepare, calibration_images, span_pixels, epochs, learning_rate),
    )


def _prepare(model: keras.Model, images: Images) -> keras.Model:
    from coralexp.tf_runtime import tfmot

    quantized = tfmot.quantization.keras.quantize_model(model)
    begin_ranges(model, quantized, images)
    return quantized


def span_pixels(model: keras.Model) -> keras.Model:
    """Return the model, its input's range set to exactly [-1, 1]: plain pixels go in at 2/255.

    Fine-tuning leaves it near that: a moving average of what the batches held.
    """
    for layer in model.layers:
        if type(layer).__name__ == "QuantizeLayer":  # tfmot's, at the input; it has no public name
            for variable in layer.weights:
                name = variable.name.split("/")[-1]
                if name.endswith("_min:0"):
                    variable.assign(-1.0)
                elif name.endswith("_max:0"):
                    variable.assign(1.0)
    return model


def configure(converter: tf.lite.TFLiteConverter, images: Images, *, io: str) -> None:
    """Set the converter up for a model that carries its own ranges."""
    ask_for_integers(converter, io)
