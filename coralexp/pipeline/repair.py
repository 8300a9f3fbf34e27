"""Damaged entries made again, by the runs that refer to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from coralexp.artifacts.differences import changes_between
from coralexp.artifacts.entries import ingredients_in
from coralexp.artifacts.locks import held_if_free
from coralexp.artifacts.sameness import lasting_digests
from coralexp.artifacts.seals import unseal
from coralexp.errors import CoralexpError
from coralexp.pipeline.environment import default_threads
from coralexp.pipeline.planner import Planner
from coralexp.pipeline.process import Workers
from coralexp.pipeline.supply import Supply
from coralexp.spec.stored import from_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from coralexp.artifacts.differences import Change
    from coralexp.artifacts.entries import Entry
    from coralexp.artifacts.progress import Progress, Step
    from coralexp.artifacts.record import Json, RunRecord
    from coralexp.artifacts.store import Store
    from coralexp.artifacts.uses import Uses
    from coralexp.artifacts.verification import Checked
    from coralexp.pipeline.tasks import Task
    from coralexp.spec.experiment import Experiment, Machine

Outcome = Literal["made again", "taken away", "left as it is"]


@dataclass(frozen=True)
class Mended:
    """What became of a damaged entry.

    Attributes:
        entry: Which one.
        outcome: In two or more words.
        why: What is to be known of it: with which bits, or why not.
        changes: Where this version would make another entry for the same job: what differs.
    """

    entry: Entry
    outcome: Outcome
    why: str
    changes: Sequence[Change] = ()


class _CannotError(Exception):
    """No run can make the entry again."""

    def __init__(self, why: str, changes: Sequence[Change] = ()) -> None:
        self.why = why
        self.changes = changes
        super().__init__(why)


@dataclass
class Repair:
    """Mends entries, each once.

    Attributes:
        store: Where they are.
        uses: Who uses them.
        machine: What this machine allows and offers.
        note: Takes a line for the user.
    """

    store: Store
    uses: Uses
    machine: Machine
    note: Callable[[str], None]
    _planners: dict[int, Planner] = field(default_factory=dict, init=False)

    def __call__(self, damaged: Sequence[Checked]) -> Iterator[Mended]:
        """Yield what became of each damaged entry, in their order.

        One that a run refers to is made again as that run made it, its stages before too if they
        are damaged or gone. One that no run record explains is taken away. One that this version or
        this machine would make under another key is left as it is.
        """
        with Workers(self.store.root / "logs") as workers:
            for one in damaged:
                yield self._mend(one, workers)

    def _mend(self, one: Checked, workers: Workers) -> Mended:
        entry = one.entry
        if not self.store.damage(entry.stage, entry.key):
            return Mended(entry, "made again", "for an entry that is made from it")
        if not self.uses.refers_to(entry.key) and not self.uses.closed:
            return self._take_away(entry)
        runs = self.uses.of(entry.key)
        if not runs:
            return Mended(
                entry, "left as it is", "a run record that cannot be read may refer to it"
            )
        before = self._lasting(one)
        try:
            self._make_again(entry, runs[::-1], workers)
        except _CannotError as error:
            return Mended(entry, "left as it is", error.why, error.changes)
        now = self._lasting(one)
        if not before:
            return Mended(entry, "made again", "whether to the same bits is not known")
        alike = all(now.get(name) == digest for name, digest in before.items())
        return Mended(entry, "made again", f"with {'the same' if alike else 'other'} bits")

    def _lasting(self, one: Checked) -> Mapping[str, str]:
        """Return the digests that its record promises, of what is the same each time."""
        found = lasting_digests(self.store, one.entry.stage, one.entry.key)
        timed = {name for name in one.damage if name.endswith("history.json")}
        return {name: digest for name, digest in found.items() if name not in timed}

    def _take_away(self, entry: Entry) -> Mended:
        with held_if_free(self.store.lock(entry.stage, entry.key)) as mine:
            if not mine:
                return Mended(entry, "left as it is", "another process works on it")
            try:
                self.store.remove(entry.stage, entry.key)
            except CoralexpError as error:
                return Mended(entry, "left as it is", str(error))
        return Mended(entry, "taken away", "no run refers to it, so none says how to make it")

    def _make_again(self, entry: Entry, runs: Sequence[RunRecord], workers: Workers) -> None:
        reason = _CannotError("no run refers to it")
        for run in runs:
            try:
                experiment = from_dict(run.config, plugins=self.machine.plugins)
                for threads in self._threads(entry, run):
                    try:
                        tasks = self._tasks(entry, experiment, threads)
                    except _CannotError as error:
                        reason = error
                        continue
                    self._provide(tasks, experiment, threads, workers)
                    return
            except CoralexpError as error:
                reason = _CannotError(f"run {run.id} cannot make it again: {error}")
        raise reason

    def _threads(self, entry: Entry, run: RunRecord) -> list[int]:
        """Return the counts of threads that the run may have had, the likeliest first."""
        found = [_threads_of(entry.ingredients)]
        for name, stage in run.stages.items():
            path = self.store.path(name, stage.key)
            found.append(_threads_of(ingredients_in(path)))
        return list(dict.fromkeys([*(n for n in found if n), default_threads()]))

    def _tasks(self, entry: Entry, experiment: Experiment, threads: int) -> list[Task]:
        """Return what has to be there to make an entry, and itself as the last."""
        if threads not in self._planners:
            self._planners[threads] = Planner(threads, self.machine)
        tasks = {task.stage: task for task in self._planners[threads](experiment)}
        wanted = tasks.get(entry.stage)
        if wanted is None or wanted.key != entry.key:
            changes = tuple(
                changes_between(entry.ingredients, wanted.ingredients)
                if wanted is not None and entry.ingredients
                else ()
            )
            text = "made here and now it would be another entry"
            raise _CannotError(text, changes)
        needed = {entry.stage}
        for task in reversed(tasks.values()):
            if task.stage in needed:
                after = task.ingredients.get("after")
                needed |= set(after) if isinstance(after, dict) else set()
        return [task for task in tasks.values() if task.stage in needed]

    def _provide(
        self, tasks: Sequence[Task], experiment: Experiment, threads: int, workers: Workers
    ) -> None:
        supply = Supply(self.store, workers, threads, self.machine, again=False, note=self.note)
        entries: dict[str, Path] = {}
        for task in tasks:
            if self.store.record(task.stage, task.key) is None:
                self.note(f"store: {task.stage}/{task.key} is made again")
            elif self.store.damage(task.stage, task.key):
                unseal(
                    self.store.root, task.stage, task.key
                )  # then the supply sees it, and says so
            tell = self._progress(task.stage)
            supply.provide(task, experiment, entries, lambda: None, tell, lambda: False)
            entries[task.stage] = self.store.path(task.stage, task.key)

    def _progress(self, stage: str) -> Progress:
        """Return what hears of a training, and tells of each epoch."""
        told = 0

        def tell(step: Step) -> None:
            nonlocal told
            if step.unit == "epochs" and int(step.done) > told:
                told = int(step.done)
                self.note(f"  {stage} epoch {told}/{step.total}")

        return tell


def _threads_of(ingredients: Mapping[str, Json]) -> int | None:
    bits = ingredients.get("bits")
    threads = bits.get("threads") if isinstance(bits, dict) else ingredients.get("threads")
    return threads if type(threads) is int and threads > 0 else None
