"""What `reproduce` is given: a run, a sweep, a file or a folder, and what it gave before."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.expected import ExpectedJob, expectation, from_json
from coralexp.artifacts.plain_json import MAX_BYTES
from coralexp.errors import ConfigError, Problem, UnknownRunError
from coralexp.spec.plain_yaml import read_regular
from coralexp.spec.stored import from_dict, read_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.artifacts.store import Store
    from coralexp.spec.experiment import Experiment

CONFIG = "config.yaml"
EXPECTED = "expected.json"


@dataclass(frozen=True)
class StoredJob:
    """One job.

    Attributes:
        experiment: What was asked.
        expected: What it gave; None if that is not known.
    """

    experiment: Experiment
    expected: ExpectedJob | None


def read_jobs(
    source: str, store: Store, changes: Sequence[str], plugins: tuple[str, ...]
) -> list[StoredJob]:
    """Return the jobs that a source holds, at least one.

    Args:
        source: A folder that `freeze` wrote, or that holds `config.yaml`; a file; or the id of a
            run or a sweep, or its beginning.
        store: Where runs are looked for.
        changes: To make to each job.
        plugins: Packages that it may name.

    Raises:
        ConfigError: If it is no stored configuration, or a change is wrong.
        UnknownRunError: If there is neither such a file nor such a run.
    """
    path = Path(source)
    if path.is_dir():
        return _folder(path, changes, plugins)
    if path.exists():
        return [StoredJob(read_file(path, changes, plugins), None)]
    record = store.runs.find(source)
    records = [record]
    if record.kind == "sweep":
        records = [run for run in store.runs if run.sweep == record.id]
        if not records:
            raise UnknownRunError(f"{source}: is a sweep that has no runs")
    return [
        _named(
            from_dict(run.config, changes, plugins),
            expectation(run, store) if run.state == "FINISHED" else None,
        )
        for run in records
    ]


def _named(experiment: Experiment, expected: ExpectedJob | None) -> StoredJob:
    """Call a job that is not changed as it was called before."""
    if expected is not None and not experiment.overrides:
        experiment = dataclasses.replace(experiment, overrides=tuple(expected.overrides))
    return StoredJob(experiment, expected)


def _folder(folder: Path, changes: Sequence[str], plugins: tuple[str, ...]) -> list[StoredJob]:
    told = folder / EXPECTED
    if not told.exists():
        path = _inside(folder, CONFIG)
        return [StoredJob(read_file(path, changes, plugins), None)]
    try:
        jobs, _ = from_json(read_regular(_inside(folder, EXPECTED), MAX_BYTES + 1))
    except OSError as error:
        raise ConfigError([Problem("", f"{told} cannot be read ({error.strerror})")]) from error
    except ValueError as error:
        raise ConfigError([Problem("", f"{told} cannot be used: {error}")]) from error
    if not jobs:
        raise ConfigError([Problem("", f"{told} holds no job")])
    return [_named(read_file(_inside(folder, job.config), changes, plugins), job) for job in jobs]


def _inside(folder: Path, name: str) -> Path:
    """Return a file of a folder; a folder may be somebody else's, and a link leads anywhere."""
    path = folder / name
    if path.is_symlink():
        raise ConfigError([Problem("", f"{path} is a link; it has to be a file")])
    return path
