"""A measurement that a board did by itself, put in the place of what was known before."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from coralexp.stages.on_device import keep

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.boards.result import Measurement
    from coralexp.stages.on_device import Judged

VERSION = 1

_BESIDE = {
    "edgetpu_latency_ms": "edgetpu_latency_predicted_ms",
    "edgetpu_latency_low_ms": "edgetpu_latency_predicted_low_ms",
    "edgetpu_latency_high_ms": "edgetpu_latency_predicted_high_ms",
}
_RECORDS = ("timings.json", "tags.json")
_KEPT = ("cpu_latencies_ms.npy", "latency.json")
_TAGS_KEPT = ("cpu_latency_threads", "device_host", "edgetpu_status", "edgetpu_warnings")


def put_in_place(
    before: Path,
    measurement: Measurement,
    what: str,
    judged: Judged,
    folder: Path,
) -> None:
    """Write the entry of a `measure` stage that a board measured.

    Args:
        before: Entry of the run's own `measure` stage: the prediction, and this machine's times.
        measurement: Of the board.
        what: Which board that is, in words.
        judged: What its answers are held against.
        folder: Empty; receives what `measure_model` writes.
    """
    old, old_tags = (json.loads((before / n).read_text("utf-8")) for n in _RECORDS)
    timings = {name: value for name, value in old.items() if name.startswith("cpu_")}
    if old_tags.get("edgetpu_latency_source") == "estimated":
        timings |= {new: old[name] for name, new in _BESIDE.items() if name in old}
    else:  # measured before: the prediction stands beside it already
        timings |= {name: old[name] for name in _BESIDE.values() if name in old}
    for name in _KEPT:
        if (before / name).is_file():
            shutil.copyfile(before / name, folder / name)
    measured = keep(measurement, what, judged, folder)
    tags = {name: old_tags[name] for name in _TAGS_KEPT if name in old_tags}
    (folder / "timings.json").write_text(json.dumps({**timings, **measured.timings}, indent=1))
    (folder / "tags.json").write_text(json.dumps({**tags, **measured.tags}, indent=1))
