"""The artifact of a stage: from the store if it is there, made once if it is not."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coralexp.artifacts.checkpoints import checkpoint_of, remove_checkpoint
from coralexp.artifacts.locks import held
from coralexp.artifacts.sameness import lasting_digests
from coralexp.pipeline.board_pool import BoardPool
from coralexp.pipeline.cores import Cores
from coralexp.pipeline.earlier_run import with_file
from coralexp.spec.stored import to_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from coralexp.artifacts.locks import Holder, OnWait
    from coralexp.artifacts.progress import Progress, Step
    from coralexp.artifacts.record import Json
    from coralexp.artifacts.store import Store
    from coralexp.pipeline.messages import StageOrder
    from coralexp.pipeline.process import Workers
    from coralexp.pipeline.tasks import Task
    from coralexp.spec.experiment import Experiment, Machine


class Stopped(BaseException):
    """The command ends: a job that works beside others has to stop."""


@dataclass(frozen=True)
class _Place:
    """Where a stage works.

    Attributes:
        run: Id of the run that wants it.
        hosts: Boards that may measure; empty if this machine does.
        leave: Gives this machine's cores back, when a board does the rest.
    """

    run: str
    hosts: tuple[str, ...]
    leave: Callable[[], None]


@dataclass
class Supply:
    """Has artifacts made, each once, however many jobs and processes want it.

    Attributes:
        store: Where they rest.
        workers: Make them.
        threads: Processor threads of each stage.
        machine: What this machine allows and offers.
        again: Whether what earlier commands made is made again.
        note: Takes a line for the user.
        weights: Ids of earlier runs to the files of their weights.
        stop: Set when the command ends: who waits gives up.
    """

    store: Store
    workers: Workers
    threads: int
    machine: Machine
    again: bool
    note: Callable[[str], None]
    weights: Mapping[str, Path] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    _cores: Cores = field(default_factory=Cores, init=False)
    _sure: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self._boards = BoardPool(self.note)

    def has(self, task: Task) -> bool:
        """Return whether a whole artifact is there that need not be made again."""
        if task.key in self._sure:
            return True
        if self.again or self._origin(task) or not self.store.is_whole(task.stage, task.key):
            return False
        self._sure.add(task.key)
        return True

    def find(self, task: Task) -> bool:
        """Return whether an artifact is there; a damaged one is told of, and is not."""
        if self.has(task):
            return True
        if self.again or self.store.record(task.stage, task.key) is None:
            return False
        if origin := self._origin(task):
            self.note(f"store: {task.stage}/{task.key} came with {origin}; it is made anew here")
            return False
        names = ", ".join(self.store.damage(task.stage, task.key)[:3])
        self.note(f"store: {task.stage}/{task.key} is damaged ({names}); it is made again")
        return False

    def is_expected(self, task: Task) -> bool:
        """Return whether an artifact is going to be made, by a process with TensorFlow."""
        if not task.needs_tensorflow or task.key in self._sure:
            return False
        if self.again or self._origin(task):
            return True
        return self.store.record(task.stage, task.key) is None

    def _origin(self, task: Task) -> str | None:
        """Return the file that brought an artifact from another store; None if it is our own."""
        record = self.store.record(task.stage, task.key)
        return None if record is None else record.imported

    def provide(  # noqa: PLR0917 - one thing each
        self,
        task: Task,
        experiment: Experiment,
        entries: Mapping[str, Path],
        started: Callable[[], None],
        progress: Progress,
        another_follows: Callable[[], bool],
        run: str = "",
    ) -> bool:
        """Make sure that an artifact is there.

        Args:
            task: Which one.
            experiment: The job that wants it.
            entries: Stage names to the folders of what was made before.
            started: Called if it is made here.
            progress: Hears how far it is.
            another_follows: Tells whether a later stage will import TensorFlow.
            run: Id of the run that wants it, told to others who want the same board.

        Returns:
            Whether it was there, or another process or job made it meanwhile.

        Raises:
            NoBoardError: If a board is to measure, and none is to be had.
            CoralexpError: If it cannot be made.
        """
        if self.find(task):
            return True
        with held(self.store.lock(task.stage, task.key), self.waiting_for(task.stage)) as waited:
            self.check()
            if waited and self.find(task):
                return True
            boards: AbstractContextManager[tuple[str, ...]] = contextlib.nullcontext(())
            if task.found is not None:
                boards = self._boards.one_of(task.found, self.check)
            with boards as hosts, contextlib.ExitStack() as here:
                here.enter_context(self._cores.used_by(task.stage, self.check))
                here.enter_context(self._machine(task.stage))
                started()
                place = _Place(run, hosts, here.close)
                self._make(task, experiment, entries, progress, another_follows(), place)
        self._sure.add(task.key)
        return False

    def check(self) -> None:
        """Give up if the command ends.

        Raises:
            Stopped: If it does.
        """
        if self.stop.is_set():
            raise Stopped

    def waiting_for(self, what: str) -> OnWait:
        """Return what is to be called while another process makes something: it says so once."""
        told = False

        def wait(holder: Holder | None) -> None:
            nonlocal told
            self.check()
            if not told and holder is not None and not holder.is_this_process:
                told = True
                who = f"pid {holder.pid} on {holder.host}"
                self.note(f"{what}: another process ({who}) makes it; waiting")

        return wait

    @contextlib.contextmanager
    def _machine(self, stage: str) -> Generator[None]:
        """Measure one thing at a time on a machine, whichever process asks."""
        if stage != "measure":
            yield
            return
        path = self.store.root / "locks" / f"measure-{socket.gethostname()}.lock"
        with held(path, lambda holder: self.check()):
            yield

    def _make(  # noqa: PLR0917 - one thing each
        self,
        task: Task,
        experiment: Experiment,
        entries: Mapping[str, Path],
        progress: Progress,
        another_follows: bool,  # noqa: FBT001 - private
        place: _Place,
    ) -> None:
        checkpoint = checkpoint_of(self.store.root, task.stage, task.key)
        if self.again:
            remove_checkpoint(checkpoint)

        def tell(step: Step) -> None:
            if step.is_elsewhere:
                place.leave()
            elif step.lost:
                self._boards.set_aside(step.lost, step.note)
            elif step.note:
                self.note(f"{task.stage}: {step.note}")
            else:
                progress(step)

        def write(folder: Path) -> int | None:
            order: StageOrder = {
                "kind": "stage",
                "stage": task.stage,
                "experiment": to_dict(with_file(experiment, self.weights)),
                "entries": {name: str(path.resolve()) for name, path in entries.items()},
                "folder": str(folder.resolve()),
                "threads": self.threads,
                "plugins": list(self.machine.plugins),
                "compiler": self.machine.compiler,
                "board": _board(task, self.machine, place),
                "checkpoint": str(checkpoint.resolve()),
            }
            return self.workers.carry_out(
                order, tell, tensorflow=task.needs_tensorflow, another_follows=another_follows
            )

        foreign = lasting_digests(self.store, task.stage, task.key) if self._origin(task) else {}
        self.store.make(task.stage, task.ingredients, write)
        if foreign and foreign != lasting_digests(self.store, task.stage, task.key):
            self.note(f"store: {task.stage}/{task.key} that came from elsewhere had other bits")
        remove_checkpoint(checkpoint)


def _board(task: Task, machine: Machine, place: _Place) -> dict[str, Json]:
    """Return what the stage has to know of the device that measures."""
    reached: dict[str, Json] = {
        "delegate": machine.delegate,
        "python": machine.python,
        "host": machine.host,
        "hosts": list(place.hosts) if machine.hosts else [],
        "job": place.run,
    }
    if task.found is None:
        return reached
    found = {n: list(v) if isinstance(v, tuple) else v for n, v in vars(task.found).items()}
    return {**found, **reached}
