"""Who runs an MLflow run: tags that still tell when its record is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.artifacts.record import RunRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

RUN_ID_TAG = "coralexp.run"
LONGEST_TAG = 5000  # characters; what MLflow's oldest servers take


def identity_tags(record: RunRecord) -> dict[str, str]:
    """Return the tags of a run that begins."""
    tags = {
        RUN_ID_TAG: record.id,
        "coralexp.kind": record.kind,
        "host": record.host,
        "pid": str(record.pid),
        "start": repr(record.pid_started),
        "booted": repr(record.booted),
        "overrides": " ".join(record.overrides)[:LONGEST_TAG],
        "mlflow.source.name": "coralexp",
        "mlflow.source.type": "LOCAL",
    }
    if record.imported is not None:
        tags["imported_from"] = record.imported
    if record.commit:
        tags["git_commit"] = record.commit
        tags["mlflow.source.git.commit"] = record.commit.removesuffix("-dirty")
    return tags


def from_tags(tags: Mapping[str, str]) -> RunRecord | None:
    """Return as much of a record as its tags tell; None if the run is none of ours."""
    try:
        started = float(tags["start"])
        return RunRecord(
            id=tags[RUN_ID_TAG],
            kind="sweep" if tags.get("coralexp.kind") == "sweep" else "run",
            host=tags["host"],
            pid=int(tags["pid"]),
            pid_started=started,
            booted=float(tags.get("booted", "0")),
            started=started,
        )
    except (KeyError, ValueError):
        return None
