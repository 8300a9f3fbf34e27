"""What quantization cost: the deployed file against the float file, on the same test images."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.examples import read_split
from coralexp.artifacts.predictions import read_predictions
from coralexp.artifacts.tflite_model import read_model
from coralexp.tflite.layer_error import COLUMNS, as_row, layer_errors, worst

if TYPE_CHECKING:
    from pathlib import Path


VERSION = 1
LAYER_ERRORS = "layer_errors.csv"
LAYER_IMAGES = 16  # of the test split; the figures of a layer are means over all its activations
_WORTH_TELLING = 0.02  # accuracy lost from which on the user is told


def compare_with_float(
    dataset: Path,
    reference: Path,
    converted: Path,
    evaluated: Path,
    folder: Path,
    *,
    fine_tuned: bool,
) -> None:
    """Compare a deployed model with the float model that it comes from.

    Args:
        dataset: Entry of the `dataset` stage.
        reference: Entry of the `reference` stage.
        converted: Entry of the `convert` stage.
        evaluated: Entry of the `evaluate` stage.
        folder: Empty; receives `metrics.json` with `accuracy_lost` (in [-1, 1], below 0 if the
            deployed model is better) and `float_agreement` (share of test images, in [0, 1], to
            which both give one answer), `layer_errors.csv` unless the files are equal,
            `tags.json` with the layer that adds most noise, and `notes.txt` if much was lost.
        fine_tuned: Whether the deployed model was trained further: its layers then differ from the
            float model's by what they learned, too, and none is blamed.
    """
    true, seen = read_predictions(reference), read_predictions(evaluated)
    lost = true.accuracy - seen.accuracy
    metrics = {
        "accuracy_lost": lost,
        "float_agreement": float(np.mean(true.answers == seen.answers)),
    }
    tags: dict[str, str] = {}
    float_model, model = read_model(reference), read_model(converted)
    if float_model.path.read_bytes() != model.path.read_bytes():
        pixels, _ = read_split(dataset, "test")
        errors = layer_errors(float_model, model, np.asarray(pixels[:LAYER_IMAGES]))
        with (folder / LAYER_ERRORS).open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, COLUMNS)
            table.writeheader()
            table.writerows(map(as_row, errors))
        if errors and errors[-1].sqnr_db is not None:
            metrics["output_sqnr_db"] = errors[-1].sqnr_db
        noisiest = worst(errors)
        if noisiest is not None and not fine_tuned:
            tags["noisiest_layer"] = f"{noisiest.layer} ({noisiest.operator})"
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1))
    (folder / "tags.json").write_text(json.dumps(tags, indent=1))
    if lost >= _WORTH_TELLING:
        where = f"; most noise is added by {tags['noisiest_layer']}" if tags else ""
        (folder / "notes.txt").write_text(
            f"quantization lost {lost:.3f} of accuracy against the float .tflite{where} "
            f"(layer_errors.csv of the run has every layer)\n",
            encoding="utf-8",
        )
