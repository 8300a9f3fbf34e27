"""Records as a sweep of three jobs leaves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coralexp.artifacts.runs import new_record

if TYPE_CHECKING:
    from coralexp.artifacts.record import RunRecord


def job(number: int, quant: str, sweep: RunRecord) -> RunRecord:
    record = new_record("run")
    record.id = f"20261123-17000{number}-aaaaa{number}"
    record.started = float(number)
    record.ended = record.started + 60
    record.sweep, record.number, record.state = sweep.id, number, "FINISHED"
    record.overrides = ["backbone=mobilenetv2", f"quant={quant}"]
    options = {"calibration_images": 200} if quant == "ptq" else {}
    record.config = {
        "schema": 1,
        "seed": 42,
        "backbone": {"choice": "mobilenetv2", "target": "x", "options": {"width": 0.35}},
        "quant": {"choice": quant, "target": "x", "options": dict(options)},
    }
    return record


@pytest.fixture
def sweep() -> RunRecord:
    record = new_record("sweep")
    record.id, record.started = "20261123-165959-ffffff", 0.0
    record.overrides = ["backbone=mobilenetv2", "quant=ptq,float16,qat"]
    return record


@pytest.fixture
def records(sweep: RunRecord) -> list[RunRecord]:
    """Return one estimated, one that the chip cannot run, and one that failed."""
    estimated, real, failed = (job(n, q, sweep) for n, q in enumerate(["ptq", "float16", "qat"]))
    estimated.metrics = {
        "accuracy": 0.95312,
        "model_size_bytes": 729088.0,
        "edgetpu_latency_ms": 1.83,
        "edgetpu_latency_low_ms": 1.22,
        "edgetpu_latency_high_ms": 2.745,
    }
    estimated.tags = {"edgetpu_latency_source": "estimated", "edgetpu_status": "all integer"}
    real.metrics = {"accuracy": 0.97, "model_size_bytes": 3565158.0}
    real.tags = {"edgetpu_status": "not fully integer: 66 tensors are float32"}
    failed.state, failed.error = "FAILED", "TrainingError: the loss is nan\nlower the rate"
    return [estimated, real, failed]
