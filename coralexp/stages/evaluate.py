"""What the deployed model gets right: the .tflite file over the whole test split."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.examples import read_split
from coralexp.artifacts.tflite_model import read_model
from coralexp.tflite.run import probabilities

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.progress import Progress

VERSION = 1
PREDICTIONS = "predictions.npz"


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
    known = np.asarray(labels)
    hits = np.argmax(rows, axis=1) == known
    metrics = {"accuracy": float(np.mean(hits)), "test_images": len(known)}
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1))
    np.savez(folder / PREDICTIONS, labels=known, probabilities=rows)
