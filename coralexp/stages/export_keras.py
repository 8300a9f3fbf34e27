"""A trained model in another format of Keras: no stage of a run, but work for TensorFlow too."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def export_keras(source: Path, to: Path) -> None:
    """Write a model as a `.keras` file, or as a SavedModel with its variables, for any batch.

    Args:
        source: `model.h5` of a `train` or `qat` entry.
        to: File to write, its name ending in `.keras`; any other name is a SavedModel's folder.
    """
    from coralexp.tf_runtime import keras, tfmot

    with tfmot.quantization.keras.quantize_scope():
        model = keras.models.load_model(source, compile=False)
    model.save(to, save_format="keras" if to.suffix == ".keras" else "tf")
