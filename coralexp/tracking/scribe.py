"""Copies run records to MLflow, and takes it calmly when MLflow is away."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.record import RunRecord
from coralexp.artifacts.runs import Runs, is_abandoned
from coralexp.errors import CoralexpError, StoreError
from coralexp.tracking.mirror import Mirror

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from coralexp.tracking.address import Address

Note = Callable[[str], None]
Attach = Callable[[RunRecord, Path, Path, Note], Iterable[Path]]

_OTHERS_TAKE_S = 120.0  # from the end of a run to its being logged, at most
_PAUSE_S = 30.0  # between two attempts at an MLflow that is away


class Scribe:
    """Logs one record at a time; no method raises anything that ends a job.

    Args:
        runs: The run records.
        store: Folder of the stages' artifacts.
        scratch: Folder for files made on the way.
        attach: Lists the files to keep with a run; see `MlflowObserver`.
        note: Takes a line for the user.
        address: Where MLflow is.
    """

    def __init__(  # noqa: PLR0917 - what it works with, each of another kind
        self,
        runs: Runs,
        store: Path,
        scratch: Path,
        attach: Attach,
        note: Note,
        address: Address,
    ) -> None:
        self._runs = runs
        self._store = store
        self._scratch = scratch
        self._attach = attach
        self._note = note
        self._mirror = Mirror(address, store)
        self._sweeps: dict[str, RunRecord] = {}
        self._away_until = 0.0
        self._told = False
        self._opened = False

    @property
    def is_away(self) -> bool:
        """Whether MLflow failed a moment ago, so that asking again would only cost time."""
        return time.monotonic() < self._away_until

    def begin(self, record: RunRecord) -> str | None:
        """Make the MLflow run of a record that just started; return its id, None if that failed."""
        if record.kind == "sweep":
            self._sweeps[record.id] = record
        return self._attempt(lambda: self._mirror.begin(record, self._sweep_of(record)))

    def finish(self, record: RunRecord) -> str | None:
        """Log a record that ended, with its files, and save it as logged.

        Returns:
            Id of the MLflow run; None if MLflow did not take it, and it is to be tried again.
        """
        return self._attempt(lambda: self._finish(record))

    def earlier(self, seen: Container[str]) -> Iterator[RunRecord]:
        """Yield the runs of this machine, and imported ones, that are not logged, oldest first.

        Args:
            seen: Ids of this command's runs, which are passed over; so is what another command
                that still works may be about to log itself.
        """
        for record in self._runs:
            if record.logged or record.state == "RUNNING" or record.id in seen:
                continue
            is_ours = record.host == socket.gethostname() and not _is_in_other_hands(record)
            if is_ours or record.imported is not None:  # whose process never knew of this MLflow
                yield record

    def _finish(self, record: RunRecord) -> str:
        run_id = self._mirror.begin(record, self._sweep_of(record))
        self._mirror.finish(record, run_id)
        self._mirror.attach(run_id, self._files(record))
        record.mlflow_uri = self._mirror.address.public
        record.mlflow_run_id = run_id
        record.logged = True
        with contextlib.suppress(StoreError):  # told by the pipeline; logged once more, if at all
            self._runs.save(record)
        return run_id

    def _files(self, record: RunRecord) -> list[Path]:
        try:
            return list(self._attach(record, self._store, self._scratch, self._note))
        except Exception as error:  # noqa: BLE001 - a picture that fails must not take the figures along
            self._note(f"run {record.id}: its files could not be added to MLflow ({error})")
            return []

    def _sweep_of(self, record: RunRecord) -> RunRecord | None:
        if record.sweep is None:
            return None
        if record.sweep not in self._sweeps:
            found = [sweep for sweep in self._runs if sweep.id == record.sweep]
            if not found:
                return None
            self._sweeps[record.sweep] = found[0]
        return self._sweeps[record.sweep]

    def _attempt(self, work: Callable[[], str]) -> str | None:
        if self.is_away:
            return None
        try:
            if not self._opened:
                with contextlib.suppress(StoreError):
                    self._runs.close_abandoned()
                self._mirror.close_orphans({record.id for record in self._runs})
                self._opened = True
            return work()
        except CoralexpError as error:
            self._give_up(str(error))
        except Exception as error:  # noqa: BLE001 - nothing about MLflow may end a job
            self._give_up(f"MLflow: {type(error).__name__}: {error}")
        return None

    def _give_up(self, reason: str) -> None:
        self._mirror.forget()
        self._away_until = time.monotonic() + _PAUSE_S
        if not self._told:
            self._told = True
            self._note(
                f"{reason}; runs are kept in {self._runs.folder}, "
                f"and the next command logs them if MLflow is back"
            )


def _is_in_other_hands(record: RunRecord) -> bool:
    """Return whether the process that ended a run may be logging it at this moment."""
    if record.pid == os.getpid() or is_abandoned(dataclasses.replace(record, state="RUNNING")):
        return False
    return time.time() - (record.ended or record.started) < _OTHERS_TAKE_S
