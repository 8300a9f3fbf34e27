"""A small store with everything that a finished job leaves, made without TensorFlow."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.artifacts.record import RunRecord, StageRecord
from coralexp.artifacts.runs import Runs, new_record

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ["A1", "D21", "G17"]
KEYS = {stage: stage[0] * 20 for stage in ("dataset", "train", "convert", "evaluate", "measure")}


@dataclass
class Jobs:
    """Makes records whose entries lie in one store."""

    store: Path

    @property
    def runs(self) -> Runs:
        return Runs(self.store / "runs")

    def sweep(self, *overrides: str) -> RunRecord:
        record = new_record("sweep")
        record.overrides = list(overrides)
        self.runs.save(record)
        return record

    def begin(self, quant: str = "ptq", sweep: RunRecord | None = None) -> RunRecord:
        record = new_record("run")
        record.sweep = None if sweep is None else sweep.id
        record.overrides = ["backbone=mobilenetv2", f"quant={quant}"]
        record.commit = "0123abc"
        record.environment = {"python": "3.11.9"}
        choices = {"dataset": "glyphs", "backbone": "mobilenetv2", "quant": quant, "device": "usb"}
        options = {"backbone": {"width": 0.35, "weights": None}}
        record.config = {"schema": 1, "seed": 42}
        for group, choice in choices.items():
            record.config[group] = {
                "choice": choice,
                "target": f"coralexp.{group}.{choice}",
                "options": dict(options.get(group, {})),
            }
        self.runs.save(record)
        return record

    def end(self, record: RunRecord, state: str = "FINISHED") -> RunRecord:
        if record.kind == "run":
            record.stages = {
                stage: StageRecord(key, 1.5, stage == "train", 2.5) for stage, key in KEYS.items()
            }
            record.metrics = {"accuracy": 0.95, "model_size_bytes": 729088.0}
            record.tags = {"edgetpu_latency_source": "estimated"}
        record.state = state  # type: ignore[assignment]
        record.error = "TrainingError: the loss is nan" if state == "FAILED" else None
        record.ended = time.time()
        self.runs.save(record)
        return record

    def read(self, record: RunRecord) -> RunRecord:
        """Return what is on disk."""
        return self.runs.find(record.id)


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    store = tmp_path / ".coralexp"
    folders = {stage: store / stage / key for stage, key in KEYS.items()}
    for folder in folders.values():
        folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    facts = {
        "classes": CLASSES,
        "image_shape": [8, 8, 3],
        "digest": "ab" * 32,
        "images": {"train": 20, "validation": 0, "test": 9},
        "skipped": [],
    }
    (folders["dataset"] / "dataset.json").write_text(json.dumps(facts))
    (folders["dataset"] / "train").mkdir()
    np.save(
        folders["dataset"] / "train" / "images.npy",
        random.integers(0, 256, (20, 8, 8, 3), dtype=np.uint8),
    )
    np.save(folders["dataset"] / "train" / "labels.npy", np.arange(20) % 3)
    history = [
        {"epoch": n, "loss": 1 / n, "accuracy": 1 - 1 / (n + 1), "learning_rate": 0.1}
        for n in (1, 2, 3)
    ]
    (folders["train"] / "history.json").write_text(json.dumps(history))
    (folders["train"] / "epoch_timings.json").write_text("[2, 2, 2]")
    (folders["train"] / "layers.md").write_text("| layer |\n")
    (folders["convert"] / "model.tflite").write_bytes(b"TFL3" * 100)
    (folders["convert"] / "contract.json").write_text("{}")
    (folders["convert"] / "labels.txt").write_text("\n".join(CLASSES))
    labels = np.arange(9) % 3
    probabilities = np.eye(3, dtype=np.float32)[labels]
    np.savez(folders["evaluate"] / "predictions.npz", labels=labels, probabilities=probabilities)
    return Jobs(store)
