"""What a run gave, to hold another against: kept as `expected.json` beside its configuration."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coralexp.artifacts.plain_json import holds_control_characters, load_object
from coralexp.artifacts.sameness import TIMED_STAGES, lasting_digests, lasting_metrics
from coralexp.artifacts.store import INGREDIENTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coralexp.artifacts.record import Json, RunRecord
    from coralexp.artifacts.store import Store

SCHEMA = 1
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ABSOLUTE = {
    "accuracy": 0.02,
    "accuracy_float": 0.02,
    "accuracy_float_tflite": 0.02,
    "accuracy_fine_tuned": 0.02,
    "accuracy_lost": 0.02,
    "float_agreement": 0.02,
    "output_sqnr_db": 3.0,
}
_RELATIVE = {
    "model_size_bytes": 0.01,
    "model_size_float_bytes": 0.01,
    "zipped_size_bytes": 0.01,
    "on_chip_bytes": 0.01,
    "off_chip_bytes": 0.01,
}


@dataclass(frozen=True)
class ExpectedStage:
    """What a stage left.

    Attributes:
        key: Of its entry.
        files: Relative names to digests of what is the same each time.
        ingredients: What was hashed into the key.
    """

    key: str
    files: Mapping[str, str] = field(default_factory=dict)
    ingredients: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class ExpectedJob:
    """What one job gave.

    Attributes:
        run: Id of the run.
        config: Name of the file that holds its stored configuration.
        overrides: What the user wrote.
        commit: Of the code, see `RunRecord`.
        environment: Versions and processor, see `RunRecord`.
        metrics: Those that are no times.
        tolerances: Metric names to the largest difference that is still taken for the same.
        stages: By name, in the order of their work; those that measure times are left out.
    """

    run: str
    config: str
    overrides: Sequence[str]
    commit: str | None
    environment: Mapping[str, str]
    metrics: Mapping[str, float]
    tolerances: Mapping[str, float]
    stages: Mapping[str, ExpectedStage]

    @property
    def threads(self) -> int | None:
        """Threads of the training; None if nobody knows."""
        bits = self.stages.get("train", ExpectedStage("")).ingredients.get("bits")
        threads = bits.get("threads") if isinstance(bits, dict) else None
        return threads if type(threads) is int and threads > 0 else None


def tolerance(metric: str, value: float) -> float:
    """Return how far a metric may be off where bits are not promised.

    Accuracies may differ by 0.02, signal-to-noise ratios by 3 dB (half of the noise), sizes in
    bytes by 1 %; every other metric has to be equal.
    """
    return _ABSOLUTE.get(metric, _RELATIVE.get(metric, 0.0) * abs(value))


def expectation(record: RunRecord, store: Store, config: str = "config.yaml") -> ExpectedJob:
    """Return what a finished run gave."""
    metrics = lasting_metrics(record.metrics)
    stages = {
        name: ExpectedStage(
            stage.key,
            lasting_digests(store, name, stage.key),
            _ingredients(store, name, stage.key),
        )
        for name, stage in record.stages.items()
        if name not in TIMED_STAGES
    }
    return ExpectedJob(
        run=record.id,
        config=config,
        overrides=list(record.overrides),
        commit=record.commit,
        environment=dict(record.environment),
        metrics=metrics,
        tolerances={name: tolerance(name, value) for name, value in metrics.items()},
        stages=stages,
    )


def to_json(jobs: Sequence[ExpectedJob], files: Sequence[str]) -> str:
    """Return the text of `expected.json`.

    Args:
        jobs: In their order.
        files: Names of all files that were written with it.
    """
    content = {
        "schema": SCHEMA,
        "files": sorted(files),
        "jobs": [dataclasses.asdict(job) for job in jobs],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def from_json(content: bytes) -> tuple[list[ExpectedJob], list[str]]:
    """Return the jobs that `expected.json` holds, and the names of the files written with it.

    Raises:
        ValueError: If it is none of this schema; the text says why.
    """
    fields = load_object(content)
    if fields.get("schema") != SCHEMA or not isinstance(fields.get("jobs"), list):
        raise ValueError(f"it is no expectation of schema {SCHEMA}")
    if holds_control_characters(fields):
        raise ValueError("it holds control characters")
    jobs = [_job(job) for job in fields["jobs"]]  # type: ignore[union-attr]
    files = fields.get("files", [])
    if not isinstance(files, list):
        raise ValueError("'files' is no list")
    return jobs, [_file_name(name) for name in files]


def _ingredients(store: Store, stage: str, key: str) -> dict[str, Json]:
    try:
        return load_object((store.path(stage, key) / INGREDIENTS).read_bytes())
    except (OSError, ValueError):
        return {}


def _job(fields: Json) -> ExpectedJob:
    if not isinstance(fields, dict):
        raise ValueError("a job is no object")
    stages = {}
    for name, stage in _object(fields, "stages").items():
        if not isinstance(stage, dict) or not isinstance(stage.get("key"), str):
            raise ValueError(f"stage {name!r} has no key")
        files = _texts(stage, "files")
        stages[name] = ExpectedStage(str(stage["key"]), files, _object(stage, "ingredients"))
    overrides = fields.get("overrides", [])
    commit = fields.get("commit")
    if not isinstance(overrides, list) or not isinstance(commit, str | None):
        raise ValueError("'overrides' or 'commit' is of another kind")
    tolerances = _numbers(fields, "tolerances")
    if any(value < 0 for value in tolerances.values()):
        raise ValueError("a tolerance is below 0")
    return ExpectedJob(
        run=str(fields.get("run", "")),
        config=_file_name(fields.get("config")),
        overrides=[str(word) for word in overrides],
        commit=commit,
        environment=_texts(fields, "environment"),
        metrics=_numbers(fields, "metrics"),
        tolerances=tolerances,
        stages=stages,
    )


def _file_name(name: Json) -> str:
    if not isinstance(name, str) or not _FILE_NAME.fullmatch(name) or ".." in name:
        raise ValueError(f"{name!r} is no name of a file in the same folder")
    return name


def _object(fields: Mapping[str, Json], name: str) -> dict[str, Json]:
    found = fields.get(name)
    if not isinstance(found, dict):
        raise ValueError(f"{name!r} is no object")
    return found


def _texts(fields: Mapping[str, Json], name: str) -> dict[str, str]:
    found = _object(fields, name)
    if not all(isinstance(value, str) for value in found.values()):
        raise ValueError(f"{name!r} holds something else than text")
    return {key: str(value) for key, value in found.items()}


def _numbers(fields: Mapping[str, Json], name: str) -> dict[str, float]:
    numbers = {}
    for key, value in _object(fields, name).items():
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise ValueError(f"{name}.{key} is no number")
        numbers[key] = value
    return numbers
