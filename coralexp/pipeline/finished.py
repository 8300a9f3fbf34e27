"""What earlier commands finished already: a job is not run twice, and a sweep goes on.

A run answers a job if it finished, was asked for the same configuration, and its artifacts are
those that the job would get now: all of them there, and as they were made.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.artifacts.store import key_of
from coralexp.spec.stored import to_dict
from coralexp.spec.top_level import HOW_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from coralexp.artifacts.record import RunRecord
    from coralexp.artifacts.runs import Runs
    from coralexp.pipeline.supply import Supply
    from coralexp.pipeline.tasks import Task
    from coralexp.spec.experiment import Experiment

_SHOWN = 10
_HOW = frozenset(HOW_KEYS) - {"seed"}


@dataclass(frozen=True)
class Finished:
    """The finished runs of a store, found by what they gave.

    Attributes:
        runs: By what `identity` says of their jobs; of several, the latest.
    """

    runs: dict[str, RunRecord]

    @classmethod
    def read(cls, runs: Runs) -> Finished:
        """Return the finished runs of these records."""
        return cls(
            {
                _identity(run.config, {name: stage.key for name, stage in run.stages.items()}): run
                for run in runs
                if run.kind == "run" and run.state == "FINISHED" and run.imported is None
            }
        )

    def find(
        self, experiment: Experiment, tasks: Sequence[Task], supply: Supply
    ) -> RunRecord | None:
        """Return the run that answers a job; None if it has to be run."""
        run = self.runs.get(identity(experiment, tasks))
        return run if run is not None and all(map(supply.has, tasks)) else None


def identity(experiment: Experiment, tasks: Sequence[Task]) -> str:
    """Return what tells a job from all others."""
    return _identity(to_dict(experiment), {task.stage: task.key for task in tasks})


def _identity(config: object, keys: dict[str, str]) -> str:
    return key_of({"config": json.dumps(config, sort_keys=True), "keys": dict(keys)})


def unfinished_sweep(runs: Runs, line: Sequence[str]) -> RunRecord | None:
    """Return the latest sweep that the same command began and that did not finish."""
    asked = what_is_asked(line)
    found = [run for run in runs if run.kind == "sweep" and what_is_asked(run.overrides) == asked]
    return found[-1] if found and found[-1].state in {"KILLED", "FAILED"} else None


def what_is_asked(line: Sequence[str]) -> list[str]:
    """Return the words of a command that decide its results, and not how it is carried out."""
    return [word for word in line if word.lstrip("+").partition("=")[0] not in _HOW]


def in_words(found: Sequence[RunRecord], jobs: int, line: Sequence[str]) -> Iterator[str]:
    """Yield what to tell of jobs that are not run again.

    Args:
        found: The runs that answer them.
        jobs: How many jobs there are in all.
        line: What the user wrote.
    """
    if not found:
        return
    rest = [word for word in line if not word.lstrip("+").startswith("again=")]
    again = shlex.join(["coralexp", *rest, "again=true"])
    if len(found) < jobs:
        yield f"{len(found)} of {jobs} jobs were finished before and are not run again"
        return
    yield (
        f"{'this job was' if jobs == 1 else f'all {jobs} jobs were'} finished before: nothing was "
        f"run; new runs are made by\n  {again}"
    )
    links = [f"  {run.id}  {link}" for run in found if (link := _link(run))]
    if links:
        more = [f"  ... and {len(links) - _SHOWN} more"] if len(links) > _SHOWN else []
        yield "\n".join(["in MLflow (`coralexp ui` opens it):", *links[:_SHOWN], *more])


def _link(run: RunRecord) -> str | None:
    if run.mlflow_run_id is None:
        return None
    if (run.mlflow_uri or "").startswith("http"):
        return f"{(run.mlflow_uri or '').rstrip('/')}/#/runs/{run.mlflow_run_id}"
    return run.mlflow_run_id
