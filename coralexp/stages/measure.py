"""How long one inference takes: measured on this machine, estimated on the chosen device."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.tflite_model import read_model
from coralexp.edgetpu.first_estimate import estimate
from coralexp.tflite.reader import read_graph
from coralexp.tflite.run import time_single_images

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.tflite_model import TfliteModel
    from coralexp.devices.contract import Device
    from coralexp.edgetpu.first_estimate import Latency
    from coralexp.tflite.graph import Graph

VERSION = 2


def measure_model(converted: Path, device: Device, folder: Path, *, threads: int) -> None:
    """Measure and estimate the times of a model.

    Args:
        converted: Entry of the `convert` stage.
        device: What it is to run on.
        folder: Empty; receives `timings.json` (public metric names to milliseconds), `tags.json`
            (where each comes from) and `cpu_latencies_ms.npy`, float64, every single time.
        threads: Processor threads.
    """
    model = read_model(converted)
    graph = read_graph(model.path)
    times_ms = time_single_images(model, threads)
    cpu_ms = float(np.median(times_ms))
    timings = {
        "cpu_latency_ms": cpu_ms,
        "cpu_latency_p95_ms": float(np.percentile(times_ms, 95)),
    }
    tags = {"cpu_latency_threads": str(threads)}
    latency, status = _on_the_chip(model, graph, device)
    tags["edgetpu_status"] = status
    if latency is not None:
        timings["edgetpu_latency_ms"] = timings["device_latency_ms"] = latency.ms
        timings["edgetpu_latency_low_ms"] = latency.low_ms
        timings["edgetpu_latency_high_ms"] = latency.high_ms
        tags["edgetpu_latency_source"] = tags["device_latency_source"] = latency.source
    elif device.host.cpu_gmacs_per_s is None:
        timings["device_latency_ms"] = cpu_ms
        tags["device_latency_source"] = "measured"
    else:
        timings["device_latency_ms"] = graph.macs / 1e6 / device.host.cpu_gmacs_per_s
        tags["device_latency_source"] = "estimated"
    tags["device_host"] = device.host.name
    (folder / "timings.json").write_text(json.dumps(timings, indent=1))
    (folder / "tags.json").write_text(json.dumps(tags, indent=1))
    np.save(folder / "cpu_latencies_ms.npy", times_ms)


def _on_the_chip(model: TfliteModel, graph: Graph, device: Device) -> tuple[Latency | None, str]:
    """Return the time on the Edge TPU, if it can run the model, and how it stands with that."""
    if device.edge_tpu is None:
        return None, "the device has no Edge TPU"
    if any(tensor.dtype == "int16" for tensor in graph.tensors):
        return None, "int16 activations: the Edge TPU takes 8 bits; the model runs on the CPU"
    real = graph.real_valued()
    if real:
        return None, (
            f"not fully integer: {len(real)} of {len(graph.tensors)} tensors are "
            f"{', '.join(sorted({tensor.dtype for tensor in real}))}; the model runs on the CPU"
        )
    latency = estimate(
        graph.macs,
        graph.parameter_bytes,
        graph.bytes_of(graph.inputs),
        device.edge_tpu.link,
        device.edge_tpu.clock_mhz,
    )
    return latency, "integer throughout; operators not yet checked one by one"
