"""Tells MLflow of each run, in a thread of its own, so that it never delays a job."""

from __future__ import annotations

import copy
import math
import queue
import tempfile
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from coralexp.tracking.address import Address, tracking_address
from coralexp.tracking.connection import prepare
from coralexp.tracking.scribe import Attach, Note, Scribe

if TYPE_CHECKING:
    from coralexp.artifacts.progress import Step
    from coralexp.artifacts.record import RunRecord
    from coralexp.artifacts.runs import Runs

_PATIENCE_S = 60.0  # at the end, since the last run that MLflow took
_PATIENCE_AFTER_KILL_S = 5.0
_EARLIER_RUNS_S = 10.0  # at the end, for what earlier commands left


@dataclass(frozen=True)
class _Heard:
    """Something that happened.

    Attributes:
        what: A run began or ended; time to `look` for what earlier commands left, or to `stop`.
        record: The run as it was then.
        live: The same, as the pipeline goes on changing it.
    """

    what: Literal["begin", "finish", "look", "stop"]
    record: RunRecord | None = None
    live: RunRecord | None = None


class MlflowObserver:
    """One MLflow run per job, below one per sweep; a mirror, never a source.

    Nothing here can fail a job. What MLflow does not take stays in the run's record (`logged` is
    false) and is logged by the next command that has something to log.

    Args:
        runs: The run records.
        store: Folder of the stages' artifacts.
        attach: Lists the files to keep with a run, given its record, the store, a folder for files
            made on the way (the same one each time), and where to say what could not be made.
        note: Takes a line for the user; called in another thread.
        address: Where MLflow is; None: as `MLFLOW_TRACKING_URI` says, or `mlruns/` here.
    """

    def __init__(
        self, runs: Runs, store: Path, *, attach: Attach, note: Note, address: Address | None = None
    ) -> None:
        prepare()
        self._runs = runs
        self._store = store
        self._attach = attach
        self._note = note
        self._address = address or tracking_address(Path.cwd())
        self._queue: queue.SimpleQueue[_Heard] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._seen: set[str] = set()
        self._unlogged: dict[str, RunRecord] = {}
        self._killed = False
        self._last_logged = 0.0

    def sweep_started(self, sweep: RunRecord, jobs: int) -> None:
        """Make the parent run."""
        self._hear("begin", sweep)

    def run_started(self, run: RunRecord) -> None:
        """Make the run, so that it can be seen while it works."""
        self._hear("begin", run)

    def stage_started(self, run: RunRecord, stage: str) -> None:
        """Wait: a run is logged when it ends."""

    def stage_progressed(self, run: RunRecord, stage: str, step: Step) -> None:
        """Wait: a run is logged when it ends."""

    def stage_finished(self, run: RunRecord, stage: str, entry: Path) -> None:
        """Wait: a run is logged when it ends."""

    def run_finished(self, run: RunRecord) -> None:
        """Log everything that the run gave."""
        self._hear("finish", run)

    def sweep_finished(self, sweep: RunRecord) -> None:
        """End the parent run."""
        self._hear("finish", sweep)

    def noted(self, text: str) -> None:
        """Leave it to the console."""

    def log_pending(self) -> None:
        """Log what earlier commands of this machine could not; `close` waits for it."""
        self._put(_Heard("look"))

    def close(self) -> None:
        """Wait for MLflow as long as it takes a run a minute; then say what it did not take.

        After a kill, 5 seconds must do.
        """
        if self._thread is None:
            return
        self._put(_Heard("stop"))
        patience = _PATIENCE_AFTER_KILL_S if self._killed else _PATIENCE_S
        self._last_logged = time.monotonic()
        while self._thread.is_alive() and time.monotonic() < self._last_logged + patience:
            self._thread.join(0.1)
        if self._thread.is_alive():
            late = ", ".join(self._unlogged) or "what earlier commands left"
            self._note(f"MLflow at {self._address.public} is slow: the next command logs {late}")
        self._thread = None

    def _hear(self, what: Literal["begin", "finish"], live: RunRecord) -> None:
        record = copy.deepcopy(live)
        self._seen.add(record.id)
        if what == "finish":
            self._killed = self._killed or record.state == "KILLED"
            self._unlogged[record.id] = record
        self._put(_Heard(what, record, live))

    def _put(self, heard: _Heard) -> None:
        self._queue.put(heard)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="mlflow", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        """Log until told to stop; runs in the thread."""
        with tempfile.TemporaryDirectory(prefix="coralexp-", ignore_cleanup_errors=True) as scratch:
            scribe = Scribe(
                self._runs, self._store, Path(scratch), self._attach, self._note, self._address
            )
            waiting: deque[_Heard] = deque()
            looked = asked = False
            while (heard := self._queue.get()).what != "stop":
                asked = asked or heard.what == "look"
                if not self._log(scribe, heard):
                    waiting.append(heard)
                if not looked and not scribe.is_away:
                    looked = True
                    waiting.extend(self._earlier(scribe))
                while waiting and self._queue.empty() and not scribe.is_away:
                    left = waiting.popleft()
                    if not self._log(scribe, left):
                        waiting.append(left)
            # Nobody waits long for runs of earlier commands, unless they are what was asked for.
            give_up = time.monotonic() + (math.inf if asked else _EARLIER_RUNS_S)
            while waiting and not scribe.is_away and time.monotonic() < give_up:
                self._log(scribe, waiting.popleft())

    def _earlier(self, scribe: Scribe) -> list[_Heard]:
        return [_Heard("finish", record) for record in scribe.earlier(self._seen)]

    def _log(self, scribe: Scribe, heard: _Heard) -> bool:
        """Log one run; return whether nothing is left to be done about it."""
        if heard.record is None:
            return True
        if heard.what == "begin":
            run_id = scribe.begin(heard.record)
        else:
            run_id = scribe.finish(heard.record)
        if run_id is None:
            return heard.what == "begin"  # what ends a run begins it too, if need be
        if heard.live is not None:  # so that the pipeline's next save of it does not lose them
            heard.live.mlflow_uri = self._address.public
            heard.live.mlflow_run_id = run_id
            heard.live.logged = heard.what == "finish"
        if heard.what == "finish":
            self._unlogged.pop(heard.record.id, None)
            self._last_logged = time.monotonic()
        return True
