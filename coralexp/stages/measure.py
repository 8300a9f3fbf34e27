"""How long one inference takes: measured on this machine, predicted for the chosen device."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.compiled_model import COMPILED
from coralexp.artifacts.tflite_model import read_model
from coralexp.edgetpu.executable import read_compiled
from coralexp.edgetpu.latency.predict import host_ms, predict
from coralexp.edgetpu.latency.record import write_latency
from coralexp.edgetpu.placement_record import read_placed
from coralexp.stages.on_device import measure_on_device
from coralexp.tflite.reader import read_graph, read_model_file
from coralexp.tflite.run import time_single_images

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.devices.contract import Device
    from coralexp.edgetpu.latency.contract import Latency
    from coralexp.stages.on_device import Bench
    from coralexp.tflite.graph import Graph

VERSION = 3
NOTES = "notes.txt"


def measure_model(
    converted: Path,
    compiled: Path | None,
    device: Device,
    folder: Path,
    *,
    threads: int,
    bench: Bench | None = None,
    note: str = "",
) -> None:
    """Measure and predict the times of a model.

    Args:
        converted: Entry of the `convert` stage.
        compiled: Entry of the `compile` stage; None for a device without an Edge TPU.
        device: What it is to run on.
        folder: Empty; receives `timings.json` (public metric names to milliseconds), `tags.json`
            (where each comes from), `cpu_latencies_ms.npy`, float64, every single time, and, if
            the chip runs the model, `latency.json`, what its predicted time is made of. What the
            device itself says is written by `measure_on_device`; `notes.txt` says why it was not
            asked though it seemed to be there.
        threads: Processor threads.
        bench: Where the device is; None if it is not there.
        note: Why it is not there, for the user; empty if there is nothing to tell.

    Raises:
        BoardError: If the device cannot be measured, and `device.measure` requires it.
    """
    model = read_model(converted)
    graph = read_graph(model.path)
    times_ms = time_single_images(model, threads)
    timings = {
        "cpu_latency_ms": float(np.median(times_ms)),
        "cpu_latency_p95_ms": float(np.percentile(times_ms, 95)),
    }
    tags = {"cpu_latency_threads": str(threads), "device_host": device.host.name}
    latency = _on_the_chip(graph, compiled, device)
    if latency is not None:
        write_latency(latency, folder)
        timings.update(_predicted(latency))
        tags["edgetpu_latency_source"] = tags["device_latency_source"] = latency.source
        warnings = list(latency.warnings)
        if device.compilation is not None and device.compilation.num_segments > 1:
            warnings.append("the time is that of the whole model on one chip, not of its segments")
        if warnings:
            tags["edgetpu_warnings"] = "; ".join(warnings)
    elif _is_here(device, bench):
        timings["device_latency_ms"] = timings["cpu_latency_ms"]
        tags["device_latency_source"] = "measured"
    else:
        timings["device_latency_ms"] = host_ms(graph, device.host)
        tags["device_latency_source"] = "estimated"
    if device.edge_tpu is None:
        tags["edgetpu_status"] = "the device has no Edge TPU"
    if bench is not None and (latency is not None or bench.machine.boards):
        placed = compiled if latency is not None else None
        measured = measure_on_device(converted, placed, device, bench, folder, threads=threads)
        if isinstance(measured, str):
            note = measured
        else:
            timings.update(_beside(latency), **measured.timings)
            tags.update(measured.tags)
    if note:
        (folder / NOTES).write_text(f"{note}\n", "utf-8")
    (folder / "timings.json").write_text(json.dumps(timings, indent=1))
    (folder / "tags.json").write_text(json.dumps(tags, indent=1))
    np.save(folder / "cpu_latencies_ms.npy", times_ms)


def _is_here(device: Device, bench: Bench | None) -> bool:
    """Return whether the CPU that was measured is the device's."""
    if device.measure == "never":
        return False
    found_here = bench is not None and not bench.machine.boards
    return device.host.is_this_computer or found_here


def _predicted(latency: Latency) -> dict[str, float]:
    timings = {
        "device_latency_ms": latency.ms,
        "edgetpu_latency_ms": latency.ms,
        "edgetpu_latency_low_ms": latency.low_ms,
        "edgetpu_latency_high_ms": latency.high_ms,
    }
    if latency.first_ms is not None:
        timings["edgetpu_latency_first_ms"] = latency.first_ms
    return timings


def _beside(latency: Latency | None) -> dict[str, float]:
    """Return the prediction under the names that it has beside a measurement."""
    if latency is None:
        return {}
    return {
        "edgetpu_latency_predicted_ms": latency.ms,
        "edgetpu_latency_predicted_low_ms": latency.low_ms,
        "edgetpu_latency_predicted_high_ms": latency.high_ms,
    }


def _on_the_chip(graph: Graph, compiled: Path | None, device: Device) -> Latency | None:
    """Return the time on the Edge TPU; None if it runs nothing of the model."""
    if device.edge_tpu is None or compiled is None:
        return None
    placement = read_placed(compiled).placement
    file = compiled / COMPILED
    inside = read_compiled(read_model_file(file)) if file.exists() else None
    return predict(graph, placement, device.edge_tpu, compiled=inside)
