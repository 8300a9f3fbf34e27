"""A request carried out: job by job, stage by stage, reusing what is there."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coralexp.artifacts.checkpoints import checkpoint_of, clear_checkpoints, remove_checkpoint
from coralexp.artifacts.record import RunRecord, StageRecord
from coralexp.artifacts.runs import new_record
from coralexp.errors import CoralexpError, StoreError
from coralexp.pipeline.environment import default_threads, environment, git_commit
from coralexp.pipeline.process import Workers
from coralexp.pipeline.tasks import Planner, Task
from coralexp.spec.stored import to_dict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from coralexp.artifacts.progress import Step
    from coralexp.artifacts.record import State
    from coralexp.artifacts.store import Store
    from coralexp.pipeline.messages import StageOrder
    from coralexp.pipeline.observer import Observer
    from coralexp.spec.experiment import Experiment, Request


def execute(
    request: Request, store: Store, observer: Observer, line: Sequence[str]
) -> list[RunRecord]:
    """Carry out every job of a request.

    Args:
        request: Checked.
        store: Where artifacts and records go.
        observer: Hears of everything.
        line: What the user wrote, for the record of a sweep.

    Returns:
        One record a job that was begun, in order. A failed job does not stop the others unless
        `on_error` is `stop`.

    Raises:
        StoreError: If the store cannot be written.
        KeyboardInterrupt: After everything under way was ended and recorded as KILLED.
        Terminated: As above.
    """
    store.check_writable()
    clear_checkpoints(store.root)
    run = _Execution(request, store, observer)
    sweep = run.begin_sweep(line) if request.is_sweep else None
    try:
        with Workers(store.root / "logs", verbose=request.how.verbose) as run.workers:
            for number, experiment in enumerate(request.experiments):
                record = run.job(experiment, number, sweep)
                if record.state == "FAILED" and request.how.on_error == "stop":
                    break
    except BaseException:  # Ctrl-C and SIGTERM, and what nobody foresaw
        run.end_sweep(sweep, "KILLED")
        raise
    failed = any(record.state == "FAILED" for record in run.records)
    run.end_sweep(sweep, "FAILED" if failed else "FINISHED")
    return run.records


@dataclass
class _Execution:
    """The state of one request under way."""

    request: Request
    store: Store
    observer: Observer
    records: list[RunRecord] = field(default_factory=list)
    checked: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    workers: Workers = field(init=False)

    def __post_init__(self) -> None:
        self.threads = self.request.how.threads or default_threads()
        self.tasks_of = Planner(self.threads, self.request.machine)
        self.commit = git_commit()
        self.environment = environment()

    def begin_sweep(self, line: Sequence[str]) -> RunRecord:
        sweep = self._new(new_record("sweep"), list(line))
        self.store.runs.save(sweep)
        self.observer.sweep_started(sweep, len(self.request.experiments))
        return sweep

    def end_sweep(self, sweep: RunRecord | None, state: State) -> None:
        if sweep is not None:
            self._end(sweep, state)
            self.observer.sweep_finished(sweep)

    def job(self, experiment: Experiment, number: int, sweep: RunRecord | None) -> RunRecord:
        """Run one job; whatever fails is in its record."""
        record = self._new(new_record("run"), list(experiment.overrides))
        record.number = number
        record.sweep = sweep.id if sweep is not None else None
        record.config = to_dict(experiment)
        self.store.runs.save(record)
        self.records.append(record)
        self.observer.run_started(record)
        state: State = "KILLED"
        try:
            self._stages(experiment, record)
            state = "FINISHED"
        except CoralexpError as error:
            state, record.error = "FAILED", str(error)
        finally:
            self._end(record, state)
            self.observer.run_finished(record)
        return record

    def _stages(self, experiment: Experiment, record: RunRecord) -> None:
        tasks = self.tasks_of(experiment)
        entries: dict[str, Path] = {}
        for place, task in enumerate(tasks):
            began = time.monotonic()
            reused = self._is_there(task)
            if reused:
                entries[task.stage] = self.store.path(task.stage, task.key)
            else:
                self.observer.stage_started(record, task.stage)
                later = tasks[place + 1 :] + self._tasks_after(record.number)
                follows = any(self._will_be_made(other) for other in later)
                entries[task.stage] = self._make(
                    task, experiment, record, entries, another_follows=follows
                )
            self._note(record, task, entries[task.stage], time.monotonic() - began, reused=reused)

    def _is_there(self, task: Task) -> bool:
        """Return whether the store has a whole entry; a damaged one is told of and made again."""
        if task.key in self.checked:
            return True
        if self.request.how.again or self.store.record(task.stage, task.key) is None:
            return False
        damaged = self.store.damage(task.stage, task.key)
        if damaged:
            names = ", ".join(damaged[:3])
            self.observer.noted(
                f"store: {task.stage}/{task.key} is damaged ({names}); it is made again"
            )
            return False
        self.checked.add(task.key)
        return True

    def _tasks_after(self, number: int) -> list[Task]:
        """Return the stages of the later jobs; none of a job whose data cannot be read."""
        tasks: list[Task] = []
        for experiment in self.request.experiments[number + 1 :]:
            with contextlib.suppress(CoralexpError):
                tasks += self.tasks_of(experiment)
        return tasks

    def _will_be_made(self, task: Task) -> bool:
        """Return whether a later stage is going to need a process with TensorFlow."""
        if not task.needs_tensorflow or task.key in self.checked:
            return False
        return self.request.how.again or self.store.record(task.stage, task.key) is None

    def _make(
        self,
        task: Task,
        experiment: Experiment,
        record: RunRecord,
        entries: dict[str, Path],
        *,
        another_follows: bool,
    ) -> Path:
        checkpoint = checkpoint_of(self.store.root, task.stage, task.key)
        if self.request.how.again:
            remove_checkpoint(checkpoint)

        def tell(step: Step) -> None:
            if step.note:
                self.observer.noted(f"{task.stage}: {step.note}")
                return
            self.observer.stage_progressed(record, task.stage, step)

        def write(folder: Path) -> int | None:
            order: StageOrder = {
                "kind": "stage",
                "stage": task.stage,
                "experiment": to_dict(experiment),
                "entries": {name: str(path.resolve()) for name, path in entries.items()},
                "folder": str(folder.resolve()),
                "threads": self.threads,
                "plugins": list(self.request.machine.plugins),
                "compiler": self.request.machine.compiler,
                "checkpoint": str(checkpoint.resolve()),
            }
            return self.workers.carry_out(
                order,
                tell,
                tensorflow=task.needs_tensorflow,
                another_follows=another_follows,
            )

        entry = self.store.make(task.stage, task.ingredients, write)
        remove_checkpoint(checkpoint)
        self.checked.add(task.key)
        return entry

    def _note(
        self, record: RunRecord, task: Task, entry: Path, seconds: float, *, reused: bool
    ) -> None:
        """Put the artifact's figures into the record and tell of it."""
        made = self.store.record(task.stage, task.key)
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
        self.store.runs.save(record)
        self.observer.stage_finished(record, task.stage, entry)
        notes = entry / "notes.txt"
        for note in notes.read_text("utf-8").splitlines() if notes.is_file() else ():
            if note not in self.told:
                self.told.add(note)
                self.observer.noted(note)

    def _new(self, record: RunRecord, overrides: list[str]) -> RunRecord:
        record.overrides = overrides
        record.commit = self.commit
        record.environment = dict(self.environment)
        return record

    def _end(self, record: RunRecord, state: State) -> None:
        record.state = state
        record.ended = time.time()
        try:
            self.store.runs.save(record)
        except StoreError as error:  # a full disk, say: the user hears of it, and it goes on
            self.observer.noted(str(error))


def _read(path: Path) -> dict[str, float | str]:
    if not path.is_file():
        return {}
    fields: dict[str, float | str] = json.loads(path.read_text(encoding="utf-8"))
    return fields
