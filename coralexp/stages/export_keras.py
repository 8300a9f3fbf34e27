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
    for layer in model.layers:
        # Told how it was built, a layer of tfmot that is read from a .keras file builds its
        # variables twice, and the file cannot be loaded. Untold, it is built when it is called.
        layer.get_build_config = _untold
    model.save(to, save_format="keras" if to.suffix == ".keras" else "tf")


def _untold() -> None:
    """Return nothing where Keras asks for a shape."""
