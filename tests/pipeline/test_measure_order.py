"""What the planner found reaches the process of the stage, and the device is asked there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from measured_entries import write_entries
from stand_in import build

from coralexp.artifacts.store import Store
from coralexp.pipeline.process import Workers
from coralexp.pipeline.supply import Supply
from coralexp.pipeline.tasks import Planner, Task
from coralexp.spec.compose import parse
from coralexp.spec.experiment import Machine

if TYPE_CHECKING:
    from pathlib import Path

COMPILER = '#!/bin/sh\necho "Edge TPU Compiler version 16.0.384591198"\n'


@pytest.mark.toolchain
def test_a_job_is_measured_by_the_device_that_the_planner_found(
    shared: Path, tmp_path: Path
) -> None:
    compiler = tmp_path / "edgetpu_compiler"
    compiler.write_text(COMPILER)
    compiler.chmod(0o755)
    library = str(build(tmp_path, invoke_us=1_000))
    machine = Machine(compiler=str(compiler), delegate=library)
    (experiment,) = parse(["device=usb", "device.accuracy_images=3"]).experiments
    task = Planner(1, machine)(experiment)[-1]
    entries = write_entries(shared, tmp_path / "entries")
    store = Store(tmp_path / "store")

    with Workers(tmp_path / "logs") as workers:
        supply = Supply(store, workers, 1, machine, again=False, note=print)
        found_there = supply.provide(
            task, experiment, entries, lambda: None, lambda step: None, lambda: False
        )

    entry = store.path("measure", task.key)
    tags = json.loads((entry / "tags.json").read_text("utf-8"))
    timings = json.loads((entry / "timings.json").read_text("utf-8"))
    assert isinstance(task, Task)
    assert not found_there
    assert tags["edgetpu_latency_source"] == "measured"
    assert tags["edgetpu_library"] == library
    assert tags["measured_on"] == task.ingredients["board"]
    assert timings["device_accuracy_images"] == 3
    assert timings["edgetpu_latency_ms"] >= 1
