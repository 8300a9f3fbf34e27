"""Runs that a dead process left RUNNING are closed; those of the living and of others are not."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from coralexp.artifacts.runs import new_record

if TYPE_CHECKING:
    from conftest import Jobs


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_run_of_a_dead_process_ends_when_its_record_was_last_written(jobs: Jobs) -> None:
    record = new_record("run")
    record.pid = dead_pid()
    record.started = 1000.0
    jobs.runs.save(record)
    os.utime(jobs.runs.folder / f"{record.id}.json", (5000.0, 5000.0))

    closed = jobs.runs.close_abandoned()

    assert [run.id for run in closed] == [record.id]
    found = jobs.read(record)
    assert (found.state, found.ended, found.logged) == ("KILLED", 5000.0, False)


def test_runs_of_living_processes_and_other_machines_go_on(jobs: Jobs) -> None:
    mine = jobs.begin()
    elsewhere = new_record("run")
    elsewhere.pid, elsewhere.host = dead_pid(), "another-machine"
    jobs.runs.save(elsewhere)

    assert jobs.runs.close_abandoned() == []
    assert {jobs.read(run).state for run in (mine, elsewhere)} == {"RUNNING"}
