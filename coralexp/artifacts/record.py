"""What is remembered of a run or a sweep: the source for compare, reproduce and MLflow."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from coralexp.artifacts.record_fields import wrong_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

State = Literal["RUNNING", "FINISHED", "FAILED", "KILLED"]
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

SCHEMA = 1


@dataclass
class StageRecord:
    """One stage of one run.

    Attributes:
        key: Name of the entry in the store: `store / stage / key`.
        seconds: Wall time that this run spent on it; of a reused entry, the time to find it.
        reused: Whether the entry was there already.
        made_in_s: Wall time that making the entry took, whoever made it.
        peak_memory_bytes: Largest resident memory of the process that made it; None if unknown.
    """

    key: str
    seconds: float
    reused: bool
    made_in_s: float
    peak_memory_bytes: int | None = None


@dataclass
class RunRecord:
    """One job, or the sweep that holds several.

    Attributes:
        id: Sortable and unique: UTC start time and a random end, `20261123-165012-3f2a9c`.
        kind: `run`, or `sweep` for the parent of several runs.
        sweep: Id of the parent; None for a job alone and for a sweep itself.
        number: Place among the jobs of the sweep, from 0.
        jobs: Of a sweep: ids of the runs that answer its jobs, in their order; those that an
            earlier command had finished are among them.
        overrides: What the user wrote that makes this job (a sweep: all of it).
        config: Stored configuration, as `coralexp.spec.stored.to_dict` gives it; empty for a sweep.
        stages: What each stage did so far, in the order of their work.
        metrics: Public metric names to values, see the README.
        tags: Public tag names to values.
        state: `RUNNING` until it ends.
        error: Why it failed, in one or more lines; None unless `FAILED`.
        host: Name of the machine.
        pid: Process that runs it.
        pid_started: Start of that process, seconds since 1970: a pid alone may be another's by now.
        booted: Start of the machine by the clock of that moment, seconds since 1970; 0 if unknown.
        started: Seconds since 1970.
        ended: Seconds since 1970; None while it runs.
        commit: Git commit of the working folder, `-dirty` behind it if files differ; None outside
            git.
        environment: Package names to versions, `python`, `platform`, `processor`.
        mlflow_uri: Where MLflow's mirror of it is; None before there is one.
        mlflow_run_id: Id of the mirror.
        logged: Whether the mirror holds the final state.
        imported: Name of the file that brought it from another store; None if it was made in this
            one.
    """

    id: str
    kind: Literal["run", "sweep"]
    host: str
    pid: int
    pid_started: float
    started: float
    sweep: str | None = None
    number: int = 0
    jobs: list[str] = field(default_factory=list)
    overrides: list[str] = field(default_factory=list)
    config: dict[str, Json] = field(default_factory=dict)
    stages: dict[str, StageRecord] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    state: State = "RUNNING"
    booted: float = 0.0
    error: str | None = None
    ended: float | None = None
    commit: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    mlflow_uri: str | None = None
    mlflow_run_id: str | None = None
    logged: bool = False
    imported: str | None = None

    def to_json(self) -> str:
        """Return the file's text."""
        fields = {"schema": SCHEMA, **dataclasses.asdict(self)}
        if self.imported is None:  # as the records of stores that never took any have it
            del fields["imported"]
        return json.dumps(fields, indent=1, sort_keys=True)

    @property
    def choices(self) -> Mapping[str, str]:
        """Group names to choices, such as `quant` to `ptq`; empty for a sweep."""
        return {
            group: str(part["choice"])
            for group, part in self.config.items()
            if isinstance(part, dict) and "choice" in part
        }


def from_json(text: str) -> RunRecord:
    """Return the record that a file holds.

    Raises:
        ValueError: If the text is not a record of this schema; it says which field is wrong.
    """
    return from_fields(json.loads(text))


def from_fields(fields: Json) -> RunRecord:
    """Return the record that these fields describe, each of them looked at.

    Ids, keys and names become parts of paths, so that nothing else may stand in them.

    Raises:
        ValueError: If they are not those of a record of this schema; it says which is wrong.
    """
    if not isinstance(fields, dict) or fields.get("schema") != SCHEMA:
        raise ValueError(f"not a run record of schema {SCHEMA}")
    given = {name: value for name, value in fields.items() if name != "schema"}
    try:
        wrong = list(wrong_fields(given))
        if wrong:
            raise ValueError(f"not a run record of schema {SCHEMA}: {wrong[0]}")
        stages = {name: StageRecord(**stage) for name, stage in given.pop("stages", {}).items()}  # type: ignore[union-attr, arg-type]
        return RunRecord(stages=stages, **given)  # type: ignore[arg-type]
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a run record of schema {SCHEMA}: {error}") from error
