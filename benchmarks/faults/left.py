"""What a sweep leaves in a folder: its store, and MLflow's mirror of it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coralexp.artifacts.sameness import lasting_digests, lasting_metrics
from coralexp.artifacts.store import INGREDIENTS, Store

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Left:
    """What a sweep leaves.

    Attributes:
        artifacts: Stage, ingredients' key and file to digest, without what holds times.
        metrics: Job to metrics that are no times.
        problems: Drafts, runs that are RUNNING, damaged entries, runs that MLflow lacks or has
            twice.
    """

    artifacts: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def left_in(folder: Path) -> Left:
    """Return what is in a folder."""
    store = Store(folder / ".coralexp")
    left = Left()
    for path in sorted(store.root.glob(f"*/*/{INGREDIENTS}")):
        entry, stage = path.parent, path.parent.parent.name
        if entry.name.startswith("."):
            continue
        if damaged := store.damage(stage, entry.name):
            left.problems.append(f"{stage}/{entry.name}: {', '.join(damaged)}")
        for name, digest in lasting_digests(store, stage, entry.name).items():
            left.artifacts[f"{stage}/{entry.name}/{name}"] = digest
    for record in store.runs:
        if record.state == "RUNNING":
            left.problems.append(f"{record.kind} {record.id} is RUNNING")
        if not record.logged:
            left.problems.append(f"{record.kind} {record.id} ({record.state}) is not in MLflow")
        if record.kind == "run" and record.state == "FINISHED":
            job = record.choices["quant"]
            if job in left.metrics:
                left.problems.append(f"{job} was run twice")
            left.metrics[job] = lasting_metrics(record.metrics)
    left.problems += [f"left over: {path}" for path in _left_over(store.root)]
    left.problems += _of_mlflow(folder / "mlruns" / "mlflow.db", store)
    return left


def _left_over(root: Path) -> list[str]:
    """Return drafts, checkpoints and records half written."""
    return sorted(path.relative_to(root).as_posix() for path in root.glob("*/.*"))


def _of_mlflow(database: Path, store: Store) -> list[str]:
    """Return how MLflow's runs differ from the records."""
    with closing(sqlite3.connect(database)) as opened:
        if opened.execute("pragma integrity_check").fetchone() != ("ok",):
            return ["MLflow's database is damaged"]
        found = Counter(opened.execute("select run_uuid, status from runs").fetchall())
    known = Counter((record.mlflow_run_id, record.state) for record in store.runs)
    return [
        *(f"MLflow has no run {run} that is {state}" for run, state in known - found),
        *(f"MLflow has a run {run} that is {state}, of no record" for run, state in found - known),
    ]


def differences(reference: Left, found: Left) -> list[str]:
    """Return what is not as it should be."""
    told = list(found.problems)
    names = sorted(reference.artifacts.keys() | found.artifacts.keys())
    told += [
        f"differs: {name}"
        for name in names
        if reference.artifacts.get(name) != found.artifacts.get(name)
    ]
    told += [
        f"metrics of {job} differ"
        for job in sorted(reference.metrics.keys() | found.metrics.keys())
        if reference.metrics.get(job) != found.metrics.get(job)
    ]
    return told
