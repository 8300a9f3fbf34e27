"""A measurement as a table for people, and as JSON for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import Console

    from coralexp.artifacts.record import Json
    from coralexp.boards.result import Measurement

SCHEMA = 1
_STATISTICS = ("median", "mean", "std", "p90", "p95", "p99", "min", "max")
_SIZES = ((1024**2, "MiB"), (1024, "KiB"))


def to_json(measurement: Measurement) -> str:
    """Return the measurement as JSON.

    `schema`, `source` (always `measured`), `place`, and `measurement`: the agent's own result with
    every single time, whose names `coralexp.boards.agent.measurement` tells.
    """
    fields: dict[str, Json] = {
        "schema": SCHEMA,
        "source": "measured",
        "place": measurement.place,
        "measurement": dict(measurement.fields),
    }
    return json.dumps(fields, indent=1)


def print_bench(measurement: Measurement, console: Console) -> None:
    """Print what was measured, on what, and how sure that is."""
    from rich.table import Table

    for line in _heading(measurement):
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    table = Table(box=None, pad_edge=False)
    table.add_column("ms")
    for name in _STATISTICS:
        table.add_column(name, justify="right")
    for title, times in (
        ("invoke alone", measurement.invoke_ms),
        ("end to end", measurement.end_to_end_ms),
    ):
        table.add_row(title, *(f"{times[name]:.3f}" for name in _STATISTICS))
    console.print(table)
    protocol, count = measurement.group("protocol"), measurement.fields["inferences"]
    console.print(
        f"first inference {measurement.first_ms:.3f} ms; {count} inferences after"
        f" {protocol.get('warm_up')} to warm up; end to end is with copying in and out",
        soft_wrap=True,
        highlight=False,
    )
    for line in (*_heat(measurement), *(f"warning: {text}" for text in measurement.warnings)):
        console.print(line, soft_wrap=True, markup=False, highlight=False)


def _heading(measurement: Measurement) -> Iterator[str]:
    model, runtime = measurement.group("model"), measurement.group("runtime")
    host, library = measurement.group("host"), measurement.group("library")
    size = _size(int(str(model["size_bytes"])))
    yield f"{model['file']}, {size}, SHA-256 {str(model['sha256'])[:12]}"
    if measurement.on_edge_tpu:
        yield f"measured with {measurement.place}, {_devices(measurement)}"
        version, clock = library.get("version") or "version unknown", library.get("clock")
        yield f"{library.get('path')} ({version}; clock {clock or 'unknown'})"
    else:
        threads = measurement.group("protocol").get("threads")
        yield (
            f"measured on the CPU of {measurement.place}, {threads} thread{'s' * (threads != 1)}:"
            " no Edge TPU took part, for the file is not compiled for one"
        )
    words = (host.get("model") or host.get("processor"), host.get("machine"), host.get("system"))
    yield f"{', '.join(str(word) for word in words if word)}; {host.get('cores')} cores"
    yield (
        f"{runtime.get('name')} {runtime.get('version')}, Python {runtime.get('python')}, numpy"
        f" {runtime.get('numpy')}"
    )


def _devices(measurement: Measurement) -> str:
    devices = measurement.fields["devices"]
    known = [d for d in devices if isinstance(d, dict)] if isinstance(devices, list) else []
    return " or ".join(map(_device, known)) or "the device that this library found:"


def _device(device: Mapping[str, Json]) -> str:
    speed = device.get("speed_mbit_s")
    at = f", {speed:.0f} Mbit/s" if isinstance(speed, float) else ""
    return f"{device.get('name')} ({device.get('interface')} at {device.get('place')}{at})"


def _heat(measurement: Measurement) -> Iterator[str]:
    """Yield what is known of temperatures, a line each."""
    heat = measurement.group("heat")
    before, after = heat.get("before"), heat.get("after")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return
    for name, title in (("edgetpu", "Edge TPU"), ("board", "board")):
        start, end = before.get(f"{name}_c"), after.get(f"{name}_c")
        if isinstance(start, (int, float)) and isinstance(end, (int, float)):
            slow = "; throttled" if after.get(f"{name}_throttled") else ""
            yield f"{title} {start:.0f} to {end:.0f} degrees Celsius{slow}"


def _size(size_bytes: int) -> str:
    for unit, name in _SIZES:
        if size_bytes >= unit:
            return f"{size_bytes / unit:.1f} {name}"
    return f"{size_bytes} bytes"
