"""What of an entry is the same each time it is made: the one place that knows times from bits."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coralexp.artifacts.record import Json
    from coralexp.artifacts.store import Store

# Stages whose results are times, and files that hold nothing else, or are written anew each time.
TIMED_STAGES = frozenset({"measure"})
TIMED_FILES = frozenset(
    {
        "timings.json",
        "epoch_timings.json",
        "cpu_latencies_ms.npy",
        "compiler_stdout.txt",
        "fingerprint.pb",
        "phase1.tfevents",  # TensorBoard's: each event carries its time
        "phase2.tfevents",
    }
)
# Files of which some fields are times.
_TIMED_FIELDS = {
    "history.json": frozenset({"seconds", "images_per_s"}),
    "compile.json": frozenset({"compile_ms"}),
}
_TIMED_METRICS = ("_ms", "_per_s", ".seconds")


def is_time(metric: str) -> bool:
    """Return whether a metric is a time or a rate, and differs from run to run."""
    return metric.endswith(_TIMED_METRICS)


def lasting_digests(store: Store, stage: str, key: str) -> dict[str, str]:
    """Return the digests of what two equal runs leave alike in an entry; empty if it is gone.

    A file that holds times besides other facts counts without them.
    """
    record = store.record(stage, key)
    if record is None or stage in TIMED_STAGES:
        return {}
    digests = {}
    for name, digest in record.digests.items():
        short = name.rpartition("/")[2]
        if short in TIMED_FILES:
            continue
        digests[name] = digest
        if short in _TIMED_FIELDS:
            try:
                content: Json = json.loads((store.path(stage, key) / name).read_text("utf-8"))
            except (OSError, ValueError):
                continue  # damaged, and told so by its digest
            text = json.dumps(_without(content, _TIMED_FIELDS[short]), sort_keys=True)
            digests[name] = hashlib.sha256(text.encode()).hexdigest()
    return digests


def lasting_metrics(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return the metrics of a run that are no times."""
    return {name: value for name, value in metrics.items() if not is_time(name)}


def _without(value: Json, names: frozenset[str]) -> Json:
    if isinstance(value, dict):
        return {name: _without(inner, names) for name, inner in value.items() if name not in names}
    if isinstance(value, list):
        return [_without(inner, names) for inner in value]
    return value
