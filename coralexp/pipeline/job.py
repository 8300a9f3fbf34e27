"""One job: its stages one after another, and the record of what they gave."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coralexp.artifacts.record import StageRecord
from coralexp.artifacts.runs import new_record
from coralexp.boards.failures import NoBoardError
from coralexp.errors import CoralexpError, StoreError
from coralexp.pipeline.environment import environment, git_commit
from coralexp.pipeline.tasks import estimated
from coralexp.spec.stored import to_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from coralexp.artifacts.progress import Step
    from coralexp.artifacts.record import RunRecord, State
    from coralexp.artifacts.store import Store
    from coralexp.pipeline.observer import Observer
    from coralexp.pipeline.planner import Planner
    from coralexp.pipeline.supply import Supply
    from coralexp.pipeline.tasks import Task
    from coralexp.spec.experiment import Experiment


@dataclass
class Bookkeeping:
    """Begins and ends records, and writes them down.

    Attributes:
        store: Where to.
        observer: Hears of what cannot be written.
    """

    store: Store
    observer: Observer
    _began: dict[str, float] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._commit = git_commit()
        self._environment = environment()

    def begin(self, record: RunRecord, overrides: Sequence[str]) -> RunRecord:
        """Write down that a run or a sweep works.

        Raises:
            StoreError: If the store cannot be written.
        """
        record.overrides = list(overrides)
        record.commit = self._commit
        record.environment = dict(self._environment)
        self._began[record.id] = time.monotonic()
        self.store.runs.save(record)
        return record

    def end(self, record: RunRecord, state: State) -> None:
        """Write down how it ended; when, by a clock that nobody can set back."""
        began = self._began.pop(record.id, None)
        record.state = state
        now = time.time()
        record.ended = now if began is None else record.started + time.monotonic() - began
        try:
            self.store.runs.save(record)
        except StoreError as error:  # a full disk, say: the user hears of it, and it goes on
            self.observer.noted(str(error))


@dataclass
class Jobs:
    """Runs jobs, one or several at a time.

    Attributes:
        experiments: All of them.
        tasks_of: Says which stages a job has.
        supply: Has their artifacts made.
        books: Keeps the records.
        observer: Hears of everything.
    """

    experiments: Sequence[Experiment]
    tasks_of: Planner
    supply: Supply
    books: Bookkeeping
    observer: Observer
    _told: set[str] = field(default_factory=set, init=False)

    def run(
        self, number: int, sweep: RunRecord | None, begun: Callable[[RunRecord], None]
    ) -> RunRecord:
        """Run one job; whatever fails is in its record.

        Args:
            number: Its place.
            sweep: What it belongs to; None if it is alone.
            begun: Hears of the record first.

        Raises:
            StoreError: If not even the record can be written.
        """
        experiment = self.experiments[number]
        record = new_record("run")
        record.number = number
        record.sweep = sweep.id if sweep is not None else None
        record.config = to_dict(experiment)
        self.books.begin(record, experiment.overrides)
        begun(record)
        self.observer.run_started(record)
        state: State = "KILLED"
        try:
            self._stages(experiment, record)
            state = "FINISHED"
        except CoralexpError as error:
            if not self.supply.stop.is_set():  # else it failed because its process was ended
                state, record.error = "FAILED", str(error)
        finally:
            self.books.end(record, state)
            self.observer.run_finished(record)
        return record

    def _stages(self, experiment: Experiment, record: RunRecord) -> None:
        tasks = self.tasks_of(experiment)
        entries: dict[str, Path] = {}
        for place in range(len(tasks)):
            self.supply.check()
            began = time.monotonic()
            task, reused = self._stage_or_estimate(tasks, place, experiment, record, entries)
            entries[task.stage] = self.supply.store.path(task.stage, task.key)
            self._note(record, task, entries[task.stage], time.monotonic() - began, reused=reused)

    def _stage_or_estimate(
        self,
        tasks: list[Task],
        place: int,
        experiment: Experiment,
        record: RunRecord,
        entries: dict[str, Path],
    ) -> tuple[Task, bool]:
        """Have a stage done; where no board is to be had for it, what can be done without one.

        Returns:
            The stage that was done, and whether it was there.
        """
        found = tasks[place].found
        if found is not None and found.reason:  # of today: the estimate is that of another day, too
            self._note_once(found.reason)
        try:
            return tasks[place], self._stage(tasks, place, experiment, record, entries)
        except NoBoardError as error:
            if experiment["device"].options.get("measure") == "required":
                raise
            self._note_once(f"measuring failed: {error}; the time is estimated")
        # Not under the key of what a board measured: the same command measures when one is there.
        tasks = [*tasks[:place], estimated(tasks[place]), *tasks[place + 1 :]]
        return tasks[place], self._stage(tasks, place, experiment, record, entries)

    def _note_once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self.observer.noted(text)

    def _stage(
        self,
        tasks: Sequence[Task],
        place: int,
        experiment: Experiment,
        record: RunRecord,
        entries: dict[str, Path],
    ) -> bool:
        stage = tasks[place].stage

        def started() -> None:
            self.supply.store.runs.save(record)  # with what was reused, should the work be killed
            self.observer.stage_started(record, stage)

        def tell(step: Step) -> None:
            self.observer.stage_progressed(record, stage, step)

        def follows() -> bool:
            return any(map(self.supply.is_expected, tasks[place + 1 :])) or any(
                map(self.supply.is_expected, self._tasks_after(record.number))
            )

        return self.supply.provide(
            tasks[place],
            experiment,
            entries,
            started,
            tell,
            follows,
            record.id,
        )

    def _tasks_after(self, number: int) -> list[Task]:
        """Return the stages of the later jobs; none of a job whose data cannot be read."""
        tasks: list[Task] = []
        for experiment in self.experiments[number + 1 :]:
            with contextlib.suppress(CoralexpError):
                tasks += self.tasks_of(experiment)
        return tasks

    def _note(
        self, record: RunRecord, task: Task, entry: Path, seconds: float, *, reused: bool
    ) -> None:
        """Put the artifact's figures into the record and tell of it."""
        made = self.supply.store.record(task.stage, task.key)
        record.stages[task.stage] = StageRecord(
            key=task.key,
            seconds=seconds,
            reused=reused,
            made_in_s=made.made_in_s if made else seconds,
            peak_memory_bytes=made.peak_memory_bytes if made else None,
        )
        for name in ("metrics.json", "timings.json"):
            record.metrics.update(_read(entry / name))  # type: ignore[arg-type]
        record.tags.update(_read(entry / "tags.json"))  # type: ignore[arg-type]
        if not reused:  # a hundred jobs that reuse everything would spend most of their time here
            self.supply.store.runs.save(record)
        self.observer.stage_finished(record, task.stage, entry)
        notes = entry / "notes.txt"
        for note in notes.read_text("utf-8").splitlines() if notes.is_file() else ():
            self._note_once(note)


def _read(path: Path) -> dict[str, float | str]:
    if not path.is_file():
        return {}
    fields: dict[str, float | str] = json.loads(path.read_text(encoding="utf-8"))
    return fields
