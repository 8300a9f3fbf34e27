"""The folder of run records: `store / runs / <id>.json`."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import psutil

from coralexp.artifacts.record import RunRecord, from_json
from coralexp.artifacts.unwritable import unwritable
from coralexp.errors import UnknownRunError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def new_record(kind: Literal["run", "sweep"]) -> RunRecord:
    """Return a record of this process that has just started."""
    now = time.time()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    return RunRecord(
        id=f"{stamp}-{secrets.token_hex(3)}",
        kind=kind,
        host=socket.gethostname(),
        pid=os.getpid(),
        pid_started=psutil.Process().create_time(),
        booted=psutil.boot_time(),
        started=now,
    )


def is_abandoned(record: RunRecord) -> bool:
    """Return whether the record says RUNNING though its process, one of this machine, is gone."""
    if record.state != "RUNNING" or record.host != socket.gethostname():
        return False
    try:
        process = psutil.Process(record.pid)
        if process.status() == psutil.STATUS_ZOMBIE:  # ended; its parent never asked how
            return True
        started = process.create_time()
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:  # another user's process: it lives, and may well be the one
        return False
    # Linux counts from the start of the machine and adds what the clock says that was. A clock that
    # jumps moves both, so they are compared by their distance. 2 s is for clocks that are adjusted
    # in between; it is far below the time in which a system hands out all its process numbers.
    if record.booted:
        started -= psutil.boot_time() - record.booted
    return bool(abs(started - record.pid_started) > 2.0)  # noqa: PLR2004


@dataclass(frozen=True)
class Runs:
    """The run records of one store.

    Attributes:
        folder: `store / runs`.
    """

    folder: Path

    def save(self, record: RunRecord) -> None:
        """Write the record in one step.

        Raises:
            StoreError: If the folder cannot be written.
        """
        path = self.folder / f"{record.id}.json"
        draft = self.folder / f".{record.id}.{os.getpid()}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft.write_text(record.to_json())
            draft.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):  # read-only, or no folder at all: nothing is there
                draft.unlink()
            raise unwritable(path, error) from error

    def __iter__(self) -> Iterator[RunRecord]:
        """Yield every record, oldest first; files that are no records are passed over."""
        for path in sorted(self.folder.glob("*.json")):
            try:
                yield from_json(path.read_text())
            except (ValueError, OSError):
                continue

    def close_abandoned(self) -> list[RunRecord]:
        """Mark runs that a dead process of this machine left RUNNING as KILLED.

        A run is said to have ended when its record was last written.

        Returns:
            The runs that were closed, oldest first.

        Raises:
            StoreError: If the folder cannot be written.
        """
        closed = []
        for record in self:
            if is_abandoned(record):
                path = self.folder / f"{record.id}.json"
                record.state = "KILLED"
                record.ended = max(record.started, path.stat().st_mtime)
                self.save(record)
                closed.append(record)
        return closed

    def find(self, name: str) -> RunRecord:
        """Return the record with that id, or the only one whose id or MLflow id starts so.

        Raises:
            UnknownRunError: If there is none, or more than one.
        """
        found = [
            record
            for record in self
            if record.id.startswith(name) or (record.mlflow_run_id or "").startswith(name)
        ]
        exact = [record for record in found if name in (record.id, record.mlflow_run_id)]
        if len(exact) == 1:
            return exact[0]
        if not name or not found:
            raise UnknownRunError(
                f"run {name!r}: not in {self.folder}; `coralexp compare` lists the runs"
            )
        if len(found) > 1:
            ids = ", ".join(record.id for record in found[:5])
            raise UnknownRunError(
                f"run {name!r}: {len(found)} runs start so ({ids}, ...); write more of it"
            )
        return found[0]
