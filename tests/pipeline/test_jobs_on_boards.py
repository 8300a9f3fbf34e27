"""A job without a board is estimated, and measured when there is one; two jobs use two boards."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from measured_entries import write_entries
from ssh_board import serve

from coralexp.artifacts.store import Store
from coralexp.boards.agent.lock import NAME
from coralexp.boards.presence import Found
from coralexp.pipeline.job import Bookkeeping, Jobs
from coralexp.pipeline.planner import Planner
from coralexp.pipeline.process import Workers
from coralexp.pipeline.supply import Supply
from coralexp.pipeline.tasks import estimated
from coralexp.spec.compose import parse
from coralexp.spec.experiment import Machine

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from ssh_board import SshBoard

    from coralexp.artifacts.record import RunRecord
    from coralexp.pipeline.tasks import Task
    from coralexp.spec.experiment import Experiment

GONE = "nobody@127.0.0.1:1"
ASKED = ("dataset=digits", "device=cpu")


@dataclass
class Listener:
    """Keeps what the user is told."""

    notes: list[str] = field(default_factory=list)

    def noted(self, text: str) -> None:
        self.notes.append(text)

    def __getattr__(self, name: str):
        return lambda *args, **more: None


@dataclass
class Room:
    """A store in which everything is made but the measurements."""

    store: Store
    made: dict[str, Path]
    listener: Listener = field(default_factory=Listener)

    def tasks(self, experiment: Experiment, machine: Machine) -> list[Task]:
        """Return the stages that are there, and the measurement."""
        tasks = Planner(1, machine)(experiment)
        return [task for task in tasks if task.stage in {*self.made, "measure"}]

    def run(
        self,
        machine: Machine,
        *overrides: str,
        found: Found | None = None,
        absent: Found | None = None,
    ) -> tuple[list[RunRecord], list[Task]]:
        """Run jobs at the same time; return their records, and what was to measure them."""
        experiments = parse((*ASKED, *overrides)).experiments
        planned = [self.tasks(experiment, machine) for experiment in experiments]
        if found is not None:
            planned = [[*tasks[:-1], promised(tasks[-1], found)] for tasks in planned]
        if absent is not None:
            planned = [
                [*tasks[:-1], dataclasses.replace(tasks[-1], found=absent)] for tasks in planned
            ]
        for tasks in planned:
            for task in tasks[:-1]:
                self._put(task)
        with Workers(self.store.root / "logs") as workers:
            note = self.listener.noted
            supply = Supply(self.store, workers, 1, machine, again=False, note=note)
            books = Bookkeeping(self.store, self.listener)
            by_job = dict(zip(map(repr, experiments), planned, strict=True))
            jobs = Jobs(experiments, lambda e: by_job[repr(e)], supply, books, self.listener)
            records: list[RunRecord] = []
            threads = [
                threading.Thread(
                    target=lambda n=n: records.append(jobs.run(n, None, lambda r: None))
                )
                for n in range(len(experiments))
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return records, [tasks[-1] for tasks in planned]

    def _put(self, task: Task) -> None:
        def write(folder: Path) -> None:
            shutil.copytree(self.made[task.stage], folder, dirs_exist_ok=True)

        if self.store.record(task.stage, task.key) is None:
            self.store.make(task.stage, task.ingredients, write)

    def tags(self, record: RunRecord) -> dict[str, str]:
        entry = self.store.path("measure", record.stages["measure"].key)
        tags: dict[str, str] = json.loads((entry / "tags.json").read_text("utf-8"))
        return tags


def promised(task: Task, found: Found) -> Task:
    """Return a measurement that was planned while a board still answered."""
    return dataclasses.replace(
        task, ingredients={**task.ingredients, "board": found.what}, found=found
    )


@pytest.fixture
def room(shared: Path, tmp_path: Path) -> Room:
    made = write_entries(shared, tmp_path / "made")
    return Room(Store(tmp_path / "store"), {n: made[n] for n in ("dataset", "convert", "evaluate")})


@pytest.fixture
def boards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[tuple[SshBoard, SshBoard]]:
    """Two whose keys are known."""
    with serve(tmp_path / "a") as first, serve(tmp_path / "b", first.home) as second:
        monkeypatch.setenv("HOME", str(first.home))
        monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
        second.know_beside(first)
        yield first, second


def test_where_every_board_died_the_time_is_estimated_under_a_key_of_its_own(room: Room) -> None:
    found = Found(there=True, what="a kind", device="cpu", hosts=(GONE,))
    machine = Machine(hosts=(GONE,))

    (record,), (task,) = room.run(machine, "device.host=rpi4", found=found)

    notes = room.listener.notes
    assert record.state == "FINISHED"
    assert record.stages["measure"].key == estimated(task).key != task.key
    assert room.tags(record)["device_latency_source"] == "estimated"
    assert [note for note in notes if note.startswith("set aside for the rest of this command: ")]
    assert notes[-1].startswith(f"measuring failed: {GONE}: cannot be reached")
    assert len(notes) == 2


def test_what_is_estimated_for_want_of_a_board_is_what_is_estimated_without_one(
    room: Room,
) -> None:
    (experiment,) = parse((*ASKED, "device.host=rpi4")).experiments
    task = room.tasks(experiment, Machine())[-1]
    found = Found(there=True, what="a kind", hosts=(GONE,))

    assert promised(task, found).key != task.key
    assert estimated(promised(task, found)).key == task.key


def test_why_no_device_is_there_is_told_today_and_not_kept(room: Room) -> None:
    (experiment,) = parse((*ASKED, "device.host=rpi4")).experiments
    plain = room.tasks(experiment, Machine())[-1]

    for reason in ("a board is off", "it is off again"):
        absent = Found(there=False, reason=reason)
        (record,), _ = room.run(Machine(), "device.host=rpi4", absent=absent)
        assert record.stages["measure"].key == plain.key

    assert record.stages["measure"].reused
    assert room.listener.notes == ["a board is off", "it is off again"]


def test_a_job_that_requires_its_board_fails(room: Room) -> None:
    found = Found(there=True, what="a kind", device="cpu", hosts=(GONE,))

    (record,), _ = room.run(Machine(hosts=(GONE,)), "device.measure=required", found=found)

    assert record.state == "FAILED"
    assert record.error is not None
    assert "cannot be reached" in record.error


@pytest.mark.ssh
def test_two_jobs_measure_at_a_time_one_on_each_board(
    room: Room, boards: tuple[SshBoard, SshBoard]
) -> None:
    first, second = boards
    hosts = (str(first.address), str(second.address))
    machine = Machine(python=sys.executable, hosts=hosts)
    together = threading.Event()

    def watch() -> None:
        files = [board.lock_folder / NAME for board in boards]
        end = time.monotonic() + 60
        while time.monotonic() < end and not together.is_set():
            if all(file.exists() and file.stat().st_size for file in files):
                together.set()
            time.sleep(0.02)

    thread = threading.Thread(target=watch)
    thread.start()
    records, tasks = room.run(machine, "device.accuracy_images=1,2")
    thread.join()
    backwards = Machine(python=sys.executable, hosts=(GONE, *reversed(hosts)))
    (again,) = parse((*ASKED, "device.accuracy_images=1", "device.wait=5")).experiments

    assert together.is_set()
    assert [record.state for record in records] == ["FINISHED", "FINISHED"]
    places = {room.tags(record)["measured_on"].partition(",")[0] for record in records}
    assert places == set(hosts)
    assert room.listener.notes == []
    assert room.tasks(again, backwards)[-1].key == tasks[0].key
