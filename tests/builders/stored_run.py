"""A finished run whose entries are whole and keyed by their ingredients, without TensorFlow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.record import RunRecord, StageRecord
from coralexp.artifacts.runs import new_record
from coralexp.artifacts.store import Store, key_of

if TYPE_CHECKING:
    from pathlib import Path

GROUPS = ("dataset", "backbone", "head", "quant", "device", "training")
STAGES = ("dataset", "features", "train", "qat", "convert", "evaluate", "compile", "measure")
CLASSES = ["A1", "D21"]


def stored_run(
    store: Store, *, accuracy: float = 0.95, seed: int = 1, **fields: object
) -> RunRecord:
    """Make a run of three stages, and its record.

    Args:
        store: Where to.
        accuracy: What it reached.
        seed: Decides the keys of its stages, beyond that of the data.
        fields: Of the record, to be set otherwise.
    """
    record = new_record("run")
    record.overrides = ["quant=ptq", f"seed={seed}"]
    record.config = {"schema": 2, "seed": seed}
    for group in GROUPS:
        record.config[group] = {
            "choice": "ptq" if group == "quant" else group,
            "target": f"coralexp.{group}.f",
            "options": {},
        }
    for stage, write in (("dataset", _dataset), ("train", _train), ("convert", _convert)):
        ingredients = {"stage": stage, "seed": 0 if stage == "dataset" else seed}
        store.make(stage, ingredients, write)
        record.stages[stage] = StageRecord(key_of(ingredients), 1.5, reused=False, made_in_s=1.5)
    record.metrics = {"accuracy": accuracy, "model_size_bytes": 1200.0}
    record.tags = {"edgetpu_latency_source": "estimated"}
    record.state, record.ended = "FINISHED", record.started + 5.0
    for name, value in fields.items():
        setattr(record, name, value)
    store.runs.save(record)
    return record


def swept_runs(store: Store, count: int, **fields: object) -> tuple[RunRecord, list[RunRecord]]:
    """Make a sweep and its runs."""
    sweep = new_record("sweep")
    sweep.state, sweep.ended, sweep.overrides = "FINISHED", sweep.started + 9.0, ["seed=1,2"]
    runs = [
        stored_run(store, seed=number, sweep=sweep.id, number=number, **fields)
        for number in range(count)
    ]
    sweep.jobs = [run.id for run in runs]
    store.runs.save(sweep)
    return sweep, runs


def everything_below(folder: Path) -> dict[str, bytes]:
    """Return the content of every file of a store that somebody could read."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] not in {"locks", "seals"}
    }


def _dataset(folder: Path) -> None:
    facts = {"classes": CLASSES, "image_shape": [8, 8, 1], "digest": "ab" * 32, "skipped": []}
    facts["images"] = {"train": 6, "validation": 0, "test": 0}
    (folder / "dataset.json").write_text(json.dumps(facts))
    (folder / "train").mkdir()
    np.save(folder / "train" / "images.npy", np.zeros((6, 8, 8, 1), np.uint8))
    np.save(folder / "train" / "labels.npy", np.arange(6) % 2)


def _train(folder: Path) -> None:
    (folder / "model.h5").write_bytes(b"weights" * 9)
    (folder / "history.json").write_text('[{"epoch": 1, "loss": 0.5, "seconds": 1.0}]')
    (folder / "saved_model").mkdir()
    (folder / "saved_model" / "record.json").write_text("a name that the store uses, too")


def _convert(folder: Path) -> None:
    (folder / "model.tflite").write_bytes(b"TFL3" * 300)
    (folder / "labels.txt").write_text("\n".join(CLASSES))
    (folder / "contract.json").write_text("{}")
