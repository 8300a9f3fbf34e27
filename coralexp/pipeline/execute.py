"""A request carried out: what is finished is found, what is missing is run.

Several jobs are threads that wait for the processes of their stages (`coralexp.pipeline.process`):
the work itself is in fresh processes anyway, so a pool of further processes between would only
cost their start and a second way for everything that they tell.
"""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coralexp.artifacts.checkpoints import clear_checkpoints
from coralexp.artifacts.locks import held, held_if_free
from coralexp.artifacts.renaming import rename_old_entries
from coralexp.artifacts.runs import new_record
from coralexp.errors import CoralexpError
from coralexp.pipeline.environment import default_threads
from coralexp.pipeline.finished import Finished, identity, in_words, unfinished_sweep
from coralexp.pipeline.job import Bookkeeping, Jobs
from coralexp.pipeline.planner import Planner
from coralexp.pipeline.process import Workers
from coralexp.pipeline.supply import Supply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.artifacts.record import RunRecord, State
    from coralexp.artifacts.store import Store
    from coralexp.pipeline.observer import Observer
    from coralexp.pipeline.tasks import Task
    from coralexp.spec.experiment import Experiment, Request

_PAUSE_S = 0.25


def execute(
    request: Request, store: Store, observer: Observer, line: Sequence[str]
) -> list[RunRecord]:
    """Carry out every job of a request that is not finished already.

    Args:
        request: Checked.
        store: Where artifacts and records go.
        observer: Hears of everything.
        line: What the user wrote, for the record of a sweep.

    Returns:
        One record a job that was found or begun, in order; equal jobs are one. A failed job does
        not stop the others unless `on_error` is `stop`.

    Raises:
        ConfigError: If a device is required that is not there.
        StoreError: If the store cannot be written.
        KeyboardInterrupt: After everything under way was ended and recorded as KILLED.
        Terminated: As above.
    """
    experiments = list(dict.fromkeys(_Distinct(e) for e in request.experiments))
    jobs = [one.experiment for one in experiments]
    if len(jobs) < len(request.experiments):
        equal = len(request.experiments) - len(jobs)
        observer.noted(f"{equal} of {len(request.experiments)} jobs are equal to others: left out")
    rename_old_entries(store, observer.noted)
    how = request.how
    threads = how.threads or default_threads()
    with Workers(store.root / "logs", verbose=how.verbose) as workers:
        supply = Supply(
            store, workers, threads, request.machine, how.again, observer.noted, request.weights
        )
        run = _Execution(request, jobs, supply, observer, line)
        run.tasks_of.check_devices(jobs)
        run.find_finished()
        if len(run.answers) < len(jobs):
            store.check_writable()
            clear_checkpoints(store.root)
            run.carry_out()
    return run.records


@dataclass(frozen=True)
class _Distinct:
    """An experiment that can be told from others by its value."""

    experiment: Experiment

    def __hash__(self) -> int:
        return hash((repr(self.experiment.parts), self.experiment.seed))


@dataclass
class _Execution:
    """The state of one request under way."""

    request: Request
    experiments: Sequence[Experiment]
    supply: Supply
    observer: Observer
    line: Sequence[str]
    answers: dict[int, RunRecord] = field(default_factory=dict)
    sweep: RunRecord | None = None

    def __post_init__(self) -> None:
        self.store = self.supply.store
        self.tasks_of = Planner(self.supply.threads, self.request.machine, self.request.weights)
        self._stack = contextlib.ExitStack()
        self._guard = threading.Lock()

    @property
    def records(self) -> list[RunRecord]:
        """The runs that answer the jobs so far, in their order."""
        return [record for _, record in sorted(self.answers.items())]

    def find_finished(self) -> None:
        """Find the runs of earlier commands that answer jobs of this one."""
        if self.request.how.again:
            return
        finished = Finished.read(self.store.runs)
        for number, experiment in enumerate(self.experiments):
            tasks = self._tasks(experiment)
            found = finished.find(experiment, tasks, self.supply) if tasks else None
            if found is not None:
                self.answers[number] = found
        for text in in_words(self.records, len(self.experiments), self.line):
            self.observer.noted(text)

    def carry_out(self) -> None:
        """Run the jobs that are missing."""
        self.books = Bookkeeping(self.store, self.observer)
        self.jobs = Jobs(self.experiments, self.tasks_of, self.supply, self.books, self.observer)
        missing = [n for n in range(len(self.experiments)) if n not in self.answers]
        with self._stack:
            try:
                if self.request.how.jobs == 1 or len(missing) == 1:
                    for number in missing:
                        self._one(number)
                else:
                    self._several(missing)
            except BaseException:  # Ctrl-C and SIGTERM, and what nobody foresaw
                self._end_sweep("KILLED")
                raise
            failed = any(record.state == "FAILED" for record in self.records)
            self._end_sweep("FAILED" if failed else "FINISHED")

    def _several(self, missing: Sequence[int]) -> None:
        """Run jobs beside each other; what ends one for no reason of its own ends all."""
        with ThreadPoolExecutor(self.request.how.jobs, thread_name_prefix="job") as pool:
            waiting = {pool.submit(self._one, number) for number in missing}
            try:
                while waiting:  # in portions: a signal has to come through on every system
                    done, waiting = wait(waiting, _PAUSE_S, FIRST_COMPLETED)
                    for future in done:
                        future.result()
            except BaseException:
                self.supply.stop.set()
                self.supply.workers.end_all()
                for future in waiting:
                    future.cancel()
                raise

    def _one(self, number: int) -> None:
        """Run a job, unless another process does so or an earlier one failed."""
        stops = self.request.how.on_error == "stop"
        if stops and any(record.state == "FAILED" for record in self.records):
            return
        with contextlib.ExitStack() as stack:
            tasks = self._tasks(self.experiments[number])
            if tasks and not self.request.how.again:
                key = identity(self.experiments[number], tasks)
                lock = held(
                    self.store.lock("jobs", key), self.supply.waiting_for(self._name(number))
                )
                if stack.enter_context(lock) and self._was_finished(number, tasks):
                    return
            self.supply.check()
            self.jobs.run(number, self._begin_sweep(), lambda record: self._begun(number, record))

    def _was_finished(self, number: int, tasks: Sequence[Task]) -> bool:
        """Return whether the process that was waited for finished the job."""
        finished = Finished.read(self.store.runs)
        found = finished.find(self.experiments[number], tasks, self.supply)
        if found is None:
            return False
        with self._guard:
            self.answers[number] = found
        self.observer.noted(f"{self._name(number)}: the other process finished it, run {found.id}")
        return True

    def _begun(self, number: int, record: RunRecord) -> None:
        with self._guard:
            self.answers[number] = record
            if self.sweep is not None:
                self.sweep.jobs = [answer.id for answer in self.records]
                self.store.runs.save(self.sweep)

    def _begin_sweep(self) -> RunRecord | None:
        """Return the sweep of the jobs: one that the same command began, or a new one."""
        with self._guard:
            if self.sweep is None and self.request.is_sweep:
                sweep = None if self.request.how.again else self._continued()
                self.sweep = sweep or new_record("sweep")
                self.books.begin(self.sweep, self.line)
                self.observer.sweep_started(self.sweep, len(self.experiments))
            return self.sweep

    def _continued(self) -> RunRecord | None:
        """Return a sweep that was killed or failed in part, if no other process goes on with it."""
        sweep = unfinished_sweep(self.store.runs, self.line)
        if sweep is None:
            return None
        lock = self.store.root / "locks" / "sweeps" / f"{sweep.id}.lock"
        if not self._stack.enter_context(held_if_free(lock)):
            return None
        now = new_record("sweep")
        sweep.state, sweep.ended, sweep.logged = "RUNNING", None, False
        sweep.host, sweep.pid = now.host, now.pid
        sweep.pid_started, sweep.booted = now.pid_started, now.booted
        self.observer.noted(f"going on with sweep {sweep.id}")
        return sweep

    def _end_sweep(self, state: State) -> None:
        if self.sweep is not None:
            self.sweep.jobs = [answer.id for answer in self.records]
            self.books.end(self.sweep, state)
            self.observer.sweep_finished(self.sweep)

    def _tasks(self, experiment: Experiment) -> list[Task]:
        """Return the stages of a job; none if its data cannot be read, which running it tells."""
        try:
            return self.tasks_of(experiment)
        except CoralexpError:
            return []

    def _name(self, number: int) -> str:
        words = " ".join(self.experiments[number].overrides) or "the defaults"
        return f"job {number + 1} of {len(self.experiments)} ({words})"
