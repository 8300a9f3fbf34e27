"""What every quantization mode is compared with: the float .tflite file and its answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.examples import read_index, read_split
from coralexp.artifacts.predictions import Predictions
from coralexp.artifacts.preprocessing import read_preprocessing
from coralexp.artifacts.tflite_model import MODEL, write_contract
from coralexp.stages.convert import converted
from coralexp.stages.describe import describe
from coralexp.stages.trained import SAVED_MODEL
from coralexp.tflite.run import probabilities

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.progress import Progress

VERSION = 1


def write_reference(
    dataset: Path, trained: Path, folder: Path, *, threads: int, progress: Progress
) -> None:
    """Convert the trained model without quantization and run it over the test split.

    Args:
        dataset: Entry of the `dataset` stage.
        trained: Entry of the `train` stage, before any fine-tuning.
        folder: Empty; receives `model.tflite`, `contract.json`, `metrics.json` and
            `predictions.npz` as the `evaluate` stage writes it.
        threads: Processor threads.
        progress: Hears of images.

    Raises:
        ConversionError: If the converter refuses the model.
    """
    from coralexp.tf_runtime import tf

    path = folder / MODEL
    converter = tf.lite.TFLiteConverter.from_saved_model(str(trained / SAVED_MODEL))
    path.write_bytes(converted(converter))
    model = describe(path, read_index(dataset), read_preprocessing(trained))
    write_contract(model)
    pixels, labels = read_split(dataset, "test")
    rows = probabilities(model, pixels, threads, progress)
    told = Predictions(np.asarray(labels), rows)
    told.write(folder)
    metrics = {"accuracy_float_tflite": told.accuracy, "model_size_float_bytes": model.size_bytes}
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1))
