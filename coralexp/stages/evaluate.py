"""What the deployed model gets right: the .tflite file over the whole test split."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.examples import read_split
from coralexp.artifacts.predictions import Predictions
from coralexp.artifacts.tflite_model import read_model
from coralexp.tflite.run import probabilities

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.progress import Progress

VERSION = 1


def evaluate_model(
    dataset: Path, converted: Path, folder: Path, *, threads: int, progress: Progress
) -> None:
    """Run the .tflite file over the test split.

    Args:
        dataset: Entry of the `dataset` stage.
        converted: Entry of the `convert` stage.
        folder: Empty; receives `metrics.json` and `predictions.npz` with `labels` int64 `[N]` and
            `probabilities` float32 `[N, K]`.
        threads: Processor threads.
        progress: Hears of images.
    """
    model = read_model(converted)
    pixels, labels = read_split(dataset, "test")
    rows = probabilities(model, pixels, threads, progress)
    told = Predictions(np.asarray(labels), rows)
    told.write(folder)
    metrics = {"accuracy": told.accuracy, "test_images": len(told.labels)}
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1))
