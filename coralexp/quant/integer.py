"""What every full integer mode asks of the converter."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coralexp.tf_runtime import tf


def ask_for_integers(converter: tf.lite.TFLiteConverter, io: str) -> None:
    """Set the converter up for a model whose every tensor is of integers.

    Dense layers get one scale, convolutions one for each channel. Since 2024 TensorFlow's converter
    gives dense layers one for each channel, too, under an operator version as old as before; a
    runtime or compiler from before then reads the first scale for all of them, and answers wrongly
    without a word (tensorflow/tflite-micro#2602). The Edge TPU's compiler is of 2021.

    Args:
        converter: Of a model whose batch is 1.
        io: Type of the model's input and output: `uint8` or `int8`.
    """
    from coralexp.tf_runtime import tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    # TensorFlow has no public name for this.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True  # noqa: SLF001
    converter.inference_input_type = converter.inference_output_type = tf.as_dtype(io)
